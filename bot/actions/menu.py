"""What stands behind the ⋯ of a task's card: 稍后, 做不了, 转给同事."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.actions import colleagues
from bot.actions.dealing import note, shown_again
from bot.actions.faces import CANNOT, LATER, PASS
from bot.actions.tapping import polite
from bot.context import Context
from bot.model import Task
from bot.playbook import batches
from bot.playbook.evidence import judge
from bot.playbook.ladder import StaffTime, later_by
from bot.wecom import cards
from bot.wecom.events import CardMenuTapped, CardTapped
from config.book import Book

BACK = "qunce:back"
TOO_NEAR = "离截止时间太近，不能再推迟了"
PASSED = "这个时间已经过了，请重新选"
_ASKED = "请直接回复做不了的原因"


def is_ours(button: str) -> bool:
    """A button of the menu's, not one an SOP names."""
    return button.startswith("qunce:")


async def wished(ctx: Context, dealt: Sequence[Task], event: CardMenuTapped | CardTapped) -> None:
    """Do what somebody wants of their tasks on this card, as long as they have them."""
    mine = undone(dealt, event.from_user)
    if not mine:
        await polite(ctx, dealt, event)
        return
    book = (await ctx.releases.head()).book
    wish, _, moment = event.button.removeprefix(f"{LATER}:").partition(":")
    if event.button == LATER:
        await _offer(ctx, book, mine, event)
    elif event.button == CANNOT:
        await _ask_why(ctx, book, mine, event)
    elif event.button == PASS:
        who = await colleagues.ask(ctx, book, mine, cards.card_id(event.response_code))
        await _show(ctx, book, mine, event, colleagues.asked(who))
    elif event.button.startswith(f"{LATER}:") and wish and moment.isdecimal():
        await _postpone(ctx, book, mine, event, datetime.fromtimestamp(int(moment), UTC))
    else:  # 返回
        await _show(ctx, book, mine, event, "")


def undone(dealt: Sequence[Task], by: str) -> list[Task]:
    """Those ``by`` still has to do: about these they may wish something."""
    mine = [task for task in dealt if task.staff == by and task.open]
    return [task for task in mine if not judge(task).told]


def offered(book: Book, mine: Sequence[Task], at: datetime) -> dict[str, datetime]:
    """The moments 稍后 may be put off to, by name; none when the deadline is too near."""
    first = min(mine, key=lambda task: task.deadline or at)
    return later_by(first, StaffTime.of(book.rules), at)


async def put_off(
    ctx: Context, mine: Sequence[Task], by: str, until: datetime, at: datetime
) -> datetime | None:
    """Remind ``by`` of these tasks at ``until``, at most at their deadline; None: that is over."""
    until = min(until, min(task.deadline or at for task in mine))
    if until <= at:
        return None
    await ctx.store.wishes.postpone([task.id for task in mine], by, until, at)
    ctx.hints.ring("reminders")
    return until


async def _offer(
    ctx: Context, book: Book, mine: Sequence[Task], event: CardMenuTapped | CardTapped
) -> None:
    staff = StaffTime.of(book.rules)
    moments = offered(book, mine, event.at)
    if not moments:
        await _show(ctx, book, mine, event, TOO_NEAR)
        return
    buttons = [
        cards.Button(key=f"{LATER}:{name}:{int(at.timestamp())}", text=staff.local(at))
        for name, at in moments.items()
    ]
    back = cards.Button(key=BACK, text="返回", style=4)
    await _show(ctx, book, mine, event, "什么时候再提醒您？", [*buttons, back])


async def _postpone(
    ctx: Context,
    book: Book,
    mine: Sequence[Task],
    event: CardMenuTapped | CardTapped,
    until: datetime,
) -> None:
    """At most until the deadline, whatever an old card still offers."""
    later = await put_off(ctx, mine, event.from_user, until, event.at)
    if later is None:
        await _show(ctx, book, mine, event, PASSED)
        return
    local = StaffTime.of(book.rules).local(later)
    await _show(ctx, book, mine, event, f"已推迟到 {local}，到时再提醒您")


async def _ask_why(
    ctx: Context, book: Book, mine: Sequence[Task], event: CardMenuTapped | CardTapped
) -> None:
    ids = [task.id for task in mine]
    await ctx.store.wishes.ask(ids, event.from_user, event.at, event.task_id)
    one = "只是其中一位的话，先写名字再写原因。" if len(mine) > 1 else ""
    text = f"“{batches.title(mine)}”做不了？{_ASKED}，一句话就行。{one}回复“算了”就当没说过。"
    row = note(ctx, f"ask:{cards.card_id(event.response_code)}", event.from_user, text, mine[0])
    await ctx.store.outbox.put([replace(row, lane="urgent")])
    await _show(ctx, book, mine, event, _ASKED)


async def _show(
    ctx: Context,
    book: Book,
    mine: Sequence[Task],
    event: CardMenuTapped | CardTapped,
    hint: str,
    buttons: Sequence[cards.Button] = (),
) -> None:
    code = event.response_code
    row = await shown_again(ctx, book, mine, event.task_id, code, hint, buttons)
    await ctx.store.outbox.put([row])
    ctx.hints.ring("urgent outbox")
