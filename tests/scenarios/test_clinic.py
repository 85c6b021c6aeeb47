"""The shipped clinic: thirty days of a group of patients after surgery, as they are written."""

from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.model import Task
from tests.world import SHANGHAI, World, moment, open_world

CLINIC = Path(__file__).parents[2] / "config" / "clinic"
STAFF = {
    "linzhuren": "林主任",
    "xiaohe": "小何",
    "sumin": "苏敏",
    "gujia": "顾佳",
    "fangyuan": "方圆",
}
WINDOWS = ((time(11, 30), time(13)), (time(17), time(20)))


@pytest.fixture
async def clinic(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    """A group of six patients, on the Monday of its first day."""
    async with open_world(
        mongo_url,
        database,
        tmp_path,
        departments=[
            {"id": 1, "name": "总部", "parentid": 0},
            {"id": 2, "name": "口腔门诊", "parentid": 1},
        ],
        staff=[
            {"userid": id, "name": name, "department": [2], "leader": id == "linzhuren"}
            for id, name in STAFF.items()
        ],
        groups=[{"name": "种植术后1群", "owner": "xiaohe", "members": 6}],
    ) as world:
        await world.publish(CLINIC)
        yield world


async def the_group(world: World) -> str:
    (group,) = await world.store.groups.all()
    return group.id


async def tasks_of(world: World) -> list[Task]:
    found = await world.store.tasks.about(await the_group(world), 100)
    return sorted(found, key=lambda task: task.created_at)


async def obey(world: World) -> None:
    """Everybody confirms what waits for them and does what a card asks."""
    for mass in (await world.ledger())["mass"]:
        await world.sim.act("confirm", staff=mass["sender"], msgid=mass["msgid"])
    for task in await tasks_of(world):
        if task.open and task.card:
            key = task.buttons[0] if task.buttons else "submit"
            await world.sim.act("tap", staff=task.staff, task_id=task.card, key=key)
    await world.settle()


async def live_through(world: World, days: int) -> None:
    monday = moment("2026-11-23 00:00").astimezone(SHANGHAI)
    for day in range(days):
        for hour in ("12:10", "13:10", "18:45", "21:00"):
            await world.turn_to(f"{monday + timedelta(days=day):%Y-%m-%d} {hour}")
            await obey(world)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(SHANGHAI)


def day(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%m-%d}"


async def test_thirty_days_go_by_phase_by_weekday_and_by_role(clinic: World) -> None:
    await live_through(clinic, 31)

    pushes = [(day(local(m["created_at"])), m["text"]) for m in (await clinic.ledger())["mass"]]
    assert [at for at, _ in pushes] == [
        "11-23",  # 第1天 术后须知
        "12-01",  # 第二阶段：周二
        "12-07",  # 第三阶段：周一、周五
        "12-11",
        "12-14",
        "12-18",
        "12-21",
        "12-22",  # 第30天 满月复查
    ]
    given = [(day(task.created_at), task.step, task.staff) for task in await tasks_of(clinic)]
    assert given == [
        ("11-23", "核对用药", "xiaohe"),
        ("11-24", "周二饮食答疑", "sumin"),
        ("11-27", "周五收集不适", "xiaohe"),
        ("11-30", "周一拆线提醒", "xiaohe"),
        ("12-04", "周五医生答疑", "gujia"),
        ("12-08", "周二回访电话", "fangyuan"),
        ("12-15", "周二回访电话", "fangyuan"),
        ("12-22", "满月复查", "linzhuren"),
    ]
    (journey,) = await clinic.store.journeys.of(await the_group(clinic))
    assert (journey.state, journey.exit_reason) == ("done", "走完")


async def test_patients_hear_from_the_clinic_only_at_noon_and_before_eight(clinic: World) -> None:
    await live_through(clinic, 31)

    made = [local(mass["created_at"]).time() for mass in (await clinic.ledger())["mass"]]
    assert made
    assert all(any(start <= at < end for start, end in WINDOWS) for at in made)


async def test_after_one_hour_without_an_answer_the_manager_knows(clinic: World) -> None:
    await clinic.turn_to("2026-11-23 17:59")
    early = await texts_to(clinic, "linzhuren")
    await clinic.turn_to("2026-11-23 18:35")

    assert early == []
    (told,) = await texts_to(clinic, "linzhuren")
    assert "核对" in told


async def texts_to(world: World, staff: str) -> list[str]:
    return [row["content"] for row in (await world.ledger())["texts"] if row["userid"] == staff]


async def test_a_group_under_way_keeps_the_version_it_began_with(clinic: World) -> None:
    await live_through(clinic, 2)
    texts: dict[str, Any] = {
        file.name: file.read_text("utf-8").replace("何时: 每周五 12:00", "何时: 每周四 12:00")
        for file in CLINIC.glob("*.yaml")
    }
    await clinic.publish(texts)

    await clinic.turn_to("2026-11-28 09:00")

    assert [(t.step, day(t.created_at)) for t in await tasks_of(clinic)][-1] == (
        "周五收集不适",
        "11-27",
    )
