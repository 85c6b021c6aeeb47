"""版本: what was ever live, what each changed, and the way back."""

import difflib
from typing import Final

from aiohttp import web

from bot.plan.make import make
from bot.publish import Emptied, HeadMoved, NotApproved, contents_of, roll_back, settle
from bot.store.releases import Stored
from config.mistakes import Mistakes
from console.language import marked
from console.plan_view import shown
from console.site import Route, Visit, go

_PAGE = 20


async def page(visit: Visit) -> web.StreamResponse:
    store = visit.ctx.store.releases
    head = await store.head()
    before = _number(visit.request.query.get("before", "")) or head + 1
    shown = [await store.get(n) for n in range(min(before - 1, head), 0, -1)[:_PAGE]]
    return visit.page(
        "releases.html",
        releases=shown,
        head=head,
        more=shown[-1].n if shown and shown[-1].n > 1 else 0,
        published=_number(visit.request.query.get("published", "")),
        may_publish=visit.who.may("publish"),
    )


async def one(visit: Visit) -> web.StreamResponse:
    """What a release changed against the one before it."""
    store = visit.ctx.store.releases
    n = _number(visit.request.match_info["n"])
    try:
        now = await store.get(n)
        was = dict((await store.get(n - 1)).files) if n > 1 else {}
    except KeyError:
        raise web.HTTPNotFound from None
    return visit.page("release.html", release=now, diffs=_diffs(was, now))


async def before_going_back(visit: Visit) -> web.StreamResponse:
    """What going back to an earlier one would change, for whom, and what comes."""
    n = _number(visit.request.match_info["n"])
    try:
        then = await contents_of(visit.ctx.store, n)
        made = await make(visit.ctx, then, author=visit.who.name, back_to=n)
    except KeyError:
        raise web.HTTPNotFound from None
    except Mistakes as refused:
        return visit.page("error.html", status=409, why=str(refused))
    return visit.page("release_back.html", n=n, **shown(made))


async def back(visit: Visit) -> web.StreamResponse:
    """Publish an earlier one once more."""
    n = _number(visit.request.match_info["n"])
    visit.about = str(n)
    try:
        done = await roll_back(visit.ctx, n, author=visit.who.name)
    except KeyError:
        raise web.HTTPNotFound from None
    except (HeadMoved, Emptied, NotApproved, Mistakes) as refused:
        return visit.page("error.html", status=409, why=str(refused))
    if done.paths:
        await settle(visit.ctx, done.book)
    return go(f"/console/releases?published={done.n}")


def _diffs(was: dict[str, str], now: Stored) -> list[tuple[str, list[tuple[str, str]]]]:
    """File → its changed lines, each with + or - or a blank before it."""
    found = []
    for path in sorted({*was, *now.files}):
        before, after = was.get(path, ""), now.files.get(path, "")
        if before == after:
            continue
        lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=2, lineterm="")
        found.append((path, [(line[:1], line[1:]) for line in list(lines)[2:]]))
    return found


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


ROUTES: Final = (
    Route("GET", "/console/releases", "look", page),
    Route("GET", "/console/releases/{n}", "look", one),
    Route("GET", "/console/releases/{n}/back", "publish", before_going_back),
    Route("POST", "/console/releases/{n}/back", "publish", back, did=marked("回到以前的一版")),
)
