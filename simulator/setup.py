"""What a pretend company is made of, how its people behave, and WeCom's limits."""

from datetime import datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Part(BaseModel):
    """Unknown keys are errors: a misspelt rate must not silently be the default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Route(Part):
    """Where callbacks of one kind go; several addresses are served in turn."""

    url: str | list[str]
    token: str
    aes_key: str = Field(min_length=43, max_length=43)

    @property
    def urls(self) -> tuple[str, ...]:
        return (self.url,) if isinstance(self.url, str) else tuple(self.url)


class Routes(Part):
    app: Route | None = None
    contact: Route | None = None
    directory: Route | None = None


class Shop(Part):
    """Where the pretend shop reports its orders and visits."""

    url: str
    secret: str


class DepartmentSeed(Part):
    id: int
    name: str
    parentid: int = 0


class StaffSeed(Part):
    userid: str
    name: str
    department: list[int] = [1]
    leader: bool = False
    position: str = ""


class GroupSeed(Part):
    name: str
    owner: str
    members: int = 0
    notice: str = ""


class FriendsSeed(Part):
    """So many customers this member of staff has known for so many days."""

    staff: str
    count: int = Field(ge=1)
    days: int = Field(90, ge=0)


class TagSeed(Part):
    name: str
    tags: list[str]


class CapPromise(Part):
    """At most so many mass messages in so many days; with ``words``, of those that say one."""

    to: Literal["single", "group"]
    days: int = Field(ge=1)
    limit: int = Field(ge=1)
    words: list[str] = []


class Promises(Part):
    """What the company promised, checked at every call (simulator/invariants.py).

    ``quiet`` is said of single (customers), group and staff; ``same_words_days`` of single and
    group; ``opted_out`` are tags, 组/名.
    """

    quiet: dict[Literal["single", "group", "staff"], tuple[time, time]] = {}
    opted_out: list[str] = []
    caps: list[CapPromise] = []
    same_words_days: dict[Literal["single", "group"], int] = {}


class Behaviour(Part):
    """Chances are per customer, card or day, as the README's table says."""

    grain_seconds: int = Field(300, ge=1)
    channels: list[str] = []
    channel_share: float = 0.8
    opens_hour: int = 9
    closes_hour: int = 21
    night: float = 0.04
    half_added: float = 0.03
    age_group: str = "宝宝月龄"
    ages: dict[str, float] = {"孕期": 0.2, "0-6月龄": 0.5, "6-12月龄": 0.3}
    tag_age: float = 0.8
    tag_hours: tuple[float, float] = (0.3, 20.0)
    silent: float = 0.12
    open_invitation: float = 0.75
    open_hours: tuple[float, float] = (0.2, 20.0)
    other_way: float = 0.05
    join_by_self: float = 0.03
    leave_group: float = 0.08
    speaks: float = 0.08
    delete_staff: float = 0.04
    delete_customer: float = 0.01
    order: float = 0.3
    reorder: float = 0.25
    visit: float = 0.3
    confirm: float = 0.85
    confirm_minutes: tuple[float, float] = (3.0, 300.0)
    reminded: float = 0.6
    publish: float = 0.8
    publish_minutes: tuple[float, float] = (5.0, 360.0)
    like: float = 0.1
    comment: float = 0.02
    tap: float = 0.88
    tap_minutes: tuple[float, float] = (5.0, 360.0)
    honest: float = 0.85
    nudged: float = 0.4
    writes: float = 0.1
    refuse: float = 0.0
    opt_out: float = 0.0
    opt_out_tag: str = "管理/勿扰"
    staff_leaves: float = 0.0


class Limits(Part):
    """WeCom's figures; every one may be changed, also while running."""

    token_seconds: float = 7200
    new_token_voids_old: bool = False
    welcome_seconds: float = 20.0
    media_days: float = 3
    pictures_per_day: int = 1_000
    pictures_per_month: int = 3_000
    response_code_hours: float = 72
    recall_hours: float = 24
    calls_per_minute: int = 10_000
    calls_per_hour: int = 150_000
    messages_per_member_minute: int = 30
    messages_per_member_hour: int = 1_000
    messages_per_member_day: int = 200
    receive_cap: Literal["month", "week7", "day1", "none"] = "month"
    monthly_cap: int | None = None
    reminders_per_day: int = 3
    moments_per_minute: int = 10
    moments_per_month: int = 100_000
    moment_job_seconds: float = 5.0
    moment_list_lag_seconds: float = 0.0
    group_capacity: int = 200
    tags_total: int = 10_000
    tags_per_pair: int = 3_000
    ways_total: int = 500_000
    group_welcomes_total: int = 100
    exclusive_seconds: float = 0.002
    dispatch_seconds: float = 0.0
    list_lag_seconds: float = 0.0
    hang_seconds: float = 30.0
    callback_timeout_seconds: float = 5.0
    callback_attempts: int = 3
    callback_pause_seconds: float = 1.0
    callback_concurrency: int = 64
    callback_resign: bool = False


class Setup(Part):
    corp_id: str
    agent_id: int
    agent_secret: str
    contact_secret: str
    callbacks: Routes = Routes()
    events: Shop | None = None
    start: datetime
    seed: int = 1
    days: int = Field(14, ge=1)
    timezone: str = "Asia/Shanghai"
    departments: list[DepartmentSeed] = [DepartmentSeed(id=1, name="总部")]
    staff: list[StaffSeed] = []
    groups: list[GroupSeed] = []
    friends: list[FriendsSeed] = []
    customers: int = Field(0, ge=0)
    tag_groups: list[TagSeed] = []
    acquisition_quota: int = Field(1000, ge=0)
    behaviour: Behaviour = Behaviour()
    promises: Promises | None = None
    limits: Limits = Limits()

    @field_validator("start")
    @classmethod
    def _is_aware(cls, start: datetime) -> datetime:
        if start.tzinfo is None:
            raise ValueError("start needs an offset, such as 2026-11-02T08:00:00+08:00")
        return start

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def end(self) -> datetime:
        return self.start + timedelta(days=self.days)


def changed(limits: Limits, changes: dict[str, Any]) -> Limits:
    """The same limits but for ``changes``; unknown names raise a ValidationError."""
    return Limits.model_validate({**limits.model_dump(), **changes})
