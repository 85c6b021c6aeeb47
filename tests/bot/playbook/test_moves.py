"""Where people go on when their step is gone, and when they are looked at after an edit."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot.model import Journey
from bot.playbook.audience import Facts
from bot.playbook.hours import Hours
from bot.playbook.journey import Move, Situation, as_it_reads_now, decide, leave
from bot.playbook.moves import SPREAD, Edit, look_at, redirects, spread
from config.book import Book
from config.loader import load_texts

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 25, 6, tzinfo=UTC)  # Wednesday, 14:00 in Shanghai
MONDAY = NOW - timedelta(days=2)


def a_book(steps: str, *, name: str = "新客", state: str = "启用", more: str = "") -> Book:
    head = f"SOP: {name}\n{more}\n负责人: 王芳\n状态: {state}\n对象: 客户\n进入: {{当: 添加好友}}\n"
    team = "团队: 默认\n人员: {王芳: wangfang}\n---\n标签: {管理: [勿扰, 贵宾]}\n---\n"
    return load_texts({"sop.yaml": team + head + "步骤:\n" + steps})


def say(name: str, when: str = "立即", more: str = "") -> str:
    return f"  - {{步骤: {name}, 何时: {when}, 发给员工: {{文案: {name}, 给: 跟进人}}{more}}}\n"


def wait(name: str, length: str) -> str:
    return f"  - {{步骤: {name}, 等待: {length}}}\n"


def fork(*inside: str, name: str = "岔路") -> str:
    steps = "".join(f"          - {{步骤: {one}, 等待: 1天}}\n" for one in inside)
    return f"  - 步骤: {name}\n    分支:\n      - 如果: [{{有标签: 贵宾}}]\n        则:\n{steps}"


def after(*books: Book) -> dict[str, str]:
    """The redirects once all of these were published one after the other."""
    known: dict[str, dict[str, str]] = {}
    for old, new in pairwise(books):
        known = redirects(old, new, known)
    return dict(known.get("新客", {}))


# --- steps that are gone -------------------------------------------------------------------------


def test_a_deleted_step_leads_to_the_next_in_the_old_order() -> None:
    old = a_book(say("甲") + say("乙") + say("丙") + say("丁"))
    new = a_book(say("丁") + say("甲"))

    assert after(old, new) == {"乙": "丁", "丙": "丁"}


def test_at_the_end_there_is_nothing_to_go_on_with() -> None:
    assert after(a_book(say("甲") + say("乙")), a_book(say("甲"))) == {"乙": ""}


def test_a_renamed_step_is_found_by_its_former_name() -> None:
    old = a_book(say("甲") + say("乙") + say("丙"))
    new = a_book(say("甲") + say("新乙", more=", 曾用名: 乙") + say("丙"))

    assert after(old, new) == {"乙": "新乙"}


def test_what_was_nested_goes_on_at_its_level_and_then_outside() -> None:
    old = a_book(fork("一", "二", "三") + say("末"))

    assert after(old, a_book(fork("一", "三") + say("末"))) == {"二": "三"}
    assert after(old, a_book(fork("一") + say("末"))) == {"二": "末", "三": "末"}
    assert after(old, a_book(say("末"))) == {"岔路": "末", "一": "末", "二": "末", "三": "末"}


def test_any_number_of_edits_is_one_lookup() -> None:
    whole = [
        a_book(say("甲") + say("乙") + say("丙") + say("丁")),
        a_book(say("甲") + say("丙") + say("丁")),
    ]
    renamed = a_book(say("甲") + say("新丙", more=", 曾用名: 丙") + say("丁"))

    assert after(*whole, renamed) == {"乙": "新丙", "丙": "新丙"}
    assert after(*whole, renamed, a_book(say("甲") + say("丁"))) == {
        "乙": "丁",
        "丙": "丁",
        "新丙": "丁",
    }


def test_a_step_that_came_back_is_itself_again() -> None:
    both = a_book(say("甲") + say("乙"))

    assert after(both, a_book(say("乙")), both) == {}


def test_a_former_name_told_late_still_counts() -> None:
    old = a_book(say("甲") + say("乙") + say("丙"))
    silent = a_book(say("甲") + say("新乙") + say("丙"))
    told = a_book(say("甲") + say("新乙", more=", 曾用名: 乙") + say("丙"))

    assert after(old, silent) == {"乙": "丙"}
    assert after(old, silent, told) == {"乙": "新乙"}


def test_a_renamed_sop_takes_its_redirects_along() -> None:
    old, less = a_book(say("甲") + say("乙"), name="旧名"), a_book(say("乙"), name="旧名")
    new = a_book(say("乙"), more="曾用名: 旧名")

    known = redirects(less, new, redirects(old, less, {}))

    assert known == {"新客": {"甲": "乙"}}


# --- who is looked at, and when ------------------------------------------------------------------


def standing(step: str, **where: object) -> Journey:
    plain = Journey(
        id="新客:wm1:1",
        sop="新客",
        subject="wm1",
        step=step,
        entered_at=MONDAY,
        step_at=MONDAY,
        planned_at=NOW + timedelta(days=3),
        due_at=NOW + timedelta(days=3),
    )
    return replace(plain, **where)  # type: ignore[arg-type]


def looked_at(old: Book, new: Book, journey: Journey) -> datetime | None:
    was, sop = old.sop("新客"), new.sop("新客")
    edit = Edit(was, sop, Hours.of(new), NOW)
    return look_at(edit, journey) if edit.matters else None


SOON = NOW + spread("新客:wm1:1")


def test_a_moment_brought_forward_is_exact() -> None:
    old, new = a_book(say("甲", "第6天 10:00")), a_book(say("甲", "第5天 10:00"))

    at = looked_at(old, new, standing("甲"))

    assert at == datetime(2026, 11, 27, 10, tzinfo=SHANGHAI)


def test_a_moment_brought_forward_into_the_past_is_let_go_in_turn() -> None:
    old, new = a_book(say("甲", "第6天 10:00")), a_book(say("甲", "第2天 10:00"))

    moments = {
        looked_at(old, new, standing("甲", id=f"新客:wm{n}:1")) or NOW - SPREAD for n in range(500)
    }

    assert NOW <= min(moments) < NOW + SPREAD / 50
    assert NOW + SPREAD * 49 / 50 < max(moments) < NOW + SPREAD
    assert len(moments) > 400


@pytest.mark.parametrize("same", ["2天后", "48小时后"])
def test_the_same_time_in_other_words_moves_nobody(same: str) -> None:
    old, new = a_book(say("甲", "2天后")), a_book(say("甲", same))
    planned = NOW + timedelta(hours=12)
    journey = standing("甲", step_at=planned - timedelta(days=2), planned_at=planned)

    assert looked_at(old, new, journey) in (None, planned)


def test_a_shorter_wait_counts_from_when_it_began() -> None:
    old, new = a_book(wait("歇", "9天") + say("后")), a_book(wait("歇", "5天") + say("后"))
    began = NOW - timedelta(days=2)
    journey = standing("歇", phase="waiting", wait_began=began)

    assert looked_at(old, new, journey) == began + timedelta(days=5)


def test_a_wait_that_is_over_by_the_new_length_ends_soon() -> None:
    old, new = a_book(wait("歇", "9天") + say("后")), a_book(wait("歇", "1天") + say("后"))
    journey = standing("歇", phase="waiting", wait_began=NOW - timedelta(days=2))

    assert looked_at(old, new, journey) == SOON


def test_who_waits_for_something_else_now_is_asked_soon() -> None:
    def awaiting(tag: str) -> Book:
        event = f"{{当: 打上标签, 标签: {tag}, 最多等: 9天}}"
        return a_book(f"  - {{步骤: 等, 等事件: {event}}}\n" + say("后"))

    journey = standing("等", phase="waiting", wait_began=MONDAY)

    assert looked_at(awaiting("勿扰"), awaiting("贵宾"), journey) == SOON
    assert looked_at(awaiting("勿扰"), awaiting("勿扰"), journey) is None


def test_other_words_alone_concern_nobody() -> None:
    old = a_book(say("甲", "第6天 10:00"))
    new = load_texts({"sop.yaml": old_text(old).replace("文案: 甲", "文案: 你好")})

    assert looked_at(old, new, standing("甲")) is None


def old_text(_: Book) -> str:
    team = "团队: 默认\n人员: {王芳: wangfang}\n---\n标签: {管理: [勿扰, 贵宾]}\n---\n"
    head = "SOP: 新客\n负责人: 王芳\n状态: 启用\n对象: 客户\n进入: {当: 添加好友}\n步骤:\n"
    return team + head + say("甲", "第6天 10:00")


def test_a_step_in_hand_is_left_alone() -> None:
    old, new = a_book(say("甲") + say("乙")), a_book(say("乙"))

    assert looked_at(old, new, standing("甲", phase="inside")) is None


def test_who_stands_at_a_step_that_is_gone_is_looked_at_soon() -> None:
    old, new = a_book(say("甲") + say("乙")), a_book(say("乙"))

    assert looked_at(old, new, standing("甲")) == SOON


def test_a_new_exit_is_looked_at_only_where_it_says_so() -> None:
    steps = say("甲", "第6天 10:00")
    plain = a_book(steps)
    later = a_book(steps, more="退出: [{当: 下单}]")
    at_once = a_book(steps, more="退出: [{当: 下单, 立即检查: 是}]")

    assert looked_at(plain, later, standing("甲")) != SOON
    assert looked_at(plain, at_once, standing("甲")) == SOON


def test_a_stop_is_told_at_once_and_a_pause_to_nobody() -> None:
    steps = say("甲", "第6天 10:00")
    live = a_book(steps)

    assert looked_at(live, a_book(steps, state="停用"), standing("甲")) == NOW
    assert looked_at(live, a_book(steps, state="暂停"), standing("甲")) is None
    assert looked_at(live, Book(), standing("甲")) == NOW


def test_after_a_pause_one_goes_on_at_the_moment_that_was_planned() -> None:
    steps = say("甲", "第6天 10:00")
    paused, live = a_book(steps, state="暂停"), a_book(steps)
    parked = standing("甲", due_at=NOW + timedelta(hours=23))
    missed = replace(parked, entered_at=NOW - timedelta(days=9))

    assert looked_at(paused, live, parked) == datetime(2026, 11, 28, 10, tzinfo=SHANGHAI)
    assert looked_at(paused, live, missed) == NOW + spread(missed.id)


# --- nobody is made late ------------------------------------------------------------------------


def pushing(when: str, missed: str) -> Book:
    push = f"  - {{步骤: 甲, 何时: {when}, 错过时: {missed}, 发给客户: {{文案: 好, 由: 跟进人, 时效: 2小时}}}}\n"
    return a_book(push)


@pytest.mark.parametrize("missed", ["立即补发", "跳过", "顺延到下个可发时段"])
def test_a_moment_brought_forward_into_the_past_is_no_lateness(missed: str) -> None:
    """By the new text it was two days ago and is long past its validity: it is sent all the same."""
    journey = standing("甲", planned_at=NOW + timedelta(days=3))
    move = decided(pushing("第1天 10:00", missed), journey)

    assert move.enters
    assert move.change["planned_at"] == NOW


def test_who_was_late_before_the_edit_is_late_after_it() -> None:
    journey = standing("甲", planned_at=NOW - timedelta(hours=3))

    assert not decided(pushing("第1天 10:00", "跳过"), journey).enters


def decided(book: Book, journey: Journey) -> Move:
    return decide(book.sops["新客"], journey, Situation(NOW, book, Hours.of(book), Facts()))


def test_what_follows_a_deleted_step_counts_from_where_that_would_have() -> None:
    old = a_book(say("甲", "2天后 10:00") + say("乙", "4天后 10:00"))
    new = a_book(say("乙", "4天后 10:00"))
    at = Situation(NOW, new, Hours.of(new), Facts(), redirects=after(old, new))

    moved = decide(new.sops["新客"], standing("甲"), at)
    then = decide(new.sops["新客"], standing("乙"), at)

    assert moved.change["step"] == "乙"
    assert then.change["due_at"] == datetime(2026, 11, 27, 10, tzinfo=SHANGHAI)


def test_a_deleted_wait_is_over() -> None:
    old, new = (
        a_book(wait("歇", "9天") + say("后", "1天后 10:00")),
        a_book(say("后", "1天后 10:00")),
    )
    at = Situation(NOW, new, Hours.of(new), Facts(), redirects=after(old, new))

    move = decide(new.sops["新客"], standing("歇", phase="waiting", wait_began=MONDAY), at)

    assert (move.change["step"], move.change["phase"]) == ("后", "before")
    assert move.change["due_at"] == datetime(2026, 11, 26, 10, tzinfo=SHANGHAI)


def test_where_nothing_follows_the_journey_ends_as_adjusted() -> None:
    new = a_book(say("乙"))
    at = Situation(NOW, new, Hours.of(new), Facts(), redirects={"甲": ""})

    assert decide(new.sops["新客"], standing("甲"), at).change["exit_reason"] == "SOP已调整"


def test_a_step_moved_behind_somebody_is_not_done_again() -> None:
    new = a_book(say("乙") + say("甲"))
    journey = standing("甲", past=("甲", "乙"), planned_at=None)

    assert decided(new, journey).why == ("跳过“甲”：以前走过",)
    assert decided(a_book(say("新甲", more=", 曾用名: 甲")), replace(journey, step="新甲")).why == (
        "跳过“新甲”：以前走过",
    )


def test_what_was_put_behind_a_step_in_hand_comes_next() -> None:
    old, new = a_book(say("甲") + say("丙")), a_book(say("甲") + say("乙") + say("丙"))
    inside = standing("甲", phase="inside", release_step=1)
    at_old = Situation(NOW, old, Hours.of(old), Facts())
    at_new = Situation(NOW, new, Hours.of(new), Facts())

    left = leave(old.sops["新客"], inside, at_old)
    now = as_it_reads_now(left, inside, old.sops["新客"], new.sops["新客"], at_new)

    assert (left.change["step"], now.change["step"]) == ("丙", "乙")
