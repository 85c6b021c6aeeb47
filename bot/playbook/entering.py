"""May a customer begin an SOP once more, and has it room for another one today?  Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.model import CapWindow, Journey
from bot.playbook.calendar import day_start
from config.sop import Sop
from config.triggers import Again


def number(before: Sequence[Journey], again: Again, now: datetime) -> int | None:
    """Which time this would be, after those ``before``; None when 重复进入 says no."""
    if not before:
        return 1
    if again is None or before[-1].state == "active":
        return None
    left = max(before[-1].step_at, before[-1].entered_at)
    return len(before) + 1 if now >= left + timedelta(days=again) else None


def why_not_again(before: Sequence[Journey], again: Again) -> str:
    """Why :func:`number` says no."""
    if before[-1].state == "active":
        return "已经在这个 SOP 里"
    rule = "不允许" if again is None else f"退出后{again}天可再进"
    return f"以前进入过（{before[-1].exit_reason or '已结束'}），重复进入：{rule}"


def daily_window(sop: Sop, now: datetime, tz: ZoneInfo) -> CapWindow | None:
    """每天最多 as a window of the caps; None without a limit."""
    limit = sop.entry.daily_limit
    if limit is None:
        return None
    since = day_start(now, tz)
    return CapWindow(
        rule=f"每天{limit}人", limit=limit, since=since, until=since + timedelta(days=1)
    )
