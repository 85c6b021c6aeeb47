"""客户朋友圈: what staff publish to their customers' feeds, each for his own."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.dice import fingerprint
from simulator.mass import content_of


@dataclass(slots=True)
class Part:
    """One member of staff's: nobody sees anything before they publish it."""

    published_at: datetime | None = None
    customers: list[str] = field(default_factory=list)  # who can see it since
    likes: dict[str, datetime] = field(default_factory=dict)
    comments: list[tuple[str, datetime]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Moment:
    """``made_at``: when WeCom is done making it; staff and lists know nothing of it before."""

    jobid: str
    moment_id: str
    text: str
    attachments: list[dict[str, Any]]
    asked_at: datetime
    made_at: datetime
    tags: list[str]
    parts: dict[str, Part]
    invalid_users: list[str]
    invalid_departments: list[int]
    invalid_tags: list[str]
    refusal: int = 0  # why it could not be made
    cancelled: bool = False

    @property
    def content_hash(self) -> str:
        return fingerprint(content_of(self.text, self.attachments))
