"""Why somebody got a message or a task: everything we did about them, in the order it happened."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.actions.content import in_words
from bot.context import Context
from bot.model import Delivery, Seat, Task
from bot.playbook import evidence
from bot.playbook.hours import Hours

_SENT = {
    "ready": "等待发送",
    "gathered": "已并入一条群发，等待创建",
    "created": "群发已创建，等员工确认",
    "delivered": "已送达",
    "failed": "没有送到",
    "expired": "过期，没有发",
    "suppressed": "没有发",
    "cancelled": "已撤回",
}


_QUOTED = re.compile("(“[^”]*”)")
_ACCOUNT = re.compile(r"[A-Za-z0-9][\w.@-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Story:
    title: str
    lines: tuple[Line, ...]


async def tell(ctx: Context, about: str) -> Story | None:
    """The story of a customer, group, journey or task; None when nobody by this id is known."""
    task = await ctx.store.tasks.get(about) or await ctx.store.tasks.of_card(about)
    if task:
        lines = [*_logged(await ctx.store.log.of(task.id)), *_of_task(task)]
        title = f"任务“{task.title}”（{task.staff}）：{_standing(task)}"
        return _story(title, lines, await people(ctx))
    contact = await ctx.store.contacts.get(about)
    group = await ctx.store.groups.get(about)
    journey = await ctx.store.journeys.get(about)
    if not (contact or group or journey):
        return None
    name = (contact or group).name if contact or group else about  # type: ignore[union-attr]
    lines = list(_logged(await ctx.store.log.of(about)))
    hours = Hours.of((await ctx.releases.head()).book)
    for delivery in await ctx.store.deliveries.of(about):
        lines.append(_of_delivery(delivery, hours))
    for found in await ctx.store.tasks.about(about):
        lines += _of_task(found)
    seats = await ctx.store.seats.of(about)
    for seat in seats:
        lines += _of_seat(seat)
    names = await people(ctx) | await _places(ctx, seats)
    return _story(f"{name}（{about}）", lines, names)


async def people(ctx: Context) -> dict[str, str]:
    """The names of staff by their accounts: WeCom's, else the folder's."""
    team = (await ctx.releases.head()).book.team
    known = {staff.id: staff.name for staff in await ctx.store.staff.active() if staff.name}
    return {userid: name for name, userid in team.people.items()} | known


async def _places(ctx: Context, seats: Iterable[Seat]) -> dict[str, str]:
    """The names of the groups somebody had a seat in."""
    had = {entry["more"] for seat in seats for entry in seat.log if entry.get("more")}
    return {id: group.name for id, group in (await ctx.store.groups.many(had)).items()}


def by_name(what: str, names: Mapping[str, str]) -> str:
    """The line with names for ids; what stands in “” is left as it was written."""
    parts = _QUOTED.split(what)
    parts[::2] = [_ACCOUNT.sub(lambda m: names.get(m[0], m[0]), part) for part in parts[::2]]
    return "".join(parts)


def _story(title: str, lines: Iterable[Line], names: Mapping[str, str]) -> Story:
    told = {Line(line.at, by_name(line.what, names)): None for line in lines}
    return Story(by_name(title, names), tuple(sorted(told, key=lambda line: line.at)))


def _logged(rows: Sequence[dict[str, object]]) -> Iterable[Line]:
    return (Line(row["at"], str(row["what"])) for row in rows)  # type: ignore[arg-type]


def _of_delivery(delivery: Delivery, hours: Hours) -> Line:
    """One push: when it was meant, what became of it, and for which reason."""
    words = in_words(delivery.message).splitlines()
    content = words[0][:30] if words else ""
    became = _SENT[delivery.state]
    if delivery.delivered_at:
        became += f"（{hours.local(delivery.delivered_at)}）"
    if delivery.reason:
        became += f"：{delivery.reason}"
    what = f"推送“{delivery.step}”由 {delivery.staff} 发送【{content}】→ {became}"
    return Line(delivery.planned_at, what)


def _of_task(task: Task) -> Iterable[Line]:
    yield Line(task.created_at, f"给 {task.staff} 派任务“{task.title}”")
    for entry in task.log:
        who = f"（{entry['who']}）" if entry.get("who") else ""
        yield Line(entry["at"], f"任务“{task.title}”：{entry['what']}{who}")
    for wanted, proof in task.proofs.items():
        yield Line(proof["at"], f"任务“{task.title}”的依据：{_proof(task, wanted)}")


def _of_seat(seat: Seat) -> Iterable[Line]:
    yield Line(seat.created_at, f"主题群“{seat.theme}”：候选")
    for entry in seat.log:
        more = f"（{entry['more']}）" if entry.get("more") else ""
        yield Line(entry["at"], f"主题群“{seat.theme}”：{entry['what']}{more}")


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
