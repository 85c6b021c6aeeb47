"""Where a member stands who chose a theme on the 选群页, and whether they may choose it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from bot.model import Contact, Seat
from config.book import Book
from config.themes import Theme

Stage = Literal["open", "arranging", "tomorrow", "waiting", "code", "inside", "over"]

_SOON = timedelta(minutes=5)
_LIVING = ("候选", "候补", "已占位", "已邀请", "已入群")


def offered(book: Book, only: str = "") -> list[Theme]:
    """The themes customers may choose, or the one a link is about."""
    themes = [theme for theme in book.themes.values() if theme.join_page]
    return [theme for theme in themes if not only or theme.name == only]


def newest(seats: Iterable[Seat], theme: str) -> Seat | None:
    """The living seat in the theme, else the last one; proposals to move are none."""
    mine = [seat for seat in seats if seat.theme == theme and seat.state != "建议"]
    return max(mine, key=lambda s: (s.state in _LIVING, s.created_at), default=None)


def stage_of(seat: Seat | None, code: str, now: datetime) -> Stage:
    """``code`` is the address of the QR code of the seat's group, "" while there is none."""
    match seat.state if seat else "":
        case "已入群":
            return "inside"
        case "已占位" | "已邀请":
            return "code" if code else "arranging"
        case "候补":
            return "waiting"
        case "候选":
            later = seat is not None and seat.due_at is not None and seat.due_at > now + _SOON
            return "tomorrow" if later else "arranging"
        case "占位过期" if seat is not None and seat.own:
            return "over"
    return "open"


def seat_id(seats: Sequence[Seat], theme: str, contact: str) -> str:
    """The same until a seat asked for before has come to its end: asked twice is asked once."""
    ended = sum(seat.own and seat.theme == theme and seat.state not in _LIVING for seat in seats)
    return f"own:{theme}:{contact}:{ended}"


def having_chosen(contact: Contact, theme: Theme, book: Book) -> Contact:
    """The customer as they will be known once the tags of their choice have arrived."""
    tags = book.full_tags(theme.join_page.tags) if theme.join_page else ()
    return replace(contact, tags=tuple(dict.fromkeys((*contact.tags, *tags))))


def why_over(seat: Seat) -> str:
    """What was written down when it ended."""
    return str(seat.log[-1].get("more", "")) if seat.log else ""


def groups_of(seats: Iterable[Seat]) -> set[str]:
    return {seat.group for seat in seats if seat.group}
