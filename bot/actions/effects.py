"""What an entered step puts into the world, as rows: the same rows however often it is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from bot.actions import content
from bot.actions.content import Wording
from bot.actions.given import task_of
from bot.actions.posting import occasion_of, posts_of
from bot.actions.scene import Scene
from bot.actions.tagging import tag_call
from bot.model import Delivery, Journey, Outgoing, Post, Seat, Task
from bot.playbook.audience import pick_theme
from bot.playbook.rotation import fresh_left, next_piece
from bot.playbook.wording import fingerprint
from bot.store.rows import slot_of
from bot.wecom import cards
from config.content import SendCustomer, SendGroup, TellStaff, Welcome
from config.moments import PostMoment
from config.sop import (
    AddTags,
    Branch,
    End,
    Invite,
    Loop,
    Node,
    RemoveTags,
    Sop,
    Split,
    Wait,
    WaitEvent,
)
from config.tasks import GiveTask

FEW_LEFT = "栏目“{column}”在{where}里只剩 {left} 篇没发过了，请补充新内容，否则会从头轮一遍。"
_WARNING_LIVES = timedelta(days=2)


@dataclass(slots=True)
class Effects:
    """Rows by the collection they go to; every one is named after the visit that made it."""

    tasks: list[Task] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)

    def __iadd__(self, more: "Effects") -> "Effects":
        self.tasks += more.tasks
        self.deliveries += more.deliveries
        self.posts += more.posts
        self.seats += more.seats
        self.outgoing += more.outgoing
        return self


def effects_of(sop: Sop, node: Node, journey: Journey, scene: Scene) -> Effects:
    """Every row of the step ``journey`` is inside of."""
    made = Effects()
    wording = scene.wording(sop, journey)
    for number, action in enumerate(node.step.actions):
        id = f"{journey.id}:{journey.visit}:{number}"
        match action:
            case GiveTask():
                made.tasks.append(task_of(action, id, node, journey, scene, wording))
            case SendCustomer() | SendGroup():
                made += _push(action, id, sop, node, journey, scene, wording)
            case PostMoment():
                made += _moment(action, number, sop, node, journey, scene)
            case TellStaff():
                made.outgoing += _words_to_staff(action, id, journey, scene, wording)
            case AddTags():
                tags = scene.book.full_tags(action.tags)
                call = tag_call(id, journey.subject, journey.staff, tags)
                made.outgoing.append(replace(call, due_at=scene.now))
            case RemoveTags():
                made.outgoing += _untag(action, id, journey, scene)
            case Invite():
                if seat := _seat(action, id, journey, scene):
                    made.seats.append(seat)
            case Welcome() | Wait() | WaitEvent() | Branch() | Loop() | Split() | End():
                pass  # the add event itself is answered with the welcome; the rest moves, not makes
            case _:
                assert_never(action)
    return made


def _push(
    action: SendCustomer | SendGroup,
    id: str,
    sop: Sop,
    node: Node,
    journey: Journey,
    scene: Scene,
    wording: Wording,
) -> Effects:
    column = action.column or ""
    order, used = _rotation(column, scene)
    turn = next_piece(order, used) if column else 0
    message = content.message_of(action, wording, turn)
    planned = max(journey.planned_at or scene.now, journey.step_at)
    if column and wording.holiday and content.piece(column, scene.book, turn).holiday_version:
        column = ""  # the piece itself is still to come
    if node.step.missed == "顺延到下个可发时段":
        planned = max(planned, scene.now)
    to_group = isinstance(action, SendGroup)
    owner = scene.group.owner if to_group and scene.group else journey.staff
    delivery = Delivery(
        id=id,
        journey=journey.id,
        sop=journey.sop,
        step=node.step.name,
        subject=journey.subject,
        subject_type=journey.subject_type,
        staff=owner,
        cls=action.category,
        message=message,
        content_hash=fingerprint(message),
        column=column,
        piece=order[turn] if column else "",
        planned_at=planned,
        expires_at=scene.hours.add(action.expires, planned),
        due_at=scene.now,
        slot=slot_of(journey.subject),
    )
    made = Effects(deliveries=[delivery])
    if column and (warning := _few_left(column, id, sop, scene)):
        made.outgoing.append(warning)
    return made


def _moment(
    action: PostMoment, number: int, sop: Sop, node: Node, journey: Journey, scene: Scene
) -> Effects:
    made = Effects(posts=posts_of(action, number, sop, node, journey, scene))
    if column := next((post.column for post in made.posts if post.column), ""):
        shelf = scene.book.columns[column]
        left = fresh_left(shelf.order, scene.posted.get(column, {}))
        if left is not None and left < shelf.warn_below:
            id = f"moment:{occasion_of(node, journey, number)}:few"
            owner = scene.book.team.userid(sop.owner)
            text = FEW_LEFT.format(column=column, where="朋友圈", left=left)
            made.outgoing.append(_text(id, owner, text, scene, scene.now + _WARNING_LIVES))
    return made


def _rotation(column: str, scene: Scene) -> tuple[Sequence[str], Mapping[str, int]]:
    """The pieces of a 栏目, and how often each was sent here."""
    order = scene.book.columns[column].order if column else ()
    return order, scene.used.get(column, {})


def _few_left(column: str, id: str, sop: Sop, scene: Scene) -> Outgoing | None:
    """A word to the SOP's owner while fresh pieces of a 栏目 run out in this group."""
    left = fresh_left(*_rotation(column, scene))
    if left is None or left >= scene.book.columns[column].warn_below or scene.group is None:
        return None
    text = f"【{scene.group.name}】" + FEW_LEFT.format(column=column, where="群", left=left)
    owner = scene.book.team.userid(sop.owner)
    return _text(f"{id}:few", owner, text, scene, scene.now + _WARNING_LIVES)


def _untag(action: RemoveTags, id: str, journey: Journey, scene: Scene) -> list[Outgoing]:
    """Every member of staff has tags of their own on a customer: theirs are taken off, too."""
    tags = scene.book.full_tags(action.tags)
    calls = [tag_call(id, journey.subject, journey.staff, (), remove=tags)]
    for relation in scene.contact.relations if scene.contact else ():
        theirs = [tag for tag in tags if tag in {scene.tag_names.get(t) for t in relation.tags}]
        if theirs and not relation.lost and relation.staff != journey.staff:
            own = f"{id}:{relation.staff}"
            calls.append(tag_call(own, journey.subject, relation.staff, (), remove=theirs))
    return [replace(call, due_at=scene.now) for call in calls]


def _words_to_staff(
    action: TellStaff, id: str, journey: Journey, scene: Scene, wording: Wording
) -> list[Outgoing]:
    text = content.in_words(content.message_of(action, wording))
    if action.reason:
        text = f"{text}\n为什么发：{action.reason}"
    expires = scene.hours.add(action.expires, max(journey.planned_at or scene.now, scene.now))
    readers = scene.readers(action.to, journey)
    names = [f"{id}:{reader}" for reader in readers] if action.to.kind == "部门" else [id]
    return [
        replace(_text(name, reader, text, scene, expires), journey=journey.id)
        for name, reader in zip(names, readers, strict=True)
    ]


def _text(id: str, staff: str, text: str, scene: Scene, expires_at: datetime) -> Outgoing:
    return Outgoing(
        id=id,
        kind="text",
        body=cards.text(scene.agent_id, [staff], text),
        staff=staff,
        due_at=scene.hours.free_after("员工", scene.now),
        expires_at=expires_at,
    )


def _seat(action: Invite, id: str, journey: Journey, scene: Scene) -> Seat | None:
    """None when the picker has no theme for this customer."""
    theme = pick_theme(scene.book, action.theme, scene.facts, scene.now)
    if theme is None:
        return None
    return Seat(
        id=id,
        theme=theme,
        subject=journey.subject,
        staff=journey.staff,
        journey=journey.id,
        created_at=scene.now,
        due_at=scene.now,
        slot=slot_of(journey.subject),
    )
