"""What long work is given to say how far it is, and what it hands back."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.context import Context

log = logging.getLogger(__name__)


class Cancelled(Exception):
    """Somebody has pressed 取消: stop here; what was done stays done."""


class CannotWork(Exception):
    """It cannot be done; the message is one Chinese sentence that says why and what helps."""


class Lost(Exception):
    """This process stops, or another one has taken the work over: leave it at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Kept for a day, to be downloaded by who asked for it."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of it: one sentence, figures for the page that shows them, a file, a page to see.

    ``figures`` must be small: it is kept in the row.
    """

    says: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)
    file: File | None = None
    see: str = ""
    """The address of the page that shows it; "": the page of the work does."""


@dataclass(slots=True)
class Job:
    """One piece of work in somebody's hand."""

    ctx: Context
    owner: str
    id: str
    by: str
    """Who asked for it."""

    async def told(self, done: int, total: int, says: str = "") -> None:
        """So far it is; call it at every piece of work.

        Raises Cancelled when somebody cancelled, and Lost when this process must leave it: neither
        is to be caught.
        """
        if self.ctx.hints.stopping:
            raise Lost
        match await self.ctx.store.work.told(self.owner, self.id, done, total, says):
            case "cancelled":
                raise Cancelled
            case "lost":
                raise Lost
