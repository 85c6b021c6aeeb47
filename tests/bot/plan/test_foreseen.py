"""What a calendar will do, told before it does it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.plan.foreseen import Foreseen, foreseen
from config.book import Book
from config.loader import load_texts

SHANGHAI = ZoneInfo("Asia/Shanghai")
TEAM = "团队: 默认\n人员: {李敏: limin}\n"
THEME = "主题群: 0-6月龄\n群: {名称包含: 0-6月龄}\n容量: 190人\n"
RULES = '规则: 全局\n免打扰: {客户: "21:30-08:30", 客户群: "22:00-08:00", 员工: "20:00-09:00"}\n'
HEAD = """
SOP: 群周历
负责人: 李敏
状态: 启用
对象: 客户群
进入: {当: 群属于主题, 主题: 0-6月龄}
"""


def book(when: str, *, calendar: str = "", state: str = "启用", does: str = "") -> Book:
    does = does or "发到群: {由: 群主, 文案: 你好, 时效: 8小时}"
    text = HEAD.replace("启用", state) + (f"日历: {calendar}\n" if calendar else "")
    text += f"步骤:\n  - 步骤: 科普\n    何时: {when}\n    {does}\n"
    return load_texts({"t.yaml": TEAM, "m.yaml": THEME, "r.yaml": RULES, "s.yaml": text})


def coming(book: Book, since: str, days: int) -> list[Foreseen]:
    start = datetime.fromisoformat(since).replace(tzinfo=SHANGHAI).astimezone(UTC)
    return list(foreseen(book, start, start + timedelta(days=days)))


def clock(one: Foreseen) -> str:
    return f"{one.at.astimezone(SHANGHAI):%m-%d %H:%M}"


def test_every_moment_comes_once_and_at_its_time() -> None:
    found = coming(book("每周三 12:00"), "2026-11-23", 14)

    assert [clock(one) for one in found] == ["11-25 12:00", "12-02 12:00"]
    assert not any(one.note or one.left_out or one.estimated for one in found)


def test_it_leaves_when_the_quiet_hours_of_its_readers_end() -> None:
    (one,) = coming(book("2026-11-25 23:00"), "2026-11-23", 14)

    assert clock(one) == "11-26 08:00"
    assert one.note == "原定 23:00，客户群免打扰"


def test_it_leaves_within_the_windows_of_its_sop() -> None:
    windows = '{可发时段: ["11:30-13:00", "18:00-20:00"]}'
    (one,) = coming(book("2026-11-25 13:00", calendar=windows), "2026-11-23", 14)

    assert clock(one) == "11-25 18:00"
    assert one.note == "原定 13:00，可发时段 11:30–13:00、18:00–20:00"


def test_a_task_minds_the_hours_of_staff_and_no_windows() -> None:
    does = "派任务: {标题: 收集问题, 给: 群主, 完成依据: [按钮: 好], 期限: 6小时}"
    windows = '{可发时段: ["11:30-13:00"]}'
    (one,) = coming(book("2026-11-25 08:00", calendar=windows, does=does), "2026-11-23", 14)

    assert clock(one) == "11-25 09:00"
    assert one.note == "原定 08:00，员工免打扰"


def test_a_long_holiday_is_left_out_where_its_sop_says_so() -> None:
    said = coming(book("每天 12:00", calendar="{法定长假: 跳过}"), "2026-09-29", 4)

    assert [(clock(one), one.left_out) for one in said] == [
        ("09-29 12:00", False),
        ("09-30 12:00", False),
        ("10-01 12:00", True),
        ("10-02 12:00", True),
    ]
    assert not any(one.left_out for one in coming(book("每天 12:00"), "2026-09-29", 4))


def test_only_days_that_depend_on_unknown_holidays_are_estimated() -> None:
    by_workday = coming(book("每个工作日 12:00"), "2026-12-30", 5)
    assert [one.estimated for one in by_workday] == [False, False, True]

    by_date = coming(book("每天 12:00"), "2027-01-01", 5)
    assert not any(one.estimated for one in by_date)


def test_what_is_off_comes_to_nothing() -> None:
    assert coming(book("每天 12:00", state="暂停"), "2026-11-23", 14) == []
