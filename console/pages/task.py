"""One task: what happened to it, what proves it, and whose it is."""

from typing import Final

from aiohttp import web

from bot.actions import tasks as ending
from bot.actions.arranging import MANAGER, reassign
from bot.model import Task
from bot.playbook import evidence
from bot.story import people, tell
from console.language import marked
from console.pages.customers import colleagues_of, staff_seen
from console.site import Route, Visit, go
from console.stories import newest_first
from console.task_list import EVIDENCE, rows_of, task_path

_TO_MANAGER: Final = "qunce:manager"
_LONGEST_WHY = 100


async def one(visit: Visit) -> web.StreamResponse:
    task = await _seen(visit)
    ctx = visit.ctx
    book = (await ctx.releases.head()).book
    (row,) = await rows_of(ctx, book, [task])
    story = await tell(ctx, task.id)
    return visit.page(
        "task.html",
        row=row,
        task=task,
        asked=[(evidence.in_words(name), task.proofs.get(name)) for name in task.proofs_wanted],
        vouched=task.proofs.get("代为确认"),
        lines=newest_first(story.lines if story else (), task.title),
        names=await people(ctx),
        waiting=task.open and not task.evidence,
        evidence=EVIDENCE,
        colleagues=[c for c in await colleagues_of(ctx, visit.who) if c.id != task.staff],
        to_manager=_TO_MANAGER,
        may_act=visit.who.may("act"),
        kept=visit.request.query.get("kept", ""),
    )


async def change(visit: Visit) -> web.StreamResponse:
    """Give it to somebody else."""
    task = await _seen(visit)
    to = (await visit.form()).get("to", "")
    visit.about = f"{task.id} → {to}"
    known = {one.id for one in await colleagues_of(visit.ctx, visit.who)}
    if to not in {*known, _TO_MANAGER}:
        raise web.HTTPNotFound
    done = await reassign(visit.ctx, [task], MANAGER if to == _TO_MANAGER else to)
    kept = "" if done.moved else "?kept=1"
    return go(task_path(task.id) + kept if await _still_seen(visit, task) else "/console/tasks")


async def cancel(visit: Visit) -> web.StreamResponse:
    """Nobody need do it any more; the card says so."""
    task = await _seen(visit)
    why = (await visit.form()).get("why", "").strip()[:_LONGEST_WHY]
    visit.about = f"{task.id}：{why}"
    if not why:
        return visit.page("error.html", status=409, why=marked("取消任务要写一句原因。"))
    await ending.cancel(visit.ctx, task, f"{visit.who.name}：{why}")
    return go(task_path(task.id))


async def _seen(visit: Visit) -> Task:
    """404 for a task that does not exist, or is none of the reader's business."""
    task = await visit.ctx.store.tasks.get(visit.request.match_info["id"])
    seen = await staff_seen(visit.ctx, visit.who)
    if task is None or (seen is not None and task.staff not in seen):
        raise web.HTTPNotFound
    return task


async def _still_seen(visit: Visit, task: Task) -> bool:
    """It may have gone to somebody who is none of the reader's business."""
    now = await visit.ctx.store.tasks.get(task.id)
    seen = await staff_seen(visit.ctx, visit.who)
    return now is not None and (seen is None or now.staff in seen)


ROUTES: Final = (
    Route("GET", "/console/tasks/{id}", "look", one),
    Route("POST", "/console/tasks/{id}/reassign", "act", change, did=marked("改派任务")),
    Route("POST", "/console/tasks/{id}/cancel", "act", cancel, did=marked("取消任务")),
)
