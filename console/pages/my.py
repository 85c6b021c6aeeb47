"""我的任务: on a phone inside WeCom or at a desk, what the reader has to do and what it takes."""

import json
import mimetypes
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

from aiohttp import web

from bot.actions.answers import LONGEST
from bot.actions.vouching import answered_by
from bot.playbook.calendar import day_start
from bot.playbook.ladder import StaffTime
from config.book import Book
from console.language import marked, translator
from console.pages.my_items import Kept, items_of, piles
from console.rights import Reader
from console.site import Route, Visit

MOST: Final = 100  # tasks in one form
_SHOWN: Final = 40
_SHOWN_AS_PICTURE: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_SAID: Final[Mapping[str, str]] = {
    "done": marked("已记下，辛苦了！"),
    "later": marked("好的，到时再提醒您。"),
    "cannot": marked("已记下做不了的原因：任务取消了，也告诉了负责的人。"),
    "pass": marked("已请负责的人安排，定下来之前还是您的任务。"),
    "vouch": marked("已代为确认，会记成您的确认，不算系统核实。"),
}


async def page(visit: Visit) -> web.StreamResponse:
    return await shown(visit)


async def shown(
    visit: Visit, kept: Mapping[str, Kept] | None = None, status: int = 200
) -> web.Response:
    """The page; ``kept``: task → what was filled in so far, when that is not enough yet."""
    ctx, user, now = visit.ctx, staff_of(visit), visit.ctx.now()
    book = (await ctx.releases.head()).book
    staff = StaffTime.of(book.rules)
    items = await items_of(ctx, book, await ctx.store.tasks.open_of(user), kept or {})
    rest = [item for item in items if item.key > visit.request.query.get("after", "")]
    today = now.astimezone(staff.tz)
    monday = day_start(today - timedelta(days=today.weekday()), staff.tz)
    return visit.page(
        "my.html",
        status=status,
        piles=piles(rest[:_SHOWN], staff, now),
        count=sum(len(item.tasks) for item in items),
        after=rest[_SHOWN - 1].key if len(rest) > _SHOWN else "",
        figures=await ctx.store.task_figures.of_staff(user, monday),
        token=secrets.token_urlsafe(9),
        notice=await _notice(visit),
        answers=_answers(book, visit.who),
        longest=LONGEST,
    )


async def team(visit: Visit) -> web.StreamResponse:
    """代为确认: what is overdue with those the reader answers for."""
    ctx, book = visit.ctx, (await visit.ctx.releases.head()).book
    theirs = await answered_by(ctx, book, staff_of(visit)) if _answers(book, visit.who) else []
    people = await ctx.store.staff.many(task.staff for task in theirs[:MOST])
    return visit.page(
        "my_team.html",
        tasks=theirs[:MOST],
        count=len(theirs),
        names={id: one.name for id, one in people.items()},
        token=secrets.token_urlsafe(9),
        notice=await _notice(visit),
    )


async def file(visit: Visit) -> web.StreamResponse:
    """A picture or file of the material, as it was published when the task was made."""
    query = visit.request.query
    task = await visit.ctx.store.tasks.get(query.get("task", ""))
    n = query.get("n", "")
    if task is None or task.staff != staff_of(visit) or not (n.isdecimal() and len(n) < 3):
        raise web.HTTPNotFound
    listed = dict(enumerate(task.files)).get(int(n))
    content = await visit.ctx.store.releases.picture(listed["sha"]) if listed else None
    if listed is None or content is None:
        raise web.HTTPNotFound
    name = PurePosixPath(listed["asset"]).name
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    how = "inline" if kind in _SHOWN_AS_PICTURE else "attachment"
    answer = web.Response(body=content, content_type=kind)
    answer.headers["Content-Disposition"] = f"{how}; filename*=UTF-8''{quote(name, safe='')}"
    return answer


ROUTES: Final = (
    Route("GET", "/my", "own tasks", page),
    Route("GET", "/my/team", "own tasks", team),
    Route("GET", "/my/file", "own tasks", file),
)


def staff_of(visit: Visit) -> str:
    """Whose tasks these are; "" for a local admin, whatever their name."""
    return visit.who.user if visit.who.kind == "wecom" else ""


def form_id(visit: Visit, mark: str) -> str:
    """The inbox id of a form the reader sent off."""
    return f"page:{staff_of(visit)}:{mark[:32]}"


async def _notice(visit: Visit) -> tuple[bool, str]:
    """What became of the form sent off last, and whether that is good; "": nothing to say."""
    mark, say = visit.request.query.get("sent", ""), translator(visit.request)
    kept = await visit.ctx.store.inbox.get(form_id(visit, mark)) if mark else None
    if kept is None:
        return True, ""
    match kept.state:
        case "done":
            return True, say(_SAID[json.loads(kept.envelope)["wish"]])
        case "ignored":
            return False, kept.why
        case _:
            return True, say(marked("已收到，稍后自动处理，不用再点。"))


def _answers(book: Book, reader: Reader) -> bool:
    """Whether anybody's overdue tasks may be theirs to answer for."""
    people = book.team.people
    owners = {people.get(sop.owner) for sop in book.sops.values()}
    return reader.kind == "wecom" and (bool(reader.departments) or reader.user in owners)
