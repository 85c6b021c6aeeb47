"""进度: how far long work is, what came of it, and the file it made."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from aiohttp import web

from bot.store.work import Work
from bot.work import begin
from console.language import marked
from console.rights import Right
from console.site import Route, Visit, go

_PAGE = 30

#: What people read for each kind of bot/work/kinds.py.
TITLES: Final[Mapping[str, str]] = {
    "simulate": marked("推演"),
    "sync": marked("和企业微信核对"),
    "import": marked("从表格导入"),
    "inbox again": marked("重新处理失败的回调"),
    "outbox again": marked("再调一次企业微信"),
    "reassign": marked("改派任务"),
    "overlap": marked("数谁同时在几个群"),
    "export tasks": marked("导出任务"),
    "report": marked("数报表"),
    "forecast": marked("推演日历"),
}
#: What somebody must still be allowed to do, to see what came of it.
NEEDS: Final[Mapping[str, Right]] = {
    "simulate": "edit",
    "sync": "operate",
    "import": "edit",
    "inbox again": "operate",
    "outbox again": "operate",
    "reassign": "act",
    "overlap": "figures",
    "export tasks": "look",
    "report": "figures",
    "forecast": "edit",
}
_STATES: Final = (marked("等待"), marked("进行"), marked("完成"), marked("失败"), marked("已取消"))


async def page(visit: Visit) -> web.StreamResponse:
    """What the reader asked for lately, newest first."""
    before = _moment(visit.request.query.get("before", ""))
    found = await visit.ctx.store.work.latest(visit.who.user, _PAGE + 1, before)
    more = found[_PAGE - 1].made_at.isoformat() if len(found) > _PAGE else ""
    return visit.page("works.html", works=found[:_PAGE], more=more, titles=TITLES)


async def one(visit: Visit) -> web.StreamResponse:
    return _drawn(visit, "work.html", await _theirs(visit))


async def part(visit: Visit) -> web.StreamResponse:
    """What changes while it is under way; htmx asks for it every second."""
    return _drawn(visit, "work_part.html", await _theirs(visit))


async def cancel(visit: Visit) -> web.StreamResponse:
    work = await _theirs(visit)
    visit.about = f"{TITLES.get(work.kind, work.kind)} {work.id}"
    await visit.ctx.store.work.cancel(work.id, visit.ctx.now())
    return go(f"/console/work/{work.id}")


async def sync(visit: Visit) -> web.StreamResponse:
    """立即核对: compare with WeCom now; whoever presses twice has it done once."""
    work_id = await begin(visit.ctx, "sync", {}, visit.who.user)
    visit.about = work_id
    return go(f"/console/work/{work_id}")


async def file(visit: Visit) -> web.StreamResponse:
    """The file, as long as it is kept; 404 after that."""
    work = await _theirs(visit)
    chunks = [chunk async for chunk in visit.ctx.store.work.file(work.id)]
    if not work.file or not chunks:
        raise web.HTTPNotFound
    answer = web.Response(body=b"".join(chunks), content_type=work.file["type"])
    name = quote(work.file["name"])
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return answer


async def _theirs(visit: Visit) -> Work:
    """The work of this address; 404 unless the reader began it and still may, or operates."""
    work = await visit.ctx.store.work.get(visit.request.match_info["id"])
    if work is None:
        raise web.HTTPNotFound
    own = work.by == visit.who.user and visit.who.may(NEEDS.get(work.kind, "own tasks"))
    if not own and not visit.who.may("operate"):
        raise web.HTTPNotFound
    return work


def _drawn(visit: Visit, template: str, work: Work) -> web.StreamResponse:
    return visit.page(
        template,
        work=work,
        title=TITLES.get(work.kind, work.kind),
        finished=work.state == "完成",
        failed=work.state == "失败",
        see=str(work.result.get("see", "")),
        share=100 * work.done // work.total if work.total else None,
    )


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


ROUTES: Final = (
    Route("GET", "/console/work", "own tasks", page),
    Route("GET", "/console/work/{id}", "own tasks", one),
    Route("GET", "/console/work/{id}/part", "own tasks", part),
    Route("GET", "/console/work/{id}/file", "own tasks", file),
    Route("POST", "/console/sync", "operate", sync, did=marked("立即和企业微信核对")),
    Route("POST", "/console/work/{id}/cancel", "own tasks", cancel, did=marked("取消进行中的工作")),
)
