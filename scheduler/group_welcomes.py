"""When the welcomes of customer groups are to be made, changed or to go, and who selects them."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bot.actions import group_welcoming
from bot.actions.dealing import note
from bot.actions.group_welcoming import CARD, Wanted
from bot.context import Context
from bot.crash import crash_point
from bot.model import Group, GroupWelcome, Outgoing
from bot.playbook.hours import Hours
from bot.wecom import bodies
from config import shopping
from config.book import Book


async def look(ctx: Context) -> bool:
    """Compare what the folder and the groups want with what WeCom has; True: something is new.

    Everything it does is done once however often it is done, so any number may look at a time.
    """
    book = (await ctx.releases.head()).book
    rows = {row.id: row for row in await ctx.store.group_welcomes.all()}
    themes = [t for t in book.themes.values() if t.welcome or t.is_for_shopping]
    if not rows and not themes:
        return False
    groups = [group for theme in themes for group in await ctx.store.groups.of_theme(theme.name)]
    staff = {one.id: one.name or one.id for one in await ctx.store.staff.active()}
    looking = _Looking(ctx, book, Hours.of(book), staff)
    wanted = {w.id: w for w in group_welcoming.wanted(book, groups, staff, set(staff))}
    changed = await looking.compare(wanted, rows)
    await looking.say_names(groups)
    return changed


@dataclass(frozen=True, slots=True)
class _Looking:
    ctx: Context
    book: Book
    hours: Hours
    names: Mapping[str, str]

    async def compare(self, wanted: Mapping[str, Wanted], rows: Mapping[str, GroupWelcome]) -> bool:
        changed = False
        for one in wanted.values():
            row = rows.get(one.id)
            if row is None or row.message != one.message:
                changed |= await self._want(one, row)
            elif row.rev > row.made_rev:
                await self._put(row)
            else:
                await self._ask_owners(one, row)
        for row in rows.values():
            if row.id not in wanted:
                changed |= await self._unwanted(row)
        return changed

    async def _want(self, one: Wanted, row: GroupWelcome | None) -> bool:
        rev = row.rev if row else 0
        welcomes = self.ctx.store.group_welcomes
        return await welcomes.want(one.id, one.theme, one.owner, one.message, rev)

    async def _unwanted(self, row: GroupWelcome) -> bool:
        """No group uses it any more."""
        if row.message:
            welcomes = self.ctx.store.group_welcomes
            return await welcomes.want(row.id, row.theme, row.owner, {}, row.rev)
        await self._put(row)
        return False

    async def _put(self, row: GroupWelcome) -> None:
        """One that failed is tried anew the next day."""
        day = f"{self.ctx.now().astimezone(self.hours.tz):%Y-%m-%d}"
        crash_point("group_welcomes.wanted")
        call = Outgoing(
            id=f"{row.id}:{row.rev}:{day}",
            kind="group_welcome",
            serial=row.id,
            body={"rev": row.rev} | self._card(row),
            about=row.id,
            due_at=self.ctx.now(),
        )
        await self.ctx.store.outbox.put([call])
        self.ctx.hints.ring("outbox")

    def _card(self, row: GroupWelcome) -> dict[str, object]:
        """The owner's own code; its mark tells it from every other one when an answer is lost."""
        if not row.owner:
            return {}
        mark = hashlib.sha256(row.id.encode()).hexdigest()[:16]
        body = bodies.add_contact_way([row.owner], CARD, f"群策 {mark}", one=True)
        return {"name": self.names.get(row.owner, row.owner), "body": body}

    async def _ask_owners(self, one: Wanted, row: GroupWelcome) -> None:
        """Each owner selects it once; what it says later they need not select again."""
        fresh = sorted(one.owners - set(row.asked))
        if not fresh or not row.template_id:
            return
        now = self.ctx.now()
        tasks = [group_welcoming.task(one, row, owner, self.book, now) for owner in fresh]
        await self.ctx.store.tasks.put(tasks)
        crash_point("group_welcomes.asked")
        await self.ctx.store.group_welcomes.were_asked(row.id, row.template_id, fresh)
        self.ctx.hints.ring("tasks")

    async def say_names(self, groups: Iterable[Group]) -> None:
        """The owner of a 购物 group whose name does not say so gets one word for each such name."""
        selling = {theme.name for theme in self.book.themes.values() if theme.is_for_shopping}
        words = [
            self._word(group)
            for group in groups
            if group.theme in selling and group.name and not shopping.says_so(group.name)
        ]
        await self.ctx.store.outbox.put([row for row in words if row.staff in self.names])

    def _word(self, group: Group) -> Outgoing:
        mark = hashlib.sha256(f"{group.id}:{group.name}".encode()).hexdigest()[:16]
        text = (
            f"群“{group.name}”是购物群，但群名看不出来在卖东西。"
            f"请在群名里写上“{shopping.WORDS[2]}”“{shopping.WORDS[3]}”这样的词，客户好知道该不该看。"
        )
        row = note(self.ctx, f"text:shopping:{mark}", group.owner, text)
        return replace(row, due_at=self.hours.free_after("员工", self.ctx.now()))
