"""What newcomers of a group read: kept in WeCom's library, selected by hand, its owner's card on it."""

from typing import Any

import pytest

from bot.model import GroupWelcome, Task
from bot.reports import report
from bot.reports.report import Asked
from scheduler import group_welcomes
from tests.scenarios.test_opening_groups import Died, dies_at
from tests.world import World

API = "externalcontact/group_welcome_template"
ADD, EDIT, DELETE = f"{API}/add", f"{API}/edit", f"{API}/del"
ADD_CARD = "externalcontact/add_contact_way"
WORDS = "欢迎{客户昵称|新朋友}来到妈妈群～"


def a_shop(words: str = WORDS, **theme: str) -> dict[str, str]:
    """One theme with a welcome."""
    told = {"群": "{名称包含: 新手妈妈}", "入群欢迎语": "欢迎-群"} | theme
    lines = "\n".join(f"{key}: {value}" for key, value in told.items())
    return {
        "theme.yaml": f"主题群: 新手妈妈\n{lines}\n",
        "material.yaml": f"素材: 欢迎-群\n类型: 文字\n文案: {words}\n",
    }


SHOPPING = {"用途": "购物", "群": "{名称包含: 会员优惠}"}


async def look(world: World) -> None:
    """Whoever keeps the welcomes looks until there is nothing left to do."""
    for _ in range(3):
        while await group_welcomes.look(world.ctx):
            pass
        await group_welcomes.look(world.ctx)
        await world.settle()


async def rows(world: World) -> list[GroupWelcome]:
    return await world.store.group_welcomes.all()


async def calls(world: World, *paths: str) -> list[int]:
    made = (await world.ledger())["calls"]
    return [made.get(path, 0) for path in paths]


async def asked(world: World) -> list[Task]:
    found = await world.store.tasks.about("theme:新手妈妈")
    return [task for task in found if task.step == "选入群欢迎语"]


async def test_each_owner_is_asked_once_to_select_the_theme_s_welcome(world: World) -> None:
    await world.publish(a_shop())
    for name, owner in (
        ("新手妈妈1群", "zhangli"),
        ("新手妈妈2群", "zhangli"),
        ("新手妈妈3群", "limin"),
    ):
        await world.create_group(name, owner)

    await look(world)
    await look(world)

    (row,) = await rows(world)
    assert (row.theme, row.owner, sorted(row.asked)) == ("新手妈妈", "", ["limin", "zhangli"])
    assert await calls(world, ADD, EDIT) == [1, 0]
    (made,) = (await world.ledger())["group_welcomes"]
    assert made["text"] == "欢迎%NICKNAME%来到妈妈群～"
    assert made["notified"] is False, "WeCom would tell everybody; the owners get a task"
    tasks = {task.staff: task for task in await asked(world)}
    assert set(tasks) == {"zhangli", "limin"}
    assert "“新手妈妈1群”、“新手妈妈2群”" in tasks["zhangli"].note
    assert tasks["zhangli"].material == "欢迎%NICKNAME%来到妈妈群～"


async def test_newcomers_read_it_once_its_owner_has_selected_it(world: World) -> None:
    await world.publish(a_shop())
    chat = await world.create_group("新手妈妈1群")
    await look(world)
    (row,) = await rows(world)
    (task,) = await asked(world)

    await world.act("select_welcome", chat=chat, template=row.template_id)
    await world.act("tap", staff="zhangli", task_id=await card_of(world, task), key="已选好")
    await world.act("join_group", chat=chat, contact=await world.add_contact("zhangli"))

    (greeted,) = (await world.ledger())["greeted"]
    assert greeted["text"] == "欢迎%NICKNAME%来到妈妈群～"
    (done,) = await asked(world)
    assert (done.open, done.evidence) == (False, "acknowledged"), "nothing else can prove it"


async def test_new_words_reach_the_groups_without_anybody_selecting_again(world: World) -> None:
    await world.publish(a_shop())
    chat = await world.create_group("新手妈妈1群")
    await look(world)
    (before,) = await rows(world)
    await world.act("select_welcome", chat=chat, template=before.template_id)

    await world.publish(a_shop("换了一句"))
    await look(world)
    await world.act("join_group", chat=chat, contact=await world.add_contact("zhangli"))

    (after,) = await rows(world)
    assert after.template_id == before.template_id
    assert await calls(world, ADD, EDIT) == [1, 1]
    assert [row["text"] for row in (await world.ledger())["greeted"]] == ["换了一句"]
    assert len(await asked(world)) == 1


async def test_the_task_to_select_it_stands_however_many_wait_for_a_place(world: World) -> None:
    await world.publish(a_shop())
    await world.create_group("新手妈妈1群")
    await look(world)
    await world.later(hours=2)

    (task,) = await asked(world)
    asks = Asked(since=world.now, until=world.now)
    (row,) = (await report("候补")(world.ctx, asks)).rows

    assert task.open, task.log
    assert row["task"] is None, "it is not a task to open a group"


async def test_a_new_owner_is_asked_and_one_who_left_is_not(world: World) -> None:
    await world.publish(a_shop())
    chat = await world.create_group("新手妈妈1群", "zhangli", members=["limin"])
    await look(world)

    await world.act("change_owner", chat=chat, owner="limin")
    await world.later(seconds=3)
    await look(world)
    assert {task.staff for task in await asked(world)} == {"zhangli", "limin"}

    await world.act("staff_leaves", staff="limin")
    await look(world)
    assert await rows(world) == [], "nobody is left who could use it"


async def test_what_no_group_uses_any_more_is_deleted(world: World) -> None:
    await world.publish(a_shop())
    chat = await world.create_group("新手妈妈1群")
    await look(world)

    await world.act("dismiss_group", chat=chat)
    await look(world)

    assert await rows(world) == []
    assert await calls(world, ADD, DELETE) == [1, 1]


async def test_a_shopping_group_greets_with_its_owner_s_own_card(world: World) -> None:
    await world.publish(a_shop("优惠都在这里", **SHOPPING))
    await world.create_group("会员优惠1群", "zhangli")
    await world.create_group("会员优惠2群", "limin")

    await look(world)

    mine, other = sorted(await rows(world), key=lambda row: row.owner, reverse=True)
    assert (mine.owner, other.owner) == ("zhangli", "limin")
    assert mine.template_id != other.template_id
    assert mine.card_qr != other.card_qr
    shown = {row["template_id"]: row["text"] for row in (await world.ledger())["group_welcomes"]}
    assert "我是群主张丽" in shown[mine.template_id]
    assert "我是群主李敏" in shown[other.template_id]
    template = await world.ctx.wecom.call(f"{API}/get", {"template_id": mine.template_id})
    assert template["link"]["url"] == template["link"]["picurl"] == mine.card_qr
    assert template["link"]["title"] == "群主 张丽"
    way = await world.ctx.wecom.call("externalcontact/get_contact_way", {"config_id": mine.card_id})
    assert way["contact_way"]["user"] == ["zhangli"]


async def test_a_shopping_group_whose_name_hides_it_is_one_word_to_its_owner(world: World) -> None:
    shop = a_shop("优惠都在这里", **SHOPPING)
    await world.publish(shop)
    chat = await world.create_group("会员优惠1群", "zhangli")
    await world.publish(
        {
            **shop,
            "theme.yaml": shop["theme.yaml"].replace(
                "{名称包含: 会员优惠}", f"{{群编号: [{chat}]}}"
            ),
        }
    )
    await world.act("rename_group", chat=chat, name="新手妈妈聊天群")
    await world.later(seconds=3)

    await look(world)
    await look(world)

    texts = [row for row in (await world.ledger())["texts"] if "购物群" in row["content"]]
    assert [row["userid"] for row in texts] == ["zhangli"]
    assert "新手妈妈聊天群" in texts[0]["content"]


async def test_a_template_deleted_in_wecom_is_made_anew_and_selected_anew(world: World) -> None:
    await world.publish(a_shop())
    await world.create_group("新手妈妈1群")
    await look(world)
    (before,) = await rows(world)
    await world.ctx.wecom.call(DELETE, {"template_id": before.template_id})

    await world.publish(a_shop("换了一句"))
    await look(world)
    await world.later(minutes=1)
    await look(world)

    (after,) = await rows(world)
    assert after.template_id not in ("", before.template_id)
    assert len(await asked(world)) == 2


async def test_what_wecom_refuses_is_tried_again_the_next_day(world: World) -> None:
    await world.sim.limits(group_welcomes_total=0)
    await world.publish(a_shop())
    await world.create_group("新手妈妈1群")
    await look(world)
    (row,) = await rows(world)
    assert (row.template_id, "企业微信没有接受" in row.error) == ("", True)
    assert await asked(world) == []

    await world.sim.limits(group_welcomes_total=100)
    await world.turn_to("2026-11-24 12:00")

    (row,) = await rows(world)
    assert (bool(row.template_id), row.error) == (True, "")
    assert len(await asked(world)) == 1


# ---- dying half-way -----------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["group_welcomes.wanted", "group_welcomes.asked"])
async def test_whoever_looks_next_goes_on_where_one_died(
    world: World, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    await world.publish(a_shop("优惠都在这里", **SHOPPING))
    await world.create_group("会员优惠1群", "zhangli")
    with monkeypatch.context() as dying:
        dies_at(dying, group_welcomes, point)
        with pytest.raises(Died):
            await look(world)

    await look(world)

    (row,) = await rows(world)
    assert await calls(world, ADD, ADD_CARD) == [1, 1]
    assert (row.made_rev, row.asked) == (row.rev, ("zhangli",))
    assert len(await asked(world)) == 1


@pytest.mark.parametrize("lost", [ADD_CARD, EDIT])
async def test_a_lost_answer_leaves_one_card_and_one_template(world: World, lost: str) -> None:
    await world.publish(a_shop("优惠都在这里", **SHOPPING))
    await world.create_group("会员优惠1群", "zhangli")
    if lost == EDIT:
        await look(world)
        await world.publish(a_shop("换了一句", **SHOPPING))
    await world.sim.fault(lost, "executed_then_cut", times=1)

    await look(world)
    await world.later(minutes=5)
    await look(world)

    (row,) = await rows(world)
    ways = await world.ctx.wecom.call("externalcontact/list_contact_way", {"limit": 100})
    assert [way["config_id"] for way in ways["contact_way"]] == [row.card_id]
    assert row.made_rev == row.rev
    assert (await calls(world, ADD))[0] == 1
    assert len(await asked(world)) == 1


async def test_a_template_made_unheard_of_is_one_too_many_and_nobody_is_asked_to_select_it(
    world: World,
) -> None:
    """WeCom has no list of templates: the one nobody told us of cannot be found again."""
    await world.publish(a_shop())
    await world.create_group("新手妈妈1群")
    await world.sim.fault(ADD, "executed_then_cut", times=1)

    await look(world)
    await world.later(minutes=1)
    await look(world)

    (row,) = await rows(world)
    made = [one["template_id"] for one in (await world.ledger())["group_welcomes"]]
    assert len(made) == 2
    assert row.template_id == made[1]
    assert len(await asked(world)) == 1


async def test_words_changed_while_the_call_waited_are_the_only_ones_sent(world: World) -> None:
    await world.publish(a_shop("第一句"))
    await world.create_group("新手妈妈1群")
    await world.sim.fault(ADD, "-1", times=1)
    await look(world)
    await world.publish(a_shop("第二句"))

    await look(world)
    await world.later(minutes=1)
    await look(world)

    said: list[Any] = [one["text"] for one in (await world.ledger())["group_welcomes"]]
    assert said == ["第二句"]
    assert len(await rows(world)) == 1


async def card_of(world: World, task: Task) -> str:
    """The task_id of the card its owner was sent."""
    (row,) = [row for row in (await world.ledger())["cards"] if row["userid"] == task.staff]
    return str(row["task_id"])
