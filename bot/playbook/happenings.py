"""What customers do that is counted, and the facts it makes.

互动 is whatever a customer does that we can see: not what others do about them.
"""

from datetime import datetime
from typing import Any

from bot.model import Fact
from bot.playbook import keys

INTERACTION = "interaction"
REPLY = "reply"
JOIN = "join"
FORM = "form"
_INTERACTIONS = frozenset({"order", "visit", REPLY, FORM, JOIN, INTERACTION})


def counted_as(kind: str) -> tuple[str, ...]:
    """Under which names something that happened is counted."""
    return (kind, INTERACTION) if kind in _INTERACTIONS - {INTERACTION} else (kind,)


def happening(
    id: str,
    kind: str,
    subject: str,
    at: datetime,
    source: str,
    data: dict[str, Any] | None = None,
    about: tuple[str, ...] = (),
) -> Fact:
    """The fact that a customer did something; ``about`` are more keys it shows under."""
    shown = (keys.happened(subject, name) for name in counted_as(kind))
    unique = dict.fromkeys((*about, *shown))
    return Fact(id=id, keys=tuple(unique), subject=subject, at=at, source=source, data=data or {})


def tagged(contact: str, tag: str, staff: str, at: datetime, source: str) -> Fact:
    """Somebody put ``tag`` ("组/名") on a customer."""
    return Fact(
        id=f"tag:{contact}:{tag}:{at.isoformat()}",
        keys=(keys.tagged(contact, tag), keys.tagged_in(contact, tag.partition("/")[0])),
        subject=contact,
        at=at,
        source=source,
        data={"staff": staff, "tag": tag},
    )


def untagged(contact: str, tag: str, staff: str, at: datetime, source: str) -> Fact:
    """Nobody's ``tag`` is on the customer any more; ``staff`` took the last one off."""
    return Fact(
        id=f"untag:{contact}:{tag}:{at.isoformat()}",
        keys=(keys.untagged(contact, tag), keys.untagged_in(contact, tag.partition("/")[0])),
        subject=contact,
        at=at,
        source=source,
        data={"staff": staff, "tag": tag, "gone": True},
    )
