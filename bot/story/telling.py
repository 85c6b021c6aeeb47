"""The story of a customer, group, journey, task, message or experiment."""

from collections.abc import Iterable

from bot.context import Context
from bot.model import Seat, Task
from bot.playbook import evidence
from bot.playbook.hours import Hours
from bot.store.seats import HOLDING
from bot.story.codes import of_channel
from bot.story.experiments import of_experiment
from bot.story.lines import Line, Story, logged, people, story
from bot.story.messages import line_of, of_message
from bot.story.moments import of_moment


async def tell(ctx: Context, about: str) -> Story | None:
    """What is known under this id (or under the name of an experiment); None: nothing is."""
    task = await ctx.store.tasks.get(about) or await ctx.store.tasks.of_card(about)
    if task:
        lines = [*logged(await ctx.store.log.of(task.id)), *_of_task(task)]
        title = f"任务“{task.title}”（{task.staff}）：{_standing(task)}"
        return story(title, lines, await people(ctx))
    if found := await of_message(ctx, about) or await of_moment(ctx, about):
        return found
    if found := await of_experiment(ctx, about) or await of_channel(ctx, about):
        return found
    return await _of_subject(ctx, about)


async def _of_subject(ctx: Context, about: str) -> Story | None:
    """A customer, a group or one journey."""
    contact = await ctx.store.contacts.get(about)
    group = await ctx.store.groups.get(about)
    journey = await ctx.store.journeys.get(about)
    if not (contact or group or journey):
        return None
    name = (contact or group).name if contact or group else about  # type: ignore[union-attr]
    lines = list(logged(await ctx.store.log.of(about)))
    hours = Hours.of((await ctx.releases.head()).book)
    lines += [line_of(delivery, hours) for delivery in await ctx.store.deliveries.of(about)]
    for task in await ctx.store.tasks.about(about):
        lines += _of_task(task)
    seats = await ctx.store.seats.of(about)
    for seat in seats:
        lines += _of_seat(seat)
    names = await people(ctx) | await _places(ctx, seats)
    return story(f"{name}（{about}）", lines, names)


async def _places(ctx: Context, seats: Iterable[Seat]) -> dict[str, str]:
    """The names of the groups somebody had a seat in."""
    had = {entry["more"] for seat in seats for entry in seat.log if entry.get("more")}
    return {id: group.name for id, group in (await ctx.store.groups.many(had)).items()}


def _of_task(task: Task) -> Iterable[Line]:
    had = (entry["from"] for entry in task.log if entry.get("from"))
    yield Line(task.created_at, f"给 {next(had, task.staff)} 派任务“{task.title}”")
    for entry in task.log:
        who = f"（{entry['who']}）" if entry.get("who") else ""
        yield Line(entry["at"], f"任务“{task.title}”：{entry['what']}{who}")
    for wanted, proof in task.proofs.items():
        yield Line(proof["at"], f"任务“{task.title}”的依据：{_proof(task, wanted)}")


def _of_seat(seat: Seat) -> Iterable[Line]:
    first = "标签变了，建议换群" if seat.picker else "候选"
    yield Line(seat.created_at, f"主题群“{seat.theme}”：{first}")
    had = False
    for entry in seat.log:
        more, what = f"（{entry['more']}）" if entry.get("more") else "", entry["what"]
        had |= what in HOLDING
        what = "不再邀请" if what == "占位过期" and not had else what
        yield Line(entry["at"], f"主题群“{seat.theme}”：{what}{more}")


def _standing(task: Task) -> str:
    how_good = {
        "verified": "系统核实",
        "acknowledged": "员工自己确认",
        "self_reported": "员工自己填写",
        "manager_override": "主管代确认",
    }.get(task.evidence, "")
    return f"{task.state}，{how_good}" if how_good else task.state


def _proof(task: Task, wanted: str) -> str:
    """Their own word, or what the system saw."""
    by = task.proofs[wanted].get("by", "")
    if wanted == evidence.BUTTON:
        return f"{by} 点了“{task.result}”"
    if wanted == evidence.CHECKLIST:
        return f"{by} 勾完了清单"
    return f"系统看到{evidence.in_words(wanted)}"
