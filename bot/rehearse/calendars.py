"""What comes by the calendar: moments of group SOPs, sweeps of 检查人群, newly themed groups."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.model import Group, Occurrence
from bot.playbook.recurring import Planned, audiences, goes_on_at, nobody_asks, plan, takes_part
from bot.rehearse import entrance
from bot.rehearse.stage import Stage
from config.sop import Sop
from config.triggers import AUDIENCE

_AHEAD = timedelta(days=800)  # what comes once in a lunar year has a next moment within it


def place(stage: Stage, group: Group) -> Group:
    """The theme, capacity and shop the live release gives a group."""
    theme = stage.book.theme_of_group(group.id, group.name)
    owner = stage.staff.get(group.owner)
    shop = stage.book.team.shop_of(owner.departments) if owner else None
    return replace(
        group,
        theme=theme.name if theme else "",
        cap=theme.capacity if theme else 0,
        shop=shop or group.shop,
    )


def rewind(stage: Stage) -> None:
    """The next moment of everything that recurs; what is not in the folder comes no more."""
    coming = {_name(one): one for one in (*plan(stage.book), *audiences(stage.book))}
    for name in {*stage.agenda.waiting("occurrences"), *coming}:
        one = coming.get(name)
        stage.agenda.put("occurrences", name, _next(one, stage.now) if one else None)
    stage.planned = coming
    open_groups(stage)


def occur(stage: Stage, name: str) -> None:
    """The moment of a calendar step, or of a look at an audience, has come."""
    one = stage.planned[name]
    stage.agenda.put("occurrences", name, _next(one, stage.now))
    occurrence = one.at(stage.now, stage.now)
    if one.kind == "audience":
        _go_through(stage, one.sop, occurrence)
        return
    for group in stage.groups_of(one.sop.entry.theme or ""):
        if takes_part(one.sop, group, stage.now):
            entrance.begin_occurrence(stage, one.sop, group, occurrence)


def go_on(stage: Stage, id: str) -> None:
    """The rest of an audience, the day after 每天最多 was reached."""
    occurrence, cursor = stage.resting.pop(id)
    sop = stage.book.sop(occurrence.sop)
    if sop and not nobody_asks(sop):
        _go_through(stage, sop, occurrence, cursor)


def _go_through(stage: Stage, sop: Sop, occurrence: Occurrence, cursor: str = "") -> None:
    """Everybody who fits, in the order of ids, behind ``cursor``, while today has room."""
    for id in stage.ids():
        if id <= cursor:
            continue
        if not (staff := stage.friend_of(id)):
            continue
        if entrance.let_in(stage, sop, stage.contacts[id], staff, by=occurrence.id) == "full":
            _rest(stage, sop, occurrence, cursor)
            return
        cursor = id


def _rest(stage: Stage, sop: Sop, occurrence: Occurrence, cursor: str) -> None:
    """今天已满: the rest come the next day, by the next look if there is one by then."""
    again = goes_on_at(stage.planned[_of_audience(sop)], occurrence, stage.now)
    if again:
        stage.resting[occurrence.id] = (occurrence, cursor)
        stage.agenda.put("sweeps", occurrence.id, again)


def open_groups(stage: Stage) -> None:
    """Groups that are of a theme begin the SOPs that begin with that, once."""
    for sop in stage.book.sops.values():
        if sop.state == "启用" and sop.entry.kind == "群属于主题" and sop.flow().entry:
            for group in stage.groups_of(sop.entry.theme or ""):
                entrance.begin_group(stage, sop, group)


def _next(one: Planned, since: datetime) -> datetime | None:
    return next(one.between(since, since + _AHEAD), None) if one.enabled else None


def _name(one: Planned) -> str:
    return f"{one.sop.name}/{one.name}"


def _of_audience(sop: Sop) -> str:
    return f"{sop.name}/{AUDIENCE}"
