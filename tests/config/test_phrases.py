from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.guess import closest, time_phrase
from config.phrase_table import Unreadable, duration, when
from config.phrases import (
    After,
    AfterDays,
    AfterWorkdays,
    AttributeDate,
    Daily,
    Duration,
    EveryWorkday,
    Immediately,
    Lunar,
    MonthDay,
    MonthFirstWorkday,
    MonthLastDay,
    MonthLastWorkday,
    NextWorkday,
    On,
    OnDay,
    Span,
    Weekly,
    When,
    Workdays,
    YearDay,
    in_words,
)

TEN = time(10)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("立即", Immediately()),
        ("2小时后", After(timedelta(hours=2))),
        ("3天后", AfterDays(3)),
        ("3天后 10:00", AfterDays(3, TEN)),
        ("2个工作日后 10:00", AfterWorkdays(2, TEN)),
        ("当天 19:30", OnDay(1, time(19, 30))),
        ("第3天 10:00", OnDay(3, TEN)),
        ("下个工作日 09:30", NextWorkday(time(9, 30))),
        ("每天 9:05", Daily(time(9, 5))),
        ("每个工作日 10:00", EveryWorkday(TEN)),
        ("每周三 20:30", Weekly(2, time(20, 30))),
        ("每周天 10:00", Weekly(6, TEN)),
        ("每月1日 10:00", MonthDay(1, TEN)),
        ("每月最后一天 10:00", MonthLastDay(TEN)),
        ("每月第一个工作日 10:00", MonthFirstWorkday(TEN)),
        ("每月最后一个工作日 16:00", MonthLastWorkday(time(16))),
        ("2026-12-12 10:00", On(date(2026, 12, 12), TEN)),
        ("每年3月8日 10:00", YearDay(3, 8, TEN)),
        ("每年2月29日 10:00", YearDay(2, 29, TEN)),
        ("农历腊月二十三 10:00", Lunar(12, 23, TEN)),
        ("农历腊月廿三 10:00", Lunar(12, 23, TEN)),
        ("农历十二月二十三 10:00", Lunar(12, 23, TEN)),
        ("农历正月初一 09:00", Lunar(1, 1, time(9))),
        ("农历十一月初十 09:00", Lunar(11, 10, time(9))),
        ("农历十月十五 10:00", Lunar(10, 15, TEN)),
        ("农历八月三十 10:00", Lunar(8, 30, TEN)),
        ("农历除夕 20:00", Lunar(12, 30, time(20))),
        ("{预产期}前7天 10:00", AttributeDate("预产期", -7, TEN)),
        ("{生日}当天 10:00", AttributeDate("生日", 0, TEN)),
        ("{预产期}后3天 10:00", AttributeDate("预产期", 3, TEN)),
        ("immediately", Immediately()),
        ("yearly 3-8 10:00", YearDay(3, 8, TEN)),
        ("lunar 12-23 10:00", Lunar(12, 23, TEN)),
        ("lunar new year's eve 20:00", Lunar(12, 30, time(20))),
        ("7 days before {预产期} 10:00", AttributeDate("预产期", -7, TEN)),
        ("on {生日} 10:00", AttributeDate("生日", 0, TEN)),
        ("3 days after {预产期} 10:00", AttributeDate("预产期", 3, TEN)),
        ("after 2 hours", After(timedelta(hours=2))),
        ("after 2 workdays 10:00", AfterWorkdays(2, TEN)),
        ("same day 19:30", OnDay(1, time(19, 30))),
        ("day 3 10:00", OnDay(3, TEN)),
        ("weekly wed 20:30", Weekly(2, time(20, 30))),
        ("monthly last workday 16:00", MonthLastWorkday(time(16))),
    ],
)
def test_a_phrase_has_one_meaning(text: str, meaning: When) -> None:
    assert when(text) == meaning


@pytest.mark.parametrize(
    "text",
    [
        "",
        "第三天上午10点半",
        "第0天 10:00",
        "第3天 25:00",
        "第3天",
        "每月32日 10:00",
        "2026-02-30 10:00",
        "0 10 * * 1-5",
        "第10000天 10:00",
        "第٣天 10:00",
        "每周八 10:00",
        "农历腊月 10:00",
        "农历十三月初一 10:00",
        "lunar 13-1 10:00",
        "lunar 12-31 10:00",
        "{预产期}前7天",
        "{}前7天 10:00",
        "{预产期}前十天 10:00",
        "第" + "9" * 5000 + "天 10:00",
    ],
)
def test_anything_else_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        when(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("每年2月30日 10:00", "2月没有30日"),
        ("每年4月31日 10:00", "4月没有31日"),
        ("每年13月1日 10:00", "没有13月"),
        ("yearly 2-30 10:00", "2月没有30日"),
    ],
)
def test_a_day_no_calendar_has_is_told_as_such(text: str, why: str) -> None:
    with pytest.raises(Unreadable) as caught:
        when(text)

    assert caught.value.why == why


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("20秒", Span(timedelta(seconds=20))),
        ("90分钟", Span(timedelta(minutes=90))),
        ("24小时", Span(timedelta(days=1))),
        ("2周", Span(timedelta(weeks=2))),
        ("1个工作日", Workdays(1)),
        ("12 hours", Span(timedelta(hours=12))),
        ("1 workday", Workdays(1)),
    ],
)
def test_a_duration_has_one_meaning(text: str, meaning: Duration) -> None:
    assert duration(text) == meaning


@pytest.mark.parametrize("text", ["0小时", "两天", "1个月", "-1天", "1.5小时"])
def test_no_time_at_all_is_no_duration(text: str) -> None:
    with pytest.raises(Unreadable):
        duration(text)


clocks = st.times().map(lambda t: t.replace(second=0, microsecond=0))
days = st.integers(1, 400)
phrases = st.one_of(
    st.just(Immediately()),
    st.builds(After, st.integers(1, 5000).map(lambda n: timedelta(minutes=n))).filter(
        lambda w: bool(w.span % timedelta(days=1))
    ),
    st.builds(AfterDays, days, st.none() | clocks),
    st.builds(AfterWorkdays, days, st.none() | clocks),
    st.builds(OnDay, days, clocks),
    st.builds(NextWorkday, clocks),
    st.builds(On, st.dates(date(2020, 1, 1), date(2040, 1, 1)), clocks),
    st.builds(Daily, clocks),
    st.builds(EveryWorkday, clocks),
    st.builds(Weekly, st.integers(0, 6), clocks),
    st.builds(MonthDay, st.integers(1, 31), clocks),
    st.builds(MonthLastDay, clocks),
    st.builds(MonthFirstWorkday, clocks),
    st.builds(MonthLastWorkday, clocks),
    st.builds(YearDay, st.integers(1, 12), st.integers(1, 29), clocks),
    st.builds(Lunar, st.integers(1, 12), st.integers(1, 30), clocks),
    st.builds(AttributeDate, st.sampled_from(["预产期", "生日"]), st.integers(-400, 400), clocks),
)


@given(phrase=phrases)
def test_in_words_is_read_back_as_the_same(phrase: When) -> None:
    assert when(in_words(phrase)) == phrase


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("第三天上午10点半", "第3天 10:30"),
        ("第十二天晚上8点", "第12天 20:00"),
        ("两小时以后", "2小时后"),
        ("星期三下午3点15", "每周三 15:15"),
        ("周一 9点", "每周一 09:00"),
        ("当天：19：30", "当天 19:30"),
        ("每月最后一个工作日下午4点", "每月最后一个工作日 16:00"),
        ("马上", "立即"),
        ("农历八月十五早上9点", "农历八月十五 09:00"),
        ("除夕晚上8点", "农历除夕 20:00"),
        ("中秋节 10:00", "农历八月十五 10:00"),
        ("预产期前7天", "{预产期}前7天 10:00"),
        ("{预产期}提前7天 9点", "{预产期}前7天 09:00"),
        ("{预产期}之后3天", "{预产期}后3天 10:00"),
        ("{生日} 10:00", "{生日}当天 10:00"),
        ("每年3月8号 10:00", "每年3月8日 10:00"),
        ("随便", None),
    ],
)
def test_another_way_to_write_a_time_is_understood(written: str, meant: str | None) -> None:
    assert time_phrase(written) == meant


def test_the_nearest_name_is_found_and_nothing_when_all_are_far() -> None:
    assert closest("话术-七天回访", ["话术-问月龄", "话术-7天回访"]) == "话术-7天回访"
    assert closest("xyz", ["话术-问月龄"]) is None
