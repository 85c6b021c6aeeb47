"""Whoever dies while a group's welcome is made leaves one card, one template in use and one task."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.context import Context
from bot.sender.attempt import attempt
from scheduler import group_welcomes
from tests.scenarios.test_channel_crashes import Died, Fuse, fuse
from tests.scenarios.test_group_welcomes import ADD, SHOPPING, a_shop, asked, calls, look, rows
from tests.world import World, moment

__all__ = ["fuse"]

UNHEARD_OF = 3
"""The crash point between WeCom's answer with the template's id and our note of it."""


async def work(ctx: Context) -> None:
    """Everything one process does about a welcome, from the folder to WeCom and the owner."""
    while await group_welcomes.look(ctx):
        pass
    owner, waiting = await ctx.store.outbox.claim(ctx.now(), "normal", 10)
    for row in waiting:
        await attempt(ctx, owner, row)
    await group_welcomes.look(ctx)


async def leases_run_out(world: World) -> None:
    held = {"lease": {"$exists": True}}
    long_ago = {"$set": {"lease.until": datetime(2020, 1, 1, tzinfo=UTC)}}
    await world.store.db["outbox"].update_many(held, long_ago)


@pytest.mark.parametrize("point", range(7))
async def test_one_welcome_is_made_whenever_somebody_dies(
    world: World, fuse: Fuse, point: int
) -> None:
    await world.publish(a_shop("优惠都在这里", **SHOPPING))
    await world.create_group("会员优惠1群", "zhangli")
    fuse(point)
    with pytest.raises(Died):
        await work(replace(world.ctx, now=lambda: moment("2026-11-23 09:01")))
    await leases_run_out(world)

    await world.later(minutes=10)  # the code is looked for before another is made
    await look(world)

    (row,) = await rows(world)
    ways = await world.ctx.wecom.call("externalcontact/list_contact_way", {"limit": 100})
    assert [way["config_id"] for way in ways["contact_way"]] == [row.card_id]
    assert (row.made_rev, row.asked) == (row.rev, ("zhangli",))
    assert await calls(world, ADD) == [2 if point == UNHEARD_OF else 1]
    assert len(await asked(world)) == 1


async def test_seven_points_are_all_there_are(world: World, fuse: Fuse) -> None:
    await world.publish(a_shop("优惠都在这里", **SHOPPING))
    await world.create_group("会员优惠1群", "zhangli")
    fuse(7)

    await work(world.ctx)

    assert len(await asked(world)) == 1
