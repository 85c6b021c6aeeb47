"""任务 as the table and the exported files show it: what may be asked for, and one row of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import quote, urlencode

from bot.context import Context
from bot.model import Staff, Task
from bot.playbook.chasing import shop_of
from bot.playbook.ladder import is_late
from bot.playbook.regrouping import theme_of_subject
from bot.store.task_lists import PILES, Pile, Place, Wanted
from bot.story import people
from config.book import Book
from console.language import marked

PILE_NAMES: Final[Mapping[Pile, str]] = {
    "undone": marked("没做完"),
    "overdue": marked("已逾期"),
    "told": marked("员工确认"),
    "verified": marked("系统核实"),
    "cancelled": marked("已取消"),
    "expired": marked("没人做"),
    "all": marked("全部"),
}
EVIDENCE: Final[Mapping[str, str]] = {
    "verified": marked("系统核实"),
    "acknowledged": marked("员工自己确认"),
    "self_reported": marked("员工自己填写"),
    "manager_override": marked("店长代为确认"),
}
_REMINDED: Final = ("提醒",)
_PASSED_UP: Final = ("升级", "转派")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What stands in the address of the table."""

    pile: Pile = "undone"
    staff: str = ""
    shop: str = ""
    sop: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Filters":
        pile = asked.get("pile", "undone")
        return cls(
            pile=cast(Pile, pile) if pile in PILES else "undone",
            staff=asked.get("staff", ""),
            shop=asked.get("shop", ""),
            sop=asked.get("sop", ""),
        )

    @property
    def given(self) -> dict[str, str]:
        """What is not as it is without asking."""
        known = {"pile": str(self.pile), "staff": self.staff, "shop": self.shop, "sop": self.sop}
        return {name: value for name, value in known.items() if value and value != "undone"}

    def at(self, **more: str) -> str:
        """The address of the table with these filters, some of them changed; "" takes one away."""
        asked = {name: value for name, value in {**self.given, **more}.items() if value}
        return "/console/tasks" + (f"?{urlencode(asked)}" if asked else "")

    def wanted(self, book: Book, everybody: Iterable[Staff], seen: Sequence[str] | None) -> Wanted:
        """``seen``: whose tasks the reader may see, None: everybody's; others are left out."""
        staff = None if seen is None else set(seen)
        if self.shop:
            shop = book.team.shop(self.shop)
            here = {one.id for one in everybody if shop and shop.department in one.departments}
            staff = here if staff is None else staff & here
        if self.staff:
            staff = {self.staff} if staff is None else staff & {self.staff}
        whose = None if staff is None else tuple(sorted(staff))
        return Wanted(pile=self.pile, staff=whose, sop=self.sop)


def as_args(wanted: Wanted) -> dict[str, Any]:
    """As long work is asked for it; see :func:`from_args`."""
    staff = None if wanted.staff is None else list(wanted.staff)
    return {"pile": wanted.pile, "staff": staff, "sop": wanted.sop}


def from_args(args: Mapping[str, Any]) -> Wanted:
    staff = None if args["staff"] is None else tuple(args["staff"])
    return Wanted(pile=args["pile"], staff=staff, sop=args["sop"])


def place_of(text: str) -> Place | None:
    """Behind which task the page begins, as it stands in an address; None: at the beginning."""
    at, _, id = text.partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return Place(moment, id) if id and moment.tzinfo else None


def words_of(place: Place | None) -> str:
    return f"{place.at.isoformat()}~{place.id}" if place else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One task with names for ids."""

    task: Task
    about: str
    about_path: str  # "" for what has no page
    staff: str
    shop: str
    late: bool
    was_late: bool
    reminded: int
    passed_up: int

    @property
    def href(self) -> str:
        return task_path(self.task.id)

    @property
    def how_sure(self) -> str:
        """Whose word it is that it was done; "" while nobody has said so."""
        return EVIDENCE.get(self.task.evidence, "")


def task_path(task_id: str) -> str:
    """The page of a task: the names of steps and SOPs are part of ids."""
    return f"/console/tasks/{quote(task_id, safe='')}"


async def rows_of(ctx: Context, book: Book, tasks: Sequence[Task]) -> list[TaskRow]:
    """In the order given."""
    subjects = {task.subject for task in tasks}
    contacts = await ctx.store.contacts.many(subjects)
    groups = await ctx.store.groups.many(subjects - set(contacts))
    named = {id: one.name for id, one in (contacts | groups).items()}
    paths = {id: f"/console/customers/{quote(id, safe='')}" for id in contacts}
    paths |= {id: f"/console/groups/{quote(id, safe='')}" for id in groups}
    for id in subjects - set(named):
        if theme := theme_of_subject(id):
            named[id] = theme
            paths[id] = f"/console/groups/theme?name={quote(theme, safe='')}"
    names, known = await people(ctx), await ctx.store.staff.many(task.staff for task in tasks)
    shops = {id: shop.name for id, one in known.items() if (shop := shop_of(book, one))}
    return [
        TaskRow(
            task=task,
            about=named.get(task.subject) or task.subject,
            about_path=paths.get(task.subject, ""),
            staff=names.get(task.staff, task.staff),
            shop=shops.get(task.staff, ""),
            late=task.open and is_late(task),
            was_late=_logged(task, ("逾期",)) > 0,
            reminded=_logged(task, _REMINDED),
            passed_up=_logged(task, _PASSED_UP),
        )
        for task in tasks
    ]


def _logged(task: Task, words: Sequence[str]) -> int:
    return sum(entry["what"] in words for entry in task.log)
