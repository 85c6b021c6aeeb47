"""A person's task from the tap on its card to its end: first tap wins, only proof verifies."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from bot.actions import facts
from bot.actions.dealing import (
    CODE_LIVES,
    ask_for_rest,
    asking,
    card_of,
    card_row,
    deal,
    manager_of,
    name_of,
    next_card,
    note,
    tick,
)
from bot.actions.tagging import tag
from bot.context import Context
from bot.model import Fact, Outgoing, Task
from bot.playbook import evidence, keys
from bot.playbook.chasing import ends_as, result_of
from bot.playbook.evidence import CHECKLIST, judge, question
from bot.playbook.happenings import REPLY, happening
from bot.playbook.ladder import StaffTime, is_late
from bot.store.log import line
from bot.wecom import cards
from bot.wecom.events import CardTapped
from config.book import Book
from config.tasks import CUSTOMER_REPLIED

WAITING = "已完成 · 等系统核实"


async def tap(ctx: Context, task: Task, event: CardTapped) -> None:
    """Take the word of the person whose task it is, once; everybody else gets a polite answer."""
    if task.staff == event.from_user:
        words = evidence.spoken(task.proofs_wanted)
        if task.open and words and _unticked(task, event):
            await _ask_for_rest(ctx, task, event)
            return
        won = words and await ctx.store.tasks.tapped(
            task,
            words,
            by=event.from_user,
            at=event.at,
            card=event.task_id,
            code=event.response_code,
            result=_label(task, event),
            answer=[item for ticked in event.selected.values() for item in ticked],
        )
        if won:
            await _take_word(ctx, won, event)
            return
    task = await ctx.store.tasks.get(task.id) or task
    answered = await _polite(ctx, task, event.from_user)
    dealt = {r.staff for r in await ctx.store.outbox.about(task.id) if r.kind == "card"}
    if event.from_user in dealt:
        await answer(ctx, event, answered, task)
    else:
        await _tell_stranger(ctx, task, event, answered)


async def answer(ctx: Context, event: CardTapped, words: str, task: Task | None = None) -> None:
    """Change the tapped card in place."""
    await ctx.store.outbox.put([tick(ctx, event.from_user, event.response_code, words, task)])
    ctx.hints.ring("urgent outbox")


async def _tell_stranger(ctx: Context, task: Task, event: CardTapped, words: str) -> None:
    """There is no card of theirs to change: WeCom updates only the copies it sent."""
    about = f"text:tap:{cards.card_id(event.response_code)}"
    row = note(ctx, about, event.from_user, f"“{task.title}”：{words}")
    await ctx.store.outbox.put([replace(row, lane="urgent")])
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


async def close(ctx: Context, task: Task, state: str, quality: str, why: str) -> bool:
    """End an open task and tell whoever waits for it; False when it was over before."""
    ended = await ctx.store.tasks.end(task.id, state, quality, ctx.now(), why)
    if ended:
        await tell(ctx, ended)
    return ended is not None


async def tell(ctx: Context, task: Task) -> None:
    """What follows from the end of a task; telling it twice is telling it once."""
    again = ":late" if _was_overdue(task) else ""
    await _record(ctx, task, f"task:{task.id}{again}", result_of(task))
    rows = [row for row in await ctx.store.outbox.about(task.id) if row.kind in ("card", "text")]
    await ctx.store.outbox.cancel([row.id for row in rows if row.state == "ready"], task.state)
    await ctx.store.outbox.put(await _ticks(ctx, task, rows))
    what = f"任务“{task.title}”{task.log[-1]['what'] if task.log else task.state}"
    await log(ctx, task, f"{task.id}:ended", what)
    await ctx.store.tasks.told(task.id)
    ctx.hints.ring("outbox", "journeys")


async def tell_overdue(ctx: Context, task: Task) -> None:
    """The deadline has passed: whoever asked for the result need not wait any longer."""
    await _record(ctx, task, f"task:{task.id}", "逾期")
    await log(ctx, task, f"{task.id}:overdue", f"任务“{task.title}”逾期未完成")
    ctx.hints.ring("journeys")


async def cancel(ctx: Context, task: Task, why: str) -> bool:
    """Nobody needs it done any more; its card says so."""
    return await close(ctx, task, "已取消", task.evidence, f"已取消：{why}")


async def hand_over(ctx: Context, book: Book, task: Task, why: str) -> bool:
    """Give an open task, with a new card and a new deadline, to who answers for it.

    Nobody to give it to: it is cancelled. False when it changed meanwhile.
    """
    to = await manager_of(ctx, book, task)
    if not to:
        return await cancel(ctx, task, f"{why}，没有可接手的人")
    now, staff = ctx.now(), StaffTime.of(book.rules)
    if task.given_at is None:  # no card has arrived
        await ctx.store.outbox.cancel([card_row(task, task.cards)], why)
        return await ctx.store.tasks.hand_over(
            task, to, at=now, why=why, state="待派", due_at=now, rung=0
        )
    before, n = await name_of(ctx, book.team, task.staff), await next_card(ctx, task, to)
    theirs = replace(task, staff=to, deadline=staff.deadline(staff.free(now), task.limit))
    rows = [await deal(ctx, book, theirs, n, reminder=f"{before} 转来")]
    if asked := question(theirs):
        rows.append(asking(ctx, theirs, asked, staff.free(now)))
    cards_out = [r for r in await ctx.store.outbox.about(task.id) if r.staff == task.staff]
    moved = cards.moved_to(await name_of(ctx, book.team, to))
    await ctx.store.outbox.put([*rows, *_in_place(ctx, task, cards_out, lambda _: moved)])
    done = await ctx.store.tasks.hand_over(
        task,
        to,
        at=now,
        why=why,
        state="已转派",
        deadline=theirs.deadline,
        due_at=theirs.deadline or now,
        rung=len(book.rules.ladders.get(task.ladder, ())),
        card=card_of(task, n),
        cards=n,
    )
    await log(ctx, task, f"{task.id}:to:{to}", f"任务“{task.title}”{why}，转给 {to}")
    ctx.hints.ring("outbox")
    return done


async def _take_word(ctx: Context, task: Task, event: CardTapped) -> None:
    """The worker has spoken: tags that follow, and the end, unless WeCom is to show something."""
    because = f"任务“{task.title}”的结果是“{task.result}”"
    if task.subject_type == "contact":
        tags = [name for name in task.result_tags.get(task.result, "").split(",") if name]
        await tag(ctx, task.subject, task.staff, tags, because, f"{task.id}:result")
        if task.result == CUSTOMER_REPLIED:
            await _replied(ctx, task, event.at)
    if asked := question(task):
        words = f"请直接回复：{asked}"
        await ctx.store.outbox.put([asking(ctx, task, asked, ctx.now())])
    else:
        words = await settle(ctx, task, event.at)
    await answer(ctx, event, words, task)


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


async def _replied(ctx: Context, task: Task, at: datetime) -> None:
    """The worker says that the customer has written: WeCom does not tell an app of it."""
    id, staff = f"reply:{task.id}", task.staff
    await ctx.store.contacts.happened(task.subject, REPLY, id, at)
    said = happening(id, REPLY, task.subject, at, evidence.OWN_TAP, {"staff": staff})
    await facts.record(ctx, [said])


def _label(task: Task, event: CardTapped) -> str:
    """The button as people read it; a checklist's 提交 says nothing more than that."""
    if event.button == cards.SUBMIT:
        return task.buttons[0] if task.buttons else ""
    return event.button


def _unticked(task: Task, event: CardTapped) -> bool:
    if CHECKLIST not in task.proofs_wanted:
        return False
    ticked = {item for chosen in event.selected.values() for item in chosen}
    return any(str(number) not in ticked for number in range(len(task.checklist)))


async def _ask_for_rest(ctx: Context, task: Task, event: CardTapped) -> None:
    ticked = tuple(item for chosen in event.selected.values() for item in chosen)
    book = (await ctx.releases.head()).book
    n = next((n for n in range(1, task.cards) if card_of(task, n) == event.task_id), task.cards)
    row = await ask_for_rest(ctx, book, task, n, event.response_code, ticked)
    await ctx.store.outbox.put([row])
    ctx.hints.ring("urgent outbox")


async def _polite(ctx: Context, task: Task, by: str) -> str:
    """What stands on a card whose tap changes nothing."""
    book = (await ctx.releases.head()).book
    if not task.open:
        return await _final(ctx, book, task, by)
    if task.staff == by and (asked := question(task)):
        return f"请直接回复：{asked}"
    if task.staff == by:
        return WAITING if task.state == "已完成" else "系统看到结果后自动完成"
    name = await name_of(ctx, book.team, task.staff)
    had_it = any(entry.get("from") == by for entry in task.log)
    return cards.moved_to(name) if had_it else f"这个任务属于 {name}"


async def _final(ctx: Context, book: Book, task: Task, reader: str) -> str:
    """What stands on ``reader``'s card of a closed task."""
    if task.state in ("已取消", "已过期"):
        return task.state
    if task.done_by and task.done_by != reader:
        return cards.done_by(await name_of(ctx, book.team, task.done_by))
    if task.evidence == "verified" or not task.done_by:
        return "✓ 已核实"
    at = task.log[-1]["at"] if task.log else ctx.now()
    name = await name_of(ctx, book.team, task.done_by)
    return cards.done(name, at, StaffTime.of(book.rules).tz)


async def _ticks(ctx: Context, task: Task, rows: Iterable[Outgoing]) -> list[Outgoing]:
    """Every card still showing buttons is closed; the one just tapped is being answered."""
    book = (await ctx.releases.head()).book
    waited = any(entry["what"] == WAITING for entry in task.log)
    waited = waited or any("message" in proof for proof in task.proofs.values())
    tapped = {p["card"] for p in task.proofs.values() if "card" in p and not waited}
    rest = [row for row in rows if cards.card_id(row.id) not in tapped]
    words = {row.staff: await _final(ctx, book, task, row.staff) for row in rest}
    return _in_place(ctx, task, rest, words.__getitem__)


def _in_place(
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


async def _record(ctx: Context, task: Task, fact: str, result: str) -> None:
    data = {"task": task.id, "result": result, "state": task.state, "evidence": task.evidence}
    key = keys.task_closed(task.journey, task.step)
    ended = Fact(id=fact, keys=(key,), subject=task.subject, at=ctx.now(), source="task", data=data)
    await ctx.store.facts.record([ended], ctx.now())


async def log(ctx: Context, task: Task, key: str, what: str) -> None:
    """One line for ``why``, under the task, its journey and its customer or group."""
    about = [task.id, task.journey, task.subject]
    await ctx.store.log.write([line(key, about, ctx.now(), what, staff=task.staff)])


def _was_overdue(task: Task) -> bool:
    return any(entry["what"] == "逾期" for entry in task.log)
