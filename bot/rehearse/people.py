"""How staff and customers behave while an SOP is rehearsed: always the same for the same seed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.model import Seat, Sending, Task


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody does something at a moment: a happening, as :meth:`Rehearsal.happen` takes it."""

    at: datetime
    kind: str
    fields: dict[str, Any] = field(default_factory=dict)


class Behaviour(Protocol):
    """Asked once for each thing somebody is given to do."""

    def confirms(self, sending: Sending, now: datetime) -> datetime | None:
        """When the member of staff presses 发送 on a mass message made now; None: never."""

    def does(self, task: Task, now: datetime) -> Sequence[Act]:
        """What a person does about a task whose card has just come."""

    def joins(self, seat: Seat, now: datetime) -> datetime | None:
        """When a customer whose invitation has just come joins the group; None: never."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Staff confirm what they are to send after ``delay``; whatever else happens has to be told.

    What the tests written in YAML go by: nobody acts whom the case does not name.
    """

    delay: timedelta = timedelta(minutes=1)

    def confirms(self, sending: Sending, now: datetime) -> datetime | None:
        return now + self.delay

    def does(self, task: Task, now: datetime) -> Sequence[Act]:
        return ()

    def joins(self, seat: Seat, now: datetime) -> datetime | None:
        return None
