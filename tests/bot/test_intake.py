import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.intake import Intake
from bot.model import Incoming
from bot.spool import Spool

ONE = Incoming(id="", route="app", envelope="", received_at=datetime(2030, 1, 1, tzinfo=UTC))


def incoming(number: int) -> Incoming:
    return replace(ONE, id=str(number), due_at=datetime(2030, 1, 1, 0, 0, number % 60, tzinfo=UTC))


class Shelf:
    """An inbox in memory that can be slow, can be away and remembers how it was used."""

    def __init__(self) -> None:
        self.kept: dict[str, Incoming] = {}
        self.batches: list[int] = []
        self.in_flight = self.most_in_flight = 0
        self.open = asyncio.Event()
        self.open.set()
        self.away = False
        self.refuses: set[str] = set()

    async def put_many(self, incoming: Sequence[Incoming], seconds: float) -> frozenset[str]:
        self.batches.append(len(incoming))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            async with asyncio.timeout(seconds):
                await self.open.wait()
        except TimeoutError:
            return frozenset()
        finally:
            self.in_flight -= 1
        kept = {} if self.away else {o.id: o for o in incoming if o.id not in self.refuses}
        self.kept |= kept
        return frozenset(kept)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def intake(shelf: Shelf, tmp_path: Path) -> AsyncIterator[Intake]:
    intake = Intake(Spool(tmp_path / "spool"))
    intake.connect(shelf)
    yield intake
    await intake.close()


async def turns(count: int) -> None:
    """Let every task that can go on do so."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_arrives_during_a_write_goes_into_the_next(intake: Intake, shelf: Shelf) -> None:
    shelf.open.clear()
    answers = []
    for number in range(10):
        answers.append(intake.keep(incoming(number)))
        await turns(3)
    during = list(shelf.batches)
    shelf.open.set()

    assert set(await asyncio.gather(*answers)) == {"stored"}
    assert during == [1]
    assert shelf.batches == [1, 9]


async def test_many_do_not_wait_for_the_write_under_way(intake: Intake, shelf: Shelf) -> None:
    shelf.open.clear()
    answers = [intake.keep(incoming(0))]
    await turns(3)
    answers += [intake.keep(incoming(number)) for number in range(1, 1301)]
    await turns(3)
    during = list(shelf.batches)
    shelf.open.set()

    assert set(await asyncio.gather(*answers)) == {"stored"}
    assert during == [1, 500]
    assert shelf.batches == [1, 500, 500, 300]
    assert shelf.most_in_flight == 2
    assert len(shelf.kept) == 1301


async def test_what_arrives_at_one_moment_is_one_write(intake: Intake, shelf: Shelf) -> None:
    await asyncio.gather(*(intake.keep(incoming(number)) for number in range(100)))

    assert shelf.batches == [100]


async def test_nobody_is_forgotten_however_arrivals_and_answers_meet(
    intake: Intake, shelf: Shelf
) -> None:
    async def caller(who: int) -> None:
        for number in range(300):
            await intake.keep(incoming(who * 1000 + number))
            await turns((who * number) % 4)

    async with asyncio.timeout(20):
        await asyncio.gather(*(caller(who) for who in range(7)))

    assert len(shelf.kept) == 2100


async def test_only_the_rows_refused_go_to_the_disk(intake: Intake, shelf: Shelf) -> None:
    shelf.refuses = {"1"}
    outcomes = await asyncio.gather(*(intake.keep(incoming(number)) for number in range(3)))
    shelf.refuses = set()
    drained = await intake.drain()

    assert outcomes == ["stored", "spooled", "stored"]
    assert drained
    assert shelf.kept["1"] == incoming(1)


async def test_a_caller_waits_two_seconds_at_most_behind_writes_that_hang(
    intake: Intake, shelf: Shelf
) -> None:
    async def caller(number: int) -> tuple[str, float]:
        await asyncio.sleep(number / 100)
        since = time.monotonic()
        return await intake.keep(incoming(number)), time.monotonic() - since

    shelf.open.clear()
    answers = await asyncio.gather(*(caller(number) for number in range(200)))

    assert {outcome for outcome, _ in answers} == {"spooled"}
    assert max(waited for _, waited in answers) < 2.0


async def test_while_the_store_is_away_it_is_not_asked_again(intake: Intake, shelf: Shelf) -> None:
    shelf.away = True
    first = await intake.keep(incoming(1))
    asked = len(shelf.batches)
    second = await intake.keep(incoming(2))

    assert (first, second) == ("spooled", "spooled")
    assert len(shelf.batches) == asked
    assert not intake.reachable


async def test_draining_tries_again_until_the_store_is_back(intake: Intake, shelf: Shelf) -> None:
    shelf.away = True
    for number in range(3):
        await intake.keep(incoming(number))
    vain = [await intake.drain() for _ in range(3)]
    shelf.away = False
    while await intake.drain():
        pass

    assert vain == [False, False, False]
    assert shelf.kept == {str(number): incoming(number) for number in range(3)}
    assert intake.reachable
    assert await intake.keep(incoming(4)) == "stored"


async def test_closing_answers_whoever_still_waits(shelf: Shelf, tmp_path: Path) -> None:
    intake = Intake(Spool(tmp_path / "spool"))
    intake.connect(shelf)
    answers = [intake.keep(incoming(number)) for number in range(600)]
    await intake.close()

    assert {answer.result() for answer in answers} == {"stored"}
