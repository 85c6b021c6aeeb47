"""Whoever dies while folding back results or renewing files is followed by one who ends it, once."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.context import Context
from bot.crash import arm
from scheduler import media, sendings
from tests.scenarios.test_mass_messages import CARE, confirm, delivery_of, mass_of, open_shop
from tests.scenarios.test_mass_truth import LEAVES, deleted_unheard, is_lost, made
from tests.scenarios.test_materials import POSTER, folder_of, uploads
from tests.world import World, moment


class Died(BaseException):
    """What SIGKILL looks like from inside one test."""


@pytest.fixture(autouse=True)
def _dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def die(*_: int) -> None:
        raise Died

    monkeypatch.setattr(os, "kill", die)
    yield
    arm("kill=0,freeze=0,seconds=0")


async def dies(doing: Callable[[Context], Any], ctx: Context) -> None:
    """The next crash point kills."""
    arm("kill=1,freeze=0,seconds=0")
    with pytest.raises(Died):
        await doing(ctx)
    arm("kill=0,freeze=0,seconds=0")


def at(world: World, local: str) -> Context:
    return replace(world.ctx, now=lambda: moment(local))


async def leases_run_out(world: World) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    for name in ("sendings", "media"):
        held = {"lease": {"$exists": True}}
        await world.store.db[name].update_many(held, {"$set": {"lease.until": long_ago}})


async def test_a_result_that_was_half_told_is_told_once(world: World) -> None:
    await open_shop(world, CARE)
    contact = await world.add_contact()
    await confirm(world, await made(world))
    await world.pass_by(minutes=4)
    await dies(sendings.look, at(world, "2026-11-23 10:06"))
    assert (await delivery_of(world, contact)).state == "created"

    await leases_run_out(world)
    await world.turn_to("2026-11-23 10:20")

    delivery = await delivery_of(world, contact)
    assert delivery.state == "delivered"
    told = [row["what"] for row in await world.store.log.of(contact)]
    assert told.count("“育儿测评”由 zhangli 确认，已送达") == 1
    assert len(await world.store.caps.hits(f"cust:{contact}")) == 1


async def test_a_failure_that_was_half_told_is_told_once(world: World) -> None:
    await open_shop(world, LEAVES)
    contact = await world.add_contact()
    mass = await made(world)
    await deleted_unheard(world, contact)
    await confirm(world, mass)
    await world.pass_by(minutes=4)
    await dies(sendings.look, at(world, "2026-11-23 10:06"))
    assert await is_lost(world, contact), "believed before the delivery is closed"
    assert (await delivery_of(world, contact)).state == "created"

    await leases_run_out(world)
    await world.turn_to("2026-11-23 10:20")

    delivery = await delivery_of(world, contact)
    assert (delivery.state, delivery.reason) == ("failed", "不是好友")
    told = [row["what"] for row in await world.store.log.of(contact)]
    assert told.count("“育儿测评”没有送达：不是好友") == 1
    (journey,) = await world.store.journeys.of(contact)
    assert (journey.state, journey.goal) == ("done", "负面")


async def test_who_had_enough_is_offered_it_once_when_the_teller_died(world: World) -> None:
    await open_shop(world, CARE)
    contact = await world.add_contact()
    mass = await made(world)
    await world.sim.limits(monthly_cap=0)
    await confirm(world, mass)
    await world.pass_by(minutes=4)
    await dies(sendings.look, at(world, "2026-11-23 10:06"))
    await leases_run_out(world)
    await world.sim.limits(monthly_cap=9)
    await world.turn_to("2026-11-24 08:35")

    assert len(await mass_of(world)) == 2
    await confirm(world, (await mass_of(world))[1])
    await world.turn_to("2026-11-24 09:30")
    assert (await delivery_of(world, contact)).state == "delivered"
    assert len((await world.ledger())["delivered"]) == 1


async def test_a_plan_of_files_that_was_not_ended_is_made_again(
    world: World, tmp_path: Path
) -> None:
    await world.publish(folder_of(tmp_path, sop=POSTER))
    await dies(media.look, world.ctx)
    assert await uploads(world) == 0

    await leases_run_out(world)
    await world.settle()

    assert await uploads(world) == 1


async def test_a_file_uploaded_by_one_who_died_is_not_uploaded_again(
    world: World, tmp_path: Path
) -> None:
    await world.publish(folder_of(tmp_path, sop=POSTER))
    now = world.now
    owner = await world.store.media.claim_plan(now)
    await world.store.media.planned(owner, now, now)
    await dies(media.look, world.ctx)  # planned
    await leases_run_out(world)
    await world.store.db["media"].update_one({"_id": "plan"}, {"$unset": {"due_at": ""}})
    await dies(media.look, world.ctx)  # uploaded
    assert await uploads(world) == 1

    await leases_run_out(world)
    await world.settle()

    assert await uploads(world) == 1
    (row,) = await world.store.db["media"].find({"sha": {"$exists": True}}).to_list(None)
    assert row["due_at"] == moment("2026-11-25 20:00")
