"""Where a journey goes next, decided without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.model import Fact, Journey
from bot.playbook import keys
from bot.playbook.audience import Facts
from bot.playbook.hours import Hours
from bot.playbook.journey import LOOK_AGAIN, Move, Situation, arrive, decide, leave
from bot.playbook.results import PENDING
from config.book import Book
from config.loader import load_texts
from config.sop import Sop

SHANGHAI = ZoneInfo("Asia/Shanghai")
SHOP = """
团队: 默认
人员: {王芳: wangfang, 张丽: zhangli}
---
标签:
  宝宝月龄: [孕期, 0-6月龄]
  管理: [勿扰]
---
主题群: 新手妈妈
群: {名称包含: 新手妈妈}
---
规则: 全局
免打扰: {客户: "21:30-08:30", 员工: "20:00-09:00"}
"""
HEAD = """
SOP: 新客
负责人: 王芳
状态: {state}
对象: 客户
{more}
进入: {{当: 添加好友}}
退出:
  - {{当: 下单, 记为: 达成}}
  - {{当: 客户删除好友}}
  - {{当: 打上标签, 标签: 勿扰}}
步骤:
"""
ASK = """
  - 步骤: 问需求
    何时: 当天 19:30
    派任务: {标题: 问月龄, 给: 跟进人, 完成依据: [按钮: 已问到], 期限: 1天}
"""
WRITE = """
  - 步骤: 关怀
    何时: 第3天 10:00
    发给客户: {文案: 您好, 由: 跟进人, 时效: 24小时}
"""
BYE = """
  - 步骤: 再见
    结束: 走到头了
"""


def at(text: str) -> datetime:
    """Shanghai time."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


MONDAY = at("2026-11-23 14:00")


class Story:
    """One journey in one SOP, moved by hand."""

    def __init__(self, *steps: str, state: str = "启用", more: str = "") -> None:
        text = HEAD.format(state=state, more=more) + "".join(steps)
        self.book: Book = load_texts({"shop.yaml": SHOP, "sop.yaml": text})
        self.sop: Sop = self.book.sops["新客"]
        self.hours = Hours.of(self.book)
        self.journey = Journey(
            id="新客:wm1:1",
            sop="新客",
            subject="wm1",
            staff="zhangli",
            step=self.sop.flow().entry or "",
            entered_at=MONDAY,
            step_at=MONDAY,
            due_at=MONDAY,
        )

    def see(self, now: datetime, *facts: Fact, **state: Any) -> Situation:
        return Situation(now, self.book, self.hours, Facts(**state), facts)

    def decide(self, now: datetime, *facts: Fact, **state: Any) -> Move:
        return self._moved(decide(self.sop, self.journey, self.see(now, *facts, **state)))

    def leave(self, now: datetime, *facts: Fact, **state: Any) -> Move:
        return self._moved(leave(self.sop, self.journey, self.see(now, *facts, **state)))

    def go_through(self, now: datetime, **state: Any) -> Move:
        """Enter the step whose moment this is, and leave it."""
        assert self.decide(now, **state).enters
        return self.leave(now, **state)

    def stand(self, **where: Any) -> "Story":
        self.journey = replace(self.journey, **where)
        return self

    def _moved(self, move: Move) -> Move:
        change = {k: () if k == "keys" and v is None else v for k, v in move.change.items()}
        change |= {"keys": tuple(change["keys"])} if "keys" in change else {}
        self.journey = replace(self.journey, **change, rev_no=self.journey.rev_no + bool(change))
        return move


def fact(key: str, moment: datetime, **data: Any) -> Fact:
    return Fact(id=f"{key}@{moment.isoformat()}", keys=(key,), subject="wm1", at=moment, data=data)


def ordered(moment: datetime) -> Fact:
    return fact(keys.happened("wm1", "order"), moment)


# --- before a step -------------------------------------------------------------------------------


def test_a_step_waits_for_its_moment() -> None:
    story = Story(ASK)

    move = story.decide(MONDAY)

    assert not move.enters
    assert story.journey.due_at == at("2026-11-23 19:30")
    assert move.why == ("“问需求”定在 11-23 19:30",)


def test_at_its_moment_it_is_entered_and_its_effects_are_named_after_the_visit() -> None:
    story = Story(ASK).stand(rev_no=4)

    move = story.decide(at("2026-11-23 19:30"))

    assert move.enters
    assert (story.journey.phase, story.journey.visit) == ("inside", 5)


def test_who_died_inside_a_step_is_inside_it_still() -> None:
    story = Story(ASK).stand(phase="inside", visit=3)

    assert story.decide(MONDAY) == Move({}, enters=True)


def test_what_does_not_apply_is_passed_over_and_said_so() -> None:
    story = Story(WRITE.replace("    发给", "    如果: [{没有标签: [孕期]}]\n    发给"), BYE)

    move = story.decide(at("2026-11-25 10:00"), tags=frozenset({"宝宝月龄/孕期"}))

    assert move.enters
    assert story.journey.step == "再见"
    assert move.why == ("跳过“关怀”：没有标签：孕期（带有：孕期） ✗", "开始“再见”")


def test_a_journey_whose_last_step_does_not_apply_is_over() -> None:
    story = Story(WRITE.replace("    发给", "    如果: [{有门店: 是}]\n    发给"))

    story.decide(at("2026-11-25 10:00"))

    assert (story.journey.state, story.journey.exit_reason) == ("done", "走完")
    assert story.journey.due_at is None


# --- 错过时 --------------------------------------------------------------------------------------


def late(policy: str) -> Story:
    """Arrived on Monday at 20:15 before a step planned for 19:30 that day."""
    written = ASK.replace("    派任务", f"    错过时: {policy}\n    派任务")
    return Story(written, BYE).stand(step_at=at("2026-11-23 20:15"))


def test_missed_it_is_caught_up_at_once() -> None:
    assert late("立即补发").decide(at("2026-11-23 20:15")).enters


def test_missed_it_is_skipped() -> None:
    story = late("跳过")

    move = story.decide(at("2026-11-23 20:15"))

    assert story.journey.step == "再见"
    assert move.why[0] == "跳过“问需求”：已经过了 11-23 19:30，按“错过时”跳过"


def test_missed_it_moves_out_of_the_quiet_hours_of_whom_it_disturbs() -> None:
    story = late("顺延到下个可发时段")

    first = story.decide(at("2026-11-23 20:15"))
    second = story.decide(at("2026-11-24 09:00"))

    assert not first.enters
    assert first.change["due_at"] == at("2026-11-24 09:00")
    assert second.enters


def test_a_few_minutes_are_not_lateness() -> None:
    story = Story(ASK.replace("    派任务", "    错过时: 跳过\n    派任务"))

    assert story.decide(at("2026-11-23 19:34")).enters
    assert not late("跳过").decide(at("2026-11-23 20:15")).why[-1].startswith("开始“问需求”")


def test_content_past_its_validity_is_not_caught_up() -> None:
    story = Story(WRITE, BYE)

    move = story.decide(at("2026-11-26 10:30"))

    assert story.journey.step == "再见"
    assert "已过期" in move.why[0]


# --- days off ------------------------------------------------------------------------------------


def test_an_off_day_leaves_the_step_out() -> None:
    on_sunday = ASK.replace("当天 19:30", "第7天 10:00\n    遇非工作日: 跳过")
    story = Story(on_sunday, BYE)

    move = story.decide(MONDAY)

    assert move.why == ("跳过“问需求”：遇非工作日，按设置跳过", "开始“再见”")


def test_an_off_day_puts_the_step_off() -> None:
    on_sunday = ASK.replace("当天 19:30", "第7天 10:00\n    遇非工作日: 顺延")

    story = Story(on_sunday)
    story.decide(MONDAY)

    assert story.journey.due_at == at("2026-11-30 10:00")


def test_a_long_holiday_is_skipped_where_the_sop_says_so() -> None:
    national_day = at("2026-10-02 10:00")
    began = at("2026-09-30 10:00")
    quiet = Story(WRITE, BYE, more="日历: {法定长假: 跳过}").stand(entered_at=began, step_at=began)
    usual = Story(WRITE, BYE).stand(entered_at=began, step_at=began)

    move = quiet.decide(national_day)

    assert move.why[0] == "跳过“关怀”：法定长假，按设置跳过"
    assert usual.decide(national_day).why == ("开始“关怀”",)


# --- leaving the SOP -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "reason", "goal"),
    [
        (keys.happened("wm1", "order"), "退出：下单", "达成"),
        (keys.lost("wm1", "zhangli"), "退出：客户删除好友", ""),
        (keys.tagged("wm1", "管理/勿扰"), "退出：打上标签", ""),
    ],
)
def test_an_exit_ends_the_journey_wherever_it_stands(key: str, reason: str, goal: str) -> None:
    for phase in ("before", "inside", "waiting"):
        story = Story(ASK).stand(phase=phase)

        story.decide(MONDAY, fact(key, MONDAY))

        ended = story.journey
        assert (ended.state, ended.exit_reason, ended.goal) == ("done", reason, goal)
        assert (ended.due_at, ended.keys) == (None, ())


def test_what_happened_before_the_journey_is_no_exit() -> None:
    story = Story(ASK)

    story.decide(MONDAY, ordered(MONDAY - timedelta(seconds=1)))

    assert story.journey.state == "active"


def test_another_ones_goodbye_is_no_exit() -> None:
    story = Story(ASK)

    story.decide(MONDAY, fact(keys.lost("wm1", "wangfang"), MONDAY))

    assert story.journey.state == "active"


def test_a_stopped_sop_ends_it_and_a_paused_one_holds_it() -> None:
    stopped, paused = Story(ASK, state="停用"), Story(ASK, state="暂停")

    stopped.decide(MONDAY)
    paused.decide(MONDAY)

    assert stopped.journey.exit_reason == "SOP已停用"
    assert (paused.journey.state, paused.journey.due_at) == ("active", MONDAY + LOOK_AGAIN)


def test_a_paused_journey_still_takes_its_exit() -> None:
    story = Story(ASK, state="暂停")

    story.decide(MONDAY, ordered(MONDAY))

    assert story.journey.goal == "达成"


# --- waiting -------------------------------------------------------------------------------------

AWAIT = """
  - 步骤: 等月龄
    等事件:
      当: 打上标签
      标签组: 宝宝月龄
      最多等: 2天
      等到了:
        - 步骤: 知道了
          等待: 1小时
      超时:
        - 步骤: 不知道
          等待: 2小时
"""
TAGGED = keys.tagged_in("wm1", "宝宝月龄")


def test_a_wait_lasts_as_long_as_written() -> None:
    story = Story("\n  - 步骤: 歇歇\n    等待: 3天\n", BYE)
    story.go_through(MONDAY)

    early = story.decide(MONDAY + timedelta(days=3, seconds=-1))
    over = story.decide(MONDAY + timedelta(days=3))

    assert early.change["due_at"] == MONDAY + timedelta(days=3)
    assert over.why == ("等够了",)
    assert (story.journey.step, story.journey.phase) == ("再见", "before")


def test_the_key_is_stored_before_anybody_looks_whether_it_came() -> None:
    story = Story(AWAIT, BYE)

    move = story.go_through(MONDAY)

    assert move.change["due_at"] == MONDAY
    assert TAGGED in story.journey.keys
    story.decide(MONDAY)
    assert story.journey.due_at == MONDAY + timedelta(days=2)


@pytest.mark.parametrize("first", ["the event", "the wait"])
def test_the_event_is_seen_whichever_comes_first(first: str) -> None:
    story = Story(AWAIT, BYE)
    came = fact(TAGGED, MONDAY + timedelta(seconds=1))
    if first == "the wait":
        story.go_through(MONDAY)
        story.decide(MONDAY)
        assert story.journey.phase == "waiting"
    else:
        story.go_through(MONDAY + timedelta(seconds=2))

    story.decide(MONDAY + timedelta(seconds=5), came)

    assert story.journey.step == "知道了"


def test_a_tag_there_already_counts_as_come() -> None:
    story = Story(AWAIT, BYE)
    story.go_through(MONDAY)

    move = story.decide(MONDAY, tags=frozenset({"宝宝月龄/0-6月龄"}))

    assert story.journey.step == "知道了"
    assert move.why == ("等到了“打上标签：宝宝月龄”",)


def test_what_never_comes_times_out() -> None:
    story = Story(AWAIT, BYE)
    story.go_through(MONDAY)

    move = story.decide(MONDAY + timedelta(days=2))

    assert story.journey.step == "不知道"
    assert move.why == ("没等到“打上标签：宝宝月龄”，时间到了",)


def test_in_the_same_look_the_event_wins_over_the_time_limit() -> None:
    story = Story(AWAIT, BYE)
    story.go_through(MONDAY)

    story.decide(MONDAY + timedelta(days=3), fact(TAGGED, MONDAY + timedelta(hours=1)))

    assert story.journey.step == "知道了"


def test_after_what_was_nested_life_goes_on_behind_the_wait() -> None:
    story = Story(AWAIT, BYE)
    story.go_through(MONDAY)
    story.decide(MONDAY, fact(TAGGED, MONDAY))
    story.go_through(MONDAY)

    story.decide(MONDAY + timedelta(hours=1))

    assert story.journey.step == "再见"


def test_an_event_counts_from_the_step_or_from_the_beginning() -> None:
    visit = "\n  - 步骤: 等到店\n    等事件: {当: 到店, 最多等: 2天%s}\n"
    came = fact(keys.happened("wm1", "visit"), MONDAY + timedelta(minutes=1))
    step_at = MONDAY + timedelta(hours=1)
    from_step = Story(visit % "", BYE).stand(step_at=step_at)
    from_entry = Story(visit % ", 从何时算起: 进入旅程", BYE).stand(step_at=step_at)
    for story in (from_step, from_entry):
        story.go_through(step_at)
        story.decide(step_at, came)

    assert from_step.journey.step == "等到店"
    assert from_entry.journey.step == "再见"


# --- branches and the results of tasks -----------------------------------------------------------

FORK = """
  - 步骤: 分流
    分支:
      - 如果: [任务结果: {步骤: 问需求, 是: 已问到}]
        则:
          - 步骤: 问到了
            等待: 1小时
      - 否则:
          - 步骤: 没问到
            等待: 2小时
"""
EVENING = at("2026-11-23 19:30")
CLOSED = keys.task_closed("新客:wm1:1", "问需求")


def at_the_fork() -> Story:
    story = Story(ASK, FORK, BYE)
    story.go_through(EVENING)
    return story


def test_a_task_has_no_result_until_it_ends() -> None:
    story = at_the_fork()

    assert story.journey.results == {"问需求": PENDING}
    assert story.journey.step == "分流"


def test_a_branch_waits_for_the_task_it_asks_about() -> None:
    story = at_the_fork()

    first = story.go_through(EVENING)
    story.decide(EVENING)
    again = story.leave(EVENING)

    assert first.why == ("等任务“问需求”的结果",)
    assert CLOSED in story.journey.keys
    assert again.change["due_at"] == EVENING + LOOK_AGAIN


@pytest.mark.parametrize(("result", "step"), [("已问到", "问到了"), ("逾期", "没问到")])
def test_the_end_of_the_task_chooses_the_arm(result: str, step: str) -> None:
    story = at_the_fork()
    story.go_through(EVENING)
    ended = fact(CLOSED, EVENING, result=result)

    story.decide(EVENING, ended)
    move = story.leave(EVENING, ended)

    assert story.journey.step == step
    assert move.why == (f"走“{step}”这一支",)


def test_a_result_known_before_the_branch_needs_no_wait() -> None:
    story = at_the_fork()
    ended = fact(CLOSED, EVENING, result="已问到")

    story.decide(EVENING, ended)
    story.leave(EVENING, ended)

    assert story.journey.step == "问到了"


def test_no_arm_that_fits_leads_straight_on() -> None:
    only = """
  - 步骤: 分流
    分支:
      - 如果: [有门店: 是]
        则:
          - 步骤: 有店
            等待: 1小时
"""
    story = Story(only, BYE)

    move = story.go_through(MONDAY)

    assert story.journey.step == "再见"
    assert move.why == ("哪一支都不符合，继续往下",)


def test_a_step_that_asks_about_a_task_waits_for_it_too() -> None:
    asks = WRITE.replace("    发给", "    如果: [任务结果: {步骤: 问需求, 是: 已问到}]\n    发给")
    story = Story(ASK, asks)
    story.go_through(EVENING)
    wednesday = at("2026-11-25 10:00")
    story.stand(due_at=wednesday)

    move = story.decide(wednesday)
    then = story.decide(wednesday, fact(CLOSED, wednesday, result="已问到"))

    assert move.why == ("等任务“问需求”的结果",)
    assert then.enters


# --- other releases ------------------------------------------------------------------------------


def test_a_renamed_step_is_found_by_its_former_name() -> None:
    story = Story(ASK.replace("步骤: 问需求", "步骤: 问月龄\n    曾用名: 问需求"))
    story.stand(step="问需求", rev_no=2)

    move = story.decide(MONDAY)

    assert story.journey.step == "问月龄"
    assert move.why == ("“问需求”改名为“问月龄”",)


def test_a_step_that_is_gone_ends_the_journey() -> None:
    story = Story(ASK).stand(step="旧步骤")

    story.decide(MONDAY)

    assert story.journey.exit_reason == "SOP已调整"


@pytest.mark.parametrize("formerly", ["\n    曾用名: 旧步骤", ""])
def test_a_step_begun_is_finished_as_it_read_then(formerly: str) -> None:
    story = Story(ASK.replace("步骤: 问需求", f"步骤: 问需求{formerly}"))
    story.stand(step="旧步骤", phase="inside", release_step=1)

    assert story.decide(MONDAY) == Move({}, enters=True)


def test_an_edited_time_is_followed() -> None:
    story = Story(ASK)
    story.decide(MONDAY)
    edited = Story(ASK.replace("19:30", "18:00"))

    edited.journey = story.journey
    edited.decide(MONDAY)

    assert edited.journey.due_at == at("2026-11-23 18:00")


def test_an_sop_is_found_by_the_name_it_had() -> None:
    book = Story(ASK, more="曾用名: 老新客").book

    assert book.sop("老新客") is book.sops["新客"]
    assert book.sop("别的") is None


# --- the end -------------------------------------------------------------------------------------


def test_an_end_has_its_reason() -> None:
    story = Story(BYE)

    story.go_through(MONDAY)

    assert (story.journey.state, story.journey.exit_reason) == ("done", "走到头了")
    assert (story.journey.due_at, story.journey.keys) == (None, ())


def test_arriving_keeps_the_exits_and_forgets_the_wait() -> None:
    story = Story(AWAIT, BYE).stand(keys=(TAGGED,), wait_since=MONDAY)

    fields = arrive(story.sop, story.journey, "再见", story.see(MONDAY))

    assert fields["wait_since"] is None
    assert fields["keys"] == [
        keys.happened("wm1", "order"),
        keys.lost("wm1", "zhangli"),
        keys.tagged("wm1", "管理/勿扰"),
    ]
