"""WeCom's call and message budgets, counted in business time."""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.refusal import Refusal
from simulator.setup import Limits


@dataclass(slots=True)
class Window:
    minute: int = -1
    in_minute: int = 0
    hour: int = -1
    in_hour: int = 0
    blocked_until: float = 0.0


class CallBudget:
    """Per API; too many calls block it for one period."""

    def __init__(self) -> None:
        self._windows: defaultdict[str, Window] = defaultdict(Window)

    def take(self, path: str, now: datetime, limits: Limits) -> None:
        seconds = now.timestamp()
        window = self._windows[path]
        if seconds < window.blocked_until:
            raise Refusal(45009, "api freq out of limit")
        minute, hour = int(seconds // 60), int(seconds // 3600)
        window.in_minute = window.in_minute + 1 if minute == window.minute else 1
        window.in_hour = window.in_hour + 1 if hour == window.hour else 1
        window.minute, window.hour = minute, hour
        if window.in_hour > limits.calls_per_hour:
            self._block(window, seconds + 3600)
        if window.in_minute > limits.calls_per_minute:
            self._block(window, seconds + 60)

    def _block(self, window: Window, until: float) -> None:
        window.blocked_until = until
        raise Refusal(45009, "api freq out of limit")


class MessageBudget:
    """30 a minute and 1,000 an hour per member, the rest silently dropped; members × 200 a day."""

    def __init__(self) -> None:
        self._sent: defaultdict[str, deque[datetime]] = defaultdict(deque)
        self._days: Counter[str] = Counter()

    def take_day(self, day: str, people: int, allowed: int) -> None:
        if self._days[day] + people > allowed:
            raise Refusal(45009, "app message freq out of limit")
        self._days[day] += people

    def overflow(self, userid: str, now: datetime, limits: Limits) -> str | None:
        """Why this member does not get the message; None counts it."""
        sent = self._sent[userid]
        while sent and sent[0] <= now - timedelta(hours=1):
            sent.popleft()
        if len(sent) >= limits.messages_per_member_hour:
            return "over the hourly limit of one member"
        last_minute = now - timedelta(minutes=1)
        recent = 0
        for moment in reversed(sent):
            if moment <= last_minute:
                break
            recent += 1
        if recent >= limits.messages_per_member_minute:
            return "over the limit of one member per minute"
        sent.append(now)
        return None
