"""More groups of a theme in a rehearsal: asked for, opened by a person, or by WeCom itself."""

from dataclasses import replace

from bot.actions import new_groups, opening
from bot.model import Group, Seat
from bot.playbook.evidence import proved_by
from bot.playbook.placement import follows, next_number, room
from bot.playbook.regrouping import theme_subject
from bot.rehearse import chores
from bot.rehearse.calendars import open_groups, place
from bot.rehearse.stage import Stage
from bot.store.seats import HOLDING
from config.theme_checks import FULL
from config.themes import Theme


def ask(stage: Stage, theme: Theme, seat: Seat, shop: str) -> None:
    """As :func:`bot.actions.opening.ask`."""
    before = [stage.tasks[id] for id in stage.openings[theme.name]]
    if not opening.may_ask(before, stage.now, stage.hours.tz):
        return
    to = opening.opener(theme, stage.book, stage.at_work(), shop, seat.staff)
    groups = stage.groups_of(theme.name)
    task = opening.task(theme, stage.book, groups, shop, to, len(before) + 1, stage.now)
    stage.openings[theme.name].append(task.id)
    stage.keep_task(task)
    stage.agenda.put("new tasks", task.id, task.due_at)


def call_off(stage: Stage, name: str) -> None:
    """As :func:`bot.actions.opening.call_off`: not while its group has come and proves it."""
    theme = stage.book.themes.get(name)
    if theme is None or "候补" not in theme.overflow or stage.waiting_list[name]:
        return
    for id in stage.openings[name]:
        task = stage.tasks[id]
        if task.open and not proved_by(task, stage.facts.get(task.subject, ())):
            what = f"已取消：{opening.NOT_WANTED}"
            chores.end(stage, task, "已取消", task.evidence, what)


def came(stage: Stage, group: Group) -> None:
    """Another group of the theme is there: who asked for it, who waits, and its own SOPs."""
    stage.record([new_groups.came(group, stage.now)])
    for base in stage.groups_of(group.theme):
        if follows(base, group):
            _move_in(stage, base, group.id)
    fresh = stage.groups[group.id]
    for id in list(stage.waiting_list[group.theme])[: room(fresh)]:
        stage.agenda.hasten("seats", id, stage.now)
    stage.forget(theme_subject(group.theme), stage.now)


def entered(stage: Stage, subject: str, group: Group | None) -> Group | None:
    """The group somebody gets into; by a code of 自动建群 it may be one that WeCom opens now."""
    if group is None or group.members < FULL or not _by_code(stage, subject, group):
        return group
    theme = stage.book.themes[group.theme]
    behind = [one for one in stage.groups_of(theme.name) if follows(group, one)]
    with_room = [one for one in behind if one.members < FULL]
    return with_room[0] if with_room else _opened(stage, theme, group)


def _by_code(stage: Stage, subject: str, base: Group) -> bool:
    """Whether they were sent the code that opens groups behind ``base``."""
    for id in stage.seats_of.get((base.theme, subject), ()):
        seat = stage.seats[id]
        held = stage.groups.get(seat.group)
        moved = held is not None and follows(base, held)
        if seat.state in HOLDING and (id in base.next_held or moved):
            return True
    return False


def next_way(theme: Theme, group: Group) -> dict[str, str]:
    """The code behind a full group."""
    url = f"https://example.com/{group.id}/next"
    return {"qr_code": url, "base": theme.base_name(group.shop)}


def _opened(stage: Stage, theme: Theme, base: Group) -> Group:
    number = next_number(stage.groups_of(theme.name), theme, base.shop)
    name = f"{base.next_way['base']}{number}"
    new = Group(id=f"{base.id}+{number}", name=name, owner=base.owner, shop=base.shop, members=1)
    new = stage.groups[new.id] = place(stage, new)
    came(stage, new)
    open_groups(stage)
    return stage.groups[new.id]


def _move_in(stage: Stage, base: Group, id: str) -> None:
    """The seats held behind the full group, as many as fit."""
    group = stage.groups[id]
    moving = base.next_held[: room(group)]
    stage.groups[id] = replace(group, held=(*group.held, *moving))
    stage.groups[base.id] = replace(base, next_held=base.next_held[len(moving) :])
    for seat in moving:
        stage.seats[seat] = replace(stage.seats[seat], group=id)
