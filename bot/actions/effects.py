"""What an entered step puts into the world, as rows: the same rows however often it is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from bot.actions import content
from bot.actions.content import Wording
from bot.actions.tagging import tag_call
from bot.model import Contact, Delivery, Group, Journey, Outgoing, Seat, Staff, Task
from bot.playbook import keys
from bot.playbook.audience import Facts, pick_theme
from bot.playbook.evidence import BUTTON, CHECKLIST
from bot.playbook.hours import Hours
from bot.playbook.wording import fill, fingerprint
from bot.store.rows import slot_of
from bot.wecom import cards
from config.book import Book
from config.content import Receiver, SendCustomer, SendGroup, TellStaff, Welcome
from config.phrases import in_words
from config.sop import AddTags, Branch, End, Invite, Node, Sop, Wait, WaitEvent
from config.tasks import (
    AnyEvidence,
    Button,
    ChecklistDone,
    CustomerTagged,
    CustomerTaggedInGroup,
    Evidence,
    GiveTask,
    JoinedGroup,
    MassSent,
)

FEW_LEFT = "栏目“{column}”在群里只剩 {left} 篇没发过了，请补充新内容，否则会从头轮一遍。"
_WARNING_LIVES = timedelta(days=2)


@dataclass(slots=True)
class Effects:
    """Rows by the collection they go to; every one is named after the visit that made it."""

    tasks: list[Task] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)

    def __iadd__(self, more: "Effects") -> "Effects":
        self.tasks += more.tasks
        self.deliveries += more.deliveries
        self.seats += more.seats
        self.outgoing += more.outgoing
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who the step is about, and the people around them."""

    now: datetime
    agent_id: int
    book: Book
    hours: Hours
    contact: Contact | None
    group: Group | None
    staff: Mapping[str, Staff]
    facts: Facts
    turns: Mapping[str, int] = field(default_factory=dict)  # 栏目 → how many were sent here

    def name_of(self, userid: str) -> str:
        known = self.staff.get(userid)
        return known.name if known and known.name else self.book.team.name_of(userid)

    @property
    def shop(self) -> str:
        subject = self.contact or self.group
        return subject.shop if subject else ""

    def receiver(self, to: Receiver, journey: Journey) -> str:
        """The userid meant; the owner of the group or customer stands in for an empty post."""
        match to.kind:
            case "跟进人":
                return journey.staff
            case "群主":
                return self.group.owner if self.group else journey.staff
            case "店长":
                return self.manager() or journey.staff
            case "角色":
                people = self.book.team.in_role(to.name)
                here = [p for p in people if p in self.staff and self.staff[p].active]
                return next(iter(here or people), journey.staff)
            case "员工":
                return self.book.team.userid(to.name)
            case _:
                assert_never(to.kind)

    def manager(self) -> str | None:
        """The shop's 店长: by name in the folder, else whoever leads its department."""
        if named := self.book.team.manager_of(self.shop):
            return named
        shop = self.book.team.shop(self.shop)
        leaders = (s.id for s in self.staff.values() if shop and shop.department in s.leads)
        return min(leaders, default=None)

    def wording(self, sop: Sop, journey: Journey) -> Wording:
        if self.group:
            owner = self.name_of(self.group.owner)
            values = content.of_group(self.group, owner, self.now, self.hours)
        else:
            contact = self.contact or Contact(id=journey.subject)
            values = content.of_contact(contact, self.name_of(journey.staff), self.book)
        holiday = sop.calendar.long_holiday == "换成 假期版" and self.hours.is_holiday(self.now)
        return Wording(book=self.book, values=values, holiday=holiday)


def effects_of(sop: Sop, node: Node, journey: Journey, scene: Scene) -> Effects:
    """Every row of the step ``journey`` is inside of."""
    made = Effects()
    wording = scene.wording(sop, journey)
    for number, action in enumerate(node.step.actions):
        id = f"{journey.id}:{journey.visit}:{number}"
        match action:
            case GiveTask():
                made.tasks.append(_task(action, id, node, journey, scene, wording))
            case SendCustomer() | SendGroup():
                made += _push(action, id, sop, node, journey, scene, wording)
            case TellStaff():
                made.outgoing.append(_word_to_staff(action, id, journey, scene, wording))
            case AddTags():
                tags = scene.book.full_tags(action.tags)
                call = tag_call(id, journey.subject, journey.staff, tags)
                made.outgoing.append(replace(call, due_at=scene.now))
            case Invite():
                if seat := _seat(action, id, journey, scene):
                    made.seats.append(seat)
            case Welcome() | Wait() | WaitEvent() | Branch() | End():
                pass  # the add event itself is answered with the welcome; the rest moves, not makes
            case _:
                assert_never(action)
    return made


def _task(
    action: GiveTask, id: str, node: Node, journey: Journey, scene: Scene, wording: Wording
) -> Task:
    rules = action.evidence
    any_proof = len(rules) == 1 and isinstance(rules[0], AnyEvidence)
    wanted = [_proof(rule, journey, scene.book) for rule in _flat(rules)]
    names = scene.book.full_tags
    return Task(
        id=id,
        journey=journey.id,
        sop=journey.sop,
        step=node.step.name,
        subject=journey.subject,
        subject_type=journey.subject_type,
        staff=scene.receiver(action.to, journey),
        title=fill(action.title, wording.values),
        note=action.reason,
        material=content.to_forward(action.material, wording) if action.material else "",
        buttons=action.buttons,
        checklist=tuple(fill(item, wording.values) for item in action.checklist),
        proofs_wanted=tuple(wanted),
        any_proof=any_proof,
        keys=tuple(proof for proof in wanted if proof not in (BUTTON, CHECKLIST)),
        created_at=scene.now,
        limit=in_words(action.due),
        ladder=action.ladder or "",
        result_tags={button: ",".join(names(tags)) for button, tags in action.result_tags.items()},
        due_at=scene.now,
        slot=slot_of(journey.subject),
    )


def _flat(rules: Sequence[Evidence]) -> list[Evidence]:
    return [one for rule in rules for one in (rule.of if isinstance(rule, AnyEvidence) else [rule])]


def _proof(rule: Evidence, journey: Journey, book: Book) -> str:
    """What the task waits for: the worker's own word, or the key of a fact."""
    match rule:
        case Button():
            return BUTTON
        case ChecklistDone():
            return CHECKLIST
        case CustomerTagged():
            return keys.tagged(journey.subject, book.tag(rule.tag))
        case CustomerTaggedInGroup():
            return keys.tagged_in(journey.subject, rule.tag_group)
        case JoinedGroup():
            return keys.joined(journey.subject, rule.theme or "")
        case MassSent():
            return keys.mass_sent(journey.id)
        case AnyEvidence():
            raise ValueError("任一 inside 任一")
        case _:
            assert_never(rule)


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
    turn = scene.turns.get(column, 0)
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
        planned_at=planned,
        expires_at=scene.hours.add(action.expires, planned),
        due_at=scene.now,
        slot=slot_of(journey.subject),
    )
    made = Effects(deliveries=[delivery])
    if column and (warning := _few_left(column, turn, id, sop, scene)):
        made.outgoing.append(warning)
    return made


def _few_left(column: str, turn: int, id: str, sop: Sop, scene: Scene) -> Outgoing | None:
    """A word to the SOP's owner while fresh pieces of a 栏目 run out in this group."""
    shelf = scene.book.columns[column]
    left = len(shelf.order) - turn - 1
    if not 0 <= left < shelf.warn_below or scene.group is None:
        return None
    text = f"【{scene.group.name}】" + FEW_LEFT.format(column=column, left=left)
    owner = scene.book.team.userid(sop.owner)
    return _text(f"{id}:few", owner, text, scene, scene.now + _WARNING_LIVES)


def _word_to_staff(
    action: TellStaff, id: str, journey: Journey, scene: Scene, wording: Wording
) -> Outgoing:
    text = content.in_words(content.message_of(action, wording))
    if action.reason:
        text = f"{text}\n为什么发：{action.reason}"
    staff = scene.receiver(action.to, journey)
    expires = scene.hours.add(action.expires, max(journey.planned_at or scene.now, scene.now))
    return replace(_text(id, staff, text, scene, expires), journey=journey.id)


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
