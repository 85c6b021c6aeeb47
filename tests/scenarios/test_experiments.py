"""An experiment from its first customer to the release in which its winner has taken its place."""

import asyncio
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bot.actions.experiments import story as story_of
from bot.crash import arm as arm_chaos
from bot.model import Assignment
from bot.playbook import split as splitting
from bot.playbook.split import CONTROL, WAITING
from bot.publish import Base, Contents, Frozen, apply
from config.loader import load_texts
from config.sop import Split
from scheduler import entries, journeys, verdicts
from tests.scenarios.test_tasks import cards_of, shown_on, tap, texts_of
from tests.world import TEAM, World, moment

TAGS = "标签:\n  管理: [试过]\n"
SOP = """
# 每季度换一次文案
SOP: 召回
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
退出:
  - {当: 下单, 记为: 达成}
  - {当: 客户删除好友, 记为: 负面}
步骤:
  - 步骤: 文案试验
    分流试验:
      名称: 文案
      样本: 60%
      对照组: 10%
      方案:
        - 方案: A-关怀
          占比: 50%
          则:
            - 步骤: 发关怀
              何时: 当天 10:30
              发给员工: {文案: "关怀 {客户昵称}", 给: 跟进人, 时效: 8小时}
        - 方案: B-专属券
          占比: 50%
          则:
            - 步骤: 发专属券      # 运营部的券
              何时: 当天 10:30
              发给员工: {文案: "专属券 {客户昵称}", 给: 跟进人, 时效: 8小时}
      看什么: 7天内下单率
      不能变差: 7天内删除好友率
      观察期: 7天
      每组至少: 6人
      判胜之后: 负责人确认后推广
      判不出: 维持 A-关怀
  - 步骤: 收尾
    何时: 9天后 10:00
    打标签: [试过]
"""
AUTO = SOP.replace("负责人确认后推广", "自动推广")
A, B = "A-关怀", "B-专属券"
NAME = "文案"


async def publish(world: World, sop: str = SOP) -> None:
    await world.publish({"team.yaml": TEAM, "tags.yaml": TAGS, "sop.yaml": sop})


def the_split(sop: str) -> Split:
    action = load_texts({"t": TEAM, "g": TAGS, "s": sop}).sops["召回"].steps[0].actions[-1]
    assert isinstance(action, Split)
    return action


async def crowd(world: World, sop: str = SOP, least: int = 6) -> dict[str, list[str]]:
    """Customers come until every arm has some; arm → them."""
    await publish(world, sop)
    split = the_split(sop)
    found: dict[str, list[str]] = defaultdict(list)
    arms = (A, B, CONTROL, WAITING)
    while not all(len(found[arm]) >= (least if arm in (A, B) else 2) for arm in arms):
        name = f"客户{sum(map(len, found.values())):03}"
        made = await world.sim.act("add_contact", staff="zhangli", name=name)
        who = str(made["external_userid"])
        found[splitting.draw(split, who)].append(who)
    await world.later(seconds=3)
    return found


async def order(world: World, people: list[str]) -> None:
    for who in people:
        assert await world.post_event(id=f"o-{who}", subject=who, kind="order") == 200


async def arms_of(world: World) -> dict[str, str]:
    rows = world.store.db["assignments"].find({"experiment": NAME})
    return {row["subject"]: row["arm"] async for row in rows}


async def got(world: World, word: str) -> Counter[str]:
    """Customers' names by how often the word about them came."""
    texts = await texts_of(world, "zhangli")
    return Counter(text.split()[1] for text in texts if text.startswith(word))


async def names(world: World, people: list[str]) -> set[str]:
    return {c.name for c in (await world.store.contacts.many(people)).values()}


async def story(world: World, about: str) -> str:
    return "\n".join(row["what"] for row in await world.store.log.of(about))


async def experiment(world: World) -> Any:
    found = await world.store.experiments.get(NAME)
    assert found
    return found


async def card_body(world: World) -> dict[str, Any]:
    (row,) = [r for r in await world.store.outbox.about(f"experiment:{NAME}") if r.kind == "card"]
    return dict(row.body["template_card"])


async def live(world: World) -> str:
    files = await world.store.releases.files(await world.store.releases.head())
    return files["sop.yaml"]


async def b_wins(world: World, sop: str = SOP) -> dict[str, list[str]]:
    """Everybody of B orders, nobody of A; the clock stands where it is counted."""
    found = await crowd(world, sop)
    await world.turn_to("2026-11-24 09:00")
    await order(world, found[B])
    await world.turn_to("2026-11-30 12:00")
    return found


# ---- drawn --------------------------------------------------------------------------------------


async def test_everybody_walks_the_arm_that_was_kept_for_them(world: World) -> None:
    found = await crowd(world)

    await world.turn_to("2026-11-23 11:00")

    assert await arms_of(world) == {who: arm for arm, people in found.items() for who in people}
    assert await got(world, "关怀") == Counter(await names(world, found[A]))
    assert await got(world, "专属券") == Counter(await names(world, found[B]))
    assert f"分到“{B}”" in await story(world, found[B][0])


async def test_other_shares_move_nobody(world: World) -> None:
    again = SOP.replace("{当: 添加好友}", "{当: 添加好友, 重复进入: 每次都进}")
    found = await crowd(world, again)
    fewer = again.replace("样本: 60%", "样本: 2%")
    await publish(world, fewer)
    draws = {who: splitting.draw(the_split(fewer), who) for who in found[A]}
    moved = next(who for who, arm in draws.items() if arm == WAITING)

    await world.act("delete_by_customer", staff="zhangli", contact=moved)
    await world.later(minutes=1)
    await world.act("add_contact", staff="zhangli", contact=moved)
    await world.later(seconds=3)

    first, second = await world.store.journeys.of(moved)
    assert first.exit_reason == "退出：客户删除好友"
    assert (second.arm, second.step) == ({NAME: A}, "发关怀")
    assert "沿用第一次分到的" in await story(world, moved)


# ---- the verdict --------------------------------------------------------------------------------


async def test_the_owner_is_asked_once_when_the_days_are_over(world: World) -> None:
    await b_wins(world)

    (card,) = await cards_of(world, "wangfang")
    body = await card_body(world)
    shown = {line["keyname"]: line["value"] for line in body["horizontal_content_list"]}
    assert card["title"] == "试验“文案”：“B-专属券”胜出"
    assert [button["text"] for button in body["button_list"]] == [
        "推广 B-专属券",
        "维持 A-关怀",
        "再观察",
    ]
    assert shown[B].endswith("人（100.0%），胜率 100.0%")
    assert (await experiment(world)).state == "asking"
    assert await world.store.releases.head() == 1


async def test_the_winner_takes_the_place_of_the_experiment(world: World) -> None:
    found = await b_wins(world)
    (card,) = await cards_of(world, "wangfang")

    await tap(world, card, "promote", staff="wangfang")
    await world.later(seconds=30)

    text = await live(world)
    assert await world.store.releases.head() == 2
    assert "分流试验" not in text
    assert (
        "  - 步骤: 发专属券      # 运营部的券\n    曾用名: 文案试验\n    何时: 当天 10:30\n" in text
    )
    assert text.startswith("\n# 每季度换一次文案\nSOP: 召回\n")
    assert await shown_on(world, card, "wangfang") == "所有人走“B-专属券” · 王芳"
    assert (await texts_of(world, "wangfang"))[-1].startswith("试验“文案”结束，所有人走“B-专属券”")
    assert (await experiment(world)).release == 2
    assert found[WAITING]


async def test_those_who_waited_and_newcomers_walk_the_winner_once(world: World) -> None:
    found = await b_wins(world)
    (card,) = await cards_of(world, "wangfang")
    before = await got(world, "专属券")
    await tap(world, card, "promote", staff="wangfang")

    await world.turn_to("2026-12-01 09:30")
    late = await world.add_contact(name="新来的")
    await world.turn_to("2026-12-15 12:00")

    after = await got(world, "专属券")
    assert before == Counter(await names(world, found[B]))
    assert after - before == Counter({*(await names(world, found[WAITING])), "新来的"})
    assert await got(world, "关怀") == Counter(await names(world, found[A]))
    assert "文案" not in (await arms_of(world)).get(late, "")
    for who in (*found[CONTROL], *found[A], *found[WAITING]):
        (journey,) = await world.store.journeys.of(who)
        assert (journey.state, journey.exit_reason) == ("done", "走完"), who


async def test_the_first_tap_decides(world: World) -> None:
    await b_wins(world)
    (card,) = await cards_of(world, "wangfang")

    await tap(world, card, "keep", staff="wangfang")
    await tap(world, card, "promote", staff="wangfang")
    await world.later(minutes=1)

    assert "步骤: 发关怀\n    曾用名: 文案试验" in await live(world)
    assert (await experiment(world)).verdict == A
    assert await world.store.releases.head() == 2


async def test_observing_again_asks_again_after_one_more_period(world: World) -> None:
    await b_wins(world)
    (card,) = await cards_of(world, "wangfang")
    await tap(world, card, "again", staff="wangfang")
    words = await shown_on(world, card, "wangfang")

    await world.turn_to("2026-12-07 11:59")
    quiet = len(await cards_of(world, "wangfang"))
    await world.turn_to("2026-12-07 12:01")

    assert words == "再观察一个观察期，到时再问"
    assert (quiet, len(await cards_of(world, "wangfang"))) == (1, 2)
    await tap(world, card, "keep", staff="wangfang")
    assert (await experiment(world)).state == "asking"


async def test_an_owner_who_does_not_answer_is_reminded_once(world: World) -> None:
    await b_wins(world)

    await world.turn_to("2026-12-05 12:00")

    reminders = [t for t in await texts_of(world, "wangfang") if "还等您决定" in t]
    assert len(reminders) == 1
    assert len(await cards_of(world, "wangfang")) == 1


async def test_the_rule_may_promote_by_itself(world: World) -> None:
    await b_wins(world, AUTO)

    assert "步骤: 发专属券" in await live(world)
    assert "分流试验" not in await live(world)
    assert await cards_of(world, "wangfang") == []
    told = await story(world, NAME)
    assert "胜出：胜率" in told
    assert "第 2 版：“B-专属券”接替了试验" in told


async def test_without_a_difference_the_arm_that_stays_is_promoted(world: World) -> None:
    await crowd(world, AUTO)

    await world.turn_to("2026-11-30 12:00")

    assert "步骤: 发关怀\n    曾用名: 文案试验" in await live(world)
    assert (await experiment(world)).finding == "判不出"


async def test_too_few_people_end_it_after_one_more_period(world: World) -> None:
    await crowd(world, AUTO.replace("每组至少: 6人", "每组至少: 100人"))
    await world.turn_to("2026-12-14 08:00")
    running = await experiment(world)

    await world.turn_to("2026-12-14 09:30")

    assert running.state == "running"
    found = await experiment(world)
    assert (found.state, found.verdict) == ("over", A)
    assert "每组至少要 100 人" in found.why


async def test_who_drives_customers_away_is_not_promoted(world: World) -> None:
    found = await crowd(world, AUTO)
    await world.turn_to("2026-11-24 09:00")
    await order(world, found[B])
    for who in found[B]:
        await world.act("delete_by_customer", staff="zhangli", contact=who)

    await world.turn_to("2026-11-30 12:00")

    ended = await experiment(world)
    assert (ended.finding, ended.verdict) == ("判不出", A)
    assert "7天内删除好友率比“A-关怀”差" in ended.why
    assert "步骤: 发关怀" in await live(world)


async def test_an_unfair_draw_asks_the_owner_and_promotes_nothing(world: World) -> None:
    found = await crowd(world, AUTO)
    await order(world, found[B])
    extra = [
        Assignment(
            id=f"{NAME}:wmX{n}", experiment=NAME, subject=f"wmX{n}", arm=A, bucket=0, at=world.now
        )
        for n in range(60)
    ]
    await world.store.experiments.assign(extra)

    await world.turn_to("2026-11-30 12:00")

    (card,) = await cards_of(world, "wangfang")
    body = await card_body(world)
    assert card["title"] == "试验“文案”：结果不作数"
    assert [b["text"] for b in body["button_list"]] == ["维持 A-关怀", "再观察"]
    assert "各组人数和设定的比例对不上" in (await experiment(world)).why
    assert await world.store.releases.head() == 1


async def test_a_begun_experiment_cannot_be_changed(world: World) -> None:
    await crowd(world)
    base = Base(1, await world.store.releases.fingerprint(1))
    files = {
        "team.yaml": TEAM,
        "tags.yaml": TAGS,
        "sop.yaml": SOP.replace("样本: 60%", "样本: 80%"),
    }

    with pytest.raises(Frozen, match="“召回”的“文案试验”：试验“文案”已经开始，“样本”不能再改"):
        await apply(world.ctx, Contents(files), base, author="王芳", note="", overwrite=True)
    files["sop.yaml"] = files["sop.yaml"].replace("名称: 文案", "名称: 文案二")
    done = await apply(world.ctx, Contents(files), base, author="王芳", note="")

    assert done.n == 2


async def test_why_tells_the_story_of_an_experiment(world: World) -> None:
    await b_wins(world)
    (card,) = await cards_of(world, "wangfang")
    asking = await story_of(world.ctx, NAME)
    await tap(world, card, "promote", staff="wangfang")
    await world.later(minutes=1)

    told = await story_of(world.ctx, NAME)

    assert asking
    assert asking[0] == "试验“文案”：“B-专属券”胜出，等负责人决定"
    assert told
    assert told[0] == "试验“文案”：所有人走“B-专属券”"
    text = "\n".join(line for _, line in told[1])
    assert "“召回”里的试验“文案”有了第一位客户" in text
    assert "负责人决定：所有人走“B-专属券”" in text
    assert "数到“等结果”：" in text
    assert await story_of(world.ctx, "没有的") is None


async def test_somebody_elses_release_in_between_is_not_lost(world: World) -> None:
    await b_wins(world)
    (card,) = await cards_of(world, "wangfang")
    await publish(world, SOP.replace("打标签: [试过]", "打标签: [试过]   # 只打一次"))

    await tap(world, card, "promote", staff="wangfang")
    await world.later(minutes=1)

    assert await world.store.releases.head() == 3
    assert "# 只打一次" in await live(world)
    assert "步骤: 发专属券" in await live(world)


async def test_an_experiment_taken_out_by_hand_is_not_put_back(world: World) -> None:
    await b_wins(world)
    (card,) = await cards_of(world, "wangfang")
    await publish(
        world, SOP[: SOP.index("  - 步骤: 文案试验")] + SOP[SOP.index("  - 步骤: 收尾") :]
    )

    await tap(world, card, "promote", staff="wangfang")
    await world.later(minutes=1)

    ended = await experiment(world)
    assert (ended.state, ended.release) == ("over", 0)
    assert "已经没有这个试验" in (await texts_of(world, "wangfang"))[-1]
    assert await world.store.releases.head() == 2


# ---- deaths -------------------------------------------------------------------------------------


class Died(BaseException):
    """What SIGKILL looks like from inside one test."""


@pytest.fixture
def chaos(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """``with chaos.at(3)``: the third crash point from now on kills; .died says whether it did."""

    class Chaos:
        left = 0
        died = False

        @contextmanager
        def at(self, point: int) -> Iterator[None]:
            self.left, self.died = point, False
            arm_chaos("kill=1,freeze=0,seconds=0")
            try:
                yield
            except Died:
                self.died = True
            finally:
                arm_chaos("kill=0,freeze=0,seconds=0")

    found = Chaos()

    def die(*_: int) -> None:
        found.left -= 1
        if not found.left:
            raise Died

    monkeypatch.setattr(os, "kill", die)
    yield found
    arm_chaos("kill=0,freeze=0,seconds=0")


async def leases_run_out(world: World, *collections: str) -> None:
    for name in collections:
        await world.store.db[name].update_many(
            {"lease": {"$exists": True}}, {"$set": {"lease.until": moment("2020-01-01 00:00")}}
        )


@pytest.mark.parametrize("point", range(1, 8))
async def test_dying_while_promoting_publishes_exactly_once(
    world: World, chaos: Any, point: int
) -> None:
    """From the look to the release: claimed, concluded, claimed, announced, written, published."""
    found = await crowd(world, AUTO)
    await world.turn_to("2026-11-24 09:00")
    await order(world, found[B])
    await world.turn_to("2026-11-30 08:59")
    assert await world.store.releases.head() == 1
    await world.pass_by(hours=1)

    with chaos.at(point):
        while await verdicts.look(world.ctx):
            pass
    died = chaos.died
    await leases_run_out(world, "experiments")
    await world.turn_to("2026-12-02 12:00")

    assert died == (point < 7)
    assert await world.store.releases.head() == 2
    assert "分流试验" not in await live(world)
    told = [t for t in await texts_of(world, "wangfang") if "结束" in t]
    assert len(told) == 1
    assert set((await got(world, "专属券")).values()) == {1}


async def test_two_processes_publish_once(world: World) -> None:
    found = await crowd(world, AUTO)
    await world.turn_to("2026-11-24 09:00")
    await order(world, found[B])
    await world.turn_to("2026-11-30 08:59")
    await world.pass_by(hours=1)

    for _ in range(4):
        await asyncio.gather(verdicts.look(world.ctx), verdicts.look(world.ctx))
    await world.settle()

    assert await world.store.releases.head() == 2
    assert len([t for t in await texts_of(world, "wangfang") if "结束" in t]) == 1


async def drawn_by_coin(world: World, chaos: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everybody who walked another arm than the one kept, when each look draws differently.

    Whoever draws is killed at every point in turn, as often as there are points.
    """
    await publish(world)
    coin = iter(range(10_000))
    honest = splitting.draw

    def tossed(split: Any, subject: str) -> str:
        return (A, B)[next(coin) % 2] if subject.startswith("wm") else honest(split, subject)

    for where in ("bot.actions.experiments.draw", "bot.playbook.drawing.draw"):
        monkeypatch.setattr(where, tossed)
    people: list[str] = []
    deaths = 0
    for point in range(1, 9):
        made = await world.sim.act("add_contact", staff="zhangli", name=f"客户{point}")
        people.append(str(made["external_userid"]))
        await world.urgent()
        while await entries.look(world.ctx):
            pass
        with chaos.at(point):
            while await journeys.look(world.ctx):
                pass
        deaths += chaos.died
        await leases_run_out(world, "journeys")
    await world.turn_to("2026-11-23 11:00")
    assert deaths >= 5
    kept = await arms_of(world)
    walked = {}
    for who in people:
        (journey,) = await world.store.journeys.of(who)
        walked[who] = journey.arm[NAME]
    told = {A: await got(world, "关怀"), B: await got(world, "专属券")}
    wrong = [who for who in people if kept.get(who, walked[who]) != walked[who]]
    for n, who in enumerate(people, 1):
        heard = [arm for arm in (A, B) for _ in range(told[arm][f"客户{n}"])]
        wrong += [who] if heard != [kept.get(who)] else []
    return wrong


async def test_dying_while_drawing_moves_nobody(
    world: World, chaos: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await drawn_by_coin(world, chaos, monkeypatch) == []


async def test_the_ordeal_notices_a_draw_that_is_not_kept_first(
    world: World, chaos: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutation: what was drawn is walked, whatever was kept the first time."""

    async def forgetful(drawn: list[Assignment]) -> dict[tuple[str, str], str]:
        await honest(drawn)
        return {(one.experiment, one.subject): one.arm for one in drawn}

    honest = world.store.experiments.assign
    monkeypatch.setattr(world.store.experiments, "assign", forgetful)

    assert await drawn_by_coin(world, chaos, monkeypatch) != []
