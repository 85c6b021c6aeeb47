"""Places in themed groups in a rehearsal: held while there is room, offered, taken, given up.

Simpler than production in one thing: every group has its QR code already.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.actions import invitations, inviting
from bot.model import Fact, Group, Seat
from bot.playbook import admission, keys
from bot.playbook.happenings import JOIN, happening
from bot.playbook.placement import base_of, choices, room
from bot.playbook.regrouping import Accept, Drop
from bot.rehearse import gaps, regrouping, rooms
from bot.rehearse.customers import counted, told
from bot.rehearse.people import Act
from bot.rehearse.stage import Stage
from bot.store.seats import HOLDING, PROPOSED, WAITING, given_up
from bot.sync.groups import HISTORY
from config.themes import Theme

_TRY_AGAIN = timedelta(days=1)


def look(stage: Stage, id: str) -> None:
    """What the seat's state asks for."""
    seat = stage.seats[id]
    theme = stage.book.themes.get(seat.theme)
    if seat.state == PROPOSED:
        _propose(stage, seat)
    elif theme is None:
        _give_up(stage, seat, "主题已不在配置里")
    elif seat.state in WAITING and stage.exited(seat.journey):
        _give_up(stage, seat, "客户已离开这个SOP")
    elif seat.state in WAITING:
        _find(stage, seat, theme)
    elif seat.state in HOLDING:
        _see_to(stage, seat, theme)
    elif seat.state in ("占位过期", "已入群", "已退群"):  # its invitation was still out
        gaps.release(stage, seat)


def is_held(stage: Stage, id: str) -> bool:
    """Whether an invitation for this seat is still wanted."""
    seat = stage.seats.get(id)
    return seat is not None and seat.state == "已占位"


def invited(stage: Stage, id: str, at: datetime) -> None:
    """The invitation reached the customer; the hold goes on until it expires."""
    seat = stage.seats.get(id)
    if seat is None:
        return
    stage.received(admission.invitations(seat.subject), id, at)
    if seat.state != "已占位":
        return
    seat = replace(seat, state="已邀请")
    stage.seats[id] = seat
    joins_at = stage.behaviour.joins(seat, at)
    if joins_at is not None:
        act = Act(max(joins_at, stage.now), "入群", {"group": seat.group})
        stage.happens(seat.subject, act)


def uninvited(stage: Stage, id: str) -> None:
    """The invitation will reach nobody; the customer may have another once its place is gone."""
    seat = stage.seats.get(id)
    stage.uninvited_at[id] = stage.now
    if seat and seat.state not in HOLDING:
        stage.agenda.put("seats", id, stage.now + invitations.LOOK_AGAIN)


def joined(stage: Stage, subject: str, at: datetime, fields: Mapping[str, Any]) -> None:
    """入群: by ``group``, else into the group of ``theme`` in which a place is held, or any."""
    group = rooms.entered(stage, subject, _meant(stage, subject, fields))
    theme = group.theme if group else str(fields.get("theme") or "")
    if group:
        if stage.sitting.get((theme, subject)) == group.id:
            return
        times = (*group.joined, at)[-HISTORY:]
        stage.groups[group.id] = replace(group, members=group.members + 1, joined=times)
        stage.sitting[theme, subject] = group.id
    _take(stage, theme, subject, group.id if group else "")
    _moved(stage, subject, "join", group.id if group else theme, at, theme)
    if group:
        _tag_joined(stage, subject, group)


def left(stage: Stage, subject: str, at: datetime, fields: Mapping[str, Any]) -> None:
    """退群: out of the group of ``theme``, or of any they sit in."""
    theme = str(fields.get("theme") or "")
    sitting = [t for t, who in stage.sitting if who == subject and t == (theme or t)]
    theme = theme or (sitting[0] if sitting else "")
    group = stage.groups.get(stage.sitting.pop((theme, subject), ""))
    if group:
        times = (*group.left, at)[-HISTORY:]
        stage.groups[group.id] = replace(group, members=group.members - 1, left=times)
    for id in stage.seats_of.get((theme, subject), ()):
        if stage.seats[id].state == "已入群":
            stage.seats[id] = replace(stage.seats[id], state="已退群", due_at=None)
            stage.left_at[theme, subject] = at
    _moved(stage, subject, "leave", group.id if group else theme, at, theme)
    _wake_waiting(stage, theme)


# ---- looking for a place ------------------------------------------------------------------------


def _find(stage: Stage, seat: Seat, theme: Theme) -> None:
    now, hours = stage.now, stage.hours
    left_at = stage.left_at.get((theme.name, seat.subject))
    if there := stage.sitting.get((theme.name, seat.subject)):
        _take(stage, theme.name, seat.subject, there)
    elif until := inviting.cooling_until(left_at, theme, hours, now):
        _give_up(stage, seat, f"退群冷却到 {hours.local(until)}")
    elif seat.created_at + inviting.WAITS_AT_MOST <= now:
        _give_up(stage, seat, "候补太久")
    elif why := gaps.barred(stage, seat, theme):
        _give_up(stage, seat, why)
    elif in_the_way := gaps.reserve(stage, seat, theme):
        gaps.wait_for_gap(stage, seat, in_the_way)
    elif not (found := _free(stage, seat, theme)):
        gaps.release(stage, seat)
        _wait(stage, seat, theme)
    elif full := _admission(stage, seat, theme):
        gaps.release(stage, seat)
        stage.agenda.put("seats", seat.id, full)
    else:
        _hold(stage, seat, theme, *found)


def _hold(stage: Stage, seat: Seat, theme: Theme, group: Group, behind: bool) -> None:
    """``behind``: in the group that opens once this one is full."""
    if behind:
        code = group.next_way or rooms.next_way(theme, group)
        group = replace(group, next_held=(*group.next_held, seat.id), next_way=code)
    else:
        group = replace(group, held=(*group.held, seat.id))
    stage.groups[group.id] = group
    now = stage.now
    held = replace(seat, state="已占位", group=group.id, held_at=now, due_at=now)
    stage.seats[seat.id] = held
    stage.agenda.put("seats", seat.id, now)
    where = f"群“{group.name}”" + ("后面要自动建的群" if behind else "")
    stage.note(seat.journey, seat.subject, f"在{where}占了一个位子")
    _off_the_list(stage, seat)
    _wake_waiting(stage, theme.name)


def _see_to(stage: Stage, seat: Seat, theme: Theme) -> None:
    expires = inviting.held_until(seat, theme, stage.hours, stage.now)
    group = stage.groups.get(seat.group)
    if stage.now >= expires:
        _give_up(stage, seat, "占位有效期已过")
    elif group is None or not group.open:
        _give_up(stage, seat, "群已经不在了")
    elif seat.state == "已占位" and (why := gaps.barred(stage, seat, theme)):
        _give_up(stage, seat, why)
    else:
        id = inviting.invitation_id(seat.id)
        if seat.state == "已占位" and id not in stage.deliveries:
            way = group.join_way or {"qr_code": f"https://example.com/{group.id}"}
            group = replace(group, join_way=way)
            invitation = inviting.invitation(seat, theme, group, expires, stage.now)
            stage.deliveries[invitation.id] = invitation
            stage.agenda.put("deliveries", invitation.id, invitation.due_at)
        stage.agenda.put("seats", seat.id, expires)


def _free(stage: Stage, seat: Seat, theme: Theme) -> tuple[Group, bool] | None:
    """A group with room, or (True) one behind which WeCom opens another."""
    contact = stage.contacts.get(seat.subject)
    shop = contact.shop if contact else ""
    groups = stage.groups_of(theme.name)
    found = choices(groups, shop, only_first="下一个群" not in theme.overflow)
    if found:
        return found[0], False
    base = base_of(groups, shop, theme)
    return (base, True) if base else None


def _admission(stage: Stage, seat: Seat, theme: Theme) -> datetime | None:
    """每天最多: None when the seat may be taken today, else when to ask again."""
    window = inviting.daily_window(theme, stage.now, stage.hours.tz)
    if window is None:
        return None
    full = stage.reserve(f"theme:{theme.name}", seat.id, "服务", stage.now, [window])
    return full.free_at if full else None


def _wait(stage: Stage, seat: Seat, theme: Theme) -> None:
    stage.full_themes[theme.name] += 1
    if "候补" in theme.overflow:
        stage.seats[seat.id] = replace(seat, state="候补")
        stage.waiting_list[theme.name].setdefault(seat.id)
        stage.agenda.put("seats", seat.id, stage.now + _TRY_AGAIN)
        stage.note(seat.journey, seat.subject, f"主题“{theme.name}”的群都满了，候补")
    contact = stage.contacts.get(seat.subject)
    rooms.ask(stage, theme, seat, contact.shop if contact else "")
    if "候补" not in theme.overflow:
        _give_up(stage, seat, "各群都满了")


def _propose(stage: Stage, seat: Seat) -> None:
    """建议: a candidate once the member of staff has said yes."""
    match regrouping.look(stage, seat):
        case Drop(why):
            _give_up(stage, seat, why)
        case Accept() if regrouping.has_living(stage, seat.theme, seat.subject):
            _give_up(stage, seat, "客户在这个主题已经有位子")
        case Accept():
            stage.seats[seat.id] = replace(seat, state="候选")
            stage.agenda.put("seats", seat.id, stage.now)
            stage.note("", seat.subject, f"同意换到主题“{seat.theme}”的群")


def _give_up(stage: Stage, seat: Seat, why: str) -> None:
    stage.seats[seat.id] = replace(seat, state="占位过期", due_at=None)
    stage.note(seat.journey, seat.subject, given_up(seat, why))
    _let_go(stage, seat)
    _off_the_list(stage, seat)
    _wake_waiting(stage, seat.theme)


def _off_the_list(stage: Stage, seat: Seat) -> None:
    stage.waiting_list[seat.theme].pop(seat.id, None)
    rooms.call_off(stage, seat.theme)


# ---- sitting ------------------------------------------------------------------------------------


def _take(stage: Stage, theme: str, subject: str, group: str) -> None:
    """The customer sits in a group of the theme: a seat of theirs is taken, whatever it was."""
    for id in reversed(stage.seats_of.get((theme, subject), ())):
        seat = stage.seats[id]
        if seat.state in (*WAITING, *HOLDING, "占位过期"):
            stage.seats[id] = replace(seat, state="已入群", group=group, due_at=None)
            stage.agenda.put("seats", id, None)
            _let_go(stage, seat)
            _off_the_list(stage, seat)
            return


def _let_go(stage: Stage, seat: Seat) -> None:
    """Its place, and its place among the invitations unless one is or may yet be received."""
    if group := stage.groups.get(seat.group):
        held = tuple(id for id in group.held if id != seat.id)
        behind = tuple(id for id in group.next_held if id != seat.id)
        stage.groups[group.id] = replace(group, held=held, next_held=behind)
    if seat.state not in (*WAITING, "已占位", PROPOSED):
        return
    if stage.uninvited_at.get(seat.id) == stage.now:  # which WeCom takes a while to tell
        stage.agenda.put("seats", seat.id, stage.now + invitations.LOOK_AGAIN)
    elif inviting.invitation_id(seat.id) not in stage.deliveries:
        gaps.release(stage, seat)


def _wake_waiting(stage: Stage, theme: str, limit: int = 1) -> None:
    """Room came up: who has waited longest is looked at first."""
    if not any(room(group) for group in stage.groups_of(theme)):
        return
    for id in list(stage.waiting_list[theme])[:limit]:
        stage.agenda.hasten("seats", id, stage.now)


def _meant(stage: Stage, subject: str, fields: Mapping[str, Any]) -> Group | None:
    if id := fields.get("group"):
        return stage.groups.get(str(id))
    theme = str(fields.get("theme") or "")
    for (of, who), ids in stage.seats_of.items():
        if who == subject and of == (theme or of):
            for id in ids:
                if stage.seats[id].state in HOLDING:
                    return stage.groups.get(stage.seats[id].group)
    return next(iter(stage.groups_of(theme)), None) if theme else None


def _moved(stage: Stage, subject: str, what: str, where: str, at: datetime, theme: str) -> None:
    id, themes = f"{what}:{subject}:{where}:{stage.fresh()}", dict.fromkeys(("", theme))
    data = {"chat": where, "theme": theme}
    name = theme or "客户群"
    if what == "join":
        counted(stage, subject, JOIN, at)
        about = tuple(keys.joined(subject, one) for one in themes)
        fact = happening(id, JOIN, subject, at, "wecom", data, about)
        told(stage, [fact], f"进入“{name}”的群")
        return
    about = tuple(keys.left_group(subject, one) for one in themes)
    fact = Fact(id=id, keys=about, subject=subject, at=at, source="wecom", data=data)
    told(stage, [fact], f"离开“{name}”的群")


def _tag_joined(stage: Stage, subject: str, group: Group) -> None:
    """The theme's 入群打标签, by the owner where they know the customer, else by who does."""
    theme, contact = stage.book.themes.get(group.theme), stage.contacts.get(subject)
    if not theme or not theme.join_tags or not contact:
        return
    friend = contact.relation(group.owner)
    staff = group.owner if friend and not friend.lost else stage.friend_of(subject)
    if staff:
        names = stage.book.full_tags(theme.join_tags)
        stage.happens(subject, Act(stage.now, "系统打标签", {"staff": staff, "add": names}))
