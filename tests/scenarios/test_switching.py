"""qunce pause, resume and stop: held, going on and ended without a release."""

import pytest

from bot.publish import LiveReleases, Unswitchable, switch
from bot.publish.folder import Contents
from bot.publish.publishing import apply
from tests.scenarios.test_editing import an_sop, live_is, push, said, say
from tests.world import TEAM, World

TASK = "  - {步骤: 问好, 派任务: {标题: 问好, 给: 跟进人, 完成依据: [按钮: 好], 期限: 1天}}\n"


async def states(world: World) -> dict[str, str]:
    book = (await world.ctx.releases.head()).book
    return {name: sop.state for name, sop in book.sops.items()}


async def test_while_paused_nobody_enters_and_nobody_goes_on(world: World) -> None:
    await live_is(world, say("甲", "第2天 10:00"))
    await world.add_contact()

    (one,) = await switch(world.ctx, "pause", "新客")
    await world.add_contact()
    await world.turn_to("2026-11-24 12:00")

    assert (one.sop, one.before, one.now) == ("新客", "启用", "暂停")
    assert await said(world) == []
    assert await world.store.db["journeys"].count_documents({}) == 1


async def test_on_resume_everybody_goes_on_within_minutes(world: World) -> None:
    await live_is(world, say("甲", "第2天 10:00"), say("乙", "第4天 10:00"))
    await world.add_contact()
    await switch(world.ctx, "pause", "新客")
    await world.turn_to("2026-11-24 12:00")

    await switch(world.ctx, "resume", "新客")
    await world.later(minutes=10)
    late = await said(world)
    await world.turn_to("2026-11-26 10:01")

    assert late == ["甲"]
    assert await said(world) == ["甲", "乙"]


async def test_what_became_worthless_while_paused_is_not_sent(world: World) -> None:
    await live_is(world, push("甲", "第2天 10:00"), say("完"))
    await world.add_contact()
    await switch(world.ctx, "pause", "新客")
    await world.turn_to("2026-11-25 12:00")

    await switch(world.ctx, "resume", "新客")
    await world.later(minutes=10)

    assert await world.store.db["deliveries"].count_documents({}) == 0
    assert await said(world) == ["完"]


async def test_what_was_made_before_a_pause_is_not_sent_in_it(world: World) -> None:
    await live_is(world, push("甲"))
    contact = await world.add_contact()
    await switch(world.ctx, "pause", "新客")
    # made, and not yet handed to anybody
    change = {"$set": {"state": "ready", "sending": "", "due_at": world.now}}
    await world.store.db["deliveries"].update_many({}, change)
    await world.store.db["sendings"].delete_many({})
    await world.later(minutes=5)

    (delivery,) = await world.store.deliveries.of(contact)
    assert (delivery.state, delivery.reason) == ("suppressed", "已暂停")
    assert (await world.ledger())["mass"] == []


async def test_a_stop_ends_journeys_tasks_and_what_was_not_sent(world: World) -> None:
    await live_is(world, TASK, say("甲", "第9天 10:00"))
    contact = await world.add_contact()
    (given,) = await world.store.tasks.about(contact)

    await switch(world.ctx, "stop", "新客")
    await world.settle()

    (journey,) = await world.store.journeys.of(contact)
    (task,) = await world.store.tasks.about(contact)
    assert given.open
    assert (journey.state, journey.exit_reason) == ("done", "SOP已停用")
    assert (task.open, task.state) == (False, "已取消")
    told = [row for row in (await world.ledger())["card_updates"] if row["userid"] == "zhangli"]
    assert len(told) == 1, "their card says so"


async def test_a_stop_takes_mass_messages_out_of_the_hands_of_staff(world: World) -> None:
    await live_is(world, push("甲"), say("乙", "第9天 10:00"))
    contact = await world.add_contact()
    await world.later(minutes=5)

    await switch(world.ctx, "stop", "新客")
    await world.later(minutes=5)

    (delivery,) = await world.store.deliveries.of(contact)
    assert (delivery.state, delivery.reason) == ("cancelled", "SOP已停用")
    assert len((await world.ledger())["cancelled"]) == 1


async def test_a_state_outlives_releases_until_one_changes_the_files_own(world: World) -> None:
    await live_is(world, say("甲"))
    await switch(world.ctx, "pause", "新客")

    await live_is(world, say("甲", text="改"))
    kept = await states(world)
    await live_is(world, say("甲", text="改"), state="草稿")
    written = await states(world)

    assert kept == {"新客": "暂停"}
    assert written == {"新客": "草稿"}


async def test_a_renamed_sop_stays_paused(world: World) -> None:
    await live_is(world, say("甲"))
    await switch(world.ctx, "pause", "新客")
    renamed = an_sop(say("甲"), more="曾用名: 新客").replace("SOP: 新客", "SOP: 新名")
    await world.publish({"team.yaml": TEAM, "sop.yaml": renamed})

    assert await states(world) == {"新名": "暂停"}


async def test_every_process_follows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await live_is(world, say("甲"))
    elsewhere = LiveReleases(world.store)
    before = (await elsewhere.head()).book.sops["新客"].state
    monkeypatch.setattr("bot.publish.live.FRESH_SECONDS", 0.0)

    await switch(world.ctx, "pause", "新客")

    assert (before, (await elsewhere.head()).book.sops["新客"].state) == ("启用", "暂停")


async def test_all_at_once_and_back(world: World) -> None:
    other = an_sop(say("乙"), state="暂停").replace("SOP: 新客", "SOP: 停着的")
    sops = {"a.yaml": an_sop(say("甲")), "b.yaml": other}
    await world.publish({"team.yaml": TEAM, **sops})

    paused = await switch(world.ctx, "pause", None)
    resumed = await switch(world.ctx, "resume", None)

    assert [one.sop for one in paused] == ["新客"]
    assert [one.sop for one in resumed] == ["新客"], "what the file pauses stays paused"
    assert await states(world) == {"新客": "启用", "停着的": "暂停"}
    assert (await world.store.releases.live()).states == {}


@pytest.mark.parametrize(
    ("verb", "name", "why"),
    [("pause", "没有的", "线上没有 SOP“没有的”"), ("resume", "草稿的", "还是草稿")],
)
async def test_what_cannot_be_switched_is_a_sentence(
    world: World, verb: str, name: str, why: str
) -> None:
    draft = an_sop(say("乙"), state="草稿").replace("SOP: 新客", "SOP: 草稿的")
    await world.publish({"team.yaml": TEAM, "sop.yaml": draft})

    with pytest.raises(Unswitchable, match=why):
        await switch(world.ctx, verb, name)  # type: ignore[arg-type]


async def test_a_publication_at_the_same_moment_loses_no_pause(world: World) -> None:
    """Both move head: whoever comes second takes what the first one did along."""
    await live_is(world, say("甲"))
    files = {"team.yaml": TEAM, "sop.yaml": an_sop(say("甲", text="改"))}
    releases = world.store.releases
    honest = releases.live

    async def switched_meanwhile() -> object:
        seen = await honest()
        releases.live = honest  # type: ignore[method-assign]
        await switch(world.ctx, "pause", "新客")
        return seen

    before = await honest()
    stored_publish = releases.publish

    async def publish_late(*given: object, **how: object) -> object:
        releases.live = switched_meanwhile  # type: ignore[method-assign,assignment]
        return await stored_publish(*given, **how)  # type: ignore[arg-type]

    releases.publish = publish_late  # type: ignore[method-assign,assignment]
    done = await apply(world.ctx, Contents(files, {}), None, author="t", note="", overwrite=True)

    assert done.n == before.n + 1
    assert (await honest()).states == {"新客": "暂停"}
