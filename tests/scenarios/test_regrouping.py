"""换群: tags change, another group would be better, and who knows the customer decides."""

from typing import Any

import pytest

from bot.actions import regrouping
from bot.model import Seat, Task
from bot.story import tell
from scheduler import seats as duty
from tests.scenarios.test_opening_groups import Died, dies_at
from tests.scenarios.test_seats import RULES, confirm_all
from tests.world import TEAM, World

TAGS = """
标签:
  宝宝月龄: [0-6月龄, 6-12月龄]
  管理: [同行]
"""
THEMES = """
主题群: 按月龄
选择:
  - 如果: [{有标签: 0-6月龄}]
    主题: 小月龄
  - 如果: [{有标签: 6-12月龄}]
    主题: 大月龄
  - 否则: 综合
---
主题群: 小月龄
群: {名称包含: 小月龄}
---
主题群: 大月龄
群: {名称包含: 大月龄}
准入:
  - 没有标签: 同行
---
主题群: 综合
群: {名称包含: 综合}
"""


async def open_shop(world: World, themes: str = THEMES, **more: str) -> dict[str, str]:
    """A picker and its three groups; nobody is invited by any SOP. The groups, by theme."""
    files = {"tags.yaml": TAGS, "rules.yaml": RULES, "themes.yaml": themes, "team.yaml": TEAM}
    await world.publish(files | more)
    return {t: await world.create_group(f"徐汇店 {t} 1群") for t in ("小月龄", "大月龄", "综合")}


async def member(world: World, chat: str, tag: str = "") -> str:
    """A customer who sits in a group already."""
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    if tag:
        await retag(world, contact, add=tag)
    await world.act("join_group", chat=chat, contact=contact)
    await world.later(seconds=5)
    return contact


async def retag(world: World, contact: str, *, add: str = "", remove: str = "") -> None:
    changes = {"add": [f"宝宝月龄/{add}"] if add else [], "remove": []}
    changes["remove"] = [f"宝宝月龄/{remove}"] if remove else []
    await world.act("edit_tags", staff="zhangli", contact=contact, **changes)
    await world.later(seconds=3)


async def grows(world: World, contact: str) -> None:
    await retag(world, contact, add="6-12月龄", remove="0-6月龄")
    await world.later(minutes=12)


async def question(world: World, contact: str) -> Task:
    (task,) = await questions(world, contact)
    return task


async def questions(world: World, contact: str) -> list[Task]:
    return [task for task in await world.store.tasks.about(contact) if task.step == "换群"]


async def answer(world: World, contact: str, button: str) -> None:
    task = await question(world, contact)
    await world.act("tap", staff=task.staff, task_id=task.card, key=button)
    await world.later(seconds=5)


async def seat_in(world: World, contact: str, theme: str) -> Seat:
    return [seat for seat in await world.store.seats.of(contact) if seat.theme == theme][-1]


async def test_a_child_grown_out_of_a_group_is_proposed_the_next(world: World) -> None:
    chats = await open_shop(world)
    contact = await member(world, chats["小月龄"], "0-6月龄")

    await grows(world, contact)

    task = await question(world, contact)
    assert (task.staff, task.state) == ("zhangli", "已送达")
    assert task.buttons == ("换到大月龄群", "留在原群")
    assert "徐汇店 小月龄 1群" in task.note
    group = await world.store.groups.get(chats["大月龄"])
    assert group
    assert group.held == ()  # nothing is held for who may not come


async def test_a_yes_is_an_invitation_and_the_old_group_is_left_alone(world: World) -> None:
    chats = await open_shop(world)
    contact = await member(world, chats["小月龄"], "0-6月龄")
    await grows(world, contact)

    await answer(world, contact, "换到大月龄群")
    held = await seat_in(world, contact, "大月龄")
    await world.later(minutes=15)
    (delivered,) = await confirm_all(world)
    group = await world.store.groups.get(chats["大月龄"])
    assert group
    await world.act("scan", way=group.join_way["qr_code"], contact=contact)
    await world.later(seconds=5)

    assert (held.state, held.group) == ("已占位", chats["大月龄"])
    assert delivered["external_userid"] == contact
    assert (await seat_in(world, contact, "大月龄")).state == "已入群"
    old = await world.store.groups.get(chats["小月龄"])
    assert old
    assert contact in old.roster


async def test_a_no_is_the_end_of_it_for_thirty_days(world: World) -> None:
    chats = await open_shop(world)
    contact = await member(world, chats["小月龄"], "0-6月龄")
    await grows(world, contact)

    await answer(world, contact, "留在原群")
    declined = await seat_in(world, contact, "大月龄")
    await retag(world, contact, add="0-6月龄", remove="6-12月龄")
    await world.later(hours=1)
    await grows(world, contact)
    within = len(await questions(world, contact))
    await world.turn_to("2026-12-24 10:00")
    await retag(world, contact, add="0-6月龄", remove="6-12月龄")
    await world.later(hours=1)
    await grows(world, contact)

    assert (declined.state, "留在原群" in declined.log[-1]["more"]) == ("占位过期", True)
    assert (within, len(await questions(world, contact))) == (1, 2)


async def test_a_question_nobody_answers_lapses(world: World) -> None:
    chats = await open_shop(world)
    contact = await member(world, chats["小月龄"], "0-6月龄")
    await grows(world, contact)

    await world.turn_to("2026-11-30 12:00")

    assert (await question(world, contact)).state == "已过期"
    seat = await seat_in(world, contact, "大月龄")
    assert (seat.state, seat.due_at) == ("占位过期", None)
    assert "没有人答复" in seat.log[-1]["more"]


async def test_a_tag_put_on_by_mistake_and_taken_off_asks_nobody(world: World) -> None:
    chats = await open_shop(world)
    contact = await member(world, chats["小月龄"], "0-6月龄")

    await retag(world, contact, add="6-12月龄", remove="0-6月龄")
    await world.later(minutes=5)
    await retag(world, contact, add="0-6月龄", remove="6-12月龄")
    await world.later(minutes=30)

    assert await questions(world, contact) == []
    assert "标签又变了" in (await seat_in(world, contact, "大月龄")).log[-1]["more"]


async def test_tags_that_change_back_call_the_question_off(world: World) -> None:
    chats = await open_shop(world)
    contact = await member(world, chats["小月龄"], "0-6月龄")
    await grows(world, contact)

    await retag(world, contact, add="0-6月龄", remove="6-12月龄")
    await world.later(minutes=1)

    assert (await question(world, contact)).state == "已取消"


async def test_who_loses_a_tag_is_not_sent_to_the_group_for_everybody(world: World) -> None:
    chats = await open_shop(world)
    contact = await member(world, chats["小月龄"], "0-6月龄")

    await retag(world, contact, remove="0-6月龄")
    await world.later(minutes=30)

    assert await questions(world, contact) == []


async def test_who_sits_in_the_group_for_everybody_is_proposed_a_better_one(world: World) -> None:
    chats = await open_shop(world)
    contact = await member(world, chats["综合"])

    await retag(world, contact, add="0-6月龄")
    await world.later(minutes=12)

    assert (await question(world, contact)).buttons[0] == "换到小月龄群"


async def test_who_sits_in_no_group_of_the_picker_is_asked_nothing_about(world: World) -> None:
    await open_shop(world)
    contact = await world.add_contact("zhangli", name="小雨妈妈")

    await retag(world, contact, add="0-6月龄")
    await grows(world, contact)

    assert await questions(world, contact) == []


async def test_ignoring_is_a_choice(world: World) -> None:
    themes = THEMES.replace("  - 否则: 综合\n", "  - 否则: 综合\n标签变了: 不管\n")
    chats = await open_shop(world, themes)
    contact = await member(world, chats["小月龄"], "0-6月龄")

    await grows(world, contact)

    assert await questions(world, contact) == []


async def test_whom_the_gates_keep_out_is_proposed_nothing(world: World) -> None:
    chats = await open_shop(world)
    contact = await member(world, chats["小月龄"], "0-6月龄")
    await world.act("edit_tags", staff="zhangli", contact=contact, add=["管理/同行"])

    await grows(world, contact)

    assert await questions(world, contact) == []
    assert "没有标签：同行" in (await seat_in(world, contact, "大月龄")).log[-1]["more"]


async def test_whom_an_sop_invites_anyway_is_not_asked_about(world: World) -> None:
    sop = """
SOP: 进群
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 打上标签, 标签组: 宝宝月龄, 重复进入: 每次都进}
步骤:
  - {步骤: 进主题群, 邀请入主题群: 按月龄}
"""
    chats = await open_shop(world, **{"sop.yaml": sop})
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await world.act("join_group", chat=chats["综合"], contact=contact)
    await world.later(seconds=5)

    await retag(world, contact, add="0-6月龄")
    await world.later(minutes=12)

    assert await questions(world, contact) == []
    assert (await seat_in(world, contact, "小月龄")).state in ("已占位", "占位过期")


async def test_nobody_is_asked_before_an_invitation_may_go_out(world: World) -> None:
    chats = await open_shop(world)
    contact = await member(world, chats["小月龄"], "0-6月龄")
    await world.store.caps.received(f"invite:{contact}", "earlier", "服务", world.now)

    await grows(world, contact)
    at_once = await questions(world, contact)
    told = await tell(world.ctx, contact)
    await world.turn_to("2026-12-23 12:00")

    assert at_once == []
    assert told
    why = [line.what for line in told.lines if "大月龄" in line.what]
    assert "主题群“大月龄”：标签变了，建议换群" in why
    assert any(what.startswith("邀请间隔：最近邀请过进群，12-23 ") for what in why)
    assert len(await questions(world, contact)) == 1


# ---- half-way -----------------------------------------------------------------------------------


async def test_whoever_dies_before_asking_leaves_it_to_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chats = await open_shop(world)
    contact = await member(world, chats["小月龄"], "0-6月龄")
    await retag(world, contact, add="6-12月龄", remove="0-6月龄")
    await world.pass_by(minutes=12)

    with monkeypatch.context() as patch:
        dies_at(patch, regrouping, "seats.asking")
        with pytest.raises(Died):
            await duty.look(world.ctx)
    await world.store.db["seats"].update_many({}, {"$unset": {"lease": ""}})
    before = await questions(world, contact)
    await world.later(hours=25)

    assert before == []
    assert len(await questions(world, contact)) == 1


async def test_an_answer_given_twice_is_one_invitation(world: World) -> None:
    chats = await open_shop(world)
    contact = await member(world, chats["小月龄"], "0-6月龄")
    await grows(world, contact)
    task = await question(world, contact)

    how: dict[str, Any] = {"staff": "zhangli", "task_id": task.card, "key": "换到大月龄群"}
    await world.act("tap", **how)
    await world.act("tap", **how)
    await world.later(minutes=15)

    assert len((await world.ledger())["mass"]) == 1
    seats = [s for s in await world.store.seats.of(contact) if s.theme == "大月龄"]
    assert len(seats) == 1
