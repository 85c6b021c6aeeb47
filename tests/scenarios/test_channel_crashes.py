"""Whoever dies while a channel's code is made, changed or ended leaves one code, and the right one."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from bot import crash
from bot.context import Context
from bot.dispatcher import Dispatcher
from bot.sender.attempt import attempt
from handlers import router
from scheduler import channels
from tests.scenarios.test_channels import CHANNEL, PATH, PLAIN, SHIFTS, code, codes_at_wecom, users
from tests.world import World, moment

Fuse = Callable[[int], None]


class Died(BaseException):
    """What SIGKILL looks like from inside one test."""


@pytest.fixture
def fuse(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fuse]:
    """``fuse(2)``: die at the third crash point from now."""

    def die(*_: int) -> None:
        crash.arm("kill=0,freeze=0,seconds=0")
        raise Died

    def lit(points: int) -> None:
        rolls = iter([1.0] * points)
        monkeypatch.setattr(crash, "_dice", SimpleNamespace(random=lambda: next(rolls, 0.0)))
        crash.arm("kill=0.5,freeze=0,seconds=0")

    monkeypatch.setattr(os, "kill", die)
    yield lit
    crash.arm("kill=0,freeze=0,seconds=0")


async def work(ctx: Context) -> None:
    """Everything one process does about the codes, from the folder to WeCom and back."""
    while await channels.look(ctx):
        pass
    owner, rows = await ctx.store.outbox.claim(ctx.now(), "normal", 10)
    for row in rows:
        await attempt(ctx, owner, row)
    while await channels.look(ctx):
        pass


async def dies(world: World, local: str) -> None:
    """One process dies on the way, and its leases run out."""
    with pytest.raises(Died):
        await work(replace(world.ctx, now=lambda: moment(local)))
    await leases_run_out(world)


async def leases_run_out(world: World) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    for name in ("ways", "outbox"):
        held = {"lease": {"$exists": True}}
        await world.store.db[name].update_many(held, {"$set": {"lease.until": long_ago}})


@pytest.mark.parametrize("point", range(7))
async def test_one_code_is_made_whenever_somebody_dies(
    world: World, fuse: Fuse, point: int
) -> None:
    await world.publish({"channels.yaml": PLAIN})
    fuse(point)
    await dies(world, "2026-11-23 09:00")
    await world.later(minutes=5)

    (there,) = await codes_at_wecom(world)
    way = await code(world)
    assert (way.config_id, way.qr_code) == (there["config_id"], there["qr_code"])
    assert (way.asked, way.done) == (1, 1)
    assert (await world.ledger())["calls"][PATH + "add_contact_way"] == 1


@pytest.mark.parametrize("point", range(5))
async def test_the_next_shift_begins_whenever_somebody_dies(
    world: World, fuse: Fuse, point: int
) -> None:
    await world.publish({"channels.yaml": SHIFTS})
    await world.turn_to("2026-11-23 13:59")
    fuse(point)
    await dies(world, "2026-11-23 14:00")
    await world.turn_to("2026-11-23 14:05")

    assert await users(world) == ["limin"]
    assert (await code(world)).users == ("limin",)
    assert len(await codes_at_wecom(world)) == 1


@pytest.mark.parametrize("point", range(5))
async def test_a_code_ends_once_whenever_somebody_dies(
    world: World, fuse: Fuse, point: int
) -> None:
    await world.publish({"channels.yaml": PLAIN})
    await world.settle()
    await world.publish({"tags.yaml": "标签: {来源: [海报]}"})
    await world.turn_to("2026-11-24 08:59")
    fuse(point)
    await dies(world, "2026-11-24 09:01")
    await world.turn_to("2026-11-24 09:10")

    way = await code(world)
    assert await codes_at_wecom(world) == []
    assert (way.state, way.config_id, way.due_at) == ("已删", "", None)


async def test_a_process_overtaken_while_it_looked_asks_for_nothing(world: World) -> None:
    """It slept past its lease with yesterday's roster in hand."""
    await world.publish({"channels.yaml": SHIFTS})
    await world.turn_to("2026-11-23 13:59")
    sleeper, (mine,) = await world.store.ways.claim(moment("2026-11-23 14:00"))
    await leases_run_out(world)
    await world.turn_to("2026-11-23 14:05")

    assert not await world.store.ways.ask(sleeper, mine, {"op": "change", "body": {}})
    assert (await code(world)).users == ("limin",)


@pytest.mark.parametrize("point", range(3))
async def test_a_remark_is_written_whenever_somebody_dies(
    world: World, fuse: Fuse, point: int
) -> None:
    await world.publish({"channels.yaml": PLAIN + '备注: "{客户昵称}-海报"\n'})
    await world.settle()
    made = await world.sim.act("add_contact", staff="zhangli", name="小雨妈妈", state=CHANNEL)
    await world.quiet()
    contact = made["external_userid"]
    row_id = f"remark:channel:{contact}:zhangli:{world.now.isoformat()}"
    await _until_queued(world, row_id)
    owner, rows = await world.store.outbox.claim(world.now, "normal", 10)
    (row,) = (row for row in rows if row.id == row_id)
    fuse(point)
    with pytest.raises(Died):
        await attempt(world.ctx, owner, row)
    await leases_run_out(world)
    await world.later(minutes=5)

    answer = await world.ctx.wecom.call("externalcontact/get", params={"external_userid": contact})
    assert [f["remark"] for f in answer["follow_user"]] == ["小雨妈妈-海报"]


async def _until_queued(world: World, row_id: str) -> None:
    """The callback is handled, nothing is sent yet."""
    for lane in ("urgent", "normal"):
        while await Dispatcher(world.ctx, router, lane).work():
            pass
    assert await world.store.outbox.get(row_id)
