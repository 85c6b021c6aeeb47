"""企业群发: a mass message that leaves only when staff confirm it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from simulator.dice import canonical, fingerprint

UNSENT, SENT, NOT_A_FRIEND, HAD_ENOUGH = 0, 1, 2, 3

ChatType = Literal["single", "group"]


@dataclass(slots=True)
class Assignment:
    """One member of staff's part; ``results`` holds a status per target once confirmed."""

    targets: list[str]
    sent_at: datetime | None = None
    results: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Mass:
    """``made_at`` is machine time: WeCom needs a moment to hand a message out."""

    msgid: str
    chat_type: ChatType
    text: str
    attachments: list[dict[str, Any]]
    created_at: datetime
    made_at: float
    assignments: dict[str, Assignment]
    cancelled: bool = False
    reminded_at: list[datetime] = field(default_factory=list)

    @property
    def content(self) -> dict[str, Any]:
        return content_of(self.text, self.attachments)

    @property
    def content_text(self) -> str:
        return canonical(self.content)

    @property
    def content_hash(self) -> str:
        return fingerprint(self.content)


def content_of(text: str, attachments: list[dict[str, Any]]) -> dict[str, Any]:
    return {"text": text, "attachments": attachments}
