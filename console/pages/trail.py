"""操作记录: who did what in the console, newest first."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from console.language import marked
from console.site import Route, Visit

_PAGE = 50
_DONE: Final = marked("做了")
_FAILED: Final = marked("出错了")
#: What did not come about, by the status it was answered with.
_NOT_DONE: Final[Mapping[int, str]] = {
    403: marked("拒绝了"),
    404: marked("没有这个"),
    413: marked("太长，没有收"),
}
_WRONG: Final = marked("没有做：填的不对或不能这样做")


async def page(visit: Visit) -> web.StreamResponse:
    lines = await visit.ctx.store.audit.page(visit.request.query.get("after", ""), _PAGE)
    shown = [(line, _in_words(line["outcome"])) for line in lines.rows]
    return visit.page("trail.html", lines=shown, more=lines.after)


def _in_words(status: int) -> str:
    """What came of it."""
    if status < 400:
        return _DONE
    return _FAILED if status >= 500 else _NOT_DONE.get(status, _WRONG)


ROUTES: Final = (Route("GET", "/console/trail", "trail", page),)
