"""Customers are found however many others are in the way; no page looks at them all."""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from bot.store import Store
from bot.store.finding import MOST_LOOKED_AT, Asked, Finding

MANY = 2 * MOST_LOOKED_AT
PAGE = 30


@pytest.fixture
async def finding(mongo: AsyncMongoClient[dict[str, Any]], database: str) -> Finding:
    """Everybody has the tag 甲 or the colleague 乙; the last one has both."""
    store = Store(mongo, database)
    await store.prepare()
    await store.db["contacts"].insert_many(list(_customers()))
    return store.finding


def _customers() -> Iterator[dict[str, Any]]:
    for n in range(2 * MANY):
        last = n == 2 * MANY - 1
        yield {
            "_id": f"wm{n:06}",
            "name": "豆豆",
            "finds": ["豆", "豆豆"],
            "tags": ["组/甲"] if n % 2 else [],
            "with": ["b"] if last or not n % 2 else ["a"],
        }


async def test_whoever_is_asked_for_in_two_ways_is_found_in_the_end(finding: Finding) -> None:
    asked, after, pages = Asked(tag="组/甲", staff=("b",)), "", 0
    while True:
        page = await finding.customers(asked, after, PAGE)
        pages, after = pages + 1, page.after
        if page.ids or not after:
            break
    assert page.ids == (f"wm{2 * MANY - 1:06}",)
    assert pages > 1, "one page looked at everybody"


async def test_pages_hold_everybody_once(finding: Finding) -> None:
    seen: list[str] = []
    asked, after = Asked(name="豆", tag="组/甲"), ""
    while len(seen) < 3 * PAGE:
        page = await finding.customers(asked, after, PAGE)
        assert len(page.ids) == PAGE
        seen, after = [*seen, *page.ids], page.after
    assert seen == [f"wm{n:06}" for n in range(1, 6 * PAGE, 2)]


async def test_those_of_several_colleagues_come_in_one_order(finding: Finding) -> None:
    page = await finding.customers(Asked(staff=("b", "a", "nobody")), "wm000010", PAGE)
    assert page.ids == tuple(f"wm{n:06}" for n in range(11, 11 + PAGE))
    assert page.after == page.ids[-1]
