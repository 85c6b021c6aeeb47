"""Worked examples carry real dates, and they are the dates production would keep."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.plan.changes import between
from bot.plan.examples import Example, worked
from bot.plan.outlook_words import lines_of
from bot.plan.population import Coming
from config.book import Book
from config.loader import load_texts
from tests.bot.plan.shop import SHOP, edited
from tests.world import SHANGHAI, World, moment, open_world


@pytest.fixture
async def world(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(mongo_url, database, tmp_path) as world:
        yield world


async def examples(world: World, text: str, sop: str = "新客") -> list[Example]:
    book = load_texts({"shop.yaml": text})
    found = between(Book(), book)
    shown = await worked(world.ctx, found, book, Coming(by_staff={"zhangli": 2.0}))
    return [example for example in shown if example.sop == sop]


def told(example: Example) -> str:
    return "\n".join(line.strip() for line in lines_of(example, SHANGHAI))


async def test_an_example_shows_both_ways_it_can_go(world: World) -> None:
    first, *_ = await examples(world, SHOP)

    assert told(first) == (
        "例：今天（11月23日 周一）09:00 加好友的客户\n"
        "11-23 周一 19:30 派任务“问需求” ｜ 11-23 周一 19:31 进主题群（若等到“等月龄”）\n"
        "最晚 11-25 周三 19:30 等月龄 ｜ 11-25 周三 19:30 打标签“同行”（若没等到“等月龄”）\n"
        "11-26 周四 10:00 育儿测评 ｜ 11-27 周五 11:00 派任务“朋友圈任务”\n"
        "11-30 周一 15:00 派任务“第7天回访”（原定 11-29 周日 15:00，周末）"
    )


async def test_who_enters_late_in_the_evening_meets_quiet_hours(world: World) -> None:
    _, late, _ = await examples(world, SHOP)

    assert told(late).startswith(
        "例：21:50 加好友 → “问需求”原定 11-23 周一 19:30，顺延到 11-24 周二 09:00（员工免打扰"
    )


async def test_who_enters_before_days_off_is_moved_behind_them(world: World) -> None:
    *_, rest = await examples(world, SHOP)

    assert "“第7天回访”原定 11-29 周日 15:00（周末），顺延到 11-30 周一 15:00" in told(rest)


async def test_a_long_holiday_is_chosen_before_a_weekend(world: World) -> None:
    world._clock.now = moment("2026-09-21 10:00")  # before the shop opens: nothing is due

    *_, rest = await examples(world, SHOP)

    assert rest.title == "9月26日 周六 加好友"
    assert "“第7天回访”原定 10-02 周五 15:00（假期），顺延到 10-08 周四 15:00" in told(rest)


async def test_the_example_keeps_the_dates_production_keeps(world: World) -> None:
    """What is promised for somebody entering now is what then happens to them."""
    await world.publish({"shop.yaml": SHOP})
    first, *_ = await examples(world, SHOP)
    promised = {m.step: m.at for m in first.moments if m.what.startswith("派任务")}

    contact = await world.add_contact("zhangli")
    await world.turn_to("2026-12-01 09:00")
    given = {t.step: t.given_at for t in await world.store.tasks.about(contact)}

    assert {"问需求", "朋友圈任务", "第7天回访"} == set(promised) == set(given)
    for step, at in promised.items():
        really = given[step]
        assert really
        assert abs((really - at).total_seconds()) < 60, step


async def test_a_group_sees_its_week(world: World) -> None:
    (week,) = await examples(world, SHOP, "群周历")

    assert told(week) == ("例：主题“0-6月龄”的群，11月23日起 7 天\n11-23 周一 09:30 周一喂养知识")


async def test_what_an_entry_asks_for_the_guest_of_the_example_has(world: World) -> None:
    entry = edited(("- 没有标签: [勿扰, 同行]", "- 有标签: 孕期\n    - 门店: 徐汇店"))

    first, *_ = await examples(world, entry)

    assert first.why_none == ""
    assert first.moments


async def test_who_cannot_get_in_is_no_example(world: World) -> None:
    entry = edited(("- 没有标签: [勿扰, 同行]", "- 都不: [{门店: 全部}]"))

    first, *_ = await examples(world, entry)

    assert told(first) == (
        "例：今天（11月23日 周一）09:00 加好友的客户：例子里的客户不符合进入条件"
    )
