"""Who a step is about, and the people around them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from bot.actions import content
from bot.actions.content import Wording, nowhere
from bot.model import Contact, Group, Journey, Staff
from bot.playbook.audience import Facts
from bot.playbook.hours import Hours
from bot.playbook.pages import Link, Pages
from config.book import Book
from config.content import Receiver
from config.sop import Sop


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who the step is about, and the people around them."""

    now: datetime
    agent_id: int
    book: Book
    hours: Hours
    contact: Contact | None
    group: Group | None
    staff: Mapping[str, Staff]
    facts: Facts
    used: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """栏目 → 素材 → how often it was sent here."""
    posted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """栏目 → how often each piece was published."""
    tag_names: Mapping[str, str] = field(default_factory=dict)  # WeCom's id → "组/名"
    pages: Pages | None = None  # None: nobody said where browsers find us

    def name_of(self, userid: str) -> str:
        known = self.staff.get(userid)
        return known.name if known and known.name else self.book.team.name_of(userid)

    @property
    def shop(self) -> str:
        subject = self.contact or self.group
        return subject.shop if subject else ""

    def receiver(self, to: Receiver, journey: Journey) -> str:
        """The userid meant; the owner of the group or customer stands in for an empty post."""
        match to.kind:
            case "跟进人":
                return journey.staff
            case "群主":
                return self.group.owner if self.group else journey.staff
            case "店长":
                return self.manager() or journey.staff
            case "角色":
                people = self.book.team.in_role(to.name)
                here = [p for p in people if p in self.staff and self.staff[p].active]
                return next(iter(here or people), journey.staff)
            case "员工":
                return self.book.team.userid(to.name)
            case "部门":  # of a task, which one person does; messages go to all, see readers
                return self.manager(to.name) or journey.staff
            case _:
                assert_never(to.kind)

    def readers(self, to: Receiver, journey: Journey) -> list[str]:
        """Everybody a message is meant for: of 部门 every active member of it."""
        if to.kind != "部门":
            return [self.receiver(to, journey)]
        shop = self.book.team.shop(to.name)
        return sorted(
            member.id
            for member in self.staff.values()
            if shop and member.active and shop.department in member.departments
        )

    def everybody(self, to: Receiver, journey: Journey) -> list[str]:
        """Who does what each does for himself: of 角色 and 部门 everybody who works here."""
        if to.kind != "角色":
            return [one for one in self.readers(to, journey) if one]
        people = self.book.team.in_role(to.name)
        return sorted({p for p in people if p in self.staff and self.staff[p].active})

    def manager(self, of: str = "") -> str | None:
        """A shop's 店长: by name in the folder, else whoever leads its department."""
        if named := self.book.team.manager_of(of or self.shop):
            return named
        shop = self.book.team.shop(of or self.shop)
        leaders = (s.id for s in self.staff.values() if shop and shop.department in s.leads)
        return min(leaders, default=None)

    def wording(self, sop: Sop, journey: Journey) -> Wording:
        link: Link = nowhere
        if self.group:
            owner = self.name_of(self.group.owner)
            values = content.of_group(self.group, owner, self.now, self.hours)
        else:
            contact = self.contact or Contact(id=journey.subject)
            values = content.of_contact(contact, self.name_of(journey.staff), self.book)
            values |= {"评分理由": contact.score_reasons.get(sop.entry.system or "", "")}
            if self.pages:
                link = self.pages(journey.subject, f"{journey.id}:{journey.visit}")
        holiday = sop.calendar.long_holiday == "换成 假期版" and self.hours.is_holiday(self.now)
        return Wording(book=self.book, values=values, holiday=holiday, link=link)
