"""Is there room in a ledger of the caps, and if not, when will there be?  Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.model import CapWindow, Full

KEPT = timedelta(days=32)  # longer than the longest window: a calendar month
SHUT_RULE = "企业微信接收上限"


def full(
    hits: Sequence[Mapping[str, Any]],
    shut_until: datetime | None,
    at: datetime,
    windows: Sequence[CapWindow],
) -> Full | None:
    """The window that is free last of those that are full; None while every one has room."""
    found = [filled for window in windows if (filled := _filled(hits, at, window))]
    if shut_until and shut_until > at:
        found.append(Full(rule=SHUT_RULE, free_at=shut_until))
    return max(found, key=lambda f: f.free_at, default=None)


def _filled(hits: Sequence[Mapping[str, Any]], at: datetime, window: CapWindow) -> Full | None:
    since = window.since.replace(microsecond=window.since.microsecond // 1000 * 1000)  # as MongoDB
    inside = [h["at"] for h in hits if h["at"] >= since and window.cls in (None, h["cls"])]
    if len(inside) < window.limit:
        return None
    if window.until:
        return Full(rule=window.rule, free_at=window.until)
    span = window.span or timedelta(days=1)
    if not window.limit:
        return Full(rule=window.rule, free_at=at + span)
    leaves = sorted(inside)[-window.limit]  # once it is forgotten there is room for one
    return Full(rule=window.rule, free_at=leaves + span + timedelta(milliseconds=1))
