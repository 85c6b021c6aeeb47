"""Tasks: one query per change, and the first one wins."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Fact, Task
from bot.store import Store
from tests.conftest import Client

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
KEY = "标签:wmA:奶粉/1.5段$"


@pytest.fixture
async def store(mongo: Client, database: str) -> Store:
    store = Store(mongo, database)
    await store.tasks.prepare()
    await store.facts.prepare()
    return store


def a_task(id: str = "j:1:0", **more: object) -> Task:
    task = Task(
        id=id,
        journey="j",
        sop="s",
        step="问",
        subject="wmA",
        staff="zhangli",
        title="问清月龄",
        proofs_wanted=("按钮", KEY),
        keys=(KEY,),
        created_at=NOW,
        due_at=NOW,
        limit="1天",
    )
    return replace(task, **more)  # type: ignore[arg-type]


async def given(store: Store, task: Task) -> Task:
    await store.tasks.put([task])
    owner, (claimed,) = await store.tasks.claim_new(NOW)
    await store.tasks.dealt(
        owner,
        claimed,
        "q-1",
        1,
        deadline=NOW + timedelta(days=1),
        first_look=NOW + timedelta(hours=2),
        check_at=NOW + timedelta(hours=1),
    )
    await store.tasks.delivered(task.id, "code", NOW)
    return await the(store, task.id)


async def the(store: Store, id: str) -> Task:
    task = await store.tasks.get(id)
    assert task
    return task


async def tap(store: Store, task: Task, code: str, by: str = "zhangli") -> Task | None:
    return await store.tasks.tapped(
        task, ("按钮",), by=by, at=NOW, card="q-1", code=code, result="已问到"
    )


async def test_a_task_is_kept_once(store: Store) -> None:
    await store.tasks.put([a_task()])
    await store.tasks.put([a_task(title="别的"), a_task("j:1:1")])

    assert (await the(store, "j:1:0")).title == "问清月龄"
    assert (await the(store, "j:1:1")).title == "问清月龄"


async def test_its_clock_starts_when_the_card_arrives(store: Store) -> None:
    task = await given(store, a_task())

    assert (task.state, task.given_at) == ("已送达", NOW)
    assert task.due_at == NOW + timedelta(hours=2)
    found = await store.tasks.of_card("q-1")
    assert found
    assert found.id == task.id


async def test_the_first_of_many_taps_wins(store: Store) -> None:
    task = await given(store, a_task())

    won = await asyncio.gather(*(tap(store, task, f"code{n}") for n in range(20)))

    assert sum(one is not None for one in won) == 1


async def test_the_same_tap_told_again_wins_again(store: Store) -> None:
    task = await given(store, a_task())

    assert await tap(store, task, "code1")
    assert await tap(store, task, "code1")
    assert not await tap(store, task, "code2")


async def test_only_the_person_whose_task_it_is_can_tap(store: Store) -> None:
    task = await given(store, a_task())

    assert not await tap(store, task, "code1", by="limin")


async def test_a_word_that_comes_before_the_card_counts(store: Store) -> None:
    await store.tasks.put([a_task()])
    assert await tap(store, a_task(), "code1")
    assert await store.tasks.end("j:1:0", "已完成", "acknowledged", NOW, "已完成")

    await store.tasks.delivered("j:1:0", "code", NOW)

    task = await the(store, "j:1:0")
    assert (task.state, task.open, task.given_at) == ("已完成", False, NOW)
    assert (await store.tasks.tally())["tasks_given"] == 1


async def test_a_proof_is_kept_as_first_seen_whatever_its_name(store: Store) -> None:
    await given(store, a_task())

    await store.tasks.proved("j:1:0", {KEY: {"at": NOW, "fact": "first"}})
    task = await store.tasks.proved("j:1:0", {KEY: {"at": NOW, "fact": "second"}})

    assert task
    assert task.proofs == {KEY: {"at": NOW, "fact": "first"}}


async def test_it_ends_once_and_stays_due_until_it_is_told(store: Store) -> None:
    await given(store, a_task())

    ends = await asyncio.gather(
        *(store.tasks.end("j:1:0", "已核实", "verified", NOW, "已核实") for _ in range(5))
    )
    _, left = await store.tasks.claim_given(NOW + timedelta(minutes=1))
    await store.tasks.told("j:1:0")

    assert sum(one is not None for one in ends) == 1
    assert [task.state for task in left] == ["已核实"]
    assert (await the(store, "j:1:0")).due_at is None


async def test_a_fact_makes_who_waits_for_it_due_until_it_is_closed(store: Store) -> None:
    await given(store, a_task())
    fact = Fact(id="f", keys=(KEY,), subject="wmA", at=NOW)

    await store.facts.record([fact], NOW)
    assert (await the(store, "j:1:0")).due_at == NOW
    await store.tasks.end("j:1:0", "已完成", "acknowledged", NOW, "已完成")
    await store.tasks.told("j:1:0")
    await store.facts.record([fact], NOW)

    assert (await the(store, "j:1:0")).due_at is None


async def test_who_climbs_from_an_old_view_does_not(store: Store) -> None:
    task = await given(store, a_task())
    owner, (claimed,) = await store.tasks.claim_given(NOW + timedelta(hours=2))
    assert await tap(store, task, "code1")
    assert await store.tasks.acknowledge(task.id, NOW, "等系统核实")

    climbed = await store.tasks.climb(
        owner, claimed, due_at=NOW, rung=1, state="已升级", cards=2, card="q-2"
    )

    assert not climbed
    assert (await the(store, task.id)).state == "已完成"


async def test_it_can_be_passed_on_once(store: Store) -> None:
    task = await given(store, a_task())
    later = NOW + timedelta(days=1)

    passed = await asyncio.gather(
        *(
            store.tasks.hand_over(
                task, to, at=NOW, why="转派", state="已转派", due_at=later, rung=3
            )
            for to in ("wangfang", "limin")
        )
    )

    assert sorted(passed) == [False, True]
    assert (await store.tasks.tally())["escalations"] == 1


async def test_a_fact_told_while_we_look_is_not_slept_over(store: Store) -> None:
    task = await given(store, a_task())
    later = NOW + timedelta(hours=2)
    owner, (claimed,) = await store.tasks.claim_given(later)

    await store.facts.record([Fact(id="f", keys=(KEY,), subject="wmA", at=later)], later)
    assert await store.tasks.climb(
        owner,
        claimed,
        due_at=NOW + timedelta(days=1),
        rung=1,
        state=claimed.state,
        cards=1,
        card="q-1",
    )
    await store.tasks.release(owner, [task.id], later)

    assert (await the(store, task.id)).due_at == later
