"""A journey at an experiment: into an arm, past it, or waiting for what comes of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.model import Journey
from bot.playbook import keys
from bot.playbook.audience import Facts
from bot.playbook.hours import Hours
from bot.playbook.journey import Move, Situation, as_it_reads_now, decide, leave
from bot.playbook.split import CONTROL, WAITING, Ruling, draw
from bot.playbook.waiting import exit_keys
from config.book import Book
from config.loader import load_texts
from config.promotion import promoted
from config.sop import Split

SHANGHAI = ZoneInfo("Asia/Shanghai")
SHOP = "团队: 默认\n人员: {王芳: wangfang}\n---\n标签:\n  管理: [勿扰, 试过]\n"
SOP = """
SOP: 召回
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
退出: [{当: 下单, 记为: 达成}]
步骤:
  - 步骤: 试验
    分流试验:
      名称: 文案
      样本: 40%
      对照组: 20%
      方案:
        - 方案: A
          占比: 50%
          则:
            - {步骤: 关怀, 何时: 当天 10:30, 发给客户: {文案: 您好, 由: 跟进人, 时效: 8小时}}
        - 方案: B
          占比: 50%
          则:
            - {步骤: 送券, 何时: 当天 10:30, 发给客户: {文案: 送券, 由: 跟进人, 时效: 8小时}}
            - {步骤: 再问, 何时: 第3天 15:00, 发给客户: {文案: 用了吗, 由: 跟进人, 时效: 8小时}}
      看什么: 7天内下单率
      观察期: 7天
  - 步骤: 收尾
    何时: 7天后 10:00
    打标签: [试过]
"""
NAME = "文案"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


ENTERED = at("2026-11-23 09:00")


class Walk:
    """One journey, moved by hand; ``arm`` is what the customer is drawn into."""

    def __init__(self, arm: str, text: str = SOP) -> None:
        self.publish({"shop.yaml": SHOP, "sop.yaml": text})
        split = self.book.sops["召回"].steps[0].actions[-1]
        assert isinstance(split, Split)
        subject = next(f"wm{n}" for n in range(1000) if draw(split, f"wm{n}") == arm)
        self.verdicts: dict[str, Ruling] = {}
        self.drawn: dict[str, str] = {}
        self.redirects: dict[str, str] = {}
        self.why: list[str] = []
        self.journey = Journey(
            id="j", sop="召回", subject=subject, staff="zhangli", step="试验",
            entered_at=ENTERED, step_at=ENTERED, due_at=ENTERED,
            keys=exit_keys(self._sop, subject, "zhangli", self.book),
        )  # fmt: skip

    def publish(self, files: dict[str, str]) -> None:
        self.files = files
        self.book: Book = load_texts(files)

    def promote(self, arm: str) -> None:
        self.publish(promoted(self.files, NAME, arm))

    def decided(self, arm: str, when: str) -> None:
        self.verdicts[NAME] = Ruling(arm, at(when))

    def go(self, when: str) -> "Walk":
        """Until the journey is parked, has ended, or is inside a step that sends something."""
        now = at(when)
        for _ in range(20):
            if self.journey.state == "done" or (self.journey.due_at or now) > now:
                return self
            move = self._apply(decide(self._sop, self.journey, self._situation(now)))
            if move.enters:
                self.why.append(f"进入 {self.journey.step}")
                self._apply(leave(self._sop, self.journey, self._situation(now)))
        raise AssertionError(f"goes round in circles: {self.why}")

    @property
    def entered(self) -> list[str]:
        return [line[3:] for line in self.why if line.startswith("进入 ")]

    @property
    def due(self) -> str:
        assert self.journey.due_at
        return f"{self.journey.due_at.astimezone(SHANGHAI):%m-%d %H:%M}"

    @property
    def _sop(self) -> Any:
        return self.book.sops["召回"]

    def _situation(self, now: datetime) -> Situation:
        return Situation(
            now, self.book, Hours.of(self.book), Facts(),
            redirects=self.redirects, drawn=self.drawn, verdicts=self.verdicts,
        )  # fmt: skip

    def _apply(self, move: Move) -> Move:
        self.why += [line for line in move.why if line]
        change = {name: tuple(v) if isinstance(v, list) else v for name, v in move.change.items()}
        if "keys" in change and change["keys"] is None:
            change["keys"] = ()
        self.journey = replace(self.journey, rev_no=self.journey.rev_no + 1, **change)
        return move


# ---- drawn --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("arm", "step"), [("A", "关怀"), ("B", "送券")])
def test_an_arm_is_walked_and_remembered(arm: str, step: str) -> None:
    walk = Walk(arm).go("2026-11-23 09:00")

    assert (walk.journey.step, walk.due) == (step, "11-23 10:30")
    assert walk.journey.arm == {NAME: arm}
    assert any(f"分到“{arm}”" in line for line in walk.why)
    assert walk.go("2026-11-23 10:30").entered == ["试验", step]


def test_the_control_group_goes_on_behind_the_experiment() -> None:
    walk = Walk(CONTROL).go("2026-11-23 09:00")

    assert (walk.journey.step, walk.due) == ("收尾", "11-30 10:00")
    assert walk.journey.arm == {NAME: CONTROL}


def test_a_kept_arm_wins_over_the_draw() -> None:
    walk = Walk("A")
    walk.drawn = {NAME: "B"}

    walk.go("2026-11-23 09:00")

    assert walk.journey.step == "送券"
    assert "试验“文案”：沿用第一次分到的“B”" in walk.why


def test_after_the_arm_life_goes_on_behind_the_experiment() -> None:
    walk = Walk("B").go("2026-11-23 09:00").go("2026-11-23 10:30").go("2026-11-25 15:00")

    assert walk.journey.step == "收尾"
    assert "关怀" not in walk.entered


# ---- waiting ------------------------------------------------------------------------------------


def test_the_others_wait_under_the_experiments_key() -> None:
    walk = Walk(WAITING).go("2026-11-23 09:00")

    assert (walk.journey.phase, walk.journey.step) == ("waiting", "试验")
    assert keys.experiment(NAME) in walk.journey.keys
    assert walk.due == "12-14 09:00"  # two periods, and the last one's seven days


def test_a_verdict_from_before_the_park_is_not_slept_over() -> None:
    walk = Walk(WAITING)
    now = at("2026-11-23 09:00")
    walk._apply(decide(walk._sop, walk.journey, walk._situation(now)))
    walk._apply(leave(walk._sop, walk.journey, walk._situation(now)))

    assert walk.journey.phase == "waiting"
    assert walk.journey.due_at == now  # looks once more, now that its key is stored


@pytest.mark.parametrize(
    ("decided", "back"),
    [("2026-12-07 08:59", "12-07 09:00"), ("2026-12-07 14:00", "12-08 09:00")],
)
def test_they_go_on_at_the_hour_they_came(decided: str, back: str) -> None:
    walk = Walk(WAITING).go("2026-11-23 09:00")
    walk.decided("B", decided)
    walk.journey = replace(walk.journey, due_at=at(decided))

    walk.go(decided)

    assert walk.due == back
    assert walk.journey.phase == "waiting"


def test_they_walk_the_winner_as_those_in_the_trial_did() -> None:
    """当天 and 第3天 count from the day they go on: nothing is late, nothing comes at once."""
    walk = Walk(WAITING).go("2026-11-23 09:00")
    walk.decided("B", "2026-12-07 14:00")
    walk.journey = replace(walk.journey, due_at=at("2026-12-07 14:00"))

    walk.go("2026-12-07 14:00").go("2026-12-08 09:00")
    first = (walk.journey.step, walk.due)
    walk.go("2026-12-08 10:30")
    second = (walk.journey.step, walk.due)
    walk.go("2026-12-10 15:00")

    assert first == ("送券", "12-08 10:30")
    assert second == ("再问", "12-10 15:00")
    assert (walk.journey.step, walk.due) == ("收尾", "12-17 10:00")
    assert walk.entered == ["试验", "送券", "再问"]
    assert walk.journey.arm == {NAME: "B"}


def test_without_a_verdict_they_walk_the_arm_that_stays() -> None:
    walk = Walk(WAITING).go("2026-11-23 09:00").go("2026-12-14 09:00")

    assert (walk.journey.step, walk.due) == ("关怀", "12-14 10:30")
    assert walk.journey.arm == {NAME: "A"}


def test_an_order_ends_the_waiting() -> None:
    walk = Walk(WAITING).go("2026-11-23 09:00")

    assert keys.happened(walk.journey.subject, "order") in walk.journey.keys


# ---- after the verdict --------------------------------------------------------------------------


@pytest.mark.parametrize("arm", ["A", "B", CONTROL, WAITING])
def test_newcomers_walk_the_winner_whatever_they_would_draw(arm: str) -> None:
    walk = Walk(arm)
    walk.decided("B", "2026-11-20 14:00")

    walk.go("2026-11-23 09:00")

    assert (walk.journey.step, walk.due) == ("送券", "11-23 10:30")
    assert walk.journey.arm == {NAME: "B"}


@pytest.mark.parametrize("more", ["", "    何时: 当天 09:00\n    如果: [没有标签: 勿扰]\n"])
@pytest.mark.parametrize("published", ["2026-12-07 14:00", "2026-12-08 09:30"])
def test_who_waits_walks_the_winner_in_the_new_release(more: str, published: str) -> None:
    walk = Walk(WAITING, SOP.replace("    分流试验:", f"{more}    分流试验:"))
    walk.go("2026-11-23 09:00")
    walk.decided("B", "2026-12-07 14:00")
    walk.promote("B")
    walk.journey = replace(walk.journey, due_at=at(published))

    for when in (published, "2026-12-08 09:30", "2026-12-08 10:30", "2026-12-10 15:00"):
        walk.go(when)

    assert [step for step in walk.entered if step != "试验"] == ["送券", "再问"]
    assert (walk.journey.step, walk.due) == ("收尾", "12-17 10:00")


def test_the_control_group_is_not_sent_into_the_arm_that_took_the_experiments_place() -> None:
    """Drawn by the older text; the release came before they went on."""
    walk = Walk(CONTROL)
    now = ENTERED
    walk._apply(decide(walk._sop, walk.journey, walk._situation(now)))
    was, older = walk._sop, leave(walk._sop, walk.journey, walk._situation(now))
    walk.promote("B")

    move = as_it_reads_now(older, walk.journey, was, walk._sop, walk._situation(now))

    assert move.change["step"] == "收尾"
    assert move.change["arm"] == {NAME: CONTROL}


@pytest.mark.parametrize(("arm", "step"), [("A", "收尾"), ("B", "送券")])
def test_an_arm_under_way_goes_on_in_the_new_release(arm: str, step: str) -> None:
    """Nobody of A gets B besides, and B's own step, not done yet, is done once."""
    walk = Walk(arm).go("2026-11-23 09:00")
    walk.promote("B")
    walk.redirects = {"关怀": "收尾"}

    walk.go("2026-11-23 10:30")

    assert (walk.journey.step if arm == "A" else walk.entered[-1]) == step


def test_who_waits_for_what_was_taken_out_goes_on() -> None:
    walk = Walk(WAITING).go("2026-11-23 09:00")
    rest = SOP[: SOP.index("  - 步骤: 试验")] + SOP[SOP.index("  - 步骤: 收尾") :]
    walk.publish(
        {"shop.yaml": SHOP, "sop.yaml": rest.replace("收尾\n", "收尾\n    曾用名: 试验\n")}
    )
    walk.journey = replace(walk.journey, due_at=at("2026-11-25 12:00"))

    walk.go("2026-11-25 12:00").go("2026-11-26 09:00")

    assert (walk.journey.step, walk.due) == ("收尾", "12-03 10:00")
    assert walk.journey.arm == {NAME: ""}


def test_under_a_new_name_those_who_wait_are_drawn_anew() -> None:
    walk = Walk(WAITING).go("2026-11-23 09:00")
    walk.publish({"shop.yaml": SHOP, "sop.yaml": SOP.replace("名称: 文案", "名称: 文案二")})
    walk.drawn = {"文案二": "B"}
    walk.journey = replace(walk.journey, due_at=at("2026-11-25 08:00"))

    walk.go("2026-11-25 08:00").go("2026-11-25 09:00")

    assert walk.journey.arm == {NAME: "", "文案二": "B"}
    assert walk.journey.step == "送券"


def test_a_wait_that_follows_is_not_taken_for_the_experiment() -> None:
    walk = Walk(
        WAITING,
        SOP.replace(
            "步骤: 收尾\n    何时: 7天后 10:00\n    打标签: [试过]", "步骤: 收尾\n    等待: 3天"
        ),
    )
    walk.go("2026-11-23 09:00").go("2026-12-14 09:00").go("2026-12-14 10:30")

    assert (walk.journey.step, walk.journey.phase, walk.due) == ("收尾", "waiting", "12-17 10:30")


def test_waiting_is_as_long_as_the_period_says_today() -> None:
    walk = Walk(WAITING).go("2026-11-23 09:00")
    assert walk.journey.wait_began == ENTERED
    walk.publish({"shop.yaml": SHOP, "sop.yaml": SOP.replace("观察期: 7天", "观察期: 10天")})
    walk.journey = replace(walk.journey, due_at=ENTERED + timedelta(days=21))

    walk.go("2026-12-14 09:00")

    assert (walk.journey.step, walk.due) == ("试验", "12-20 09:00")
