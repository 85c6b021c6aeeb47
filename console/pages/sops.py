"""SOP: which there are, how they do, and where people stand in each right now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from aiohttp import web

from bot.plan.steps import in_brief
from bot.plan.words import condition
from bot.publish.states import Unswitchable, Verb, switch
from bot.store.census import Place
from config.nesting import Branch, Loop, WaitEvent
from config.sop import Sop, Split, Step
from console.language import marked
from console.site import Route, Visit, go


@dataclass(frozen=True, slots=True)
class Drawn:
    """One step of the picture; ``branches`` are what is nested in it, each under its own words."""

    name: str
    brief: str
    only_if: str
    coming: int
    here: int
    branches: Sequence[tuple[str, Sequence["Drawn"]]]


async def page(visit: Visit) -> web.StreamResponse:
    ctx = visit.ctx
    book = (await ctx.releases.head()).book
    rows = []
    for sop in book.sops.values():
        standing = await ctx.store.census.standing(sop.names)
        entered = await ctx.store.census.entered(sop.names, None)
        rows.append((sop, sum(standing.values()), entered))
    return visit.page(
        "sops.html",
        rows=rows,
        may_switch=visit.who.may("publish"),
        live=("启用",),
        resting=("暂停", "停用"),
    )


async def one(visit: Visit) -> web.StreamResponse:
    ctx = visit.ctx
    sop = (await ctx.releases.head()).book.sops.get(visit.request.match_info["name"])
    if sop is None:
        raise web.HTTPNotFound
    standing = await ctx.store.census.standing(sop.names)
    return visit.page(
        "sop.html",
        sop=sop,
        drawn=_drawn(sop, standing),
        under_way=sum(standing.values()),
        entered=await ctx.store.census.entered(sop.names, None),
    )


async def change(visit: Visit) -> web.StreamResponse:
    """Pause, resume or stop one."""
    verb, name = (await visit.form()).get("verb", ""), visit.request.match_info["name"]
    visit.about = f"{name}：{verb}"
    if verb not in get_args(Verb):
        raise web.HTTPNotFound
    try:
        await switch(visit.ctx, verb, name)  # type: ignore[arg-type]  # one of Verb
    except Unswitchable as error:
        return visit.page("error.html", status=409, why=str(error))
    return go("/console/sops")


def _drawn(sop: Sop, standing: Mapping[Place, int]) -> Sequence[Drawn]:
    coming: dict[str, int] = {}
    here: dict[str, int] = {}
    for place, count in standing.items():
        kept = coming if place.phase == "before" else here
        kept[place.step] = kept.get(place.step, 0) + count

    def draw(steps: Sequence[Step]) -> Sequence[Drawn]:
        return [
            Drawn(
                name=step.name,
                brief=in_brief(step),
                only_if="；".join(map(condition, step.conditions)),
                coming=coming.get(step.name, 0),
                here=here.get(step.name, 0),
                branches=[(words, draw(nested)) for words, nested in _branches(step)],
            )
            for step in steps
        ]

    return draw(sop.steps)


def _branches(step: Step) -> Iterator[tuple[str, Sequence[Step]]]:
    """What is nested in a step, with the words that lead there."""
    for action in step.actions:
        match action:
            case WaitEvent():
                yield from _some(("等到了", action.came), ("超时", action.timed_out))
            case Branch():
                for arm in action.arms:
                    words = "；".join(map(condition, arm.conditions))
                    yield (f"如果 {words}" if words else "否则", arm.steps)
            case Loop():
                yield "反复", action.steps
            case Split():
                for way in action.arms:
                    yield f"方案 {way.name}（{way.share:.0%}）", way.then


def _some(
    *named: tuple[str, Sequence[Step]],
) -> Iterator[tuple[str, Sequence[Step]]]:
    yield from ((name, steps) for name, steps in named if steps)


ROUTES: Final = (
    Route("GET", "/console/sops", "look", page),
    Route("GET", "/console/sops/{name}", "look", one),
    Route("POST", "/console/sops/{name}/state", "publish", change, did=marked("切换 SOP 状态")),
)
