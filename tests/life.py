"""A company's random life, for tests that ask whether our copy of it is right: acts by dice."""

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from tests.world import World

DEPARTMENTS = [12, 13]
GROUP_NAMES = ["新手妈妈{}群", "0-6月龄{}群", "闲聊{}群"]
TAGS = [("宝宝月龄", "孕期"), ("宝宝月龄", "0-6月龄"), ("来源", "海报"), ("来源", "转介绍")]


class Life:
    """Every act is possible when it happens; what it needs is asked of WeCom itself."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._dice = random.Random(seed)
        self._made = 0
        self._truth: dict[str, Any] = {}

    async def live(self, acts: int) -> None:
        """So many things happen, seconds or minutes apart."""
        for _ in range(acts):
            await self.one_act()
            if self._dice.random() < 0.3:
                await self._world.later(seconds=self._dice.choice((3, 40, 400)))
            else:
                await self._world.pass_by(seconds=self._dice.choice((1, 2, 5)))
        await self._world.later(minutes=6)  # WeCom's own lists have settled

    async def one_act(self) -> None:
        self._truth = await self._world.sim.truth()
        acts: dict[Callable[[], Awaitable[None]], int] = {
            self._adds: 6,
            self._is_deleted: 2,
            self._deletes: 2,
            self._is_tagged: 5,
            self._joins: 6,
            self._leaves: 3,
            self._opens_group: 2,
            self._renames_group: 1,
            self._changes_owner: 1,
            self._dismisses: 1,
            self._calls_themselves: 1,
            self._half_added: 1,
            self._confirms: 2,
            self._edits_tags: 2,
            self._comes_to_work: 1,
            self._moves: 1,
            self._leaves_work: 1,
        }
        (act,) = self._dice.choices(list(acts), list(acts.values()))
        await act()

    # ---- customers --------------------------------------------------------------------------------

    async def _adds(self) -> None:
        staff = self._pick(self._crew())
        known = [one for one in self._customers() if staff not in self._friends(one)]
        again = {"contact": self._pick(known)} if known and self._dice.random() < 0.5 else {}
        state = self._dice.choice(("", "", "门口海报"))
        await self._act("add_contact", staff=staff, name=self._name("妈妈"), state=state, **again)

    async def _half_added(self) -> None:
        staff = self._pick(self._crew())
        await self._act("add_contact", staff=staff, name=self._name("半个"), half=True)

    async def _confirms(self) -> None:
        """Somebody of those added half, or nobody."""
        nobodys = [one for one in self._customers() if not self._friends(one)]
        if nobodys:
            contact = self._pick(nobodys)
            for staff in self._crew():
                await self._act("confirm_half", staff=staff, contact=contact)

    async def _is_deleted(self) -> None:
        if pair := self._friendship():
            await self._act("delete_by_staff", staff=pair[0], contact=pair[1])

    async def _deletes(self) -> None:
        if pair := self._friendship(of_leavers=True):
            await self._act("delete_by_customer", staff=pair[0], contact=pair[1])

    async def _is_tagged(self) -> None:
        if (pair := self._friendship()) and self._truth["tags"]:
            worn = self._truth["customers"][pair[1]]["friends"][pair[0]]["tags"]
            tag = self._pick(self._truth["tags"])
            what = {"remove": [tag]} if tag in worn else {"add": [tag]}
            await self._act("edit_tags", staff=pair[0], contact=pair[1], **what)

    async def _calls_themselves(self) -> None:
        if customers := self._customers():
            who = self._pick(customers)
            await self._act("rename_contact", contact=who, name=self._name("改名"))

    # ---- groups -----------------------------------------------------------------------------------

    async def _opens_group(self) -> None:
        name = self._dice.choice(GROUP_NAMES).format(self._number())
        await self._act("create_group", name=name, owner=self._pick(self._crew()))

    async def _joins(self) -> None:
        if (groups := self._groups()) and (customers := self._customers()):
            who = self._pick([*customers, *self._crew()])
            state = self._dice.choice(("", "码一"))
            whom = {"staff" if who in self._crew() else "contact": who}
            await self._act("join_group", chat=self._pick(groups), state=state, **whom)

    async def _leaves(self) -> None:
        if groups := self._groups():
            chat = self._pick(groups)
            group = self._truth["groups"][chat]
            if others := sorted(set(group["members"]) - {group["owner"]}):
                removed = self._dice.random() < 0.5
                who = self._pick(others)
                await self._act("leave_group", chat=chat, contact=who, removed=removed)

    async def _renames_group(self) -> None:
        if groups := self._groups():
            name = self._dice.choice(GROUP_NAMES).format(self._number())
            await self._act("rename_group", chat=self._pick(groups), name=name)

    async def _changes_owner(self) -> None:
        if groups := self._groups():
            chat = self._pick(groups)
            if inside := sorted(set(self._truth["groups"][chat]["members"]) & set(self._crew())):
                await self._act("change_owner", chat=chat, owner=self._pick(inside))

    async def _dismisses(self) -> None:
        if groups := self._groups():
            await self._act("dismiss_group", chat=self._pick(groups))

    # ---- tags and staff ---------------------------------------------------------------------------

    async def _edits_tags(self) -> None:
        """Made, deleted, renamed; two that swap their names, so that each has been the other."""
        tags = self._truth["tags"]
        what = self._dice.random()
        if what < 0.4 or len(tags) < 3:
            group, name = self._dice.choice(TAGS)
            await self._act("create_tag", group=group, name=f"{name}{self._number()}")
        elif what < 0.6:
            await self._act("delete_tag", tag=self._pick(tags))
        elif what < 0.8:
            await self._act("rename_tag", tag=self._pick(tags), name=self._name("新名"))
        else:
            one, other = self._dice.sample(sorted(tags), 2)
            first, second = (tags[tag].split("/")[1] for tag in (one, other))
            await self._act("rename_tag", tag=one, name="暂时")
            await self._act("rename_tag", tag=other, name=first)
            await self._act("rename_tag", tag=one, name=second)

    async def _comes_to_work(self) -> None:
        name, department = self._name("新人"), self._dice.choice(DEPARTMENTS)
        userid = f"staff{self._made}"
        leader = self._dice.random() < 0.2
        await self._act(
            "staff_joins", staff=userid, name=name, department=[department], leader=leader
        )

    async def _moves(self) -> None:
        department = self._dice.choice(DEPARTMENTS)
        await self._act("staff_moves", staff=self._pick(self._crew()), department=[department])

    async def _leaves_work(self) -> None:
        if len(crew := self._crew()) > 4:
            await self._act("staff_leaves", staff=self._pick(crew))

    # ---- who there is -----------------------------------------------------------------------------

    async def _act(self, do: str, **what: Any) -> None:
        await self._world.sim.act(do, **what)

    def _crew(self) -> list[str]:
        return sorted(one for one, told in self._truth["staff"].items() if not told["left"])

    def _customers(self) -> list[str]:
        return sorted(self._truth["customers"])

    def _groups(self) -> list[str]:
        return sorted(self._truth["groups"])

    def _friends(self, contact: str) -> dict[str, Any]:
        return dict(self._truth["customers"][contact]["friends"])

    def _friendship(self, *, of_leavers: bool = False) -> tuple[str, str] | None:
        able = set(self._truth["staff"]) if of_leavers else set(self._crew())
        pairs = [(s, c) for c in self._customers() for s in self._friends(c) if s in able]
        return self._pick(pairs) if pairs else None

    def _pick(self, options: Any) -> Any:
        return self._dice.choice(sorted(options))

    def _name(self, what: str) -> str:
        return f"{what}{self._number()}"

    def _number(self) -> int:
        self._made += 1
        return self._made


async def differences(world: World, *, how_joined: bool = True) -> list[str]:
    """Where our copy says something else than WeCom, a line for each person, tag and group."""
    truth = await world.sim.truth()
    return [
        line
        for said, known in (
            (_staff(truth), await _our_staff(world)),
            (truth["tags"], {t.id: t.full for t in (await world.store.tags.all()).values()}),
            (_customers(truth), await _our_customers(world, truth)),
            (_groups(truth, how_joined), await _our_groups(world, how_joined)),
        )
        for line in _unlike(said, known)
    ]


def _unlike(said: dict[str, Any], known: dict[str, Any]) -> list[str]:
    return [
        f"{key}: WeCom {said.get(key)} ≠ ours {known.get(key)}"
        for key in sorted(said.keys() | known.keys())
        if said.get(key) != known.get(key)
    ]


def _staff(truth: dict[str, Any]) -> dict[str, Any]:
    """Of who has left, and of who came and left unheard of, only that they are not here."""
    return {
        one: (told["name"], told["departments"], told["departments"] if told["leader"] else [])
        for one, told in truth["staff"].items()
        if not told["left"]
    }


async def _our_staff(world: World) -> dict[str, Any]:
    here = await world.store.staff.active()
    return {one.id: (one.name, list(one.departments), list(one.leads)) for one in here}


def _customers(truth: dict[str, Any]) -> dict[str, Any]:
    """Whoever is somebody's friend: name, each friendship, and the tags anybody gave them."""
    names = truth["tags"]
    return {
        one: {
            "name": told["name"],
            "friends": told["friends"],
            "tags": sorted({names[t] for f in told["friends"].values() for t in f["tags"]}),
        }
        for one, told in truth["customers"].items()
        if told["friends"]
    }


async def _our_customers(world: World, truth: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for one in (await world.store.contacts.many(await _all_ids(world, truth))).values():
        friends = {
            r.staff: {"since": _seconds(r.since), "state": r.state, "tags": sorted(r.tags)}
            for r in one.relations
            if not r.lost
        }
        if friends:
            found[one.id] = {"name": one.name, "friends": friends, "tags": sorted(one.tags)}
    return found


async def _all_ids(world: World, truth: dict[str, Any]) -> set[str]:
    """Of everybody WeCom knows, and of everybody we think of as somebody's friend."""
    staff = await world.store.staff.everybody()
    ours = [await world.store.contacts.of_staff(one.id) for one in staff]
    return {*truth["customers"], *(contact for some in ours for contact in some)}


def _groups(truth: dict[str, Any], how: bool) -> dict[str, Any]:
    return {
        chat: {
            "name": told["name"],
            "owner": told["owner"],
            "version": told["version"],
            "count": len(told["members"]),
            "members": {
                one: (
                    1 if m["is_staff"] else 2,
                    m["joined_at"],
                    *((m["scene"], m["state"]) if how else ()),
                )
                for one, m in told["members"].items()
            },
        }
        for chat, told in truth["groups"].items()
    }


async def _our_groups(world: World, how: bool) -> dict[str, Any]:
    found = {}
    for group in (
        await world.store.groups.many([g.id for g in await world.store.groups.all()])
    ).values():
        found[group.id] = {
            "name": group.name,
            "owner": group.owner,
            "version": group.version,
            "count": group.members,
            "members": {
                one: (m["type"], _seconds(m["at"]), *((m["scene"], m["state"]) if how else ()))
                for one, m in group.roster.items()
            },
        }
    return found


def _seconds(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp())
