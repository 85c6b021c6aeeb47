"""A synthetic company made from a folder: staff in its shops, groups, customers with a past."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from bot.model import Contact, Group, Relation, Staff
from bot.rehearse.dice import draw
from bot.rehearse.people import Act
from bot.rehearse.rates import Rates
from bot.rehearse.rehearsal import Rehearsal
from config.book import Book
from config.conditions import AnyOf, Condition, NoneOf, Tagged
from config.sop import Trigger, WaitEvent, all_steps

_DAY = timedelta(days=1)
_NEW = 14 * _DAY
CUSTOMERS_EACH = 250  # of one member of staff
_OPENS, _CLOSES = time(8), time(23)
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = ("小雨", "糖糖", "乐乐", "安安", "朵朵", "果果", "阳阳", "可可", "米粒", "豆豆")


@dataclass(frozen=True)
class Company:
    """Everything is drawn by hash from the seed and from what it is about.

    ``coming`` is whom newcomers add how often a day, where that is known.
    """

    book: Book
    start: datetime
    customers: int
    seed: int
    rates: Rates = field(default_factory=Rates)
    coming: Mapping[str, float] | None = None

    @cached_property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.book.rules.timezone)

    # ---- staff and groups -----------------------------------------------------------------------

    @cached_property
    def staff(self) -> list[Staff]:
        """Managers lead their shops, a channel's staff work in its shop, the rest by turns."""
        team, shops = self.book.team, self.book.team.shops
        home = {shop.manager: shop.department for shop in shops if shop.manager in team.people}
        for channel in self.book.channels.values():
            if shop := team.shop(channel.shop or ""):
                for name in (*channel.staff, *channel.backup):
                    home.setdefault(name, shop.department)
        heads = {name for people in team.roles.values() for name in people}
        others = [name for name in team.people if name not in home and name not in heads]
        for number, name in enumerate(others):
            if shops:
                home[name] = shops[number % len(shops)].department
        led = {shop.manager: shop.department for shop in shops}
        named = [
            Staff(
                id=userid,
                name=name,
                departments=(home[name],) if name in home else (),
                leads=(led[name],) if name in led else (),
            )
            for name, userid in team.people.items()
        ]
        return [*named, *self._clerks(named)]

    def _clerks(self, named: Sequence[Staff]) -> Iterator[Staff]:
        """Folders name few of those who serve customers; the rest is made up."""
        shops = self.book.team.shops
        wanted = -(-self.customers // CUSTOMERS_EACH) if shops else 0
        at_work = sum(bool(one.departments and not one.leads) for one in named)
        for number in range(1, wanted - at_work + 1):
            shop = shops[number % len(shops)]
            yield Staff(
                id=f"clerk{number:03d}", name=f"店员{number}", departments=(shop.department,)
            )

    @cached_property
    def greeters(self) -> list[tuple[str, str]]:
        """(userid, channel) of those whom customers add."""
        team = self.book.team
        found = [
            (team.userid(name), channel.name)
            for channel in self.book.channels.values()
            for name in channel.staff
        ]
        at_work = [one.id for one in self.staff if one.departments and not one.leads]
        known = {userid for userid, _ in found}
        found += [(userid, "") for userid in at_work if userid not in known]
        return found or [(one.id, "") for one in self.staff[:1]]

    def groups(self) -> list[Group]:
        """Two of each theme per shop, half full."""
        shops = [shop.name for shop in self.book.team.shops] or [""]
        return [
            self.group(theme, shop, number)
            for theme in self.book.themes
            for shop in shops
            for number in (1, 2)
        ]

    def group(self, theme_name: str, shop: str, number: int) -> Group:
        """One more group of a theme, owned by somebody of the shop."""
        theme, team = self.book.themes[theme_name], self.book.team
        place = team.shop(shop)
        own = [s.id for s in self.staff if place and place.department in s.departments]
        owners = own or [userid for userid, _ in self.greeters]
        part = theme.groups.name_contains or theme.name
        id = f"wr-{theme.name}-{shop}-{number}"
        members = int(theme.capacity * (0.2 + 0.4 * draw(self.seed, "members", id)))
        owner = owners[int(draw(self.seed, "owner", id) * len(owners))]
        chat_ids = theme.groups.chat_ids
        if not theme.groups.name_contains and chat_ids:
            id = chat_ids[min(number - 1, len(chat_ids) - 1)]
        name = f"{shop} {part} {number}群".strip()
        return Group(id=id, name=name, owner=owner, shop=shop, members=members)

    # ---- customers ------------------------------------------------------------------------------

    def contacts(self) -> Iterator[Contact]:
        """Those who are there already, each with a past."""
        for number in range(self.customers):
            yield self._contact(f"wm{number:06d}")

    def newcomers(self, day: datetime, number: int) -> Iterator[tuple[datetime, str, Act]]:
        """Who adds somebody on this local day; ``number`` counts the days."""
        for n, (staff, channel) in enumerate(self._added(number)):
            id = f"wn{number:04d}{n:05d}"
            at = self._moment(day, id)
            fields = {"staff": staff, "channel": channel, "name": self._name(id)}
            yield at, id, Act(at, "添加好友", fields)

    def _added(self, number: int) -> Iterator[tuple[str, str]]:
        if self.coming is None:
            rate = self.customers * self.rates.newcomers
            for n in range(int(rate * (number + 1)) - int(rate * number)):
                yield self._greeter(f"wn{number:04d}{n:05d}")
            return
        for staff, rate in sorted(self.coming.items()):
            more = self._draw("coming", staff, number) < rate % 1
            for _ in range(int(rate) + more):
                yield staff, ""

    def acts(
        self, contacts: Iterable[Contact], day: datetime, number: int
    ) -> Iterator[tuple[str, Act]]:
        """What customers do by themselves on this day, at most one thing each."""
        old, new = self._chances(new=False), self._chances(new=True)
        most = max(old[-1][0], new[-1][0])
        for contact in contacts:
            chance = draw(self.seed, number, contact.id)
            if chance >= most or (friend := contact.newest_friend) is None:
                continue
            chances = new if day - friend.since < _NEW else old
            if chance >= chances[-1][0]:
                continue
            _, kind, fields = next(one for one in chances if chance < one[0])
            if act := self._act(contact, kind, fields, self._moment(day, contact.id, kind)):
                yield contact.id, act

    def _act(self, contact: Contact, kind: str, fields: dict[str, Any], at: datetime) -> Act | None:
        if kind == "打上标签":
            tags = self._asked_for
            if not tags:
                return None
            tag = tags[int(draw(self.seed, "tag", contact.id, at) * len(tags))]
            return Act(at, kind, {"tag": tag})
        if kind == "阶段变化":
            return self._rise(contact, at)
        return Act(at, kind, fields)

    def _rise(self, contact: Contact, at: datetime) -> Act | None:
        for system in self.book.systems.values():
            names = [stage.name for stage in system.stages]
            now = contact.stages.get(system.name)
            place = names.index(now) + 1 if now in names else 0
            if place < len(names):
                stage = system.stages[place]
                fields = {
                    "system": system.name,
                    "stage": stage.name,
                    "score": float(stage.up),
                    "reason": "近30天参与答题",
                }
                return Act(at, "阶段变化", fields)
        return None

    def _chances(self, *, new: bool) -> list[tuple[float, str, dict[str, Any]]]:
        """Cumulative; what the folder never asks about does not happen."""
        rates = self.rates
        wanted: list[tuple[float, str, dict[str, Any]]] = [
            (rates.newcomer_order if new else rates.order, "下单", {}),
            (rates.newcomer_deletes if new else rates.deletes, "客户删除好友", {}),
            (rates.visit, "到店", {}),
            (rates.interaction, "互动", {}),
        ]
        if self.book.rules.reply_sources:
            wanted.append((rates.reply, "客户回复", {}))
        if self.book.systems:
            wanted.append((rates.stage, "阶段变化", {}))
        if self._asked_for:
            wanted.append((rates.tag, "打上标签", {}))
        wanted += [(rates.event, kind, fields) for kind, fields in self._awaited]
        found, total = [], 0.0
        for chance, kind, fields in wanted:
            total += chance
            found.append((total, kind, fields))
        return found

    def _contact(self, id: str) -> Contact:
        staff, channel = self._greeter(id)
        since = self.start - (1 + 399 * self._draw("since", id)) * _DAY
        tags = self._tags(id)
        friend = Relation(staff=staff, since=since, state=channel, tags=tags)
        happened = {
            kind: times
            for kind, share, most in (
                ("order", 0.45, 6),
                ("visit", 0.4, 8),
                ("interaction", 0.7, 9),
            )
            if (times := self._past(id, kind, share, most, since))
        }
        return Contact(
            id=id,
            name=self._name(id),
            relations=(friend,),
            tags=tags,
            shop=self.shop_of(staff, channel),
            happened=happened,
            attributes=self._attributes(id),
        )

    def _past(self, id: str, kind: str, share: float, most: int, since: datetime) -> list[datetime]:
        if self._draw(kind, id) >= share:
            return []
        times = 1 + int(self._draw(kind, id, "n") ** 2 * most)
        span = self.start - since
        # Late in the friendship more often than early, and for many not at all of late.
        idle = self._draw(id, "idle") * 0.6
        return sorted(
            self.start - (idle + (1 - idle) * self._draw(kind, id, n)) * span for n in range(times)
        )

    def _tags(self, id: str) -> tuple[str, ...]:
        """Of each group one at most; what SOPs keep away from is rare."""
        found = []
        for group, names in self.book.tags.items():
            full = self.book.tags_of(group)
            rare = any(tag in self._shunned for tag in full)
            if names and self._draw("tags", group, id) < (0.02 if rare else 0.5):
                found.append(full[int(self._draw("tag", group, id) * len(full))])
        return tuple(found)

    def _attributes(self, id: str) -> dict[str, str]:
        found = {}
        for name, kind in self.book.rules.attributes.items():
            if self._draw("attribute", name, id) < 0.6:
                away = int((self._draw(name, id) - (0.2 if kind == "日期" else 0.5)) * 300)
                found[name] = (self.start.astimezone(self.tz).date() + away * _DAY).isoformat()
        return found

    # ---- from the folder ------------------------------------------------------------------------

    @cached_property
    def _shunned(self) -> frozenset[str]:
        """Tags that keep people out of SOPs, or end them."""
        found = set()
        for sop in self.book.sops.values():
            for one in _flat(sop.entry.conditions):
                if isinstance(one, Tagged) and not one.wanted:
                    found |= set(self.book.full_tags(one.tags))
            found |= {self.book.tag(rule.tag) for rule in sop.exits if rule.tag}
        return frozenset(found)

    @cached_property
    def _asked_for(self) -> list[str]:
        """Tags with which SOPs begin, end or go on."""
        found: set[str] = set()
        for trigger in self._triggers:
            if trigger.kind == "打上标签" and trigger.tag:
                found.add(self.book.tag(trigger.tag))
            elif trigger.kind == "打上标签" and trigger.tag_group:
                found |= set(self.book.tags_of(trigger.tag_group))
        return sorted(found)

    @cached_property
    def _awaited(self) -> list[tuple[str, dict[str, Any]]]:
        """Events and forms some SOP asks about."""
        found = {}
        for trigger in self._triggers:
            if trigger.kind == "收到事件":
                found[trigger.event or ""] = ("收到事件", {"event": trigger.event})
            elif trigger.kind == "表单提交":
                found[trigger.form or ""] = ("表单提交", {"form": trigger.form})
        return [found[name] for name in sorted(found)]

    @cached_property
    def _triggers(self) -> list[Trigger]:
        found: list[Trigger] = []
        for sop in self.book.sops.values():
            found += [sop.entry, *sop.exits]
            for step in all_steps(sop.steps):
                found += [one for one in step.actions if isinstance(one, WaitEvent)]
        return found

    # ---- draws ----------------------------------------------------------------------------------

    def _greeter(self, id: str) -> tuple[str, str]:
        return self.greeters[int(self._draw("greeter", id) * len(self.greeters))]

    def shop_of(self, staff: str, channel: str) -> str:
        """The channel's shop, else that of the member of staff; "" when there is none."""
        known = self.book.channels.get(channel)
        if known and known.shop:
            return known.shop
        member = next((one for one in self.staff if one.id == staff), None)
        return (self.book.team.shop_of(member.departments) if member else None) or ""

    def _name(self, id: str) -> str:
        surname = _SURNAMES[int(self._draw("surname", id) * len(_SURNAMES))]
        return surname + _GIVEN[int(self._draw("given", id) * len(_GIVEN))]

    def _moment(self, day: datetime, *about: object) -> datetime:
        """A whole minute of the local day, while people are awake."""
        date = day.astimezone(self.tz).date()
        opens = datetime.combine(date, _OPENS, self.tz)
        closes = datetime.combine(date, _CLOSES, self.tz)
        minutes = int(
            self._draw("moment", date, *about) * ((closes - opens) / timedelta(minutes=1))
        )
        return (opens + timedelta(minutes=minutes)).astimezone(UTC)

    def _draw(self, *about: object) -> float:
        return draw(self.seed, *about)


def live_through(
    rehearsal: Rehearsal,
    company: Company,
    days: int,
    watch: Callable[[], None] = lambda: None,
) -> None:
    """Day after day: who comes, what people do; a theme that was full gets another group."""
    stage, opened = rehearsal.stage, dict.fromkeys(company.book.themes, 2)
    for number in range(days):
        day = company.start + number * _DAY
        for at, id, act in company.newcomers(day, number):
            if at >= rehearsal.now:
                rehearsal.happen(at, id, act.kind, **act.fields)
        for id, act in company.acts(list(stage.contacts.values()), day, number):
            if act.at >= rehearsal.now:
                rehearsal.happen(act.at, id, act.kind, **act.fields)
        for theme in [name for name, times in stage.full_themes.items() if times]:
            if theme in opened:
                opened[theme] += 1
                shops = [shop.name for shop in company.book.team.shops] or [""]
                for shop in shops:
                    rehearsal.add_group(company.group(theme, shop, opened[theme]))
            stage.full_themes[theme] = 0
        rehearsal.run_until(day + _DAY)
        watch()


def _flat(conditions: Iterable[Condition]) -> Iterator[Condition]:
    for one in conditions:
        if isinstance(one, AnyOf | NoneOf):
            yield from _flat(one.conditions)
        else:
            yield one
