"""What is live is edited while people are under way: told from outside, with a real mongod."""

import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.actions.walk import walk_due
from bot.publish import LiveReleases, live, publish
from bot.store import due
from scheduler import sweep
from tests.bot.playbook import month
from tests.bot.playbook.month import Model, Person, Version
from tests.bot.playbook.test_edits import CLOCKS, OPERATIONS, Change, Editor
from tests.world import TEAM, World, moment


def an_sop(*steps: str, state: str = "启用", more: str = "") -> str:
    head = f"SOP: 新客\n负责人: 王芳\n状态: {state}\n对象: 客户\n进入: {{当: 添加好友}}\n"
    return f"{head}{more}\n步骤:\n{''.join(steps)}"


def say(name: str, when: str = "立即", text: str = "", more: str = "") -> str:
    told = f"发给员工: {{文案: {text or name}, 给: 跟进人}}"
    return f"  - {{步骤: {name}, 何时: {when}, {told}{more}}}\n"


def push(name: str, when: str = "立即", text: str = "", more: str = "") -> str:
    sent = f"发给客户: {{文案: {text or name}, 由: 跟进人, 时效: 24小时}}"
    return f"  - {{步骤: {name}, 何时: {when}, {sent}{more}}}\n"


async def live_is(world: World, *steps: str, **how: str) -> None:
    await world.publish({"team.yaml": TEAM, "sop.yaml": an_sop(*steps, **how)})
    await world.settle()


async def said(world: World) -> list[str]:
    return [row["content"] for row in (await world.ledger())["texts"]]


# --- moments that came nearer --------------------------------------------------------------------


async def test_those_whom_an_edit_makes_due_are_let_go_one_after_the_other(world: World) -> None:
    await live_is(world, push("测评", "第4天 10:00"))
    for _ in range(12):
        await world.add_contact()
    await world.turn_to("2026-11-25 14:00")

    await live_is(world, push("测评", "第3天 10:00"))
    at_once = await world.store.db["deliveries"].count_documents({})
    await world.later(minutes=5)
    half_way = await world.store.db["deliveries"].count_documents({})
    await world.later(minutes=5)

    assert at_once < half_way < 12
    assert await world.store.db["deliveries"].count_documents({}) == 12


async def test_a_moment_that_came_nearer_is_kept_to_the_minute(world: World) -> None:
    await live_is(world, say("测评", "第6天 10:00"))
    await world.add_contact()
    await world.turn_to("2026-11-25 14:00")

    await live_is(world, say("测评", "第4天 10:00"))
    await world.turn_to("2026-11-26 09:59")
    early = await said(world)
    await world.turn_to("2026-11-26 10:01")

    assert early == []
    assert await said(world) == ["测评"]


async def test_a_longer_time_is_followed_too(world: World) -> None:
    await live_is(world, say("测评", "第3天 10:00"))
    await world.add_contact()

    await live_is(world, say("测评", "第5天 10:00"))
    await world.turn_to("2026-11-27 09:59")
    early = await said(world)
    await world.turn_to("2026-11-27 10:01")

    assert early == []
    assert await said(world) == ["测评"]


async def test_a_wait_cut_short_counts_from_when_it_began(world: World) -> None:
    rest = "  - {步骤: 歇, 等待: 20天}\n"
    await live_is(world, rest, say("后来"))
    await world.add_contact()
    await world.turn_to("2026-11-25 12:00")

    await live_is(world, rest.replace("20天", "4天"), say("后来"))
    await world.turn_to("2026-11-27 08:00")
    early = await said(world)
    await world.turn_to("2026-11-27 10:00")

    assert early == []
    assert await said(world) == ["后来"]


async def test_who_waits_for_another_event_since_the_edit_is_heard(world: World) -> None:
    def awaiting(event: str) -> str:
        came = "[{步骤: 来了, 发给员工: {文案: 来了, 给: 跟进人}}]"
        return f"  - {{步骤: 等, 等事件: {{当: {event}, 最多等: 9天, 等到了: {came}}}}}\n"

    await live_is(world, awaiting("下单"))
    contact = await world.add_contact()

    await live_is(world, awaiting("到店"))
    await world.later(minutes=11)
    await world.post_event(id="v1", subject=contact, kind="visit")
    await world.settle()

    assert await said(world) == ["来了"]


# --- steps that are gone, new or renamed ---------------------------------------------------------


async def test_who_stands_before_a_deleted_step_goes_on_with_the_next(world: World) -> None:
    await live_is(world, say("甲"), say("乙", "第3天 10:00"), say("丙", "第5天 10:00"))
    contact = await world.add_contact()

    await live_is(world, say("甲"), say("丙", "第5天 10:00"))
    await world.turn_to("2026-11-28 12:00")

    assert await said(world) == ["甲", "丙"]
    story = [row["what"] for row in await world.store.log.of(contact)]
    assert "“乙”不在SOP里了，转到“丙”" in story


async def test_several_deletions_and_renamings_at_once_are_one_lookup(world: World) -> None:
    await live_is(world, say("甲", "第3天 10:00"), say("乙"), say("丙", "第5天 10:00"))
    await world.add_contact()
    for steps in (
        [say("乙"), say("丙", "第5天 10:00")],
        [say("丙", "第5天 10:00")],
        [say("新丙", "第5天 10:00", more=", 曾用名: 丙")],
    ):
        await world.publish({"team.yaml": TEAM, "sop.yaml": an_sop(*steps)})

    await world.turn_to("2026-11-28 12:00")

    assert await said(world) == ["新丙"]


async def test_after_the_last_step_is_deleted_the_journey_ends_as_adjusted(world: World) -> None:
    await live_is(world, say("甲"), say("乙", "第5天 10:00"))
    contact = await world.add_contact()

    await live_is(world, say("甲"))
    await world.later(minutes=11)

    (journey,) = await world.store.journeys.of(contact)
    assert (journey.state, journey.exit_reason) == ("done", "SOP已调整")


async def test_a_step_put_in_before_somebody_is_not_caught_up(world: World) -> None:
    await live_is(world, say("甲"), say("丙", "第3天 10:00"))
    await world.add_contact()

    await live_is(world, say("新"), say("甲"), say("丙", "第3天 10:00"), say("尾"))
    await world.turn_to("2026-11-26 12:00")

    assert await said(world) == ["甲", "丙", "尾"]


async def test_a_step_moved_behind_somebody_is_not_done_again(world: World) -> None:
    await live_is(world, say("甲"), say("乙"), say("丙", "第3天 10:00"))
    await world.add_contact()

    await live_is(world, say("丙", "第3天 10:00"), say("甲"), say("乙"))
    await world.turn_to("2026-11-30 12:00")

    assert await said(world) == ["甲", "乙", "丙"]


async def test_a_new_exit_rule_ends_at_once_where_it_says_so(world: World) -> None:
    await live_is(world, say("甲", "第9天 10:00"))
    contact = await world.add_contact()
    await world.post_event(id="o1", subject=contact, kind="order")
    await world.settle()

    at_once = "退出: [{当: 下单, 记为: 达成, 立即检查: 是}]"
    await live_is(world, say("甲", "第9天 10:00"), more=at_once)
    await world.later(minutes=11)

    (journey,) = await world.store.journeys.of(contact)
    assert (journey.state, journey.goal) == ("done", "达成")


async def test_a_new_exit_rule_is_heard_before_the_next_step(world: World) -> None:
    await live_is(world, say("甲", "第9天 10:00"))
    contact = await world.add_contact()

    await live_is(world, say("甲", "第9天 10:00"), more="退出: [{当: 下单, 记为: 达成}]")
    await world.post_event(id="o1", subject=contact, kind="order")
    await world.settle()

    (journey,) = await world.store.journeys.of(contact)
    assert journey.goal == "达成"


# --- 按旧版走完 ----------------------------------------------------------------------------------

PINNED = "变更时: 按旧版走完"


async def test_who_began_under_the_old_version_finishes_it(world: World) -> None:
    await live_is(world, say("甲", "第3天 10:00", "旧话"), say("乙", "第4天 10:00"), more=PINNED)
    await world.add_contact()
    for n in range(12):
        await live_is(world, say("甲", "第5天 10:00", f"新话{n}"), more=PINNED)
    await world.turn_to("2026-11-27 12:00")

    assert await said(world) == ["旧话", "乙"]


async def test_a_stop_ends_them_all_the_same(world: World) -> None:
    await live_is(world, say("甲", "第9天 10:00"), more=PINNED)
    contact = await world.add_contact()

    await live_is(world, say("甲", "第9天 10:00"), more=PINNED, state="停用")

    (journey,) = await world.store.journeys.of(contact)
    assert journey.exit_reason == "SOP已停用"


# --- 撤回未发 ------------------------------------------------------------------------------------


async def recalling(world: World, *steps: str, rules: str = "") -> None:
    files = {"team.yaml": TEAM, "sop.yaml": an_sop(*steps)}
    files |= {"rules.yaml": rules} if rules else {}
    base = await world.store.releases.head()
    await publish(
        world.store, files, {}, base=base, author="t", note="", now=world.now, recall=True
    )
    world.ctx.releases.forget()
    await world.settle()


async def test_unconfirmed_words_are_taken_back_on_request(world: World) -> None:
    await live_is(world, push("甲", text="错字"), push("乙", text="别的"))
    contact = await world.add_contact()
    await world.later(minutes=5)
    (before, other) = await world.store.deliveries.of(contact)
    assert before.state == "created"

    await recalling(world, push("甲", text="改好了"), push("乙", text="别的"))
    await world.later(minutes=5)

    kept = {d.step: d for d in await world.store.deliveries.of(contact)}
    assert (kept["甲"].state, kept["甲"].reason) == ("cancelled", "撤回未发")
    assert kept["乙"].id == other.id
    assert kept["乙"].state in ("ready", "gathered", "created")
    assert len((await world.ledger())["cancelled"]) == 1


async def test_without_the_request_what_was_rendered_keeps_its_words(world: World) -> None:
    await live_is(world, push("甲", text="旧字"))
    contact = await world.add_contact()

    await live_is(world, push("甲", text="新字"))
    await world.later(minutes=5)

    (delivery,) = await world.store.deliveries.of(contact)
    assert delivery.state == "created"
    assert [row["text"] for row in (await world.ledger())["mass"]] == ["旧字"]


async def test_what_nobody_has_yet_is_cancelled_in_place(world: World) -> None:
    rules = '规则: 全局\n免打扰: {客户: "08:00-23:00"}\n'
    await world.publish(
        {"team.yaml": TEAM, "rules.yaml": rules, "sop.yaml": an_sop(push("甲", text="错字"))}
    )
    contact = await world.add_contact()

    await recalling(world, push("甲", text="改好了"), rules=rules)
    await world.turn_to("2026-11-24 06:00")

    (delivery,) = await world.store.deliveries.of(contact)
    assert (delivery.state, delivery.due_at) == ("cancelled", None)
    assert (await world.ledger())["mass"] == []


# --- processes that have not heard of it, or die -------------------------------------------------


async def test_a_process_that_has_not_heard_of_the_edit_decides_by_the_new_text(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await live_is(world, say("甲", "第9天 10:00"))
    await world.add_contact()
    deaf = replace(world.ctx, releases=LiveReleases(world.store))
    await deaf.releases.head()
    monkeypatch.setattr(live, "FRESH_SECONDS", 3600.0)

    await live_is(world, say("甲", "当天 09:05"))
    await world.pass_by(minutes=12)
    assert await walk_due(deaf) == 1
    await world.settle()

    assert await said(world) == ["甲"]


class Died(Exception):
    """Stands for a kill: nothing after it is done."""


@pytest.mark.parametrize("where", ["sweep.claimed", "sweep.looked"])
async def test_who_takes_over_from_a_sweep_that_died_finishes_it(
    world: World, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(sweep, "BATCH", 2)
    await live_is(world, say("甲", "第9天 10:00"))
    for _ in range(5):
        await world.add_contact()
    await world.publish({"team.yaml": TEAM, "sop.yaml": an_sop(say("甲", "第2天 10:00"))})

    with dying_at(monkeypatch, where):
        for _ in range(6):  # as often as the sweep has batches, and more
            with pytest.raises(Died):
                await sweep.look(world.ctx)
    await world.settle()
    await world.turn_to("2026-11-24 10:05")

    assert await said(world) == ["甲"] * 5


@contextmanager
def dying_at(monkeypatch: pytest.MonkeyPatch, where: str) -> Iterator[None]:
    """Whoever comes to this point dies there, and its lease is over at once."""

    def die(name: str) -> None:
        if name == where:
            raise Died(name)

    with monkeypatch.context() as patch:
        patch.setattr(sweep, "crash_point", die)
        patch.setattr(due, "LEASE_SECONDS", 0)
        yield


async def test_everybody_is_looked_at_a_second_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was begun by a process that knew only the head before is found then."""
    monkeypatch.setattr("bot.store.sweeps.AGAIN_SECONDS", 0)
    await live_is(world, say("甲", "第9天 10:00"))
    contact = await world.add_contact()
    await live_is(world, say("甲", "第2天 10:00"))
    old = {"looked_rev": 0, "due_at": moment("2026-12-01 10:00")}
    await world.store.db["journeys"].update_one({"subject": contact}, {"$set": old})

    while await sweep.look(world.ctx):
        pass
    await world.turn_to("2026-11-24 10:05")

    assert await said(world) == ["甲"]


# --- a month of edits, beside the model ----------------------------------------------------------


def an_edit(dice: random.Random) -> Change:
    kind = dice.choice(("立即", "天后", "第天"))
    when = (kind, dice.randint(1, 5 if kind == "天后" else 20), dice.choice(CLOCKS))
    return Change(
        what=dice.choice(OPERATIONS),
        place=dice.randrange(20),
        other=dice.randrange(20),
        when=when,
        days=dice.randint(1, 6),
        gap=timedelta(hours=dice.randint(3, 80), minutes=7),
        died=False,
    )


def versions_of(dice: random.Random) -> list[Version]:
    first = [
        (dice.choice(("say", "say", "rest")), an_edit(dice).when, dice.randint(1, 4))
        for _ in range(5)
    ]
    editor = Editor(first)
    while len(editor.versions) < 9:
        editor.edit(an_edit(dice))
    return editor.versions


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [3, 14, 15, 92])
async def test_a_month_of_edits_repeats_skips_and_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """The whole bot against the model, and now and then a process dies in the sweep."""
    dice, model = random.Random(seed), Model()
    begin = moment("2026-11-23 09:00")
    shift = begin - month.START + timedelta(hours=1)
    versions = [replace(v, at=v.at + shift) for v in versions_of(dice)]
    people: dict[str, str] = {}
    for number, version in enumerate(versions):
        if version.at > world.now:
            await world.later(seconds=(version.at - world.now).total_seconds())
        model.run_until(world.now)
        await publish_version(world, replace(version, at=world.now))
        model.publish(replace(version, at=world.now))
        if number % 2:
            where = dice.choice(["sweep.claimed", "sweep.looked"])
            with dying_at(monkeypatch, where), suppress(Died):
                await sweep.look(world.ctx)
        await world.settle()
        for one in range(3 if number < 4 and not version.paused else 0):
            name = f"客户{number}{one}"
            contact = await world.add_contact(name=name)
            (journey,) = await world.store.journeys.of(contact)
            people[journey.id] = name
            model.begin(Person(journey.id, journey.entered_at, member=False))
    await world.later(days=30)
    model.run_until(world.now)

    texts = await said(world)
    for place in model.places:
        name = people[place.person.id]
        got = [text.removesuffix(name) for text in texts if text.endswith(name)]
        assert got == [words for words, _ in place.said], f"{name}, seed {seed}"
    assert len(texts) == sum(len(place.said) for place in model.places) > 10


async def publish_version(world: World, version: Version) -> None:
    await world.publish({"sop.yaml": month.written(version, team=TEAM, to="{客户昵称}")})
