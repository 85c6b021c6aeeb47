"""How full the groups of each theme are, and who has waited for a place since when."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.actions import opening
from bot.context import Context
from bot.model import Group, Seat, Task
from bot.playbook.placement import room
from bot.reports.names import people
from bot.reports.report import Asked, CannotReport, Column, Report
from config.guess import closest, did_you_mean

BY_GROUP, BY_CUSTOMER = "群", "客户"
_THEME = (
    Column("theme", "主题"),
    Column("groups", "群"),
    Column("capacity", "容量"),
    Column("members", "成员", of="capacity"),
    Column("held", "占着的位子", of="capacity"),
    Column("free", "空位", of="capacity"),
    Column("next_held", "等自动建的群"),
    Column("waiting", "候补"),
    Column("since", "最早从"),
    Column("task", "开群任务"),
)
_GROUP = (
    Column("theme", "主题"),
    Column("group", "群"),
    Column("owner", "群主"),
    Column("capacity", "容量"),
    Column("members", "成员", of="capacity"),
    Column("held", "占着的位子", of="capacity"),
    Column("free", "空位", of="capacity"),
    Column("next_held", "等自动建的群"),
)
_CUSTOMER = (
    Column("theme", "主题"),
    Column("customer", "客户"),
    Column("staff", "跟进人"),
    Column("since", "从什么时候等"),
)
_NOTES = [
    "“占着的位子”是已留给客户、还没看到进群的。",
    "成员里包括员工；自己进群的客户可以让群超过容量，那时空位是 0。",
]


async def make(ctx: Context, asked: Asked) -> Report:
    """As things stand now. Raises CannotReport for a theme or a way to split that is not there."""
    themes = (await ctx.releases.head()).book.themes
    if asked.about and asked.about not in themes:
        near = did_you_mean(closest(asked.about, themes))
        raise CannotReport(f"没有主题群“{asked.about}”：{near}现有 {'、'.join(themes)}")
    names = [asked.about] if asked.about else list(themes)
    match asked.by:
        case "":
            rows = [await _theme(ctx, name) for name in names]
            return _report(_THEME, rows, "文件夹里还没有主题群：先写一个 主题群")
        case "群":
            rows = await _groups(ctx, names)
            return _report(_GROUP, rows, "这些主题还没有群：在企业微信建群，群名写上“名称包含”的字")
        case "客户":
            return _report(_CUSTOMER, await _customers(ctx, names), "没有客户在候补")
    raise CannotReport(f"不能按“{asked.by}”拆开：只能写 {BY_GROUP} 或 {BY_CUSTOMER}")


def _report(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], empty: str) -> Report:
    return Report(
        title="候补：群的位子和等位子的客户",
        columns=columns,
        rows=rows,
        notes=_NOTES,
        now=True,
        empty=empty,
    )


async def _theme(ctx: Context, theme: str) -> dict[str, Any]:
    groups = await ctx.store.groups.of_theme(theme)
    waiting = await ctx.store.seats.waiting([theme])
    asked = await opening.ever_asked(ctx, theme)
    return {
        "theme": theme,
        "groups": len(groups),
        **_places(groups),
        "waiting": len(waiting),
        "since": waiting[0].created_at if waiting else None,
        "task": _task(asked[0], await people(ctx)) if asked else None,
    }


def _places(groups: Sequence[Group]) -> dict[str, int]:
    return {
        "capacity": sum(group.cap for group in groups),
        "members": sum(group.members for group in groups),
        "held": sum(len(group.held) for group in groups),
        "free": sum(room(group) for group in groups),
        "next_held": sum(len(group.next_held) for group in groups),
    }


def _task(task: Task, names: Mapping[str, str]) -> str:
    return f"{names.get(task.staff, task.staff)} {task.state}"


async def _groups(ctx: Context, themes: Sequence[str]) -> list[dict[str, Any]]:
    """The fullest first, theme by theme."""
    names, rows = await people(ctx), []
    for theme in themes:
        groups = await ctx.store.groups.of_theme(theme)
        for group in sorted(groups, key=lambda one: (room(one), one.name, one.id)):
            owner = names.get(group.owner, group.owner)
            about = {"theme": theme, "group": group.name or group.id, "owner": owner}
            rows.append(about | _places([group]))
    return rows


async def _customers(ctx: Context, themes: Sequence[str]) -> list[dict[str, Any]]:
    waiting = await ctx.store.seats.waiting(themes)
    known = await ctx.store.contacts.many(seat.subject for seat in waiting)
    names = await people(ctx)

    def shown(seat: Seat) -> dict[str, Any]:
        contact = known.get(seat.subject)
        return {
            "theme": seat.theme,
            "customer": contact.name or seat.subject if contact else seat.subject,
            "staff": names.get(seat.staff, seat.staff),
            "since": seat.created_at,
        }

    return [shown(seat) for seat in waiting]
