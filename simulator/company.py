"""The pretend company held in memory: its staff, customers, tags and groups."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

QR_ADDRESS = "https://wework.qpic.cn/wwpic/"
LINK_ADDRESS = "https://work.weixin.qq.com/ca/"


@dataclass(slots=True, kw_only=True)
class Department:
    id: int
    name: str
    parentid: int


@dataclass(slots=True, kw_only=True)
class Staff:
    userid: str
    name: str
    departments: list[int]
    leader: bool
    position: str = ""
    left: bool = False
    left_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Relation:
    """One member of staff and one customer; ``half`` until the member confirms."""

    staff_id: str
    customer_id: str
    added_at: datetime
    state: str
    half: bool = False
    alive: bool = True
    tags: set[str] = field(default_factory=set)
    remark: str = ""
    description: str = ""
    remark_company: str = ""
    remark_mobiles: list[str] = field(default_factory=list)

    @property
    def is_friend(self) -> bool:
        return self.alive and not self.half


@dataclass(slots=True, kw_only=True)
class Customer:
    """``age`` (the baby's) is hidden: staff must ask for it."""

    id: str
    name: str
    age: str
    relations: dict[str, Relation] = field(default_factory=dict)

    def friends(self) -> list[Relation]:
        return [relation for relation in self.relations.values() if relation.is_friend]


@dataclass(slots=True, kw_only=True)
class Member:
    userid: str
    is_staff: bool
    joined_at: datetime
    scene: int
    state: str = ""
    invitor: str = ""


@dataclass(slots=True, kw_only=True)
class Group:
    chat_id: str
    name: str
    owner: str
    created_at: datetime
    version: str
    notice: str = ""
    welcome: str = ""  # the template its owner selected
    dismissed: bool = False
    members: dict[str, Member] = field(default_factory=dict)
    former: list[tuple[Member, datetime]] = field(default_factory=list)  # and when they left
    said: dict[date, Counter[str]] = field(default_factory=dict)  # messages, by acts
    talk: dict[date, Counter[str]] = field(default_factory=dict)  # of days that are over


@dataclass(slots=True, kw_only=True)
class Tag:
    id: str
    name: str
    order: int
    created_at: datetime
    deleted: bool = False


@dataclass(slots=True, kw_only=True)
class TagGroup:
    id: str
    name: str
    order: int
    created_at: datetime
    deleted: bool = False
    tags: dict[str, Tag] = field(default_factory=dict)

    def living(self) -> list[Tag]:
        return [tag for tag in self.tags.values() if not tag.deleted]


@dataclass(slots=True, kw_only=True)
class Way:
    """A QR code: 联系我 or a group's join way."""

    config_id: str
    kind: Literal["contact", "join"]
    body: dict[str, Any]
    created_at: datetime
    rooms_opened: int = 0

    @property
    def qr_code(self) -> str:
        return f"{QR_ADDRESS}{self.config_id}/0"


MediaUse = Literal["message", "moment"]


@dataclass(slots=True, kw_only=True)
class LinkFriend:
    """Who became a friend by a 获客链接; ``messages``: how many they have written since."""

    state: str
    at: datetime
    messages: int = 0


@dataclass(slots=True, kw_only=True)
class Link:
    """A 获客链接. ``friends`` are by (customer, staff), ``clicks`` who came when."""

    link_id: str
    name: str
    users: list[str]
    departments: list[int]
    skip_verify: bool
    created_at: datetime
    priority: dict[str, Any] = field(default_factory=dict)
    friends: dict[tuple[str, str], LinkFriend] = field(default_factory=dict)
    clicks: list[tuple[datetime, str]] = field(default_factory=list)
    turn: int = 0
    deleted: bool = False

    @property
    def url(self) -> str:
        return f"{LINK_ADDRESS}{self.link_id}"


@dataclass(slots=True)
class Quota:
    """How many friends by links the company has paid for, and has made."""

    balance: int = 0
    used: int = 0


@dataclass(slots=True, kw_only=True)
class Media:
    """``use``: media/upload is for messages, media/upload_attachment for moments."""

    id: str
    kind: str
    filename: str
    created_at: datetime
    use: MediaUse = "message"
    sha: str = ""


@dataclass(slots=True, kw_only=True)
class GroupWelcome:
    """A material from which owners of groups pick what newcomers read."""

    id: str
    body: dict[str, Any]
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class WelcomeCode:
    """``sent_at`` is machine time, because business time jumps."""

    code: str
    staff_id: str
    customer_id: str
    sent_at: float | None = None
    used: bool = False
    rival: bool = False


@dataclass(slots=True)
class Company:
    departments: dict[int, Department] = field(default_factory=dict)
    staff: dict[str, Staff] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    tag_groups: dict[str, TagGroup] = field(default_factory=dict)
    ways: dict[str, Way] = field(default_factory=dict)
    requests: dict[tuple[str, str], str] = field(default_factory=dict)
    """(staff, customer) → state of the code by which the customer asked to be let in."""
    links: dict[str, Link] = field(default_factory=dict)
    quota: Quota = field(default_factory=Quota)
    media: dict[str, Media] = field(default_factory=dict)
    pictures: dict[str, datetime] = field(default_factory=dict)
    picture_uploads: list[datetime] = field(default_factory=list)
    welcome_codes: dict[str, WelcomeCode] = field(default_factory=dict)
    group_welcomes: dict[str, GroupWelcome] = field(default_factory=dict)

    def working(self, userid: str) -> Staff | None:
        """WeCom compares user ids without case."""
        found = self.staff.get(userid)
        if found is None:
            wanted = userid.lower()
            found = next((s for s in self.staff.values() if s.userid.lower() == wanted), None)
        return found if found and not found.left else None

    def crew(self) -> list[Staff]:
        return [member for member in self.staff.values() if not member.left]

    def relation(self, staff_id: str, customer_id: str) -> Relation | None:
        """None unless both are friends now."""
        customer = self.customers.get(customer_id)
        relation = customer.relations.get(staff_id) if customer else None
        return relation if relation and relation.is_friend else None

    def customers_of(self, staff_id: str) -> list[Relation]:
        return [
            relation
            for customer in self.customers.values()
            if (relation := customer.relations.get(staff_id)) and relation.is_friend
        ]

    def group(self, chat_id: str) -> Group | None:
        found = self.groups.get(chat_id)
        return found if found and not found.dismissed else None

    def living_tags(self) -> Iterator[tuple[TagGroup, Tag]]:
        for group in self.tag_groups.values():
            if not group.deleted:
                for tag in group.living():
                    yield group, tag

    def tag(self, tag_id: str) -> tuple[TagGroup, Tag] | None:
        return next((pair for pair in self.living_tags() if pair[1].id == tag_id), None)

    def tag_named(self, path: str) -> tuple[TagGroup, Tag] | None:
        """``path`` is 组/名."""
        group_name, _, name = path.partition("/")
        return next(
            (p for p in self.living_tags() if p[0].name == group_name and p[1].name == name), None
        )
