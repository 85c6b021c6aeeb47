"""What befalls a customer in a rehearsal, by the names people write in 进入, 退出 and 测试."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.actions.welcome import chosen
from bot.model import Contact, Fact, Relation
from bot.playbook import keys
from bot.playbook.audience import HAPPENINGS
from bot.playbook.evidence import OWN_CALL
from bot.playbook.happenings import FORM, happening
from bot.rehearse import chores, entrance, seating
from bot.rehearse.customers import counted, retag, told, with_relation
from bot.rehearse.people import Act
from bot.rehearse.record import Push
from bot.rehearse.stage import Stage
from bot.sync.contacts import parted, shop_of

Fields = Mapping[str, Any]
_NAMES = {english: chinese for chinese, english in HAPPENINGS.items()}


def act(stage: Stage, subject: str, what: Act) -> None:
    """One thing happens at its moment; KeyError for a kind that is not known."""
    DO[what.kind](stage, subject, what.at, what.fields)


# ---- WeCom -------------------------------------------------------------------------------------


def _added(stage: Stage, subject: str, at: datetime, fields: Fields) -> None:
    staff = str(fields.get("staff") or stage.anybody())
    state = str(fields.get("channel") or "")
    contact = stage.contacts.get(subject) or Contact(id=subject)
    contact = replace(contact, name=str(fields.get("name") or contact.name))
    known = contact.relation(staff)
    tags = known.tags if known and not known.lost else ()
    tags = (*tags, *(stage.tag_id(stage.book.tag(name)) for name in fields.get("tags", ())))
    friend = Relation(staff=staff, since=at, state=state, tags=tags, version=at)
    contact = with_relation(stage, contact, friend)
    shop = fields.get("shop") or shop_of(contact, stage.staff, stage.book)
    contact = replace(contact, shop=str(shop))
    stage.contacts[subject] = contact
    stage.note("", subject, f"加了 {staff} 为好友")
    _welcome(stage, contact, staff, state, at)
    if channel := stage.book.channels.get(state):
        names = stage.book.full_tags(channel.tags)
        stage.happens(subject, Act(stage.now, "系统打标签", {"staff": staff, "add": names}))
    entrance.befriended(stage, contact, staff, at)


def _welcome(stage: Stage, contact: Contact, staff: str, came_by: str, at: datetime) -> None:
    """It answers the customer's own act, so neither caps nor hours apply."""
    state = stage.state(contact.id, staff)
    greeting = chosen(stage.book, state, staff, came_by, stage.now)
    if not greeting:
        return
    about, step = greeting.about, greeting.step
    push = Push(at, about, step, contact.id, staff, "欢迎语", "delivered", planned_at=at)
    stage.pushes.append(replace(push, id=f"welcome:{contact.id}:{at.isoformat()}"))
    stage.note("", contact.id, f"用{greeting.whose}的欢迎语回应添加")
    stage.did(about, step, contact.id, "发欢迎语")


def _lost(stage: Stage, subject: str, at: datetime, fields: Fields) -> None:
    contact = stage.contacts.get(subject)
    staff = str(fields.get("staff") or stage.friend_of(subject))
    known = contact.relation(staff) if contact else None
    if contact is None or known is None:
        return
    how = str(fields.get("how", "by_customer"))
    gone = replace(known, lost=how, version=at)  # type: ignore[arg-type]  # one of its words
    stage.contacts[subject] = replace(
        contact, relations=tuple(gone if r.staff == staff else r for r in contact.relations)
    )
    stage.note("", subject, f"删除了 {staff}")
    told(stage, [parted(subject, staff, how, at)])


def _tagged(stage: Stage, subject: str, at: datetime, fields: Fields) -> None:
    staff = str(fields.get("staff") or stage.friend_of(subject))
    retag(stage, subject, staff, add=[stage.book.tag(fields["tag"])], at=at)


def _untagged(stage: Stage, subject: str, at: datetime, fields: Fields) -> None:
    """By everybody who gave it: it is off once the last of them has taken it off."""
    name, contact = stage.book.tag(fields["tag"]), stage.contacts.get(subject)
    for relation in contact.relations if contact else ():
        if stage.tag_id(name) in relation.tags:
            retag(stage, subject, relation.staff, remove=[name], at=at)


def _marked(stage: Stage, subject: str, at: datetime, fields: Fields) -> None:
    """Our own mark_tag has come through; WeCom does not echo it."""
    add, remove = fields.get("add", ()), fields.get("remove", ())
    retag(stage, subject, str(fields["staff"]), add=add, remove=remove, source=OWN_CALL)


# ---- the shop's own systems ----------------------------------------------------------------------


def _posted(kind: str) -> "_Do":
    words = _NAMES.get(kind, kind)

    def happened(stage: Stage, subject: str, at: datetime, fields: Fields) -> None:
        counted(stage, subject, kind, at)
        id = f"{kind}:{stage.fresh()}"
        told(stage, [happening(id, kind, subject, at, "posted", dict(fields))], words)

    return happened


def _event_of_its_own(stage: Stage, subject: str, at: datetime, fields: Fields) -> None:
    kind = str(fields["event"])
    _posted(HAPPENINGS.get(kind, kind))(stage, subject, at, fields)


def _form(stage: Stage, subject: str, at: datetime, fields: Fields) -> None:
    name = str(fields["form"])
    about = (keys.form(subject, name), keys.form(subject, ""))
    counted(stage, subject, FORM, at)
    id = f"{FORM}:{stage.fresh()}"
    told(stage, [happening(id, FORM, subject, at, "posted", {}, about)], f"交了表单“{name}”")


def _stage_changed(stage: Stage, subject: str, at: datetime, fields: Fields) -> None:
    contact = stage.contacts.get(subject)
    system, to = str(fields["system"]), str(fields["stage"])
    if contact is None:
        return
    before = contact.stages.get(system)
    scores = dict(contact.scores)
    if fields.get("score") is not None:
        scores[system] = float(fields["score"])
    reasons = {**contact.score_reasons, system: str(fields.get("reason") or "")}
    stages = {**contact.stages, system: to}
    stage.contacts[subject] = replace(contact, scores=scores, stages=stages, score_reasons=reasons)
    if before == to:
        return
    both = tuple(keys.stage(subject, name, to) for name in (system, ""))
    data = {"system": system, "stage": to}
    fact = _fact(f"stage:{stage.fresh()}", both, subject, at, data)
    told(stage, [fact], f"“{system}”到了阶段“{to}”")


def _profile(stage: Stage, subject: str, at: datetime, fields: Fields) -> None:
    contact, new = stage.contacts.get(subject), dict(fields["attributes"])
    if contact is None:
        return
    known = {name: day for name, day in {**contact.attributes, **new}.items() if day is not None}
    stage.contacts[subject] = replace(contact, attributes=known)
    about = tuple(keys.attribute(subject, name) for name in new)
    fact = _fact(f"profile:{stage.fresh()}", about, subject, at, {"attributes": new})
    told(stage, [fact], f"客户属性：{'，'.join(f'{name} {day}' for name, day in new.items())}")


def _fact(
    id: str, about: tuple[str, ...], subject: str, at: datetime, data: dict[str, Any]
) -> Fact:
    return Fact(id=id, keys=about, subject=subject, at=at, source="posted", data=data)


_Do = Callable[[Stage, str, datetime, Fields], None]

#: What can happen, by name; with fields as in :class:`config.happens.Happens`.
DO: Mapping[str, _Do] = {
    "添加好友": _added,
    "客户删除好友": _lost,
    "打上标签": _tagged,
    "去掉标签": _untagged,
    "系统打标签": _marked,
    "下单": _posted("order"),
    "到店": _posted("visit"),
    "互动": _posted("interaction"),
    "客户回复": _posted("reply"),
    "收到事件": _event_of_its_own,
    "阶段变化": _stage_changed,
    "表单提交": _form,
    "资料变化": _profile,
    "入群": seating.joined,
    "退群": seating.left,
    "点按钮": chores.tapped,
    "勾完清单": chores.tapped,
    "填写": chores.filled_in,
}
