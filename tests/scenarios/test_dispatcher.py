"""Every callback that was acknowledged is handled, ignored with a reason, or shown as dead."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.context import Context
from bot.dispatcher import PAUSES, Dispatcher, pause
from bot.model import Incoming
from bot.router import NotYet, Router
from bot.wecom.app_events import AppLowActive
from bot.wecom.errors import Paced
from tests.world import World


class Clock:
    def __init__(self, world: World) -> None:
        self.now = world.now
        self.ctx: Context = replace(world.ctx, now=lambda: self.now)


async def _row(world: World, n: int = 0) -> Incoming:
    row = await world.store.inbox.get(f"backlog-{n}")
    assert row
    return row


async def test_what_fails_is_tried_again_with_growing_pauses_and_then_dead(world: World) -> None:
    clock, router = Clock(world), Router()
    tried = []

    @router.on(AppLowActive)
    async def fails(event: AppLowActive, ctx: Context) -> None:
        tried.append(ctx.now())
        raise RuntimeError("no luck today")

    dispatcher = Dispatcher(clock.ctx, router, "normal")
    await world.backlog(1)
    for _ in PAUSES:
        assert await dispatcher.work()
        assert not await dispatcher.work()
        clock.now = (await _row(world)).due_at or clock.now
    await dispatcher.work()

    gaps = [b - a for a, b in pairwise(tried)]
    assert all(0.8 * p <= gap <= 1.2 * p for p, gap in zip(PAUSES, gaps, strict=True))
    (dead,) = await world.store.inbox.dead()
    assert dead.why == "RuntimeError: no luck today"
    assert not await dispatcher.work()


async def test_pauses_of_different_callbacks_differ() -> None:
    assert len({pause(f"callback-{n}", 2) for n in range(100)}) > 50


@pytest.mark.parametrize("wish", [NotYet, Paced])
async def test_being_asked_to_wait_is_no_failure(
    world: World, wish: type[NotYet] | type[Paced]
) -> None:
    clock, router = Clock(world), Router()
    until = world.now + timedelta(minutes=7)

    @router.on(AppLowActive)
    async def waits(event: AppLowActive, ctx: Context) -> None:
        if ctx.now() < until:
            raise wish(until)

    dispatcher = Dispatcher(clock.ctx, router, "normal")
    await world.backlog(1)
    await dispatcher.work()
    row = await _row(world)
    assert (row.due_at, row.tries) == (until, 0)

    clock.now = until
    await dispatcher.work()

    assert (await _row(world)).state == "done"


async def test_what_nobody_handles_is_kept_as_ignored(world: World) -> None:
    await world.backlog(1)
    await Dispatcher(world.ctx, Router(), "normal").work()

    row = await _row(world)
    assert (row.state, row.due_at) == ("ignored", None)
    assert row.why


async def test_a_callback_nobody_can_read_is_dead_in_the_end(world: World) -> None:
    broken = Incoming(
        id="broken",
        route="contact",
        envelope="AAAA",
        received_at=world.now,
        due_at=world.now,
    )
    await world.store.inbox.put_many([broken], 10)
    await world.later(days=1)

    (dead,) = await world.store.inbox.dead()
    assert dead.id == "broken"


async def test_a_slow_callback_does_not_hold_up_the_next(world: World) -> None:
    router, go_on = Router(), asyncio.Event()
    seen = []

    @router.on(AppLowActive)
    async def first_is_slow(event: AppLowActive, ctx: Context) -> None:
        seen.append(event)
        if len(seen) == 1:
            await go_on.wait()

    dispatcher = Dispatcher(world.ctx, router, "normal")
    await world.backlog(1)
    await dispatcher.work()
    await world.backlog(3)  # the first of which is there already
    await dispatcher.work()
    assert len(seen) == 3
    assert await world.store.inbox.waiting() == 1

    go_on.set()
    await dispatcher.finish()

    assert await world.store.inbox.waiting() == 0


async def test_who_lost_the_lease_finishes_nothing(world: World) -> None:
    router, go_on = Router(), asyncio.Event()

    @router.on(AppLowActive)
    async def sleeps(event: AppLowActive, ctx: Context) -> None:
        await go_on.wait()

    dispatcher = Dispatcher(world.ctx, router, "normal")
    await world.backlog(1)
    await dispatcher.work()
    await world.store.db["inbox"].update_one({}, {"$set": {"lease.owner": "somebody else"}})
    go_on.set()
    await dispatcher.finish()

    assert (await _row(world)).state == "new"


async def test_an_event_has_one_handler() -> None:
    router = Router()

    @router.on(AppLowActive)
    async def one(event: AppLowActive, ctx: Context) -> None: ...

    with pytest.raises(ValueError, match="AppLowActive"):
        router.on(AppLowActive)(one)
