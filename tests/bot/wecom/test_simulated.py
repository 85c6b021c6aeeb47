"""Our calls against the pretend WeCom, which was written from the protocol and not from our code."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.wecom import bodies, cards
from bot.wecom.bodies import Attachment, Message
from bot.wecom.errors import AlreadySent, CardSpent, Misconfigured, OutcomeUnknown, Paced
from tests.world import World, open_world

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
MP4 = b"\0\0\0\x20ftypisom and more"
DONE = cards.Button(key="done", text="已完成")


@pytest.fixture
async def world(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(mongo_url, database, tmp_path) as made:
        yield made


def task_card(card: str) -> bodies.Body:
    lines = [cards.Line(name="负责人", value="张丽", staff="zhangli")]
    return cards.task_card(
        card=card,
        title="打个招呼",
        lines=lines,
        material="您好",
        buttons=[DONE],
        url="https://a.cn",
    )


async def test_wecom_takes_a_message_with_every_kind_of_material(world: World) -> None:
    wecom = world.ctx.wecom
    contact = await world.add_contact()
    chat = await world.create_group("0-6月龄 1群")
    picture = await wecom.upload("image", "封面.png", PNG)
    film = await wecom.upload("video", "操作.mp4", MP4)
    paper = await wecom.upload("file", "手册.pdf", PNG)
    message = Message(
        text="您好",
        attachments=(
            Attachment(kind="image", media_id=picture),
            Attachment(
                kind="link", title="测评" * 99, url="https://example.com/c", desc="宝" * 999
            ),
            Attachment(
                kind="miniprogram", title="礼" * 99, media_id=picture, appid="wx1", page="a"
            ),
            Attachment(kind="video", media_id=film),
            Attachment(kind="file", media_id=paper),
        ),
    )

    mass = "externalcontact/add_msg_template"
    to_customer = await wecom.call(mass, bodies.mass_to_customers("zhangli", [contact], message))
    to_group = await wecom.call(mass, bodies.mass_to_groups("zhangli", [chat], message))

    assert to_customer["fail_list"] == []
    assert to_group["msgid"] != to_customer["msgid"]


async def test_wecom_takes_tags_remarks_and_join_ways(world: World) -> None:
    wecom = world.ctx.wecom
    contact = await world.add_contact()
    chat = await world.create_group("0-6月龄 1群")

    made = await wecom.call(
        "externalcontact/add_corp_tag", bodies.add_corp_tag("宝宝月龄", ["孕期"])
    )
    tag = made["tag_group"]["tag"][0]["id"]
    await wecom.call("externalcontact/mark_tag", bodies.mark_tag("zhangli", contact, add=[tag]))
    await wecom.call(
        "externalcontact/remark", bodies.remark("zhangli", contact, name="小雨妈妈" * 9)
    )
    way = await wecom.call(
        "externalcontact/groupchat/add_join_way",
        bodies.add_join_way([chat], "seat-1", "0-6月龄" * 9, room_name="徐汇店 群", room_number=2),
    )

    assert way["config_id"]
    assert [t["tag"] for t in (await world.ledger())["tags"]]


async def test_a_card_whose_answer_was_lost_is_found_to_be_sent(world: World) -> None:
    wecom = world.ctx.wecom
    body = cards.to_staff(world.ctx.settings.agent_id, ["zhangli"], task_card(cards.card_id("e")))
    await world.sim.fault("message/send", "executed_then_cut", times=1)

    with pytest.raises(OutcomeUnknown):
        await wecom.call("message/send", body)
    with pytest.raises(AlreadySent):
        await wecom.call("message/send", body)

    assert len((await world.ledger())["cards"]) == 1


async def test_a_text_whose_answer_was_lost_is_delivered_once(world: World) -> None:
    body = cards.text(world.ctx.settings.agent_id, ["zhangli"], "您有 2 个任务")
    await world.sim.fault("message/send", "executed_then_timeout", times=1)

    with pytest.raises(OutcomeUnknown):
        await world.ctx.wecom.call("message/send", body, timeout_seconds=0.5)
    await world.ctx.wecom.call("message/send", body)

    assert len((await world.ledger())["texts"]) == 1


async def test_a_voided_token_is_not_noticed_by_the_caller(world: World) -> None:
    await world.sim.fault("message/send", "token_void", times=1)
    body = cards.markdown(world.ctx.settings.agent_id, ["zhangli"], "**你好**")

    await world.ctx.wecom.call("message/send", body)

    assert len((await world.ledger())["texts"]) == 1


async def test_each_response_code_changes_its_card_once(world: World) -> None:
    wecom, agent = world.ctx.wecom, world.ctx.settings.agent_id
    update = "message/update_template_card"
    button = await wecom.call("message/send", cards.to_staff(agent, ["zhangli"], task_card("q-1")))
    checklist = cards.checklist_card(card="q-2", title="盘点", items=["清理广告号", "更新群公告"])
    ticks = await wecom.call("message/send", cards.to_staff(agent, ["zhangli"], checklist))

    note = cards.done_by("张丽")
    replaced = cards.buttons_replaced(agent, ["zhangli"], button["response_code"], note)
    await wecom.call(update, replaced)
    shut = cards.closed(checklist, cards.CANCELLED, chosen=["0"])
    await wecom.call(update, cards.card_replaced(agent, ["zhangli"], ticks["response_code"], shut))

    assert len((await world.ledger())["card_updates"]) == 2
    with pytest.raises(CardSpent):
        await wecom.call(update, replaced)


async def test_no_message_is_dropped_however_many_are_sent(world: World) -> None:
    sent = 0
    while sent < 70:
        body = cards.text(world.ctx.settings.agent_id, ["zhangli"], f"第 {sent} 条")
        try:
            await world.ctx.wecom.call("message/send", body)
            sent += 1
        except Paced as pause:
            await world.later(seconds=(pause.until - world.now).total_seconds())

    ledger = await world.ledger()
    assert len(ledger["texts"]) == 70
    assert ledger["dropped"] == []


async def test_wecom_names_a_wrong_agent(world: World) -> None:
    with pytest.raises(Misconfigured) as raised:
        await world.ctx.wecom.call("message/send", cards.text(999, ["zhangli"], "t"))

    assert "QUNCE_AGENT_ID" in raised.value.hint
