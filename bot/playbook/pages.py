"""Links of the pages members open: whose they are, what for, and until when. Pure.

A link says nothing that is not signed, and is signed with the key of the month it expires in
(``bot/store/member_links.py``). The same link comes out however often it is made.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

Purpose = Literal["join", "checkin", "answer", "privacy"]
Link = Callable[[str, str], str]
"""(placeholder, what stands behind its bar) → the address."""
Pages = Callable[[str, str], Link]
"""(customer, occasion) → their links. What is answered is answered once per occasion."""

LIVES: Final[Mapping[Purpose, timedelta]] = {
    "join": timedelta(days=30),
    "checkin": timedelta(days=30),
    "answer": timedelta(days=30),
    "privacy": timedelta(days=365),
}
PURPOSES: Final = get_args(Purpose)
ONCE: Final = ("checkin", "answer")  # what is sent in there counts once per occasion
_OF_PLACEHOLDER: Final[Mapping[str, Purpose]] = {
    "选群页": "join",
    "打卡页": "checkin",
    "答题页": "answer",
    "隐私页": "privacy",
}
_MAC_BYTES = 16
_BETWEEN = "\n"  # stands in no id and in no name of a folder


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLink:
    """``about`` is what it is for: a theme, or the form and the step it belongs to.

    ``serial`` tells one made anew from the first, which belongs to another device.
    """

    purpose: Purpose
    contact: str
    about: str = ""
    serial: str = ""
    expires_at: datetime  # to the minute


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMaker:
    """Makes the links of one day; ``keys`` are those of the months they may expire in."""

    address: str
    now: datetime
    keys: Mapping[str, bytes]

    def of(self, contact: str, occasion: str) -> Link:
        """The addresses the texts for one customer are given; an occasion is a step or a word."""

        def link(placeholder: str, which: str) -> str:
            purpose = _OF_PLACEHOLDER[placeholder]
            about = f"{which}/{mark_of(occasion)}" if purpose in ONCE else which
            return self.to(purpose, contact, about)

        return link

    def to(self, purpose: Purpose, contact: str, about: str = "", serial: str = "") -> str:
        """The address of one member's page, good for :data:`LIVES`."""
        expires_at = _end(purpose, self.now)
        link = MemberLink(
            purpose=purpose, contact=contact, about=about, serial=serial, expires_at=expires_at
        )
        return f"{self.address}/m/{purpose}/{signed(link, self.keys[month_of(expires_at)])}"


def mark_of(occasion: str) -> str:
    """An occasion in few characters: links are read by people, too."""
    return hashlib.sha256(occasion.encode()).hexdigest()[:16]


def in_rehearsal(contact: str, occasion: str) -> Link:
    """In place of addresses, where nobody will open them."""
    return lambda placeholder, which: f"〔{placeholder}{'：' if which else ''}{which}〕"


def month_of(at: datetime) -> str:
    """Under which name the key of that month is kept."""
    return f"{at.astimezone(UTC):%Y-%m}"


def months_from(now: datetime) -> tuple[str, ...]:
    """The months in which links made now expire."""
    return tuple(sorted({month_of(_end(purpose, now)) for purpose in LIVES}))


def signed(link: MemberLink, key: bytes) -> str:
    """What stands in the address behind the purpose."""
    body = _body(link)
    mac = _mac(link.purpose, body, key)
    return base64.urlsafe_b64encode(mac + body).decode().rstrip("=")


def unsigned(purpose: Purpose, token: str) -> MemberLink | None:
    """What the address claims, before its signature is looked at; None for gibberish."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        contact, about, serial, minutes = raw[_MAC_BYTES:].decode().split(_BETWEEN)
        expires_at = datetime.fromtimestamp(int(minutes) * 60, UTC)
    except (ValueError, OverflowError, OSError, binascii.Error):
        return None
    return MemberLink(
        purpose=purpose, contact=contact, about=about, serial=serial, expires_at=expires_at
    )


def is_genuine(link: MemberLink, token: str, key: bytes) -> bool:
    """Whether we made this very address."""
    return hmac.compare_digest(signed(link, key).encode(), token.encode())


def _body(link: MemberLink) -> bytes:
    minutes = int(link.expires_at.timestamp()) // 60
    return _BETWEEN.join((link.contact, link.about, link.serial, str(minutes))).encode()


def _mac(purpose: str, body: bytes, key: bytes) -> bytes:
    return hmac.new(key, purpose.encode() + b"\n" + body, "sha256").digest()[:_MAC_BYTES]


def _end(purpose: Purpose, now: datetime) -> datetime:
    """The same for a whole day, so that what is made twice comes out the same."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(days=1) + LIVES[purpose]
