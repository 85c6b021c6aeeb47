"""The report 任务: what people say and what the system saw, never in one number."""

from typing import Any

import pytest

from bot import reports
from bot.reports.report import Asked, CannotReport, Report
from tests.scenarios.test_menu import CANNOT, choose, write
from tests.scenarios.test_tasks import BOTH, BUTTON, asking, cards_of, open_shop, tag, tap
from tests.world import World, moment


async def made(world: World, **more: str) -> Report:
    asked = Asked(since=moment("2026-11-23 00:00"), until=world.now, **more)
    return await reports.report("任务")(world.ctx, asked)


async def rows(world: World, **more: str) -> list[dict[str, Any]]:
    return [dict(row) for row in (await made(world, **more)).rows]


async def test_words_and_proofs_are_counted_apart(world: World) -> None:
    await open_shop(world, asking(BOTH))
    one = await world.add_contact("zhangli", name="甲")
    await world.later(minutes=40)
    await world.add_contact("zhangli", name="乙")
    first, second = await cards_of(world)
    await tap(world, first)
    await tag(world, one)
    await tap(world, second)

    (row,) = await rows(world)

    assert (row["sop"], row["step"]) == ("问月龄", "问需求")
    assert (row["due"], row["given"], row["verifiable"]) == (2, 2, 2)
    assert (row["verified"], row["acknowledged"]) == (1, 1)
    assert (row["self_reported"], row["manager_override"], row["waiting"]) == (0, 0, 0)


async def test_every_task_is_in_one_column_and_they_add_up(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    await world.add_contact("zhangli", name="甲")
    await world.later(minutes=40)
    second = await world.add_contact("zhangli", name="乙")
    await world.later(minutes=40)
    await world.add_contact("zhangli", name="丙")
    await world.later(minutes=40)
    cards = await cards_of(world)
    await world.add_contact("zhangli", name="丁")  # three new tasks a day: not given yet
    await choose(world, cards[0], CANNOT)
    await write(world, "客户电话停机")
    await world.act("order", contact=second, amount=99)  # leaves the SOP
    await world.turn_to("2026-11-24 11:30")  # 丙 is late, and its manager knows
    await write(world, "代为确认", "wangfang")
    box = await world.store.db["outbox"].find_one({"_id": {"$regex": "^card:vouch:"}})
    assert box
    (item,) = box["body"]["template_card"]["checkbox"]["option_list"]
    vouch = (await cards_of(world, "wangfang"))[-1]
    await tap(world, vouch, "submit", "wangfang", options={"items": [item["id"]]})

    (row,) = await rows(world, by="员工")

    fates = ("acknowledged", "self_reported", "verified", "manager_override", "cannot")
    ended = {name: row[name] for name in (*fates, "cancelled", "given_up", "waiting")}
    assert row["staff"] == "张丽"
    assert ended == {
        "acknowledged": 0,
        "self_reported": 0,
        "verified": 0,
        "manager_override": 1,
        "cannot": 1,
        "cancelled": 1,
        "given_up": 0,
        "waiting": 1,
    }
    assert row["due"] == sum(ended.values()) == 4
    assert (row["verifiable"], row["overdue"], row["escalated"]) == (0, 1, 1)


async def test_a_shop_is_that_of_the_staff(world: World) -> None:
    await open_shop(world, asking(BUTTON))
    await world.add_contact("zhangli", name="甲")
    await world.add_contact("limin", name="乙")

    (row,) = await rows(world, by="门店")

    assert (row["shop"], row["due"]) == ("徐汇店", 2)


async def test_what_does_not_exist_is_a_sentence(world: World) -> None:
    await open_shop(world, asking(BUTTON))

    with pytest.raises(CannotReport, match="没有 SOP“问月令”：是不是想写“问月龄”"):
        await made(world, about="问月令")
    with pytest.raises(CannotReport, match="不能按“宝宝月龄”拆开"):
        await made(world, by="宝宝月龄")
    assert (await made(world)).rows == []
