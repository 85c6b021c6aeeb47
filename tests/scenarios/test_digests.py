"""店长日报: one message per manager and workday morning, and nothing without anything to say."""

import os
from collections.abc import Iterator

import pytest

from bot.crash import arm
from scheduler import digests
from tests.scenarios.test_task_crashes import Died, at
from tests.scenarios.test_tasks import (
    BUTTON,
    ENTRY,
    LATER,
    RULES,
    SCRIPT,
    TAGS,
    asking,
    cards_of,
    open_shop,
    tap,
    texts_of,
)
from tests.world import TEAM, World

UNHURRIED = f"""{ENTRY}
  - 步骤: 问需求
    派任务:
      标题: 和 {{客户昵称}} 打个招呼
      给: 跟进人
      完成依据: [按钮: 已问到]
      期限: 1个工作日
      催办: 慢
{LATER}"""
SLOW = RULES.replace("催办:", "催办:\n  慢: [{逾期: 5个工作日, 提醒: 店长}]")
FILES = {"rules.yaml": SLOW, "tags.yaml": TAGS, "sop.yaml": UNHURRIED, "script.yaml": SCRIPT}


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The next crash point kills."""

    def die(*_: int) -> None:
        raise Died

    monkeypatch.setattr(os, "kill", die)
    yield
    arm("kill=0,freeze=0,seconds=0")


async def open_slow(world: World, rules: str = "") -> None:
    """Nobody is reminded, and nothing is given up, for a week."""
    await world.publish({**FILES, "rules.yaml": SLOW + rules, "team.yaml": TEAM})


async def told(world: World, staff: str = "wangfang") -> list[str]:
    return [text for text in await texts_of(world, staff) if text.startswith("【店长日报")]


async def test_the_manager_reads_in_the_morning_who_is_late_since_when_and_what_to_do(
    world: World,
) -> None:
    await open_slow(world)
    await world.turn_to("2026-11-23 14:00")
    await world.add_contact("zhangli", name="小雨妈妈")
    await world.later(minutes=5)
    await world.add_contact("zhangli", name="乐乐妈妈")

    await world.turn_to("2026-11-24 10:00")
    early = await told(world)
    await world.turn_to("2026-11-25 09:29")
    before = await told(world)
    await world.turn_to("2026-11-25 09:31")

    assert (early, before) == ([], [])
    (text,) = await told(world)
    assert text.splitlines() == [
        "【店长日报 11-25】",
        "2 项任务逾期，1 人：",
        "· 张丽：“和 小雨妈妈 打个招呼” 等 2 项，最早 11-24 14:00 到期。请提醒一句，今天补上。",
        "做好了的回复“代为确认”可以勾选；做不了的，请员工在卡片右上角点“做不了”或“转给同事”。",
    ]


async def test_it_comes_on_workdays_only_and_not_when_all_is_done(world: World) -> None:
    await open_slow(world)
    await world.turn_to("2026-11-26 14:00")  # a Thursday
    await world.add_contact("zhangli", name="小雨妈妈")
    await world.turn_to("2026-11-29 23:00")
    weekend = await told(world)
    await tap(world, (await cards_of(world))[0])

    await world.turn_to("2026-11-30 10:00")

    assert (weekend, await told(world)) == ([], [])


async def test_what_somebody_dragged_along_is_said_in_other_words(world: World) -> None:
    await open_slow(world)
    await world.add_contact("zhangli", name="小雨妈妈")

    await world.turn_to("2026-11-27 10:00")

    assert ["当面问清" in text for text in await told(world)] == [False, False, True, True]


async def test_what_the_manager_has_just_heard_is_not_said_again(world: World) -> None:
    await open_shop(world, asking(BUTTON))  # at 09:00 the manager is told, half an hour before
    await world.add_contact("zhangli", name="小雨妈妈")

    await world.turn_to("2026-11-24 10:00")

    assert len(await texts_of(world, "wangfang")) == 1
    assert await told(world) == []


async def test_what_came_to_the_manager_stays_in_it_once_it_is_overdue_there_too(
    world: World,
) -> None:
    await open_shop(world, asking(BUTTON).replace("期限: 1个工作日", "期限: 8小时"))
    await world.add_contact("zhangli", name="小雨妈妈")

    await world.turn_to("2026-11-25 10:00")  # it was passed on at five, until one in the night

    text = (await told(world))[-1]
    assert "转到您这里还没完成的 1 项，最早的到 11-25 01:00" in text


async def test_who_wants_none_gets_none_and_who_wants_another_hour_gets_it_then(
    world: World,
) -> None:
    await open_slow(world, "店长日报: 不发\n")
    await world.add_contact("zhangli", name="小雨妈妈")
    await world.turn_to("2026-11-24 18:00")
    none = await told(world)
    await open_slow(world, "店长日报: 10:15\n")

    await world.turn_to("2026-11-25 10:14")
    before = await told(world)
    await world.turn_to("2026-11-25 10:16")

    assert (none, before) == ([], [])
    assert len(await told(world)) == 1


async def test_a_writer_who_dies_does_not_make_it_two(world: World, dying: None) -> None:
    await open_slow(world)
    await world.turn_to("2026-11-23 14:00")
    await world.add_contact("zhangli", name="小雨妈妈")
    await world.turn_to("2026-11-25 09:29")
    arm("kill=1,freeze=0,seconds=0")
    with pytest.raises(Died):
        await digests.look(at(world, "2026-11-25 09:30"))
    arm("kill=0,freeze=0,seconds=0")

    await world.turn_to("2026-11-25 12:00")

    assert len(await told(world)) == 1


async def test_a_morning_slept_through_is_made_up_for_the_same_day_only(world: World) -> None:
    await open_slow(world)
    await world.turn_to("2026-11-23 14:00")
    await world.add_contact("zhangli", name="小雨妈妈")
    await world.turn_to("2026-11-25 09:00")

    await world.pass_by(hours=29)  # the 26th, two in the afternoon
    await world.later(hours=4)

    (text,) = await told(world)
    assert text.startswith("【店长日报 11-26】")
