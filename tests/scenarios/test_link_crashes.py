"""获客链接 when somebody dies half-way: every channel ends with one link, and nobody with two."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.actions import replies
from bot.crash import arm
from bot.sender import attempt
from scheduler import links
from tests.scenarios.test_link_customers import begun, comes
from tests.scenarios.test_link_customers import open_shop as open_hearing_shop
from tests.scenarios.test_link_customers import replies as counted
from tests.scenarios.test_links import SHOP, in_wecom, told
from tests.world import World


class Died(BaseException):
    """What SIGKILL looks like from inside one test."""


@pytest.fixture(autouse=True)
def _dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def die(*_: int) -> None:
        raise Died

    monkeypatch.setattr(os, "kill", die)
    yield
    arm("kill=0,freeze=0,seconds=0")


async def leases_run_out(world: World) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    for name in ("links", "outbox", "inbox"):
        held = {"lease": {"$exists": True}}
        await world.store.db[name].update_many(held, {"$set": {"lease.until": long_ago}})


async def test_what_was_wanted_by_somebody_who_died_is_asked_for_by_the_next(world: World) -> None:
    await world.publish({"shop.yaml": SHOP.format(more="")})
    arm("kill=1,freeze=0,seconds=0")
    with pytest.raises(Died):
        await links.look(world.ctx)
    arm("kill=0,freeze=0,seconds=0")
    wanted = await world.store.links.get("抖音广告")
    asked = await world.store.outbox.about("抖音广告")
    await leases_run_out(world)
    await world.later(seconds=30)

    assert wanted
    assert (wanted.rev, wanted.made_rev, asked) == (1, 0, [])
    assert len(await in_wecom(world)) == 1


@pytest.mark.parametrize("place", ["sender.before_call", "sender.after_call", "sender.after_sent"])
async def test_who_dies_around_the_call_leaves_one_link(
    world: World, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    died: list[str] = []

    def perhaps(name: str) -> None:
        if name == place and not died:
            died.append(name)
            raise Died

    await world.publish({"shop.yaml": SHOP.format(more="")})
    await links.look(world.ctx)
    monkeypatch.setattr(attempt, "crash_point", perhaps)
    owner, (row,) = await world.store.outbox.claim(world.now, "normal", 10)
    with pytest.raises(Died):
        await attempt.attempt(world.ctx, owner, row)
    await leases_run_out(world)
    await world.later(minutes=1)

    (link,) = await in_wecom(world)
    kept = await world.store.links.get("抖音广告")
    assert kept
    assert (kept.link_id, kept.made_rev, kept.told) == (link["id"], 1, link["id"])
    assert len(await told(world, "wangfang")) == 1


async def test_a_reply_counted_by_somebody_who_died_still_begins_what_it_begins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = await comes(world, await open_hearing_shop(world))
    with monkeypatch.context() as patch:

        async def die(*_: object) -> None:
            raise Died

        patch.setattr(replies.facts, "record", die)
        with pytest.raises(Died):
            await replies.heard(world.ctx, contact, "zhangli", 1, world.now)
    before = (await counted(world, contact), await begun(world, contact))
    await world.act("write_by_link", staff="zhangli", contact=contact)
    await world.later(seconds=5)

    assert before == (1, 0)
    assert (await counted(world, contact), await begun(world, contact)) == (1, 1)
