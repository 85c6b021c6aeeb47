"""The invitation a customer with a held place gets, and how many a theme may take in a day."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.actions.content import link
from bot.model import CapWindow, Delivery, Group, Seat
from bot.playbook.calendar import day_start
from bot.playbook.hours import Hours
from bot.playbook.regrouping import OWN
from bot.playbook.wording import fingerprint
from bot.store.rows import slot_of
from config.themes import Theme

TOGETHER = timedelta(minutes=10)  # invitations to one group within it become one 群发
WAITS_AT_MOST = timedelta(days=30)
_INVITE = "点下面的链接，扫码进群"


def invitation_id(seat: str) -> str:
    return f"{seat}:invite"


def way(seat: Seat, group: Group) -> dict[str, str]:
    """The QR code for this seat: the group's own, or the one that opens the next group."""
    return group.next_way if seat.id in group.next_held else group.join_way


def invitation(
    seat: Seat, theme: Theme, group: Group, expires: datetime, now: datetime
) -> Delivery:
    """The same words for everybody invited to the group, so that they can go together."""
    code, behind = way(seat, group)["qr_code"], seat.id in group.next_held
    title = f"进群：{theme.name if behind else group.name}"
    qr = link(title, code, _INVITE) | {"picurl": code}
    message = {"text": f"邀请您加入“{theme.name}”群，{_INVITE}～", "attachments": [qr]}
    moment = _next(TOGETHER, now)
    return Delivery(
        id=invitation_id(seat.id),
        journey=seat.journey or seat.id,
        sop=seat.journey.rsplit(":", 2)[0] or OWN,
        step=f"邀请入主题群：{theme.name}",
        subject=seat.subject,
        staff=seat.staff,
        message=message,
        content_hash=fingerprint(message),
        planned_at=moment,
        expires_at=expires,
        due_at=moment,
        seat=seat.id,
        slot=slot_of(seat.subject),
    )


def held_until(seat: Seat, theme: Theme, hours: Hours, now: datetime) -> datetime:
    """占位有效."""
    return hours.add(theme.held_for, seat.held_at or now)


def cooling_until(
    left_at: datetime | None, theme: Theme, hours: Hours, now: datetime
) -> datetime | None:
    """退群冷却: until when who left gets no place again; None when they may have one."""
    until = hours.add(theme.cooldown, left_at) if left_at else None
    return until if until and until > now else None


def daily_window(theme: Theme, now: datetime, tz: ZoneInfo) -> CapWindow | None:
    """每天最多 as a window of the caps; None without a limit."""
    if theme.daily_limit is None:
        return None
    since = day_start(now, tz)
    until = day_start(since + timedelta(hours=36), tz)
    return CapWindow(
        rule=f"每天最多{theme.daily_limit}人", limit=theme.daily_limit, since=since, until=until
    )


def _next(span: timedelta, now: datetime) -> datetime:
    """The next full ten minutes or so: the same for everybody who comes in between."""
    seconds = span.total_seconds()
    return datetime.fromtimestamp(-(-now.timestamp() // seconds) * seconds, now.tzinfo)
