"""Walk a journey as far as it goes now, by the same decisions as production."""

from collections import Counter

from bot.actions.effects import Effects, effects_of
from bot.actions.posting import columns_of_posts
from bot.actions.scene import Scene
from bot.actions.walk import followed, is_exit
from bot.context import Release
from bot.model import Journey
from bot.playbook.journey import Move, Situation, as_it_reads_now, decide, leave
from bot.playbook.pages import in_rehearsal
from bot.playbook.split import split_of
from bot.playbook.waiting import exit_keys
from bot.rehearse import posts, trials
from bot.rehearse.stage import Stage
from bot.store.seats import LIVING
from config.content import SendCustomer, SendGroup, TellStaff, Welcome
from config.moments import PostMoment
from config.sop import AddTags, Invite, Node, RemoveTags, Sop
from config.tasks import GiveTask

HOPS = 200  # steps in one moment; more is a circle
_AGENT = 0  # nobody's app
_AT_ONCE = (AddTags, RemoveTags, Invite)
#: Noted when they are done.
_LATER = (GiveTask, SendCustomer, SendGroup, PostMoment, TellStaff, Welcome)


def walk(stage: Stage, id: str) -> None:
    """Until it parks or ends. What cannot be decided is set aside and named."""
    journey = stage.journeys[id]
    if journey.state == "done":
        return
    try:
        for _ in range(HOPS):
            journey = _step(stage, journey)
            if journey.state == "done" or journey.due_at is None or journey.due_at > stage.now:
                return
        raise RuntimeError("the steps go round in a circle")
    except Exception as error:  # as in production, one poisoned journey must not stop the others
        stage.stuck[id] = f"{type(error).__name__}: {error}"
        stage.agenda.put("journeys", id, None)


def _step(stage: Stage, journey: Journey) -> Journey:
    text, sop = followed(journey, stage.head, stage.releases)
    if sop is None:
        gone = {"state": "done", "exit_reason": "SOP已删除", "due_at": None, "keys": None}
        return stage.move(journey, gone)
    now = _situation(stage, journey, text, sop)
    move = decide(sop, journey, now)
    if move.change:
        entering = {"release_step": text.n} if move.enters else {}
        journey = stage.move(journey, {**move.change, **entering})
    _tell(stage, journey, move)
    return _do(stage, journey) if move.enters else journey


def _do(stage: Stage, journey: Journey) -> Journey:
    """The effects of the step entered, by the text it was entered under; then leave it."""
    text = stage.releases[journey.release_step]
    sop = text.book.sop(journey.sop)
    if sop is None:
        raise KeyError(f"{journey.sop} in release {journey.release_step}")
    node = sop.flow()[journey.step]
    for action in node.step.actions:
        if not isinstance(action, _LATER):
            seen = isinstance(action, _AT_ONCE)
            stage.did(sop.name, journey.step, journey.subject, action.do if seen else "")
    if split := split_of(node):
        trials.draw(stage, split, journey)
    _store(stage, effects_of(sop, node, journey, _scene(stage, text, node, journey)), journey)
    move = leave(sop, journey, _situation(stage, journey, text, sop))
    read, now = followed(journey, stage.head, stage.releases)
    if now is not None and read.n != text.n:
        there = _situation(stage, journey, read, now)
        move = as_it_reads_now(move, journey, sop, now, there)
    journey = stage.move(journey, move.change)
    _tell(stage, journey, move)
    stage.steps += 1
    return journey


def _tell(stage: Stage, journey: Journey, move: Move) -> None:
    if is_exit(move):
        stage.wake_tasks_of(journey)
    if move.why:
        stage.note(journey.id, journey.subject, "；".join(move.why))


def _situation(stage: Stage, journey: Journey, text: Release, sop: Sop) -> Situation:
    exits = exit_keys(sop, journey.subject, journey.staff, text.book)
    return Situation(
        stage.now,
        text.book,
        stage.hours_of(text),
        stage.state_of(journey),
        stage.facts_about(journey, exits),
        text.redirects.get(sop.name, {}),
        trials.arms_of(stage, journey, text, sop),
        stage.rulings,
    )


def _scene(stage: Stage, text: Release, node: Node, journey: Journey) -> Scene:
    return Scene(
        now=stage.now,
        agent_id=_AGENT,
        book=text.book,
        hours=stage.hours_of(text),
        contact=stage.contacts.get(journey.subject),
        group=stage.groups.get(journey.subject),
        staff=stage.at_work(),
        facts=stage.state_of(journey),
        used={column: stage.used[journey.subject, column] for column in _columns(node)},
        posted=_posted(stage, text, journey),
        tag_names=stage.tag_names,
        pages=in_rehearsal,
    )


def _posted(stage: Stage, text: Release, journey: Journey) -> dict[str, Counter[str]]:
    sop = text.book.sop(journey.sop)
    asked = columns_of_posts(sop, journey) if sop else []
    return {column: posts.posted(stage, column, occasion) for column, occasion in asked}


def _columns(node: Node) -> list[str]:
    return [a.column for a in node.step.actions if isinstance(a, SendGroup) and a.column]


def _store(stage: Stage, made: Effects, journey: Journey) -> None:
    for task in made.tasks:
        stage.keep_task(task)
        stage.agenda.put("new tasks", task.id, task.due_at)
    for delivery in made.deliveries:
        stage.deliveries[delivery.id] = delivery
        if delivery.column:
            stage.used[delivery.subject, delivery.column][delivery.piece] += 1
        stage.agenda.put("deliveries", delivery.id, delivery.due_at)
    posts.keep(stage, made.posts)
    for seat in made.seats:
        living = (stage.seats[id] for id in stage.seats_of.get((seat.theme, seat.subject), ()))
        if any(one.state in LIVING for one in living):
            continue  # whoever has a living seat in the theme gets no second one
        stage.seats[seat.id] = seat
        stage.seats_of.setdefault((seat.theme, seat.subject), []).append(seat.id)
        stage.agenda.put("seats", seat.id, seat.due_at)
    for row in made.outgoing:
        stage.outbox[row.id] = row
        stage.step_of[row.id] = journey.step
        stage.agenda.put("outbox", row.id, row.due_at)
