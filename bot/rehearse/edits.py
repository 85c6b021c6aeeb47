"""Another release is live: those it concerns are looked at again, as by production's sweep."""

from dataclasses import replace

from bot.model import Journey
from bot.playbook.moves import Edit, look_at
from bot.playbook.waiting import exit_keys
from bot.rehearse.stage import Stage
from config.book import Book


def look_again(stage: Stage, was: Book) -> None:
    """Everybody under way in an SOP that reads differently now."""
    clock_changed = _clock(was) != _clock(stage.book)
    for subject in list(stage.under_way):
        for id in list(stage.under_way[subject]):
            _look(stage, was, stage.journeys[id], clock_changed=clock_changed)


def _look(stage: Stage, was: Book, journey: Journey, *, clock_changed: bool) -> None:
    before, after = was.sop(journey.sop), stage.book.sop(journey.sop)
    edit = Edit(before, after, stage.hours, stage.now, clock_changed)
    if journey.pinned and after:
        kept = stage.releases[journey.release_entered].book.sop(journey.sop)
        if kept:
            old = kept.model_copy(update={"state": before.state}) if before else None
            now = kept.model_copy(update={"state": after.state})
            edit = replace(edit, was=old, sop=now, clock_changed=False)
    if not edit.matters:
        return
    if after and not journey.pinned:
        exits = exit_keys(after, journey.subject, journey.staff, stage.book)
        new = [key for key in exits if key not in journey.keys]
        journey = replace(journey, keys=(*journey.keys, *new))
        stage.journeys[journey.id] = journey
    contact = stage.contacts.get(journey.subject)
    dates = stage.state(journey.subject, journey.staff).attributes if contact else {}
    at = look_at(edit, journey, dates)
    if at is not None and (journey.due_at is None or at < journey.due_at):
        stage.journeys[journey.id] = replace(journey, due_at=at)
        stage.agenda.put("journeys", journey.id, at)


def _clock(book: Book) -> tuple[object, ...]:
    rules = book.rules
    return (rules.timezone, rules.workdays, rules.attributes)
