"""转给同事: who answers for a task chooses who else does it."""

from collections.abc import Sequence
from dataclasses import replace

from bot.actions import tasks
from bot.actions.dealing import manager_of, name_of, note
from bot.actions.faces import names_of
from bot.actions.handing import hand_over
from bot.context import Context
from bot.crash import crash_point
from bot.model import Outgoing, Staff, Task
from bot.playbook import batches, chasing
from bot.playbook.chasing import COLLEAGUE
from bot.playbook.ladder import StaffTime
from bot.wecom import cards
from bot.wecom.events import CardTapped
from config.book import Book

GIVE, KEEP = "qunce:give", "qunce:keep"
NOBODY = "没有可以接手的同事，请直接和店长说"
_QUESTION = "to"


async def ask(ctx: Context, book: Book, mine: Sequence[Task], mark: str) -> str:
    """A card for who answers for these tasks, whose name is answered; "" when nobody can take them.

    ``mark`` names the wish: told again, the same one asks nobody twice.
    """
    chooser = await manager_of(ctx, book, mine[0])
    candidates = await _candidates(ctx, book, mine)
    if not chooser or not candidates:
        return ""
    name = f"pass:{mark}"
    row = await _card(ctx, book, mine, name, chooser, candidates)
    await ctx.store.wishes.choosing([task.id for task in mine], cards.card_id(row.id))
    crash_point("colleagues.between")
    await ctx.store.outbox.put([row])
    ctx.hints.ring("outbox")
    return await name_of(ctx, book.team, chooser)


def asked(who: str) -> str:
    """What to say to who wants to be rid of their tasks."""
    return f"已请 {who} 安排，定下来之前还是您的任务" if who else NOBODY


async def chosen(ctx: Context, about: Sequence[Task], event: CardTapped) -> None:
    """The first tap of the person who was asked decides; told again it does the same again."""
    book = (await ctx.releases.head()).book
    wish, _, rest = event.button.removeprefix("qunce:").partition(":")
    chooser, _, asker = rest.partition(":")
    if event.from_user != chooser:
        await tasks.answer(ctx, event, "只有被问到的人能决定")
    elif wish == "give":
        await tasks.answer(ctx, event, await _given(ctx, book, about, event, asker))
    else:
        await _kept(ctx, book, about, event, asker)


async def _given(
    ctx: Context, book: Book, about: Sequence[Task], event: CardTapped, asker: str
) -> str:
    to = next((id for ids in event.selected.values() for id in ids), "")
    known = (await ctx.store.staff.many([to])).get(to)
    if known is None or not known.active:
        return "这位同事已不在，任务没有转"
    moving = [task for task in about if task.open and task.staff == asker]
    if moving:
        await hand_over(ctx, book, moving, COLLEAGUE, to)
    elif not any(task.staff == to for task in about):
        return "任务已经结束或不在原来的人手里了"
    return cards.moved_to(await name_of(ctx, book.team, to))


async def _kept(
    ctx: Context, book: Book, about: Sequence[Task], event: CardTapped, asker: str
) -> None:
    name = await name_of(ctx, book.team, event.from_user)
    text = f"{name} 没有转：“{batches.title(about)}”还请您完成。"
    row = note(ctx, f"text:kept:{event.task_id}", asker, text)
    free = StaffTime.of(book.rules).free(ctx.now())
    await ctx.store.outbox.put([replace(row, due_at=free)])
    await tasks.answer(ctx, event, "没有转")
    ctx.hints.ring("outbox")


async def _card(
    ctx: Context,
    book: Book,
    mine: Sequence[Task],
    name: str,
    chooser: str,
    candidates: Sequence[tuple[str, str]],
) -> Outgoing:
    row, asker = f"card:{name}", mine[0].staff
    who = await name_of(ctx, book.team, asker)
    people = "、".join(await names_of(ctx, mine[: batches.NAMED]))
    body = cards.task_card(
        card=cards.card_id(row),
        title=f"{who} 想转给同事：{batches.title(mine)}",
        desc=f"{people}。选一位同事接手，截止时间从转过去时重新算。",
        buttons=[
            cards.Button(key=f"{GIVE}:{chooser}:{asker}", text="转给选中的人"),
            cards.Button(key=f"{KEEP}:{chooser}:{asker}", text="不转", style=4),
        ],
        choice=cards.Choice(key=_QUESTION, title="转给谁", options=candidates),
    )
    return Outgoing(
        id=row,
        kind="card",
        body=cards.to_staff(ctx.settings.agent_id, [chooser], body),
        staff=chooser,
        about=name,
        due_at=StaffTime.of(book.rules).free(ctx.now()),
    )


async def _candidates(ctx: Context, book: Book, mine: Sequence[Task]) -> list[tuple[str, str]]:
    """Who works in the same shop, at most ten: who knows the customers first, then who has least
    to do."""
    asker = mine[0].staff
    everybody = {one.id: one for one in await ctx.store.staff.active()}
    own = everybody.get(asker)
    shop = chasing.shop_of(book, own)
    here = {shop.department} if shop else set(own.departments if own else ())
    busy = await ctx.store.tasks.count_open()
    friends = [await _friends(ctx, task) for task in mine]

    def order(one: Staff) -> tuple[int, int, str]:
        return (-sum(one.id in known for known in friends), busy.get(one.id, 0), one.id)

    fitting = [
        one for one in everybody.values() if one.id != asker and here.intersection(one.departments)
    ]
    return [
        (one.id, _label(one, busy.get(one.id, 0), all(one.id in known for known in friends)))
        for one in sorted(fitting, key=order)[: cards.MAX_CHOICES]
    ]


async def _friends(ctx: Context, task: Task) -> set[str]:
    contact = await ctx.store.contacts.get(task.subject)
    return {r.staff for r in contact.relations if not r.lost} if contact else set()


def _label(one: Staff, busy: int, knows_them: bool) -> str:
    known = "，已是好友" if knows_them else ""
    return f"{one.name or one.id}（手上 {busy} 项{known}）"
