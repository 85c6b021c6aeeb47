"""Each thing the midnight audit promises to find is put into the books on purpose, and found."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.store import Store
from tests.conftest import Client
from tests.long.audit import audit

BEGAN = datetime(2026, 11, 9, tzinfo=UTC)
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)  # in Shanghai
NIGHT = NOON + timedelta(hours=10)
DAY = timedelta(days=1)


@pytest.fixture
def store(mongo: Client, database: str) -> Store:
    return Store(mongo, database)


async def put(store: Store, rows: str, **row: Any) -> None:
    await store.db[rows].insert_one({"_id": row.pop("id"), **row})


async def breaches(store: Store) -> list[str]:
    return (await audit(store, BEGAN)).breaches


async def a_push(store: Store, id: str = "d1", at: datetime = NOON, **more: Any) -> None:
    """A delivery, the sending it went out with, and its place in the customer's ledger."""
    row = {"journey": "j1", "step": "问候", "subject": "wm1", "state": "delivered"}
    await put(store, "deliveries", id=id, **{**row, "sending": f"s-{id}", **more})
    kind = more.get("subject_type", "contact")
    await put(store, "sendings", id=f"s-{id}", created_at=at, subject_type=kind, state="done")


async def a_group(store: Store, members: int, held: list[str]) -> None:
    roster = {f"wm{n}": {"type": 2, "at": BEGAN - DAY} for n in range(members)}
    about = {"name": "1群", "theme": "0-6月龄", "open": True, "roster": roster, "held": held}
    await put(store, "groups", id="wr1", **about)


async def a_verified_task(store: Store, proof: dict[str, Any], name: str = "标签:wm1:A/b") -> None:
    about = {"journey": "j1", "step": "问", "subject": "wm1", "state": "已核实"}
    await put(
        store, "tasks", id="t1", evidence="verified", created_at=NOON, proofs={name: proof}, **about
    )


async def a_fact(store: Store, at: datetime = NOON, source: str = "wecom", **data: Any) -> None:
    keys = ["标签:wm1:A/b"]
    await put(store, "facts", id="f1", subject="wm1", keys=keys, at=at, source=source, data=data)


async def test_honest_books_have_no_breach(store: Store) -> None:
    await a_push(store)
    await a_group(store, members=189, held=["s1"])
    await a_fact(store)
    await a_verified_task(store, {"fact": "f1", "at": NOON})
    await put(store, "caps", id="cust:wm1", hits=[{"k": "d1", "cls": "服务", "at": NOON}])
    assert await breaches(store) == []


async def test_a_seat_too_many_is_found(store: Store) -> None:
    await a_group(store, members=189, held=["s1", "s2"])
    assert await breaches(store) == ["seats: 1群 of 190 has 189 members and 2 held"]


async def test_who_came_by_himself_takes_nobodys_seat(store: Store) -> None:
    await a_group(store, members=188, held=["s1", "s2"])
    walked_in = {"type": 2, "at": NOON}
    await store.db["groups"].update_one({"_id": "wr1"}, {"$set": {"roster.wm999": walked_in}})
    assert await breaches(store) == []
    await put(store, "seats", id="s9", state="已入群", group="wr1", subject="wm999")
    assert await breaches(store) == ["seats: 1群 of 190 has 189 members and 2 held"]


async def test_verified_by_a_tap_is_found(store: Store) -> None:
    await a_verified_task(store, {"at": NOON, "by": "zhangli"}, name="按钮")
    assert await breaches(store) == ["evidence: task t1 is verified by ['按钮']"]


@pytest.mark.parametrize(
    "fact",
    [{"source": "mark_tag"}, {"source": "tap"}, {"at": NOON - DAY}],
    ids=["our own call", "a tap", "older than the task"],
)
async def test_verified_by_what_proves_nothing_is_found(store: Store, fact: Any) -> None:
    await a_fact(store, **fact)
    await a_verified_task(store, {"fact": "f1", "at": NOON})
    assert len(await breaches(store)) == 1


async def test_verified_by_a_fact_nobody_wrote_down_is_found(store: Store) -> None:
    await a_verified_task(store, {"fact": "f1", "at": NOON})
    assert len(await breaches(store)) == 1


async def test_done_by_nobodys_word_is_found(store: Store) -> None:
    await put(store, "tasks", id="t1", evidence="", state="已完成", subject="wm1")
    assert await breaches(store) == ["evidence: task t1 is 已完成 by nobody's word"]


@pytest.mark.parametrize("kind", ["contact", "group"])
async def test_a_push_created_at_night_is_found(store: Store, kind: str) -> None:
    await a_push(store, at=NIGHT, subject_type=kind)
    assert await breaches(store) == ["quiet: s-d1 was created at 11-23 22:00"]


async def test_a_push_left_with_staff_overnight_is_found(store: Store) -> None:
    await a_push(store, state="created")
    assert await breaches(store) == ["quiet: d1 is still with staff at midnight"]


async def test_a_push_to_who_opted_out_is_found(store: Store) -> None:
    await a_fact(store, at=NOON - DAY, tag="管理/勿扰")
    await a_push(store)
    (line,) = await breaches(store)
    assert line.startswith("wanted: d1")


async def test_a_push_to_who_left_is_found(store: Store) -> None:
    lost = {"staff": "zhangli", "lost": "by_customer", "version": NOON - DAY}
    await put(store, "contacts", id="wm1", relations=[lost])
    await a_push(store)
    (line,) = await breaches(store)
    assert line.startswith("wanted: d1")


async def test_who_still_has_a_friend_here_has_not_left(store: Store) -> None:
    lost = {"staff": "zhangli", "lost": "by_customer", "version": NOON - DAY}
    friend = {"staff": "limin", "lost": "", "version": NOON - DAY}
    await put(store, "contacts", id="wm1", relations=[lost, friend])
    await a_push(store)
    assert await breaches(store) == []


async def test_a_second_walk_of_one_thread_is_found(store: Store) -> None:
    for id in ("j1", "j2"):
        await put(store, "journeys", id=id, sop="周历", subject="wr1", thread="周一", state="done")
    (line,) = await breaches(store)
    assert line.startswith("threads: ")


async def test_a_second_welcome_week_is_found(store: Store) -> None:
    for id in ("j1", "j2"):
        await put(
            store, "journeys", id=id, sop="新客7天欢迎", subject="wm1", thread="", state="done"
        )
    (line,) = await breaches(store)
    assert line.startswith("threads: ")


@pytest.mark.parametrize("rows", ["deliveries", "tasks"])
async def test_a_step_that_reached_somebody_twice_is_found(store: Store, rows: str) -> None:
    for id in ("1", "2"):
        about = {"journey": "j1", "step": "问候", "subject": "wm1", "state": "delivered"}
        await put(store, rows, id=id, evidence="acknowledged", **about)
    (line,) = await breaches(store)
    assert line.startswith("threads: ")


async def test_a_ledger_over_its_cap_is_found(store: Store) -> None:
    hits = [{"k": f"d{n}", "cls": "服务", "at": NOON + timedelta(hours=n)} for n in range(2)]
    await put(store, "caps", id="cust:wm1", hits=hits)
    (line,) = await breaches(store)
    assert line.startswith("caps: cust:wm1 has 2 in 1 days")


async def test_four_in_seven_days_are_found(store: Store) -> None:
    hits = [{"k": f"d{n}", "cls": "服务", "at": NOON + n * 2 * DAY} for n in range(4)]
    await put(store, "caps", id="cust:wm1", hits=hits)
    (line,) = await breaches(store)
    assert line.startswith("caps: cust:wm1 has 4 in 7 days")


async def test_over_its_cap_by_a_late_confirmation_is_listed_and_no_breach(store: Store) -> None:
    await a_push(store, "d0", at=NOON - DAY)
    hits = [{"k": f"d{n}", "cls": "服务", "at": NOON} for n in range(2)]
    await put(store, "caps", id="cust:wm1", hits=hits)
    found = await audit(store, BEGAN)
    assert found.breaches == []
    assert len(found.late) == 1
