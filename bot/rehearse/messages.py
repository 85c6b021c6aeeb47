"""Pushes in a rehearsal: let through by hours and caps, gathered, confirmed by staff, delivered."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from bot.model import Delivery, Fact, Outgoing, Sending
from bot.playbook import keys, patience
from bot.playbook.confirming import UNCONFIRMED, Done, Watch, Withdraw, look_at, offered_again
from bot.playbook.loops import step_ahead
from bot.playbook.patience import Decision, Drop, Go, Postpone
from bot.rehearse import seating
from bot.rehearse.customers import told
from bot.rehearse.people import Act
from bot.rehearse.record import Later, Push, PushState
from bot.rehearse.stage import Stage
from bot.store.groups import MARKETING_KEPT
from bot.store.sendings import base_of


def decide(stage: Stage, ids: Iterable[str]) -> None:
    """Everything due at this moment, in the order in which places are given out."""
    due = [stage.deliveries[id] for id in ids if id in stage.deliveries]
    later = _service_later(stage, due)
    going: list[Delivery] = []
    for delivery in patience.first_served(due):
        decision = _decision(stage, delivery, later[delivery.subject])
        match decision:
            case Go():
                going.append(delivery)
            case Postpone(until, why):
                _postpone(stage, delivery, until, why)
            case Drop(state, reason, why):
                give_up(stage, delivery, state, reason, why)
            case _:
                assert_never(decision)
    _gather(stage, going)


def close(stage: Stage, id: str) -> None:
    """A mass message that is due: made, looked at, withdrawn or at its end."""
    sending = stage.sendings[id]
    if sending.state == "open":
        _make(stage, sending)
    else:
        _watch(stage, sending)


def send(stage: Stage, id: str) -> None:
    """A call of our own to WeCom: tags, and words to staff."""
    row = stage.outbox.pop(id)
    if row.kind == "tag":
        fields = {"staff": row.body["userid"], "add": row.body["add"]}
        fields["remove"] = row.body.get("remove", ())
        stage.happens(row.body["external_userid"], Act(stage.now, "系统打标签", fields))
    elif row.journey:
        _word_to_staff(stage, row)


def give_up(stage: Stage, delivery: Delivery, state: PushState, reason: str, why: str = "") -> None:
    """It will never be sent; its place in the caps is free again."""
    stage.release_place(_ledger(delivery), delivery.id)
    _end(stage, delivery, state, reason, stage.now)
    if delivery.seat:
        seating.uninvited(stage, delivery.seat)
    if delivery.column:
        stage.used[delivery.subject, delivery.column][delivery.piece] -= 1
    stage.note(delivery.journey, delivery.subject, why or f"“{delivery.step}”没有发：{reason}")


def in_hands_of_staff(stage: Stage) -> None:
    """Messages that were made before the rehearsal began: staff may still confirm them."""
    together: defaultdict[str, list[Delivery]] = defaultdict(list)
    for delivery in stage.deliveries.values():
        if delivery.state in ("gathered", "created") and delivery.sending:
            together[delivery.sending].append(delivery)
    for id, members in together.items():
        like = members[0]
        made = Sending(
            id=id,
            staff=like.staff,
            subject_type=like.subject_type,
            message=like.message,
            content_hash=like.content_hash,
            moment=like.planned_at,
            expires_at=min(member.expires_at for member in members),
            members=tuple(member.id for member in members),
            state="created",
            created_at=stage.now,
        )
        stage.sendings[id] = made
        stage.confirmed_at[id] = stage.behaviour.confirms(made, stage.now)
        stage.agenda.put("sendings", id, patience.next_poll(stage.now, 0))


# ---- deciding ----------------------------------------------------------------------------------


def _decision(stage: Stage, delivery: Delivery, service_later: int) -> Decision:
    sop = stage.book.sop(delivery.sop)
    decision = patience.decide(
        delivery,
        now=stage.now,
        hours=stage.hours,
        exited=stage.exited(delivery.journey),
        state=sop.state if sop else None,
        calendar=sop.calendar if sop else None,
        off_day=patience.off_day_of(sop, delivery),
    )
    if delivery.seat and not seating.is_held(stage, delivery.seat):
        reason = "位子已不再保留"
        return Drop("suppressed", reason, f"“{delivery.step}”不发了：{reason}")
    return _take_room(stage, delivery, service_later) if isinstance(decision, Go) else decision


def _take_room(stage: Stage, delivery: Delivery, service_later: int) -> Decision:
    windows = patience.windows(stage.book.rules, delivery.subject_type, stage.now)
    ledger, cls = _ledger(delivery), patience.class_of(delivery)
    off_day = patience.off_day_of(stage.book.sop(delivery.sop), delivery)
    if cls == "营销" and service_later:
        hits = stage.ledgers[ledger].hits
        if not patience.room_for_both(hits, windows, service_later):
            return patience.give_way(delivery, stage.now, stage.hours, off_day)
    full = stage.reserve(ledger, delivery.id, cls, stage.now, windows)
    return patience.when_full(delivery, full, stage.hours, off_day) if full else Go()


def _service_later(stage: Stage, due: Sequence[Delivery]) -> Counter[str]:
    """How many 服务 messages are still to come today to those who get a 营销 one now."""
    coming: Counter[str] = Counter()
    subjects = {d.subject for d in due if patience.class_of(d) == "营销"}
    if not subjects:
        return coming
    now, tonight = stage.now, patience.day_end(stage.now, stage.hours.tz)
    for delivery in stage.deliveries.values():
        at = stage.agenda.due_of("deliveries", delivery.id)
        if delivery.subject in subjects and delivery.cls == "服务" and at and now < at < tonight:
            coming[delivery.subject] += 1
    for subject in subjects:
        for id in stage.under_way.get(subject, ()):
            journey, at = stage.journeys[id], stage.agenda.due_of("journeys", id)
            if at and at < tonight:
                sop = stage.book.sop(journey.sop)
                step = step_ahead(sop, journey, stage.hours, now) if sop else None
                coming[subject] += bool(step and patience.sends_service(step))
    return coming


def _postpone(stage: Stage, delivery: Delivery, until: datetime, why: str) -> None:
    stage.release_place(_ledger(delivery), delivery.id)
    stage.deliveries[delivery.id] = replace(delivery, due_at=until, reason=why)
    stage.agenda.put("deliveries", delivery.id, until)
    stage.put_off.append(
        Later(stage.now, delivery.sop, delivery.step, delivery.subject, delivery.staff, until, why)
    )
    stage.note(delivery.journey, delivery.subject, why)


# ---- gathering and confirming -------------------------------------------------------------------


def _gather(stage: Stage, going: Sequence[Delivery]) -> None:
    """Same sender, same words, same day: one mass message for staff to confirm."""
    for delivery in going:
        base = base_of(*patience.together(delivery, stage.hours.tz))
        sending = stage.opened.get(base)
        if sending is None or sending not in stage.sendings:
            sending = _open(stage, base, delivery)
        known = stage.sendings[sending]
        stage.sendings[sending] = replace(
            known,
            members=(*known.members, delivery.id),
            expires_at=min(known.expires_at, delivery.expires_at),
        )
        stage.deliveries[delivery.id] = replace(delivery, state="gathered", sending=sending)
        what = f"“{delivery.step}”交给 {delivery.staff} 群发"
        stage.note(delivery.journey, delivery.subject, what)
        if not delivery.seat:
            action = "发给客户" if delivery.subject_type == "contact" else "发到群"
            stage.did(delivery.sop, delivery.step, delivery.subject, action)


def _open(stage: Stage, base: str, like: Delivery) -> str:
    id = f"{base}-{stage.fresh()}"
    stage.opened[base] = id
    stage.sendings[id] = Sending(
        id=id,
        staff=like.staff,
        subject_type=like.subject_type,
        message=like.message,
        content_hash=like.content_hash,
        moment=like.planned_at,
        expires_at=like.expires_at,
        base=base,
    )
    stage.agenda.put("sendings", id, stage.now + patience.GATHERING)
    return id


def _make(stage: Stage, sending: Sending) -> None:
    """Nobody joins any more. Whoever left since it was opened is left out."""
    stage.opened.pop(sending.base, None)
    quiet = stage.hours.quiet[patience.audience(sending.subject_type)]
    if sending.expires_at <= stage.now or quiet.contains(stage.now):
        _offer_again(stage, sending, _members(stage, sending))
        return
    for delivery in _members(stage, sending):
        if stage.exited(delivery.journey):
            give_up(stage, delivery, "suppressed", "已退出")
        elif delivery.expires_at <= stage.now:
            give_up(stage, delivery, "expired", patience.TOO_LATE)
        elif not _is_friend(stage, delivery):
            give_up(stage, delivery, "failed", "不是好友")
    if not _members(stage, sending):
        stage.sendings.pop(sending.id)
        return
    made = replace(sending, state="created", created_at=stage.now)
    stage.sendings[sending.id] = made
    stage.confirmed_at[sending.id] = stage.behaviour.confirms(made, stage.now)
    stage.confirmations.append((stage.now, sending.staff, sending.id))
    stage.agenda.put("sendings", sending.id, patience.next_poll(stage.now, 0))


def _watch(stage: Stage, sending: Sending) -> None:
    confirmed = _fold_back(stage, sending)
    waiting = not confirmed or bool(_members(stage, sending))
    then = look_at(sending, now=stage.now, hours=stage.hours, confirmed=confirmed, waiting=waiting)
    match then:
        case Done():
            _forget(stage, sending)
        case Withdraw():
            _offer_again(stage, sending, _members(stage, sending))
        case Watch(due_at, polls, reminds, remind):
            stage.reminders += remind
            stage.sendings[sending.id] = replace(sending, polls=polls, reminds=reminds)
            stage.agenda.put("sendings", sending.id, due_at)
        case _:
            assert_never(then)


def _offer_again(stage: Stage, sending: Sending, waiting: Sequence[Delivery]) -> None:
    for delivery in waiting:
        stage.release_place(_ledger(delivery), delivery.id)
    offer = offered_again(sending, waiting, stage.now, stage.hours)
    for delivery in offer.again:
        again = replace(delivery, state="ready", sending="", due_at=offer.free_at)
        stage.deliveries[delivery.id] = replace(again, reason=offer.why)
        stage.agenda.put("deliveries", delivery.id, offer.free_at)
        stage.note(delivery.journey, delivery.subject, f"“{delivery.step}”{offer.why}")
    for delivery in offer.late:
        give_up(stage, delivery, "expired", UNCONFIRMED)
    _forget(stage, sending)


def _fold_back(stage: Stage, sending: Sending) -> bool:
    """Every delivery whose fate is known comes to its end; whether staff have confirmed."""
    at = stage.confirmed_at.get(sending.id)
    if at is None or at > stage.now:
        return False
    for delivery in _members(stage, sending):
        _delivered(stage, delivery, at)
    return True


def _delivered(stage: Stage, delivery: Delivery, at: datetime) -> None:
    stage.received(_ledger(delivery), delivery.id, at)
    if delivery.seat:
        seating.invited(stage, delivery.seat, at)
    group = stage.groups.get(delivery.subject)
    if group and delivery.cls == "营销":
        times = tuple(sorted({*group.marketing, at})[-MARKETING_KEPT:])
        stage.groups[group.id] = replace(group, marketing=times)
    _end(stage, delivery, "delivered", "", at)
    fact = Fact(
        id=f"mass:{delivery.id}",
        keys=(keys.mass_sent(delivery.journey),),
        subject=delivery.subject,
        at=at,
        source="get_groupmsg_send_result",
        data={"step": delivery.step, "staff": delivery.staff},
    )
    told(stage, [fact])
    what = f"“{delivery.step}”由 {delivery.staff} 确认，已送达"
    stage.note(delivery.journey, delivery.subject, what, at)


def _end(stage: Stage, delivery: Delivery, state: PushState, reason: str, at: datetime) -> None:
    stage.deliveries.pop(delivery.id, None)
    stage.agenda.put("deliveries", delivery.id, None)
    stage.pushes.append(_push(delivery, state, reason, at))


def _push(delivery: Delivery, state: PushState, reason: str, at: datetime) -> Push:
    return Push(
        at,
        delivery.sop,
        delivery.step,
        delivery.subject,
        delivery.staff,
        patience.class_of(delivery),
        state,
        reason,
        delivery.planned_at,
        "客户" if delivery.subject_type == "contact" else "客户群",
        delivery.id,
        delivery.sending,
    )


def waiting(stage: Stage) -> list[Push]:
    """What is under way and not yet decided, or not yet confirmed."""
    found = []
    for delivery in stage.deliveries.values():
        at = stage.agenda.due_of("deliveries", delivery.id) or delivery.planned_at
        reason = "等员工确认" if delivery.sending else delivery.reason
        found.append(_push(delivery, "waiting", reason, at))
    return found


def _word_to_staff(stage: Stage, row: Outgoing) -> None:
    journey = stage.journeys.get(row.journey)
    if journey is None:
        return
    state: PushState = "delivered"
    reason = ""
    if stage.exited(journey.id):
        state, reason = "suppressed", "已退出"
    elif (sop := stage.book.sop(journey.sop)) and sop.state != "启用":
        state, reason = "suppressed", "已暂停"
    elif row.expires_at and row.expires_at <= stage.now:
        state, reason = "expired", patience.TOO_LATE
    step = stage.step_of.pop(row.id, "")
    stage.pushes.append(
        Push(
            stage.now,
            journey.sop,
            step,
            journey.subject,
            row.staff,
            "员工",
            state,
            reason,
            row.due_at,
            "员工",
            row.id,
        )
    )
    if state == "delivered":
        stage.did(journey.sop, step, journey.subject, "发给员工")
    stage.note(journey.id, journey.subject, f"“{step}”发给员工 {row.staff}")


def _members(stage: Stage, sending: Sending) -> list[Delivery]:
    found = (stage.deliveries.get(id) for id in sending.members)
    return [d for d in found if d and d.sending == sending.id]


def _forget(stage: Stage, sending: Sending) -> None:
    stage.sendings.pop(sending.id, None)
    stage.confirmed_at.pop(sending.id, None)
    stage.agenda.put("sendings", sending.id, None)


def _is_friend(stage: Stage, delivery: Delivery) -> bool:
    """WeCom sends to nobody who deleted the sender; of groups it asks nothing."""
    contact = stage.contacts.get(delivery.subject)
    if contact is None:
        return True
    friend = contact.relation(delivery.staff)
    return friend is None or not friend.lost


def _ledger(delivery: Delivery) -> str:
    return patience.ledger_of(delivery.subject, delivery.subject_type)
