"""The nouns of this system: plain frozen values, one per kind of document; nothing here does I/O.

A row waits for something exactly when it has a ``due_at`` (business time); a finished row has none.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

Lane = Literal["urgent", "normal"]
LANES: tuple[Lane, ...] = ("urgent", "normal")
SubjectType = Literal["contact", "group"]
Class = Literal["服务", "营销"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Anything kept in the database; ``id`` is its ``_id``, made from what it is about."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming(Record):
    """One callback, kept as WeCom encrypted it."""

    route: str
    envelope: str
    lane: Lane = "normal"
    subject: str = ""
    state: Literal["new", "done", "ignored", "dead"] = "new"
    received_at: datetime
    due_at: datetime | None = None
    tries: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One customer as one member of staff knows them; tags are WeCom's tag ids."""

    staff: str
    since: datetime
    state: str = ""
    tags: tuple[str, ...] = ()
    version: datetime | None = None  # CreateTime of the newest event applied
    lost: Literal["", "by_staff", "by_customer", "transfer"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Record):
    """A customer (客户): what WeCom told us, and when they last did what can be counted."""

    name: str = ""
    kind: int = 1  # 1 WeChat user, 2 WeCom user
    relations: tuple[Relation, ...] = ()
    tags: tuple[str, ...] = ()  # "组/名" by anyone, resolved when the contact was last read
    shop: str = ""
    happened: dict[str, list[datetime]] = field(default_factory=dict)  # kind → last ≤ 20 times

    def relation(self, staff: str) -> Relation | None:
        return next((r for r in self.relations if r.staff == staff), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff(Record):
    """A member of the company who serves customers."""

    name: str = ""
    departments: tuple[int, ...] = ()
    leads: tuple[int, ...] = ()  # departments they lead
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Record):
    """A customer group (客户群) with its seats."""

    name: str = ""
    owner: str = ""
    theme: str = ""
    shop: str = ""
    open: bool = True  # False once dismissed
    members: int = 0  # everybody, staff included
    roster: dict[str, dict[str, Any]] = field(default_factory=dict)  # id → type, at, state, scene
    version: str = ""  # WeCom's member_version
    cap: int = 0
    held: tuple[str, ...] = ()  # seats reserved and not yet taken
    join_way: dict[str, str] = field(default_factory=dict)  # config_id, qr_code, state
    marketing: tuple[datetime, ...] = ()  # the last ≤ 20 marketing messages delivered
    joined: tuple[datetime, ...] = ()  # the last ≤ 500 customers' joins
    left: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey(Record):
    """One subject walking through one SOP; ``rev_no`` is the compare-and-swap counter."""

    sop: str
    subject: str
    subject_type: SubjectType = "contact"
    staff: str = ""
    thread: str = ""  # the occurrence, for calendar SOPs
    state: Literal["active", "done"] = "active"
    step: str = ""
    phase: Literal["before", "inside", "waiting"] = "before"
    rev_no: int = 0
    visit: int = 0  # the rev_no that entered the step in hand: its effects are named by it
    release_entered: int = 0
    release_step: int = 0  # the release whose text the step in hand follows
    entered_at: datetime
    step_at: datetime  # when the step before let go
    planned_at: datetime | None = None  # the moment of the step in hand
    due_at: datetime | None = None
    keys: tuple[str, ...] = ()  # facts that wake it: exits and the wait in hand
    wait_since: datetime | None = None
    results: dict[str, str] = field(default_factory=dict)  # step → 任务结果
    exit_reason: str = ""
    goal: str = ""  # 达成 | 负面 | ""
    slot: int = 0
    claims: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact(Record):
    """Something that happened and that journeys, exits or tasks may wait for."""

    keys: tuple[str, ...]
    subject: str
    at: datetime
    source: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing(Record):
    """One call to WeCom waiting in the outbox; ``kind`` names its rule for repeats."""

    kind: Literal["card", "text", "tick", "welcome", "tag", "join_way", "mass", "remind", "cancel"]
    lane: Lane = "normal"
    body: dict[str, Any]
    staff: str = ""  # whose pace it uses
    subject: str = ""
    about: str = ""  # the task, sending, group … that learns the result
    journey: str = ""  # a word of a step: not sent when its journey was left meanwhile
    serial: str = ""  # rows with the same serial are sent one at a time
    state: Literal["ready", "sending", "sent", "failed", "expired", "unknown", "suppressed"] = (
        "ready"
    )
    due_at: datetime | None = None
    expires_at: datetime | None = None
    attempts: int = 0
    attempt_at: datetime | None = None
    error: str = ""
    result: dict[str, Any] = field(default_factory=dict)
    slot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Record):
    """One customer or group and one step's content: what caps, why and every counter count."""

    journey: str
    sop: str
    step: str
    subject: str
    subject_type: SubjectType = "contact"
    staff: str
    cls: Class = "服务"
    message: dict[str, Any]  # text, attachments: frozen when rendered
    content_hash: str
    column: str = ""  # the 栏目 it was taken from
    planned_at: datetime
    expires_at: datetime
    due_at: datetime | None = None
    state: Literal[
        "ready", "gathered", "created", "delivered", "failed", "expired", "suppressed", "cancelled"
    ] = "ready"
    sending: str = ""
    reason: str = ""
    seat: str = ""  # the seat this invitation is for
    delivered_at: datetime | None = None
    slot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CapWindow:
    """At most ``limit`` hits not earlier than ``since``, of class ``cls`` or of any."""

    rule: str  # as people know it: 每7天3条
    limit: int
    cls: Class | None = None
    since: datetime
    until: datetime | None = None  # a calendar window is empty again then
    span: timedelta | None = None  # a rolling window forgets a hit after so long


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """No room: ``rule`` says why, and not before ``free_at`` is there any."""

    rule: str
    free_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending(Record):
    """One mass message one member of staff confirms: ≤ 10,000 customers or ≤ 2,000 groups."""

    staff: str
    subject_type: SubjectType
    message: dict[str, Any]
    content_hash: str
    moment: datetime
    expires_at: datetime
    members: tuple[str, ...] = ()  # delivery ids
    state: Literal["open", "closed", "created", "done", "cancelled", "failed"] = "open"
    due_at: datetime | None = None
    msgid: str = ""
    created_at: datetime | None = None
    polls: int = 0
    base: str = ""  # what its parts have in common
    part: int = 0
    reminds: int = 0
    stopping: Literal["", "免打扰", "过期"] = ""  # why it is being cancelled
    reason: str = ""
    slot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Record):
    """One thing one member of staff has to do. ``state`` is what the person sees."""

    journey: str
    sop: str
    step: str
    subject: str
    subject_type: SubjectType = "contact"
    staff: str
    title: str
    note: str = ""  # 为什么发
    material: str = ""  # text ready to forward
    buttons: tuple[str, ...] = ()
    checklist: tuple[str, ...] = ()
    proofs_wanted: tuple[str, ...] = ()  # 按钮 | 清单 | a fact key
    any_proof: bool = False  # 任一
    proofs: dict[str, dict[str, Any]] = field(default_factory=dict)  # wanted → at, by, answer
    keys: tuple[str, ...] = ()  # fact keys among the proofs wanted, until closed
    state: Literal[
        "待派", "已送达", "已完成", "已核实", "已逾期", "已升级", "已转派", "已取消", "已过期"
    ] = "待派"
    evidence: Literal["", "verified", "acknowledged", "self_reported", "manager_override"] = ""
    result: str = ""  # the button chosen
    done_by: str = ""
    open: bool = True
    card: str = ""  # WeCom's task_id
    cards: int = 0  # how many cards were dealt for it (reminders included)
    response_code: str = ""
    created_at: datetime
    given_at: datetime | None = None
    deadline: datetime | None = None
    limit: str = ""  # 期限 as written
    ladder: str = ""
    rung: int = 0
    log: tuple[dict[str, Any], ...] = ()
    result_tags: dict[str, str] = field(default_factory=dict)
    due_at: datetime | None = None
    slot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat(Record):
    """One customer's place in one theme."""

    theme: str
    subject: str
    staff: str
    journey: str = ""
    group: str = ""
    state: Literal["候选", "已占位", "已邀请", "已入群", "已退群", "占位过期", "候补"] = "候选"
    due_at: datetime | None = None
    held_at: datetime | None = None
    created_at: datetime
    log: tuple[dict[str, Any], ...] = ()
    slot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence(Record):
    """One moment of one calendar step: ``sop/step@2026-11-25T12:30Z``; first insert wins."""

    sop: str
    step: str
    scheduled_at: datetime
    late: bool = False
    cursor: str = ""
    state: Literal["due", "done", "skipped"] = "due"
    due_at: datetime | None = None
