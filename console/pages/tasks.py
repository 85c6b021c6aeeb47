"""任务: who has what to do, how far it is, and the way to give it to somebody else."""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from bot.actions.arranging import BY_HAND, MANAGER, Moved, reassign
from bot.model import Task
from bot.playbook.regrouping import OWN
from bot.store.task_lists import MOST_COUNTED, Wanted
from bot.work import begin
from config.book import Book
from console import sheets
from console.language import marked
from console.pages.customers import colleagues_of, staff_seen
from console.site import Route, Visit, go
from console.task_list import (
    PILE_NAMES,
    Filters,
    as_args,
    place_of,
    rows_of,
    words_of,
)
from console.task_table import TITLE, lines_of

_PAGE = 30
_MOST_CHOSEN = 200  # rows somebody ticked one by one
_AT_ONCE = 1_000  # rows of a file that is made while the reader waits
_TO_MANAGER: Final = "qunce:manager"  # no account of WeCom's has a colon


async def page(visit: Visit) -> web.StreamResponse:
    """A lead sees the tasks of their departments' people."""
    ctx, query = visit.ctx, visit.request.query
    book, filters, wanted = await _asked(visit)
    found = await ctx.store.task_lists.page(wanted, _PAGE, place_of(query.get("after", "")))
    shown: dict[str, Any] = {
        "rows": await rows_of(ctx, book, found.tasks),
        "filters": filters,
        "after": words_of(found.after),
        "may_act": visit.who.may("act"),
    }
    if "HX-Request" in visit.request.headers:
        return visit.page("tasks_rows.html", **shown)
    return visit.page(
        "tasks.html",
        **shown,
        piles=PILE_NAMES,
        count=await ctx.store.task_lists.count(wanted),
        most_counted=MOST_COUNTED,
        colleagues=await colleagues_of(ctx, visit.who),
        shops=_shops(visit, book),
        sops=[*book.sops, OWN, BY_HAND],
        to_manager=_TO_MANAGER,
        moved=query.get("moved", ""),
        left=query.get("left", ""),
    )


async def change(visit: Visit) -> web.StreamResponse:
    """Give the ticked tasks, or all that fit the filters, to somebody else."""
    sent = await visit.request.post()
    form = {name: value for name, value in sent.items() if isinstance(value, str)}
    _, filters, wanted = await _asked(visit, form)
    to = await _receiver(visit, form.get("to", ""))
    if to is None:
        why = marked("请选择转给谁：在职的同事，或每项任务的店长。")
        return visit.page("error.html", status=409, why=why)
    if form.get("which") == "all":
        visit.about = f"{_name(filters)} → {to or marked('店长')}"
        args = {**as_args(wanted), "to": to}
        return go(f"/console/work/{await begin(visit.ctx, 'reassign', args, visit.who.user)}")
    ids = [id for id in sent.getall("id", []) if isinstance(id, str)][:_MOST_CHOSEN]
    visit.about = f"{len(ids)} → {to or marked('店长')}"
    done = await reassign(visit.ctx, await _theirs(visit, ids), to)
    return go(_after(filters, done))


async def export(visit: Visit) -> web.StreamResponse:
    """What fits the filters, as a file for a spreadsheet; a long list is made meanwhile."""
    form = await visit.form()
    book, filters, wanted = await _asked(visit, form)
    kind = sheets.XLSX if form.get("as") == sheets.XLSX.name else sheets.CSV
    visit.about = f"{_name(filters)} {kind.name}"
    if await visit.ctx.store.task_lists.count(wanted, _AT_ONCE + 1) > _AT_ONCE:
        args = {**as_args(wanted), "as": kind.name}
        return go(f"/console/work/{await begin(visit.ctx, 'export tasks', args, visit.who.user)}")
    sheet = kind.begin(TITLE)
    async for tasks in visit.ctx.store.task_lists.stream(wanted):
        sheet.add(await lines_of(visit.ctx, book, tasks))
    answer = web.Response(body=sheet.done(), content_type=kind.content_type)
    answer.headers["Content-Disposition"] = f"attachment; filename=qunce-tasks.{kind.name}"
    return answer


async def _asked(
    visit: Visit, form: Mapping[str, str] | None = None
) -> tuple[Book, Filters, Wanted]:
    """What is asked for, and as much of it as the reader may see."""
    book = (await visit.ctx.releases.head()).book
    filters = Filters.of(dict(visit.request.query) if form is None else form)
    everybody = await visit.ctx.store.staff.everybody() if filters.shop else ()
    seen = await staff_seen(visit.ctx, visit.who)
    return book, filters, filters.wanted(book, everybody, seen)


async def _receiver(visit: Visit, to: str) -> str | None:
    """Who is to get them, MANAGER for whoever answers; None for nobody the reader may give to."""
    if to == _TO_MANAGER:
        return MANAGER
    known = {one.id for one in await colleagues_of(visit.ctx, visit.who)}
    return to if to in known else None


async def _theirs(visit: Visit, ids: list[str]) -> list[Task]:
    """Those of ``ids`` that are the reader's business."""
    seen = await staff_seen(visit.ctx, visit.who)
    known = (await visit.ctx.store.tasks.many(ids)).values()
    return [task for task in known if seen is None or task.staff in seen]


def _shops(visit: Visit, book: Book) -> list[str]:
    """Those the reader may see something of."""
    led = visit.who.departments
    return [s.name for s in book.team.shops if visit.who.sees_all or s.department in led]


def _after(filters: Filters, done: Moved) -> str:
    return filters.at(moved=str(done.moved), left=str(done.left or ""))


def _name(filters: Filters) -> str:
    return " ".join([PILE_NAMES[filters.pile], filters.shop, filters.staff, filters.sop]).strip()


ROUTES: Final = (
    Route("GET", "/console/tasks", "look", page),
    Route("POST", "/console/tasks/reassign", "act", change, did=marked("改派任务")),
    Route("POST", "/console/tasks/export", "look", export, did=marked("导出任务")),
)
