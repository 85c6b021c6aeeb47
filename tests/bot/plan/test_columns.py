"""Chinese text stays inside the screen and under its column."""

from hypothesis import given
from hypothesis import strategies as st

from bot.plan.columns import WIDTH, clip, hang, pad, width, wrap

TEXTS = st.text(alphabet="育儿测评，。（）“”→ 10:30aB-", max_size=300)


def test_chinese_takes_two_cells() -> None:
    assert width("育儿测评 10:00") == 14
    assert pad("育儿", 6) == "育儿  "


def test_what_is_too_long_ends_in_an_ellipsis() -> None:
    assert clip("育儿测评", 7) == "育儿测…"
    assert clip("育儿测评", 8) == "育儿测评"


@given(TEXTS, st.integers(min_value=0, max_value=40))
def test_no_line_leaves_the_screen_and_nothing_is_lost(text: str, indent: int) -> None:
    lines = hang("x" * indent, text)

    assert all(width(line) <= WIDTH + 4 for line in lines)  # a comma may hang over the edge
    shown = "".join(line.strip() for line in lines).removeprefix("x" * indent)
    assert shown.replace(" ", "") == text.replace(" ", "")


def test_no_line_begins_with_a_comma() -> None:
    lines = wrap("三" * 49 + "三" + "，" + "四" * 10, indent=0)

    assert lines == ["三" * 49, "三，" + "四" * 10]
