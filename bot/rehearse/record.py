"""What is noted down while a folder is rehearsed: pushes, delays, deeds and the timeline."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

PushState = Literal["delivered", "failed", "expired", "suppressed", "cancelled", "waiting"]
Audience = Literal["客户", "客户群", "员工", "朋友圈"]


@dataclass(frozen=True, slots=True)
class Push:
    """One piece of content for one customer, group or member of staff, and what became of it."""

    at: datetime  # of delivery, or of giving up; of the next try while it waits
    sop: str
    step: str
    subject: str
    staff: str
    cls: str  # 服务 | 营销 | 欢迎语 | 员工
    state: PushState
    reason: str = ""  # why not delivered, or why it waits
    planned_at: datetime | None = None
    to: Audience = "客户"
    id: str = ""
    sending: str = ""  # the mass message staff confirm; one for many customers


@dataclass(frozen=True, slots=True)
class Later:
    """What was put off: a push by quiet hours or caps, a task by the hours or load of staff."""

    at: datetime
    sop: str
    step: str
    subject: str
    staff: str
    until: datetime
    why: str
    task: bool = False


@dataclass(frozen=True, slots=True)
class Deed:
    """An action of a step was carried out: the card given, the message in the hands of staff."""

    at: datetime
    sop: str
    step: str
    subject: str
    action: str  # 派任务, 发给客户 …; "" for entering a step that does nothing one can see
    n: int = 0  # of everything noted, so that one moment keeps its order


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline, as ``qunce why`` would tell it."""

    at: datetime
    subject: str
    journey: str
    what: str
    n: int = 0
