"""A push put off past midnight comes to another day: is anything sent on that day at all?"""

from datetime import datetime

import pytest

from bot.model import Staff
from bot.rehearse import Rehearsal
from config.loader import load_texts
from tests.scenarios.test_mass_messages import RULES, mass_of
from tests.world import SHANGHAI, TEAM, World, moment

SOP = """
SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 晚安
    何时: 当天 22:00
    遇非工作日: 顺延
    发给客户: {文案: 晚安, 由: 跟进人, 时效: 5天}
"""
FRIDAY, SATURDAY, MONDAY = "2026-11-27", "2026-11-28 08:31", "2026-11-30 08:31"
WINDOWS = "日历: {可发时段: 10:00-20:00}\n"


def files(sop: str) -> dict[str, str]:
    return {"rules.yaml": RULES, "sop.yaml": sop, "team.yaml": TEAM}


async def lived(world: World, sop: str) -> tuple[list[str], list[tuple[str, str]]]:
    """When it was made, and how it ended."""
    await world.publish(files(sop))
    await world.turn_to(f"{FRIDAY} 09:30")
    contact = await world.add_contact(contact="wmA", name="小雨妈妈")
    await world.turn_to("2026-12-02 12:00")
    made = [local(datetime.fromisoformat(mass["created_at"])) for mass in await mass_of(world)]
    found = await world.store.deliveries.of(contact)
    return made[:1], [(d.state, d.reason) for d in found]


def rehearsed(sop: str) -> list[str]:
    """When it was made, in a rehearsal."""
    rehearsal = Rehearsal(
        load_texts(files(sop)),
        now=moment(f"{FRIDAY} 09:29"),
        staff=[Staff(id="zhangli", name="张丽", departments=(12,))],
    )
    at = moment(f"{FRIDAY} 09:30")
    rehearsal.happen(at, "wmA", "添加好友", name="小雨妈妈", staff="zhangli")
    rehearsal.run_until(moment("2026-12-02 12:00"))
    assert rehearsal.stuck == {}
    return [local(at) for at, *_ in rehearsal.stage.confirmations][:1]


def local(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("off_day", "made"),
    [("顺延", [MONDAY]), ("提前", [MONDAY]), ("跳过", []), ("照常", [SATURDAY])],
)
async def test_a_push_put_off_to_a_saturday_does_what_its_step_says(
    world: World, off_day: str, made: list[str]
) -> None:
    sop = SOP.replace("顺延", off_day)
    came, ended = await lived(world, sop)

    assert came == made
    assert rehearsed(sop) == made
    if off_day == "跳过":
        assert ended == [("suppressed", "非工作日")]


async def test_windows_that_open_on_a_saturday_are_looked_at_again_on_monday(
    world: World,
) -> None:
    sop = SOP.replace("步骤:\n", f"{WINDOWS}步骤:\n", 1)
    came, _ = await lived(world, sop)

    assert came == ["2026-11-30 10:01"]
    assert rehearsed(sop) == came


async def test_what_nobody_confirmed_on_friday_is_not_offered_on_saturday(world: World) -> None:
    sop = SOP.replace("22:00", "10:00")
    await lived(world, sop)

    days = {mass["created_at"][:10] for mass in await mass_of(world)}
    assert days >= {"2026-11-27", "2026-11-30"}
    assert not days & {"2026-11-28", "2026-11-29"}


async def test_a_validity_that_ends_on_the_weekend_is_told_as_such(world: World) -> None:
    _, ended = await lived(world, SOP.replace("5天", "24小时"))

    assert ended == [("suppressed", "免打扰、11-28是非工作日")]


async def test_who_slept_over_the_friday_does_not_push_on_saturday(world: World) -> None:
    """No process ran on Friday evening; the first one looks on Saturday."""
    sop = SOP.replace("22:00", "19:00")
    await world.publish(files(sop))
    await world.turn_to(f"{FRIDAY} 18:59")
    await world.add_contact()
    await world.pass_by(hours=15)
    await world.turn_to("2026-11-30 09:00")

    assert [local(datetime.fromisoformat(m["created_at"])) for m in await mass_of(world)] == [
        MONDAY
    ]
