"""填写, 数据核对, 客户回复: what proves a task beside the card."""

from typing import Any

from bot.model import Task
from tests.scenarios.test_sop_steps import an_sop, publish, said, say
from tests.scenarios.test_tasks import shown_on
from tests.world import World


def asking(*evidence: str, name: str = "寄小样", more: str = "") -> str:
    return f"""
  - 步骤: {name}
    派任务:
      标题: 给{{客户昵称}}{name}
      给: 跟进人
      完成依据: [{", ".join(evidence)}]
      期限: 2天
      {more}
"""


BUTTON, NUMBER = "{按钮: 已寄出}", "{填写: 快递单号}"


async def the_task(world: World, contact: str) -> Task:
    (task,) = await world.store.tasks.about(contact)
    return task


async def cards(world: World) -> list[dict[str, Any]]:
    return list((await world.ledger())["cards"])


async def tap(world: World, number: int = 0, key: str = "已寄出", staff: str = "zhangli") -> None:
    card = (await cards(world))[number]
    await world.act("tap", staff=staff, task_id=card["task_id"], key=key)
    await world.later(seconds=2)


async def write(world: World, text: str, staff: str = "zhangli") -> None:
    await world.act("text", staff=staff, content=text)
    await world.later(seconds=2)


async def test_after_the_tap_the_answer_is_asked_for_and_the_next_text_is_it(world: World) -> None:
    await publish(world, an_sop(asking(BUTTON, NUMBER)))
    contact = await world.add_contact(name="小雨妈妈")
    before = await said(world)
    await tap(world)
    asked = await said(world)
    tapped, shown = await the_task(world, contact), await shown_on(world, (await cards(world))[0])

    await write(world, "SF1234567890")

    assert before == []
    assert asked == ["任务“给小雨妈妈寄小样”还差一项，请直接回复：快递单号"]
    assert (tapped.state, tapped.open) == ("已送达", True)
    task = await the_task(world, contact)
    assert (task.state, task.evidence) == ("已完成", "self_reported")
    assert task.proofs["填写:快递单号"]["answer"] == "SF1234567890"
    assert (await said(world))[1:] == ["已记到任务“给小雨妈妈寄小样”：快递单号 SF1234567890"]
    (card,) = await cards(world)
    assert shown == "请直接回复：快递单号"
    assert "已完成 · 张丽" in await shown_on(world, card)


async def test_when_it_is_all_that_is_asked_it_is_asked_with_the_card(world: World) -> None:
    await publish(world, an_sop(asking(NUMBER)))
    contact = await world.add_contact(name="小雨妈妈")

    assert await said(world) == ["任务“给小雨妈妈寄小样”还差一项，请直接回复：快递单号"]
    await tap(world, key="知道了")
    await write(world, "SF1")
    assert (await the_task(world, contact)).evidence == "self_reported"


async def test_what_wecom_shows_first_is_waited_for_before_asking(world: World) -> None:
    await publish(world, an_sop(asking("{客户被打上标签: 孕期}", NUMBER)))
    contact = await world.add_contact(name="小雨妈妈")
    before = await said(world)

    await world.act("edit_tags", staff="zhangli", contact=contact, add=["宝宝月龄/孕期"])
    await world.later(seconds=5)
    asked = await said(world)
    await write(world, "SF1")

    assert before == []
    assert asked == ["任务“给小雨妈妈寄小样”还差一项，请直接回复：快递单号"]
    assert (await the_task(world, contact)).evidence == "verified"


async def test_several_answers_are_asked_for_one_after_the_other(world: World) -> None:
    await publish(world, an_sop(asking(BUTTON, NUMBER, "{填写: 签收人}")))
    contact = await world.add_contact(name="小雨妈妈")
    await tap(world)

    await write(world, "SF1")
    half = await the_task(world, contact)
    await write(world, "小雨爸爸")

    assert half.open
    task = await the_task(world, contact)
    assert {name: proof.get("answer") for name, proof in task.proofs.items()} == {
        "按钮": [],
        "填写:快递单号": "SF1",
        "填写:签收人": "小雨爸爸",
    }
    assert (await said(world))[
        1
    ] == "已记到任务“给小雨妈妈寄小样”：快递单号 SF1\n请接着回复：签收人"


async def test_of_several_tasks_the_oldest_gets_it_and_the_next_is_named(world: World) -> None:
    await publish(world, an_sop(asking(BUTTON, NUMBER)))
    first = await world.add_contact(name="小雨妈妈")
    await world.later(minutes=5)
    second = await world.add_contact(name="乐乐妈妈")
    await tap(world, 1)
    await tap(world, 0)

    await write(world, "SF1")
    await write(world, "SF2")

    answers = {
        contact: (await the_task(world, contact)).proofs["填写:快递单号"]["answer"]
        for contact in (first, second)
    }
    assert answers == {first: "SF1", second: "SF2"}
    assert (await said(world))[2:] == [
        "已记到任务“给小雨妈妈寄小样”：快递单号 SF1\n"
        "还有 1 项在等你回复，下一条会记到“给乐乐妈妈寄小样”：快递单号",
        "已记到任务“给乐乐妈妈寄小样”：快递单号 SF2",
    ]


async def test_commands_and_small_talk_are_what_they_were(world: World) -> None:
    await publish(world, an_sop(asking(BUTTON, NUMBER)))
    contact = await world.add_contact(name="小雨妈妈")
    await write(world, "在吗")
    await tap(world)

    await write(world, "任务")
    await write(world, "SF1", staff="limin")

    texts = await said(world)
    assert texts[0].startswith("没听懂")
    assert texts[2].startswith("你有 1 项待办任务")
    assert (await said(world, "limin"))[0].startswith("没听懂")
    assert "填写:快递单号" not in (await the_task(world, contact)).proofs


async def test_a_novel_is_no_answer(world: World) -> None:
    await publish(world, an_sop(asking(NUMBER)))
    contact = await world.add_contact(name="小雨妈妈")

    await write(world, "很" * 501)

    assert (await said(world))[-1] == "这条太长了（501 字），请写在 500 字以内再发一次。"
    assert (await the_task(world, contact)).open


async def test_the_same_text_told_twice_fills_one_task(world: World) -> None:
    await publish(world, an_sop(asking(NUMBER)))
    first = await world.add_contact(name="小雨妈妈")
    second = await world.add_contact(name="乐乐妈妈")
    await world.sim.callbacks("duplicate", rate=1)

    await write(world, "SF1")

    assert "填写:快递单号" in (await the_task(world, first)).proofs
    assert (await the_task(world, second)).proofs == {}


async def test_who_did_not_answer_is_reminded_of_what_is_missing(world: World) -> None:
    rules = "规则: 全局\n催办: {轻提醒: [{过了: 2小时, 提醒: 本人}]}\n"
    files = {"sop.yaml": an_sop(asking(BUTTON, NUMBER, more="催办: 轻提醒"))}
    await world.publish({**files, "rules.yaml": rules})
    await world.add_contact(name="小雨妈妈")
    await tap(world)

    await world.later(hours=3)

    assert len(await cards(world)) == 1
    assert "还差：在这里回复“快递单号”" in (await said(world))[-1]


async def test_who_takes_a_task_over_is_asked_too(world: World) -> None:
    await publish(world, an_sop(asking(NUMBER)))
    contact = await world.add_contact(name="小雨妈妈")

    await world.act("staff_leaves", staff="zhangli")
    await world.later(minutes=5)
    await write(world, "SF1", staff="wangfang")

    task = await the_task(world, contact)
    assert (task.staff, task.proofs["填写:快递单号"]["by"]) == ("wangfang", "wangfang")
    assert "任务“给小雨妈妈寄小样”还差一项，请直接回复：快递单号" in await said(world, "wangfang")


async def test_a_posted_event_verifies_a_task(world: World) -> None:
    await publish(world, an_sop(asking(BUTTON, "{数据核对: 已发货}")))
    contact = await world.add_contact(name="小雨妈妈")
    early = world.now
    await tap(world)
    tapped = await the_task(world, contact)

    await world.post_event(id="old", subject=contact, kind="已发货", at="2026-11-22T10:00:00+08:00")
    await world.later(seconds=3)
    old = await the_task(world, contact)
    await world.post_event(id="new", subject=contact, kind="已发货")
    await world.later(seconds=3)

    assert (tapped.state, old.open) == ("已完成", True)
    task = await the_task(world, contact)
    assert (task.state, task.evidence) == ("已核实", "verified")
    assert task.proofs["已发货:" + contact]["at"] > early


async def test_an_order_and_a_reply_verify_by_their_own_names(world: World) -> None:
    rules = {"rules.yaml": "规则: 全局\n客户回复来源: [业务系统]\n"}
    sops = {
        "a.yaml": an_sop(asking("{数据核对: 下单}"), name="甲"),
        "b.yaml": an_sop(asking("客户回复"), name="乙"),
    }
    await world.publish({**rules, **sops})
    contact = await world.add_contact(name="小雨妈妈")

    await world.post_event(id="o-1", subject=contact, kind="order")
    await world.post_event(id="r-1", subject=contact, kind="reply")
    await world.later(seconds=3)

    tasks = await world.store.tasks.about(contact)
    assert sorted((task.sop, task.evidence) for task in tasks) == [
        ("乙", "verified"),
        ("甲", "verified"),
    ]


async def test_the_step_behind_a_filled_task_knows_its_result(world: World) -> None:
    step = asking(BUTTON, NUMBER, more="等完成: 是")
    await publish(world, an_sop(step, say("之后")))
    await world.add_contact(name="小雨妈妈")
    await tap(world)
    held = await said(world)

    await write(world, "SF1")
    await world.later(seconds=5)

    assert "之后" not in held
    assert "之后" in await said(world)
