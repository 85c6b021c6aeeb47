"""重叠 and 候补: who sits in several groups, who waits for a place, each with its denominator."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from bot.reports import report
from bot.reports.report import Asked, CannotReport, Report
from tests.scenarios.test_admission import OTHER, open_both
from tests.scenarios.test_seats import a_theme, newcomer
from tests.world import World

Rows = Sequence[Mapping[str, Any]]


async def made(world: World, name: str, **how: str) -> Report:
    asked = Asked(since=world.now - timedelta(days=7), until=world.now, **how)
    found = await report(name)(world.ctx, asked)
    columns = {column.name for column in found.columns}
    assert all(set(row) == columns for row in found.rows)
    return found


async def people_in(world: World, chats: Sequence[str], count: int) -> list[str]:
    found = []
    for n in range(count):
        contact = await world.add_contact("zhangli", name=f"{'/'.join(c[-3:] for c in chats)} {n}")
        for chat in chats:
            await world.act("join_group", chat=chat, contact=contact)
        found.append(contact)
    await world.later(seconds=5)
    return found


async def test_two_themes_overlap_by_so_many_of_so_many(world: World) -> None:
    await open_both(world)
    (small,) = await world.store.groups.of_theme("0-6月龄")
    (mothers,) = await world.store.groups.of_theme("妈妈群")
    await people_in(world, [small.id], 3)
    await people_in(world, [small.id, mothers.id], 2)

    found = await made(world, "重叠")
    turned = await made(world, "重叠", about="妈妈群")

    row = {"theme": "0-6月龄", "other": "妈妈群", "both": 2, "people": 5, "others": 2}
    assert found.rows == [row]
    assert turned.rows == [row | {"theme": "妈妈群", "other": "0-6月龄", "people": 2}]


async def test_how_many_sit_in_how_many_groups_and_who_in_most(world: World) -> None:
    await open_both(world)
    (small,) = await world.store.groups.of_theme("0-6月龄")
    (mothers,) = await world.store.groups.of_theme("妈妈群")
    other = await world.create_group("徐汇店 老客群")
    await people_in(world, [small.id], 3)
    (everywhere,) = await people_in(world, [small.id, mothers.id, other], 1)

    counts = await made(world, "重叠", by="群数")
    customers = await made(world, "重叠", by="客户")

    assert counts.rows == [
        {"groups": 1, "people": 3, "all": 4},
        {"groups": 3, "people": 1, "all": 4},
    ]
    (row,) = customers.rows
    contact = await world.store.contacts.get(everywhere)
    assert contact
    assert (row["customer"], row["groups"]) == (contact.name, 3)
    assert set(row["where"].split("、")) == {
        "徐汇店 0-6月龄 1群",
        "徐汇店 妈妈 1群",
        "徐汇店 老客群",
    }


async def test_who_waits_since_when_and_how_full_the_groups_are(world: World) -> None:
    await open_both(world, a_theme(2), OTHER + "容量: 50人\n")
    first = await newcomer(world, "客户1")
    since = world.now
    await newcomer(world, "客户2")
    await newcomer(world, "客户3", "limin")

    themes = await made(world, "候补", about="0-6月龄")
    groups = await made(world, "候补", by="群")
    waiting = await made(world, "候补", by="客户")

    (row,) = themes.rows
    earliest = row.pop("since")
    assert since < earliest < world.now
    assert row == {
        "theme": "0-6月龄",
        "groups": 1,
        "capacity": 2,
        "members": 1,
        "held": 1,
        "free": 0,
        "next_held": 0,
        "waiting": 2,
        "task": "张丽 已送达",
    }
    places = {r["group"]: (r["members"], r["held"], r["free"]) for r in groups.rows}
    assert places == {"徐汇店 0-6月龄 1群": (1, 1, 0), "徐汇店 妈妈 1群": (1, 0, 49)}
    assert [(r["customer"], r["staff"]) for r in waiting.rows] == [
        ("客户2", "张丽"),
        ("客户3", "李敏"),
    ]
    assert first not in str(waiting.rows)


@pytest.mark.parametrize("name", ["重叠", "候补"])
@pytest.mark.parametrize("how", [{"about": "0-6月"}, {"by": "天"}])
async def test_what_is_not_there_is_said_with_what_is(
    world: World, name: str, how: dict[str, str]
) -> None:
    await open_both(world)

    with pytest.raises(CannotReport) as told:
        await made(world, name, **how)

    assert "0-6月龄" in str(told.value) or "只能写" in str(told.value)
