"""Whoever dies half-way through a moment is followed by one who ends it: made once, told once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from types import ModuleType

import pytest

from bot.actions import walk
from bot.context import Context
from bot.sender import attempt, moments
from scheduler import occurrences, postings, posts
from tests.scenarios.test_moments import (
    TWO_OWNERS,
    calendar,
    moments_of,
    open_shop,
    posts_of,
    publish,
)
from tests.world import World

MAKE = "externalcontact/add_moment_task"
AT_NIGHT = "{文案: 晚安, 由: 群主, 时效: 24小时}"


class Died(BaseException):
    """What SIGKILL looks like from inside one test."""


async def until_idle(work: Callable[[Context], Awaitable[object]], ctx: Context) -> None:
    while await work(ctx):
        pass


@pytest.fixture
def dies_at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Awaitable[None]]:
    """Do something that dies at this point of this module; afterwards nobody dies any more."""

    async def doing_so(
        module: ModuleType, point: str, work: Callable[[Context], Awaitable[object]], ctx: Context
    ) -> None:
        def die(name: str) -> None:
            if name == point:
                raise Died(name)

        with monkeypatch.context() as patch:
            patch.setattr(module, "crash_point", die)
            with pytest.raises(Died):
                await until_idle(work, ctx)

    return doing_so


async def leases_run_out(world: World) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    for name in ("journeys", "posts", "postings", "outbox"):
        held = {"lease": {"$exists": True}}
        await world.store.db[name].update_many(held, {"$set": {"lease.until": long_ago}})


async def monday_comes(world: World) -> None:
    """The moment of the calendar, with the bot's workers down."""
    await open_shop(world, calendar(), *TWO_OWNERS)
    await world.turn_to("2026-11-23 09:59")
    await world.pass_by(minutes=1)
    await until_idle(occurrences.look, world.ctx)


async def walked(world: World) -> None:
    await monday_comes(world)
    await until_idle(walk.walk_due, world.ctx)


async def gathered(world: World) -> None:
    await walked(world)
    await until_idle(posts.look, world.ctx)
    await world.pass_by(minutes=1)


async def send(ctx: Context) -> bool:
    """Make the one call that is due, as the sender would."""
    owner, rows = await ctx.store.outbox.claim(ctx.now(), "normal", 9)
    for row in rows:
        await attempt.attempt(ctx, owner, row)
    return bool(rows)


async def closed(world: World) -> None:
    await gathered(world)
    await until_idle(postings.look, world.ctx)


async def it_ends_well(world: World) -> None:
    """One moment for both, published by both, each told once."""
    await leases_run_out(world)
    await world.later(minutes=30)
    (made,) = await moments_of(world)
    assert sorted(made["senders"]) == ["limin", "zhangli"]
    assert (await world.ledger())["calls"][MAKE] == 1
    for staff in made["senders"]:
        await publish(world, staff, made)
    await world.later(hours=2)
    assert {post.state for post in (await posts_of(world)).values()} == {"published"}
    assert [posting.state for posting in await world.store.postings.all()] == ["done"]


async def test_posts_stored_by_a_walk_that_died_are_stored_once(
    world: World, dies_at: Callable[..., Awaitable[None]]
) -> None:
    await monday_comes(world)
    await dies_at(walk, "journeys.effects", walk.walk_due, world.ctx)
    assert len(await world.store.posts.all()) == 2
    await it_ends_well(world)


async def test_posts_that_joined_before_their_gatherer_died_do_not_join_twice(
    world: World, dies_at: Callable[..., Awaitable[None]]
) -> None:
    await walked(world)
    await dies_at(posts, "posts.joined", posts.look, world.ctx)
    assert {post.state for post in (await posts_of(world)).values()} == {"ready"}
    await it_ends_well(world)


async def test_a_moment_whose_posts_never_named_it_takes_them_along(
    world: World, dies_at: Callable[..., Awaitable[None]]
) -> None:
    """The gatherer died and nobody looked again before the call."""
    await walked(world)
    await dies_at(posts, "posts.joined", posts.look, world.ctx)
    await world.pass_by(minutes=1)
    while await postings.look(world.ctx) or await send(world.ctx):
        pass
    (posting,) = await world.store.postings.all()
    assert posting.state == "asked"
    assert {post.posting for post in (await posts_of(world)).values()} == {posting.id}
    await it_ends_well(world)


async def test_a_call_put_by_one_who_died_is_made_once(
    world: World, dies_at: Callable[..., Awaitable[None]]
) -> None:
    await gathered(world)
    await dies_at(postings, "postings.put", postings.look, world.ctx)
    await it_ends_well(world)


@pytest.mark.parametrize("module", [attempt, moments], ids=["unnoted", "noted"])
async def test_a_call_whose_answer_died_with_the_sender_is_not_repeated(
    world: World, dies_at: Callable[..., Awaitable[None]], module: ModuleType
) -> None:
    await closed(world)
    point = "sender.after_call" if module is attempt else "moments.asked"
    await dies_at(module, point, send, world.ctx)
    await it_ends_well(world)


async def test_what_was_logged_as_published_is_noted_by_the_next(
    world: World, dies_at: Callable[..., Awaitable[None]]
) -> None:
    chat, *_ = await open_shop(world, calendar(), *TWO_OWNERS)
    await world.turn_to("2026-11-23 10:05")
    (made,) = await moments_of(world)
    for staff in ("zhangli", "limin"):
        await publish(world, staff, made)
    await world.pass_by(minutes=5)
    await dies_at(postings, "postings.between", postings.look, world.ctx)
    assert {post.state for post in (await posts_of(world)).values()} == {"created"}
    await leases_run_out(world)
    await world.later(hours=2)

    assert {post.state for post in (await posts_of(world)).values()} == {"published"}
    told = [row["what"] for row in await world.store.log.of(chat)]
    assert sum("zhangli" in what and "已由员工发表" in what for what in told) == 1


@pytest.mark.parametrize("point", ["postings.withdrawing", "postings.ended", "postings.telling"])
async def test_a_withdrawal_by_one_who_died_is_ended_and_offered_again_once(
    world: World, dies_at: Callable[..., Awaitable[None]], point: str
) -> None:
    sop = calendar(AT_NIGHT, when="每周一 20:00")
    await open_shop(world, sop, *TWO_OWNERS)
    await world.turn_to("2026-11-23 21:29")
    (first,) = await moments_of(world)
    await world.pass_by(minutes=2)
    if point != "postings.withdrawing":
        await until_idle(postings.look, world.ctx)
        await until_idle(send, world.ctx)
        await world.pass_by(minutes=1)
    await dies_at(postings, point, postings.look, world.ctx)
    await leases_run_out(world)
    await world.turn_to("2026-11-24 08:40")

    made = await moments_of(world)
    assert [row["moment_id"] for row in (await world.ledger())["moments_cancelled"]] == [
        first["moment_id"]
    ]
    assert [sorted(row["senders"]) for row in made] == [["limin", "zhangli"]] * 2
    for staff in ("zhangli", "limin"):
        await publish(world, staff, made[1])
    await world.turn_to("2026-11-24 12:00")
    assert {post.state for post in (await posts_of(world)).values()} == {"published"}
