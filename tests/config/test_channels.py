"""Channels as they are written."""

from collections.abc import Callable
from datetime import time

import pytest

from config.loader import load_texts
from config.mistakes import Mistake
from config.rules import QuietHours
from config.tidy import tidy
from tests.world import TEAM

GREETINGS = "素材: 欢迎\n类型: 文字\n文案: 您好\n---\n素材: 夜里\n类型: 文字\n文案: 晚安\n"
CHINESE = """渠道: 门口海报
类型: 活码
门店: 徐汇店
员工: [张丽, 李敏]
班次:
  - {星期: [周一, 工作日], 时段: 09:00-14:00, 员工: 张丽}
备用: 王芳
每人每天最多: 60人
每人一码: 是
免验证: 否
备注: "{客户昵称}-海报"
欢迎语: 欢迎
欢迎语安排:
  - {时段: 22:00-08:00, 员工: [李敏], 欢迎语: 夜里}
"""
ENGLISH = """channel: 门口海报
type: contact way
shop: 徐汇店
staff: [张丽, 李敏]
shifts:
  - {days: [mon, workdays], hours: 09:00-14:00, staff: 张丽}
backup: 王芳
daily_limit_each: 60
code_each: yes
skip_verify: no
remark: "{客户昵称}-海报"
welcome: 欢迎
welcome_plan:
  - {hours: 22:00-08:00, staff: [李敏], welcome: 夜里}
"""


def test_a_channel_says_the_same_in_both_languages() -> None:
    def read(text: str) -> object:
        texts = {"team.yaml": TEAM, "greetings.yaml": GREETINGS, "x.yaml": text}
        return load_texts(texts).channels["门口海报"]

    assert read(CHINESE) == read(ENGLISH)


def test_it_is_translated_there_and_back() -> None:
    assert tidy(CHINESE, "en") == ENGLISH
    assert tidy(ENGLISH, "zh") == CHINESE


def test_what_is_not_written_is_the_usual() -> None:
    channel = load_texts({"t.yaml": TEAM, "x.yaml": "渠道: 门口\n员工: 张丽\n"}).channels["门口"]

    assert (channel.kind, channel.own_codes, channel.skip_verify) == ("活码", False, True)
    assert (channel.shifts, channel.welcome, channel.remark) == ((), (), None)
    assert channel.daily_limit_each is None


def test_one_shift_needs_no_list() -> None:
    text = "渠道: 门口\n员工: 张丽\n班次: {时段: 22:00-06:00, 员工: 张丽}\n"
    (shift,) = load_texts({"t.yaml": TEAM, "x.yaml": text}).channels["门口"].shifts

    assert (shift.hours, shift.staff) == (QuietHours(time(22), time(6)), ("张丽",))


@pytest.mark.parametrize("hours", ["9点到14点", "14:00", "09:00-09:00"])
def test_hours_nobody_can_read_are_refused(
    hours: str, mistakes: Callable[[str], list[Mistake]]
) -> None:
    text = f"渠道: 门口\n员工: 张丽\n班次: {{时段: {hours}, 员工: 张丽}}\n"

    (found,) = mistakes(text)
    assert (found.level, found.line) == ("错误", 3)
