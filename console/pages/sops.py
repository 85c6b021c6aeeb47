"""SOP: which there are, how they do, and where people stand in each right now."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final, get_args

from aiohttp import web

from bot.model import Experiment
from bot.publish.states import Unswitchable, Verb, switch
from bot.story import people
from config.sop import Sop, Split, all_steps
from console.language import marked
from console.site import Route, Visit, go
from console.sop_picture import Drawn, drawn

_VERBS: Final[Mapping[str, str]] = {
    "pause": marked("暂停"),
    "resume": marked("恢复"),
    "stop": marked("停用"),
}
_LATELY = timedelta(days=7)  # over which the suppressed share is taken


async def page(visit: Visit) -> web.StreamResponse:
    ctx = visit.ctx
    book = (await ctx.releases.head()).book
    flows, now = ctx.store.flows, ctx.now()
    overdue = await flows.overdue(now)
    sops = list(book.sops.values())
    health = await asyncio.gather(
        *(flows.health(sop.names, now - _LATELY, overdue) for sop in sops)
    )
    return visit.page(
        "sops.html",
        rows=list(zip(sops, health, strict=True)),
        may_switch=visit.who.may("publish"),
        live=("启用",),
        resting=("暂停", "停用"),
    )


async def one(visit: Visit) -> web.StreamResponse:
    ctx = visit.ctx
    sop = (await ctx.releases.head()).book.sops.get(visit.request.match_info["name"])
    if sop is None:
        raise web.HTTPNotFound
    figures = await ctx.store.flows.figures(sop.names, ctx.now())
    pictured = drawn(sop, figures.steps, await _experiments(visit, sop))
    return visit.page(
        "sop.html",
        sop=sop,
        drawn=pictured,
        figures=figures,
        total=_total(pictured),
        names=await people(ctx) if any(_splits(sop)) else {},
        live=("启用",),
        resting=("暂停", "停用"),
        may_switch=visit.who.may("publish"),
        may_edit=visit.who.may("edit"),
    )


async def change(visit: Visit) -> web.StreamResponse:
    """Pause, resume or stop one."""
    verb, name = (await visit.form()).get("verb", ""), visit.request.match_info["name"]
    visit.about = name
    if verb not in get_args(Verb):
        raise web.HTTPNotFound
    visit.about = f"{name}：{_VERBS[verb]}"
    try:
        await switch(visit.ctx, verb, name)  # type: ignore[arg-type]  # one of Verb
    except Unswitchable as error:
        return visit.page("error.html", status=409, why=str(error))
    return go("/console/sops")


async def _experiments(visit: Visit, sop: Sop) -> dict[str, Experiment]:
    found = [await visit.ctx.store.experiments.get(split.name) for split in _splits(sop)]
    return {one.id: one for one in found if one}


def _splits(sop: Sop) -> Iterator[Split]:
    for step in all_steps(sop.steps):
        yield from (action for action in step.actions if isinstance(action, Split))


def _total(pictured: Sequence[Drawn]) -> dict[str, int]:
    """Over all steps: what was sent, suppressed, and is still to be done."""
    names = ("sent", "suppressed", "failed", "tasks_done", "tasks_open", "tasks_overdue")
    found = dict.fromkeys(names, 0)
    waiting = list(pictured)
    while waiting:
        step = waiting.pop()
        for name in names:
            found[name] += getattr(step.figures, name)
        waiting += [nested for _, steps in step.branches for nested in steps]
    return found


ROUTES: Final = (
    Route("GET", "/console/sops", "look", page),
    Route("GET", "/console/sops/{name}", "look", one),
    Route("POST", "/console/sops/{name}/state", "publish", change, did=marked("切换 SOP 状态")),
)
