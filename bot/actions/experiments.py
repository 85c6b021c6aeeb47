"""What a 分流试验 does to people: draws them into arms, asks its owner, tells what came of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from bot.actions.dealing import name_of, note
from bot.actions.tasks import answer
from bot.context import Context
from bot.model import Assignment, Experiment, Fact, Journey, Outgoing
from bot.playbook import keys
from bot.playbook.hours import Hours
from bot.playbook.split import Ruling, bucket_of, draw
from bot.playbook.verdict import told
from bot.store.log import line
from bot.wecom import cards
from bot.wecom.events import CardTapped
from config.book import Book
from config.sop import Sop, Split

PROMOTE, KEEP, AGAIN = "promote", "keep", "again"
FIRST_COUNT = timedelta(days=1)


async def draw_all(
    ctx: Context,
    coming: Iterable[tuple[Split, Journey]],
    verdicts: Mapping[str, Ruling],
    now: datetime,
) -> dict[tuple[str, str], str]:
    """Keep the arm of everybody who comes to an experiment without a verdict.

    (experiment, subject) → the arm, which is that of the first time they came.
    """
    drawn, begun = {}, {}
    for split, journey in coming:
        if split.name in verdicts:
            continue
        one = _drawn(split, journey, now)
        drawn[one.id] = one
        begun[split.name] = Experiment(
            id=split.name,
            sop=journey.sop,
            measures=split.metric.what,
            started_at=now,
            since=now,
            due_at=now + FIRST_COUNT,
        )
    if not drawn:
        return {}
    await ctx.store.experiments.begin(begun.values())
    return await ctx.store.experiments.assign(list(drawn.values()))


def _drawn(split: Split, journey: Journey, now: datetime) -> Assignment:
    return Assignment(
        id=f"{split.name}:{journey.subject}",
        experiment=split.name,
        subject=journey.subject,
        arm=draw(split, journey.subject),
        bucket=bucket_of(split.name, journey.subject),
        staff=journey.staff,
        journey=journey.id,
        at=now,
    )


# ---- the owner ----------------------------------------------------------------------------------


def card_of(name: str, n: int) -> str:
    """WeCom's id of the ``n``-th card about an experiment."""
    return cards.card_id(_card_row(name, n))


async def ask(ctx: Context, book: Book, sop: Sop, split: Split, experiment: Experiment) -> None:
    """The owner's card; the same one however often it is put."""
    owner = book.team.userid(sop.owner)
    lines = [
        cards.Line(name=one["arm"], value=told(one, experiment.measures))
        for one in experiment.counts
    ]
    body = cards.task_card(
        card=card_of(experiment.id, experiment.asked),
        title=f"试验“{experiment.id}”：{_headline(experiment)}",
        desc=experiment.why,
        lines=lines,
        buttons=_buttons(split, experiment),
    )
    row = Outgoing(
        id=_card_row(experiment.id, experiment.asked),
        kind="card",
        body=cards.to_staff(ctx.settings.agent_id, [owner], body),
        staff=owner,
        about=_about(experiment.id),
        due_at=Hours.of(book).free_after("员工", ctx.now()),
    )
    await ctx.store.outbox.put([row])
    ctx.hints.ring("outbox")


async def remind(ctx: Context, book: Book, sop: Sop, experiment: Experiment) -> None:
    """Once per card, for an owner who does not answer."""
    text = f"试验“{experiment.id}”的结果还等您决定：请在之前的卡片上点一个按钮，其余客户都在等。"
    row = f"text:experiment:{experiment.id}:{experiment.asked}:remind"
    await _tell(ctx, book, sop, row, text)


async def tell_owner(ctx: Context, book: Book, sop: Sop, experiment: Experiment, text: str) -> None:
    """How it ended."""
    await _tell(ctx, book, sop, f"text:experiment:{experiment.id}:over", text)


async def tap(ctx: Context, experiment: Experiment, event: CardTapped) -> None:
    """The owner's first tap decides; every tap is answered on the card."""
    book = (await ctx.releases.head()).book
    n = next(
        n for n in range(1, experiment.asked + 1) if card_of(experiment.id, n) == event.task_id
    )
    asked = await ctx.store.outbox.get(_card_row(experiment.id, n))
    if asked is None or asked.staff != event.from_user:
        await answer(ctx, event, "这张卡片只有负责人能点")
        return
    if event.button == AGAIN:
        if await ctx.store.experiments.observe_again(event.task_id, event.at):
            await log(ctx, experiment, f"again:{n}", "负责人选择再观察一个观察期")
    elif arm := await _meant(ctx, experiment, event.button):
        decided = await ctx.store.experiments.answer(
            event.task_id, by=event.from_user, at=event.at, arm=arm
        )
        if decided:
            await log(ctx, experiment, "answered", f"负责人决定：所有人走“{arm}”")
    ctx.hints.ring("verdicts")
    words = await _standing(ctx, book, experiment.id, event.task_id)
    await answer(ctx, event, words)


async def _meant(ctx: Context, experiment: Experiment, button: str) -> str:
    """The arm a button stands for; "" for a button no card has."""
    return {PROMOTE: experiment.proposed, KEEP: experiment.kept}.get(button, "")


async def _standing(ctx: Context, book: Book, name: str, card: str) -> str:
    """What stands on a card that was answered, now or before."""
    found = await ctx.store.experiments.get(name)
    if found is None or found.card != card or found.state == "running":
        return "再观察一个观察期，到时再问"
    if not found.verdict:
        return "请重新点一次"
    by = await name_of(ctx, book.team, found.decided_by)
    return f"所有人走“{found.verdict}” · {by}"


def _headline(experiment: Experiment) -> str:
    if experiment.finding == "胜出":
        return f"“{experiment.proposed}”胜出"
    return "结果不作数" if experiment.finding == "不作数" else "分不出高下"


def _buttons(split: Split, experiment: Experiment) -> Sequence[cards.Button]:
    buttons = []
    if experiment.proposed:
        buttons.append(cards.Button(key=PROMOTE, text=f"推广 {experiment.proposed}"))
    if experiment.kept != experiment.proposed:
        style = 4 if buttons else 1
        buttons.append(cards.Button(key=KEEP, text=f"维持 {experiment.kept}", style=style))
    return [*buttons, cards.Button(key=AGAIN, text="再观察", style=4)]


# ---- what came of it ----------------------------------------------------------------------------


async def announce(ctx: Context, experiment: Experiment) -> None:
    """Wake everybody who waits for the verdict; telling it twice is telling it once."""
    at = experiment.decided_at or ctx.now()
    fact = Fact(
        id=f"experiment:{experiment.id}",
        keys=(keys.experiment(experiment.id),),
        subject="",
        at=at,
        source="experiment",
        data={"arm": experiment.verdict},
    )
    await ctx.store.facts.record([fact], ctx.now())
    ctx.hints.ring("journeys")


async def story(ctx: Context, name: str) -> tuple[str, list[tuple[datetime, str]]] | None:
    """A title and what happened when; None when no experiment of this name has begun."""
    found = await ctx.store.experiments.get(name)
    if found is None:
        return None
    lines = [(found.started_at, f"“{found.sop}”里的试验“{name}”有了第一位客户")]
    if found.counted_at:
        lines += [
            (found.counted_at, f"数到“{count['arm']}”：{told(count, found.measures)}")
            for count in found.counts
        ]
    lines += [(row["at"], row["what"]) for row in await ctx.store.log.of(name)]
    return f"试验“{name}”：{_stage(found)}", sorted(lines, key=lambda line: line[0])


def _stage(experiment: Experiment) -> str:
    match experiment.state:
        case "running":
            return "进行中"
        case "asking":
            return f"{_headline(experiment)}，等负责人决定"
        case "decided" | "over":
            return f"所有人走“{experiment.verdict}”"
        case _:
            assert_never(experiment.state)


async def log(ctx: Context, experiment: Experiment, key: str, what: str) -> None:
    """One line of the experiment's story, under its name."""
    row = line(f"experiment:{experiment.id}:{key}", [experiment.id], ctx.now(), what)
    await ctx.store.log.write([row])


async def _tell(ctx: Context, book: Book, sop: Sop, row: str, text: str) -> None:
    told_at = Hours.of(book).free_after("员工", ctx.now())
    await ctx.store.outbox.put(
        [replace(note(ctx, row, book.team.userid(sop.owner), text), due_at=told_at)]
    )
    ctx.hints.ring("outbox")


def _card_row(name: str, n: int) -> str:
    return f"card:{_about(name)}:{n}"


def _about(name: str) -> str:
    return f"experiment:{name}"
