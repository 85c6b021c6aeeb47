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
    phones: tuple[str, ...] = ()  # as staff noted them, masked: the whole number is never kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Record):
    """A customer (客户): what WeCom told us, and when they last did what can be counted."""

    name: str = ""
    kind: int = 1  # 1 WeChat user, 2 WeCom user
    relations: tuple[Relation, ...] = ()
    tags: tuple[str, ...] = ()  # "组/名" by anyone, resolved when the contact was last read
    shop: str = ""
    happened: dict[str, list[datetime]] = field(default_factory=dict)  # kind → last ≤ 20 times
    scores: dict[str, float] = field(default_factory=dict)  # KOC体系 → score
    stages: dict[str, str] = field(default_factory=dict)  # KOC体系 → stage
    score_reasons: dict[str, str] = field(default_factory=dict)  # KOC体系 → 评分理由
    attributes: dict[str, str] = field(default_factory=dict)  # 客户属性 → ISO date
    told_at: dict[str, datetime] = field(default_factory=dict)  # 体系:… 属性:… → the newest word

    def relation(self, staff: str) -> Relation | None:
        return next((r for r in self.relations if r.staff == staff), None)

    @property
    def newest_friend(self) -> Relation | None:
        """Who has known them for the shortest time; None when nobody is their friend."""
        friends = (r for r in self.relations if not r.lost)
        return max(friends, key=lambda r: (r.since, r.staff), default=None)


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
    next_held: tuple[str, ...] = ()  # 自动建群: seats in the group WeCom opens once this is full
    next_way: dict[str, str] = field(default_factory=dict)  # the code that opens it; with base
    announced: str = ""  # the theme it is known to have come to
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
    pinned: bool = False  # 按旧版走完: every step follows the text of release_entered
    looked_rev: int = 0  # no process that knows only an earlier head may decide about it
    entered_at: datetime
    step_at: datetime  # when the step before let go
    planned_at: datetime | None = None  # the moment of the step in hand
    due_at: datetime | None = None
    keys: tuple[str, ...] = ()  # facts that wake it: exits and the wait in hand
    wait_since: datetime | None = None
    wait_began: datetime | None = None  # when the step in hand began to wait
    past: tuple[str, ...] = ()  # steps behind it: an edit that moves one repeats it for nobody
    results: dict[str, str] = field(default_factory=dict)  # step → 任务结果
    given: dict[str, int] = field(default_factory=dict)  # step → visit that gave its newest task
    loop: str = ""  # how far each 循环 around the step in hand has come
    arm: dict[str, str] = field(default_factory=dict)  # 分流试验 → its arm | 对照组 | 等结果
    counts_from: datetime | None = None  # 第1天, put off by what was spent waiting for a verdict
    begun_by: str = ""  # what it began with, which neither ends it nor begins it again
    exit_reason: str = ""
    goal: str = ""  # 达成 | 负面 | ""
    slot: int = 0
    claims: int = 0

    @property
    def day_one(self) -> datetime:
        """From when 当天 and 第N天 count."""
        return self.counts_from or self.entered_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact(Record):
    """Something that happened and that journeys, exits or tasks may wait for."""

    keys: tuple[str, ...]
    subject: str
    at: datetime
    source: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None  # while it may still begin a journey


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing(Record):
    """One call to WeCom waiting in the outbox; ``kind`` names its rule for repeats."""

    kind: Literal[
        "card",
        "text",
        "tick",
        "welcome",
        "tag",
        "remark",
        "contact_way",
        "acquisition_link",
        "join_way",
        "group_welcome",
        "mass",
        "remind",
        "cancel",
        "moment",
        "moment_cancel",
    ]
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
    first_due_at: datetime | None = None  # when it was to be made first: what lists go by
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
    piece: str = ""  # which 素材 of it
    planned_at: datetime
    expires_at: datetime
    due_at: datetime | None = None
    state: Literal[
        "ready", "gathered", "created", "delivered", "failed", "expired", "suppressed", "cancelled"
    ] = "ready"
    sending: str = ""
    reason: str = ""
    seat: str = ""  # the seat this invitation is for
    recalled: bool = False  # 撤回未发: not to be offered again
    created_at: datetime | None = None  # when WeCom first had it
    confirmed_at: datetime | None = None  # when staff first sent it, whatever became of it
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
    strangers: tuple[str, ...] = ()  # whom WeCom refused as nobody's friends, not yet believed
    stopping: Literal["", "免打扰", "过期", "撤回", "被取消"] = ""  # why it is being cancelled
    reason: str = ""
    slot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Post(Record):
    """One moment (朋友圈) one member of staff is to publish, however many groups asked for it."""

    journey: str  # the first that asked for it
    sop: str
    step: str
    subject: str  # the group of that journey
    staff: str
    note: str = ""  # 为什么发
    occasion: str  # what is published together: one piece of a 栏目
    cls: Class = "服务"
    message: dict[str, Any]  # text, attachments: frozen when rendered
    content_hash: str
    tags: tuple[str, ...] = ()  # "组/名": customers with one of these may see it; (): everybody
    column: str = ""
    piece: str = ""  # which 素材 of the 栏目
    planned_at: datetime
    expires_at: datetime
    due_at: datetime | None = None
    state: Literal[
        "ready", "gathered", "created", "published", "failed", "expired", "suppressed", "cancelled"
    ] = "ready"
    posting: str = ""
    reason: str = ""
    recalled: bool = False  # 撤回未发: not to be offered again
    created_at: datetime | None = None  # when WeCom first put it before them
    published_at: datetime | None = None  # when we saw that; WeCom does not say since when
    looks: int = 0  # how often its echo was read
    audience: int | None = None  # customers who can see it; None until WeCom was asked
    likes: int | None = None
    comments: int | None = None
    slot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting(Record):
    """One moment made in WeCom (add_moment_task) for several members of staff to publish."""

    message: dict[str, Any]
    content_hash: str
    tags: tuple[str, ...] = ()
    moment: datetime
    expires_at: datetime
    members: tuple[str, ...] = ()  # post ids
    state: Literal["open", "closed", "asked", "created", "done", "cancelled", "failed"] = "open"
    due_at: datetime | None = None
    jobid: str = ""  # WeCom makes it in its own time
    asked_at: datetime | None = None
    moment_id: str = ""
    created_at: datetime | None = None
    polls: int = 0
    reminds: int = 0
    base: str = ""  # what its parts have in common
    part: int = 0
    stopping: Literal["", "免打扰", "过期", "撤回"] = ""  # why it is being cancelled
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
    files: tuple[dict[str, str], ...] = ()  # of the material: kind, asset (its path), sha
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
    together: str = ""  # the title but for the name: same words may share a card; "" never
    shared: str = ""  # the card it is on with others; "" one of its own
    sharing: tuple[str, ...] = ()  # every card it ever shared
    held: int = 0  # how often its card waited for others of its kind
    later_until: datetime | None = None  # 稍后: its person is not reminded before
    asked: dict[str, Any] = field(default_factory=dict)  # 做不了: at, card; the reason is to come
    cannot: str = ""  # 做不了, in their own words
    choices: tuple[str, ...] = ()  # 转给同事: the cards on which somebody chooses
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
    state: Literal["建议", "候选", "已占位", "已邀请", "已入群", "已退群", "占位过期", "候补"] = (
        "候选"
    )
    own: bool = False  # the customer asked for it, on the 选群页
    picker: str = ""  # 建议: the 分流器 that would now choose this theme
    origin: str = ""  # 建议: the group the customer sits in
    keys: tuple[str, ...] = ()  # 建议: the end of the task that asks
    due_at: datetime | None = None
    held_at: datetime | None = None
    created_at: datetime
    log: tuple[dict[str, Any], ...] = ()
    slot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWelcome(Record):
    """入群欢迎语 of a theme, for 用途: 购物 of each owner: what it is to say, what WeCom has."""

    theme: str
    owner: str = ""  # 购物: whose card it carries
    message: dict[str, Any] = field(default_factory=dict)  # {}: it is to be deleted
    rev: int = 0  # grows whenever it is wanted otherwise
    made_rev: int = 0  # the newest that WeCom has
    template_id: str = ""
    card_id: str = ""  # the owner's own contact way
    card_qr: str = ""
    asked: tuple[str, ...] = ()  # owners who were given the task to select this template
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way(Record):
    """One QR code (联系我) of a 渠道: the one all share, or that of one member of staff."""

    channel: str
    person: str = ""  # 每人一码: whose it is; "" all share it
    config_id: str = ""  # WeCom's; "" until it is made
    qr_code: str = ""
    users: tuple[str, ...] = ()  # who takes the customers, as WeCom was last told
    skip_verify: bool = True
    state: Literal["在用", "已删"] = "在用"
    standing: str = ""  # why these people
    asked: int = 0  # changes asked for; one at a time
    done: int = 0  # changes answered, well or badly
    wanted: dict[str, Any] = field(default_factory=dict)  # op, users … of the change asked last
    error: str = ""  # why the last one failed
    gone_at: datetime | None = None  # when its channel was no longer in the folder
    checked_at: datetime | None = None  # when WeCom was last asked whether it is still so
    due_at: datetime | None = None
    slot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionLink(Record):
    """The 获客链接 of a channel: what it is to be, and what WeCom has."""

    channel: str
    users: tuple[str, ...] = ()  # who takes its customers; (): it is to be deleted
    skip_verify: bool = True
    rev: int = 0  # grows whenever it is wanted otherwise
    made_rev: int = 0  # the newest that WeCom has
    link_id: str = ""
    url: str = ""
    told: str = ""  # the link_id whose address people know
    trouble: str = ""  # why WeCom would not have what is wanted
    trouble_on: str = ""  # on which local day it said so last
    read_day: str = ""  # its figures are known up to this local day
    gone_at: datetime | None = None  # since when its channel is not in the folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence(Record):
    """One moment of one calendar step: ``sop/step@2026-11-25T12:30Z``; first insert wins."""

    sop: str
    step: str
    scheduled_at: datetime
    kind: Literal["step", "audience"] = "step"  # audience: 检查人群
    late: bool = False
    cursor: str = ""
    state: Literal["due", "done", "skipped"] = "due"
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment(Record):
    """``experiment:subject``: the arm somebody was drawn into, once and for good."""

    experiment: str
    subject: str
    arm: str  # an arm's name | 对照组 | 等结果
    bucket: int
    staff: str = ""
    journey: str = ""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment(Record):
    """One 分流试验 by its 名称, from its first customer to its verdict."""

    sop: str
    measures: str = ""  # 看什么: 下单, 到店 …
    state: Literal["running", "asking", "decided", "over"] = "running"
    started_at: datetime
    since: datetime  # the beginning of the period in hand; 再观察 begins another
    counted_at: datetime | None = None
    counts: tuple[dict[str, Any], ...] = ()  # arm, enrolled, n, hits, harmed, chance
    finding: str = ""  # 胜出 | 判不出 | 不作数
    why: str = ""
    proposed: str = ""  # the arm that won, about which the owner is asked
    kept: str = ""  # 判不出: the arm that stays when the owner wants that
    asked: int = 0  # how many cards the owner was dealt
    asked_at: datetime | None = None
    card: str = ""  # WeCom's task_id of the last
    verdict: str = ""  # the arm everybody walks from now on
    decided_by: str = ""  # a userid; "" the rule itself
    decided_at: datetime | None = None
    release: int = 0  # the release in which the arm took the experiment's place
    ended: str = ""  # why there is no such release
    due_at: datetime | None = None
    slot: int = 0
    claims: int = 0
