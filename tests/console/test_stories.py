"""How the story of a task reads on its own page."""

from datetime import UTC, datetime, timedelta

from bot.story import Line
from console.stories import newest_first

AT = datetime(2026, 11, 23, tzinfo=UTC)
TITLE = "问需求"


def told(*words: str) -> list[str]:
    """Each an hour after the one before."""
    lines = [Line(AT + timedelta(hours=n), what) for n, what in enumerate(words)]
    return [one.what for one in newest_first(lines, TITLE)]


def test_the_title_of_the_page_is_not_said_again_and_no_line_begins_amid_a_word() -> None:
    assert told(
        "派任务“问需求”给 张丽",
        "任务“问需求”的依据：张丽 点了“已问到”",
        "任务“问需求”：送达",
    ) == ["送达", "依据：张丽 点了“已问到”", "派任务给 张丽"]


def test_what_is_told_of_one_moment_in_other_brackets_is_told_once() -> None:
    lines = [Line(AT, "提醒（张丽）"), Line(AT, "提醒 张丽"), Line(AT, "提醒 李敏")]

    assert [one.what for one in newest_first(lines)] == ["提醒 李敏", "提醒（张丽）"]
