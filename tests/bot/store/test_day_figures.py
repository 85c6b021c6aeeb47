"""The figures of days are those of the rows, counted by indexes, and kept where there is much."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.store import Store
from bot.store.day_counting import Span, questions, questions_about
from bot.store.day_figures import MANY, Pile
from tests.conftest import Client

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)  # noon in Shanghai


@pytest.fixture
async def store(mongo: Client, database: str) -> Store:
    store = Store(mongo, database)
    await store.prepare()
    return store


def a_push(n: int, at: datetime, staff: str = "zhangli", **more: Any) -> dict[str, Any]:
    row = {"_id": f"d{n}", "planned_at": at, "staff": staff, "sop": "关怀", "step": "问候"}
    return row | {"state": "delivered", "subject_type": "contact", "subject": f"wm{n}"} | more


async def counts(store: Store, now: datetime = NOW, **asked: Any) -> dict[date, dict[str, int]]:
    days = await store.day_figures.days(
        DAY - timedelta(days=1), DAY + timedelta(days=1), zone=ZONE, now=now, **asked
    )
    return {day: {pile.fate: pile.count for pile in piles} for day, piles in days.items() if piles}


async def test_a_day_is_that_of_the_company(store: Store) -> None:
    late = datetime(2026, 11, 22, 15, 59, tzinfo=UTC)  # 23:59 the day before
    pushes = [a_push(1, late), a_push(2, late + timedelta(minutes=1), state="failed", reason="无")]
    await store.db["deliveries"].insert_many(pushes)

    assert await counts(store) == {DAY - timedelta(days=1): {"delivered": 1}, DAY: {"failed": 1}}


async def test_what_is_due_later_is_still_to_come_and_what_is_due_now_is_not(
    store: Store,
) -> None:
    journey = {"state": "active", "phase": "before", "sop": "关怀", "step": "问候", "staff": "a"}
    await store.db["journeys"].insert_many(
        [
            journey | {"_id": "j1", "subject": "wm1", "due_at": NOW - timedelta(minutes=1)},
            journey | {"_id": "j2", "subject": "wm2", "due_at": NOW + timedelta(minutes=1)},
        ]
    )

    assert await counts(store) == {DAY: {"coming": 1}}


async def test_a_task_done_by_word_counts_as_said_until_it_is_seen(store: Store) -> None:
    task = {"created_at": NOW - timedelta(days=9), "staff": "a", "sop": "x", "step": "y"}
    await store.db["tasks"].insert_many(
        [
            task | {"_id": "t1", "open": True, "evidence": "acknowledged", "said_at": NOW},
            task | {"_id": "t2", "open": False, "evidence": "verified", "ended_at": NOW},
            task | {"_id": "t3", "open": False, "evidence": "self_reported", "ended_at": NOW},
            task | {"_id": "t4", "open": False, "evidence": "", "ended_at": NOW},
            task
            | {"_id": "t5", "open": False, "evidence": "acknowledged"}
            | {"said_at": NOW, "ended_at": NOW},
        ]
    )

    assert await counts(store) == {DAY: {"said": 3, "verified": 1, "cancelled": 1}}


async def test_much_is_counted_once_and_again_when_it_may_have_changed(store: Store) -> None:
    pushes = store.db["deliveries"]
    await pushes.insert_many([a_push(n, NOW, state="created") for n in range(MANY)])
    assert await counts(store) == {DAY: {"waiting": MANY}}

    await pushes.update_many({}, {"$set": {"state": "delivered"}})

    assert await counts(store, NOW + timedelta(seconds=59)) == {DAY: {"waiting": MANY}}
    assert await counts(store, NOW + timedelta(seconds=61)) == {DAY: {"delivered": MANY}}


async def test_little_is_never_stale(store: Store) -> None:
    await store.db["deliveries"].insert_one(a_push(1, NOW, state="created"))
    assert await counts(store) == {DAY: {"waiting": 1}}

    await store.db["deliveries"].update_one({}, {"$set": {"state": "delivered"}})

    assert await counts(store) == {DAY: {"delivered": 1}}


async def test_a_day_long_over_with_nothing_open_is_not_counted_again(store: Store) -> None:
    await store.db["deliveries"].insert_many([a_push(n, NOW) for n in range(MANY)])
    later = NOW + timedelta(days=10)
    await counts(store, later)
    await store.db["deliveries"].delete_many({})

    assert await counts(store, later + timedelta(days=300)) == {DAY: {"delivered": MANY}}


async def test_of_some_people_only_theirs_is_told_also_when_it_is_kept(store: Store) -> None:
    rows = [a_push(n, NOW, staff="b" if n % 5 else "a") for n in range(MANY)]
    await store.db["deliveries"].insert_many(rows)

    for _ in ("counted", "kept"):
        assert await counts(store, staff=("a",)) == {DAY: {"delivered": MANY // 5}}
        assert await counts(store, staff=("a", "b")) == {DAY: {"delivered": MANY}}
        assert await counts(store, staff=()) == {}


async def test_what_went_to_somebody_else_is_with_its_first_owner_no_more(store: Store) -> None:
    task = {"created_at": NOW, "sop": "x", "step": "y", "open": True, "evidence": ""}
    await store.db["tasks"].insert_many(
        [task | {"_id": f"t{n}", "staff": "a"} for n in range(MANY)]
    )
    assert await counts(store, staff=("a",)) == {DAY: {"waiting": MANY}}

    await store.db["tasks"].update_many({}, {"$set": {"staff": "b"}})
    later = NOW + timedelta(minutes=2)

    assert await counts(store, later, staff=("b",)) == {DAY: {"waiting": MANY}}
    assert await counts(store, later, staff=("a",)) == {}


async def test_a_group_has_figures_of_its_own(store: Store) -> None:
    await store.db["deliveries"].insert_many(
        [
            a_push(n, NOW, subject=subject, subject_type="group")
            for n, subject in enumerate(("wr1", "wr2", "wr1"))
        ]
    )

    days = await store.day_figures.of_group("wr1", DAY, DAY, zone=ZONE, now=NOW)

    (pile,) = days[DAY]
    assert pile == Pile(
        kind="groups", sop="关怀", step="问候", fate="delivered", count=2, first=NOW
    )


async def test_every_question_is_answered_by_an_index(store: Store) -> None:
    span = Span(NOW - timedelta(days=1), NOW + timedelta(days=30), NOW, ZONE.key)

    for collection, pipeline in (*questions(span), *questions_about("wr1", span)):
        plan = await store.db.command(
            {"explain": {"aggregate": collection, "pipeline": list(pipeline), "cursor": {}}}
        )
        assert "COLLSCAN" not in str(plan), (collection, pipeline[0])
        assert "IXSCAN" in str(plan), (collection, pipeline[0])


async def test_a_thousand_of_a_kind_beside_the_day_cost_it_nothing(
    store: Store,
) -> None:
    """Keys of other days are not looked at."""
    rows = [a_push(n, NOW - timedelta(days=n % 300)) for n in range(20_000)]
    await store.db["deliveries"].insert_many(rows)
    span = Span(NOW - timedelta(hours=1), NOW + timedelta(hours=1), NOW, ZONE.key)
    collection, pipeline = next(iter(questions(span)))

    plan = await store.db.command(
        {
            "explain": {"aggregate": collection, "pipeline": list(pipeline), "cursor": {}},
            "verbosity": "executionStats",
        }
    )

    assert "'totalKeysExamined': 67" in str(plan)
