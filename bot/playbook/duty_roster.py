"""Who takes a channel's customers at a moment: shifts, daily limits, back-up.  Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from bot.playbook.hours import Hours
from config.channels import Channel, Greeting, Shift
from config.phrases import WEEKDAYS
from config.team import Team

_DAY = timedelta(days=1)

Standing = Literal["当班", "不排班", "备用", "都满了", "没有人"]
"""Why these people: on their shift; no shift is on, so everybody; the back-up; everybody has had
their day's share and the least loaded go on; nobody of the channel works here any more."""


@dataclass(frozen=True, slots=True)
class Roster:
    """``users`` take the customers until ``next_at`` at the latest; none when 没有人."""

    users: tuple[str, ...]
    standing: Standing
    next_at: datetime  # when a shift or the day ends, which may change it


def on_duty(
    channel: Channel,
    team: Team,
    added: Mapping[str, int],
    working: Collection[str],
    hours: Hours,
    now: datetime,
) -> Roster:
    """``added``: userid → customers who came through the channel today; ``working``: userids."""
    next_at = _next_change(channel, hours, now)
    shift = [name for one in channel.shifts if covers(one, hours, now) for name in one.staff]
    everybody = _here(channel.staff, team, working)
    backup = _here(channel.backup, team, working)
    first = _here(shift, team, working)
    usual: Standing = "当班" if first else "不排班"
    first = first or everybody
    limit = channel.daily_limit_each
    for users, standing in ((first, usual), (backup, "备用")):
        if free := tuple(u for u in users if limit is None or added.get(u, 0) < limit):
            return Roster(free, standing, next_at)
    if not first and not backup:
        return Roster((), "没有人", next_at)
    full = tuple(dict.fromkeys((*first, *backup)))
    least = min(added.get(user, 0) for user in full)
    return Roster(tuple(u for u in full if added.get(u, 0) == least), "都满了", next_at)


def stands_in(person: str, roster: Roster, working: Collection[str]) -> str:
    """Who answers somebody's own code: they themselves, else one who takes their customers.

    "" when nobody does.
    """
    return person if person in working else next(iter(roster.users), "")


def covers(slot: Shift | Greeting, hours: Hours, now: datetime) -> bool:
    """Whether a line of 班次 or 欢迎语安排 is about this moment.

    Hours across midnight belong to the day on which they begin.
    """
    local = now.astimezone(hours.tz)
    today, clock = local.date(), local.time()
    if slot.hours is None:
        return _is_day(slot.days, today, hours)
    start, end = slot.hours.start, slot.hours.end
    if start < end:
        return start <= clock < end and _is_day(slot.days, today, hours)
    if clock >= start:
        return _is_day(slot.days, today, hours)
    return clock < end and _is_day(slot.days, today - _DAY, hours)


def _is_day(days: Sequence[str], day: date, hours: Hours) -> bool:
    kind = "工作日" if hours.calendar.is_workday(day) else "休息日"
    return not days or f"周{WEEKDAYS[day.weekday()]}" in days or kind in days


def _here(names: Sequence[str], team: Team, working: Collection[str]) -> tuple[str, ...]:
    """Their userids, each once, without those who have left."""
    users = dict.fromkeys(team.userid(name) for name in names)
    return tuple(user for user in users if user in working)


def _next_change(channel: Channel, hours: Hours, now: datetime) -> datetime:
    """The next border of a shift, or midnight, when everybody's share begins anew."""
    return min(at for at in _borders(channel, hours, now) if at > now)


def _borders(channel: Channel, hours: Hours, now: datetime) -> Iterator[datetime]:
    today = now.astimezone(hours.tz).date()
    clocks = {time(0)}
    for shift in channel.shifts:
        clocks |= {shift.hours.start, shift.hours.end} if shift.hours else set()
    for day in (today, today + _DAY):
        for clock in clocks:
            yield datetime.combine(day, clock, hours.tz).astimezone(UTC)
