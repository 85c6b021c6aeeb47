"""How a person's task ends: proofs that came, words given, and whoever has to be told of it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from bot.actions.dealing import CODE_LIVES, asking, name_of, tick
from bot.context import Context
from bot.model import Fact, Outgoing, Task
from bot.playbook import batches, evidence, keys
from bot.playbook.chasing import ends_as, result_of
from bot.playbook.evidence import judge, question
from bot.playbook.ladder import StaffTime, is_late
from bot.store.log import line
from bot.wecom import cards
from bot.wecom.events import CardMenuTapped, CardTapped
from config.book import Book

WAITING = "已完成 · 等系统核实"
_WITHOUT_WORK = ("已取消", "已过期")


async def answer(
    ctx: Context, event: CardTapped | CardMenuTapped, words: str, task: Task | None = None
) -> None:
    """Change the tapped card in place."""
    await ctx.store.outbox.put([tick(ctx, event.from_user, event.response_code, words, task)])
    ctx.hints.ring("urgent outbox")


async def prove(ctx: Context, task: Task, seen: Iterable[Fact]) -> Task:
    """Keep what these facts prove, and close the task once all is there; the task as it stands."""
    if added := evidence.proved_by(task, seen):
        task = await ctx.store.tasks.proved(task.id, added) or task
    verdict = judge(task)
    if asked := question(task):
        free = StaffTime.of((await ctx.releases.head()).book.rules).free(ctx.now())
        await ctx.store.outbox.put([asking(ctx, task, asked, free)])
    if task.open and verdict.complete:
        shown = "、".join(evidence.in_words(key) for key in added)
        state, what = ends_as(verdict), shown or task.result or "完成"
        await close(ctx, task, state, verdict.evidence, f"{state}：{what}")
        return await ctx.store.tasks.get(task.id) or task
    return task


async def settle(ctx: Context, task: Task, at: datetime) -> str:
    """The worker has given every word: the end, or wait for WeCom; what stands on their card."""
    verdict, book = judge(task), (await ctx.releases.head()).book
    if verdict.complete:
        state = ends_as(verdict)
        await close(ctx, task, state, verdict.evidence, f"{state}：{task.result or '完成'}")
        name = await name_of(ctx, book.team, task.done_by)
        return cards.done(name, at, StaffTime.of(book.rules).tz)
    await ctx.store.tasks.acknowledge(task.id, at, WAITING, verdict.evidence)
    if is_late(task):
        await ctx.store.tasks.wake(task.id, ctx.now())
    missing = "、".join(evidence.in_words(name) for name in verdict.missing)
    what = f"任务“{task.title}”做了“{task.result or '完成'}”，还要系统看到：{missing}"
    await log(ctx, task, f"{task.id}:acknowledged", what)
    return WAITING


async def close(ctx: Context, task: Task, state: str, quality: str, why: str, by: str = "") -> bool:
    """End an open task and tell whoever waits for it; False when it was over before.

    ``by``: who says so in place of the person whose task it is.
    """
    ended = await ctx.store.tasks.end(task.id, state, quality, ctx.now(), why, by)
    if ended:
        await tell(ctx, ended)
    return ended is not None


async def cancel(ctx: Context, task: Task, why: str) -> bool:
    """Nobody needs it done any more; its card says so."""
    return await close(ctx, task, "已取消", task.evidence, f"已取消：{why}")


# ---- telling ------------------------------------------------------------------------------------


async def tell(ctx: Context, task: Task) -> None:
    """What follows from the end of a task; telling it twice is telling it once."""
    again = ":late" if _was_overdue(task) else ""
    await _record(ctx, task, f"task:{task.id}{again}", result_of(task))
    book = (await ctx.releases.head()).book
    await _close_cards(ctx, book, [task], task.id)
    for name in task.sharing:
        sharers = await ctx.store.tasks.shared(name)
        if not any(one.open for one in sharers):  # the last of them takes the card along
            await _close_cards(ctx, book, sharers, name)
    what = f"任务“{task.title}”{task.log[-1]['what'] if task.log else task.state}"
    await log(ctx, task, f"{task.id}:ended", what)
    await ctx.store.tasks.told(task.id)
    ctx.hints.ring("outbox", "journeys")


async def tell_overdue(ctx: Context, task: Task) -> None:
    """The deadline has passed: whoever asked for the result need not wait any longer."""
    await _record(ctx, task, f"task:{task.id}", "逾期")
    await log(ctx, task, f"{task.id}:overdue", f"任务“{task.title}”逾期未完成")
    ctx.hints.ring("journeys")


async def log(ctx: Context, task: Task, key: str, what: str) -> None:
    """One line for ``why``, under the task, its journey and its customer or group."""
    about = [task.id, task.journey, task.subject]
    await ctx.store.log.write([line(key, about, ctx.now(), what, staff=task.staff)])


async def _record(ctx: Context, task: Task, fact: str, result: str) -> None:
    data = {"task": task.id, "result": result, "state": task.state, "evidence": task.evidence}
    key = keys.task_closed(task.journey, task.step)
    ended = Fact(id=fact, keys=(key,), subject=task.subject, at=ctx.now(), source="task", data=data)
    await ctx.store.facts.record([ended], ctx.now())


def _was_overdue(task: Task) -> bool:
    return any(entry["what"] == "逾期" for entry in task.log)


# ---- what stands on cards -----------------------------------------------------------------------


async def _close_cards(ctx: Context, book: Book, tasks: Sequence[Task], about: str) -> None:
    """What was not sent yet never is; every card still showing buttons is closed."""
    rows = [row for row in await ctx.store.outbox.about(about) if row.kind in ("card", "text")]
    unsent = [row.id for row in rows if row.state == "ready"]
    await ctx.store.outbox.cancel(unsent, tasks[0].state)
    rest = [row for row in rows if cards.card_id(row.id) not in _answered(tasks)]
    words = {row.staff: await final(ctx, book, tasks, row.staff) for row in rest}
    await ctx.store.outbox.put(in_place(ctx, tasks[0], rest, words.__getitem__))


def _answered(tasks: Sequence[Task]) -> set[str]:
    """The cards whose tap was the last word: they are changed by the answer to it."""
    proofs = [proof for task in tasks for proof in task.proofs.values()]
    if any("message" in proof for proof in proofs):
        return set()
    if any(entry["what"] == WAITING for task in tasks for entry in task.log):
        return set()
    return {proof["card"] for proof in proofs if "card" in proof}


async def final(ctx: Context, book: Book, tasks: Sequence[Task], reader: str) -> str:
    """What stands on ``reader``'s card when everything on it is closed."""
    first, *others = tasks
    if not others:
        return await _final(ctx, book, first, reader)
    done = [task for task in tasks if task.state not in _WITHOUT_WORK]
    verified = sum(task.evidence == "verified" for task in done)
    if not done:
        return first.state
    if verified == len(tasks):
        return f"✓ {batches.counted(first, verified)}都已核实"
    if len(done) == len(tasks) and not verified:
        return await _final(ctx, book, done[-1], reader)
    return f"{batches.counted(first, len(tasks))}：完成 {len(done)}，系统核实 {verified}"


async def _final(ctx: Context, book: Book, task: Task, reader: str) -> str:
    if task.state in _WITHOUT_WORK:
        return task.state
    if task.evidence == "manager_override":
        return cards.vouched_by(await name_of(ctx, book.team, task.done_by))
    if task.done_by and task.done_by != reader:
        return cards.done_by(await name_of(ctx, book.team, task.done_by))
    if task.evidence == "verified" or not task.done_by:
        return "✓ 已核实"
    at = task.log[-1]["at"] if task.log else ctx.now()
    name = await name_of(ctx, book.team, task.done_by)
    return cards.done(name, at, StaffTime.of(book.rules).tz)


def in_place(
    ctx: Context, task: Task, rows: Iterable[Outgoing], words: Callable[[str], str]
) -> list[Outgoing]:
    """Update cards through the codes their sending brought, which live 72 hours."""
    return [
        tick(ctx, row.staff, row.result["response_code"], words(row.staff), task)
        for row in rows
        if row.kind == "card"
        and row.result.get("response_code")
        and row.attempt_at
        and ctx.now() < row.attempt_at + CODE_LIVES
    ]
