"""A large company, made up: rows of every big collection, in the shapes our own model gives them.

Row number n is always the same, whoever makes it, so several processes can share the work.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from bot.model import (
    Contact,
    Delivery,
    Fact,
    Group,
    Incoming,
    Journey,
    Outgoing,
    Relation,
    Seat,
    Sending,
    Staff,
    Task,
)
from bot.store import segments
from bot.store.audit import Line
from bot.store.log import line
from bot.store.rows import slot_of, to_row
from config.settings import Settings
from simulator import crypto

Row = dict[str, Any]

#: How many rows there are for each customer.
SHARES: Mapping[str, float] = {
    "contacts": 1,
    "outbox": 10,
    "journey_log": 1,
    "deliveries": 1,
    "inbox": 0.5,
    "tasks": 1,
    "journeys": 1,
    "facts": 0.5,
    "seats": 0.3,
    "audit": 0.1,
    "sendings": 0.02,
    "groups": 0.004,
}
_SYLLABLES = "小雨妈豆乐安宁心怡子涵欣然佳琪晨曦浩宇诗若萱可悦朵朵糖果果米团圆洋芽阳"
_CALLS = ("card", "card", "card", "text", "tag", "tag", "tag", "tick", "welcome", "mass")


@dataclass(frozen=True, slots=True)
class Firm:
    """What the rows are about; ``steps`` are (SOP, step), ``tags`` id → 组/名."""

    customers: int
    now: datetime
    steps: Sequence[tuple[str, str]]
    themes: Sequence[str]
    tags: Mapping[str, str]
    envelope: str  # what every callback said, as WeCom seals it
    shops: int = 25
    staff_each: int = 20
    days: int = 180  # so far back

    def staff(self, n: int) -> str:
        """Who serves customer ``n``."""
        shop = _draw(n, "shop") % self.shops
        return f"shop{shop:02}-{_draw(n, 'staff') % self.staff_each:02}"

    def ago(self, n: int, what: str, days: float | None = None) -> datetime:
        """A moment of the past, in whole seconds as WeCom has them."""
        span = int((days or self.days) * 86_400)
        return self.now - timedelta(seconds=60 + _draw(n, what) % span)


def envelope(settings: Settings) -> str:
    """A callback about a tag, as it stands in the inbox."""
    _, key = settings.keys("contact")
    said = (
        f"<xml><ToUserName>{settings.corp_id}</ToUserName><MsgType>event</MsgType>"
        "<Event>change_external_contact</Event><ChangeType>edit_external_contact</ChangeType>"
        f"<UserID>shop03-02</UserID><ExternalUserID>{customer(7)}</ExternalUserID>"
        "<CreateTime>1763700000</CreateTime></xml>"
    )
    return crypto.encrypt(said, aes_key=key, receive_id=settings.corp_id)


def customer(n: int) -> str:
    """The id of customer ``n``; ids have nothing to do with when somebody came."""
    return f"wm{_draw(n, 'id'):016x}{n:012x}"


def count(collection: str, customers: int) -> int:
    return max(1, int(SHARES[collection] * customers))


def rows(firm: Firm, collection: str, since: int, until: int) -> Iterator[Row]:
    """The rows ``since`` … ``until`` of a collection."""
    make = _MAKE[collection]
    return (make(firm, n) for n in range(since, until))


def people(firm: Firm) -> Iterator[Row]:
    """Everybody who works there; the first of every shop leads it."""
    for shop in range(firm.shops):
        for n in range(firm.staff_each):
            member = Staff(
                id=f"shop{shop:02}-{n:02}",
                name=f"{_name(shop * 100 + n)}",
                departments=(100 + shop,),
                leads=(100 + shop,) if n == 0 else (),
            )
            yield to_row(member)


def _draw(n: int, what: str) -> int:
    return int.from_bytes(blake2b(f"{what}{n}".encode(), digest_size=8).digest())


def _name(n: int) -> str:
    dice = _draw(n, "name")
    letters = [_SYLLABLES[(dice >> (6 * i)) % len(_SYLLABLES)] for i in range(2 + dice % 3)]
    return "".join(letters) + ("妈妈" if dice % 5 == 0 else "")


def _contact(firm: Firm, n: int) -> Row:
    since = firm.ago(n, "came", 900)
    tags = list(firm.tags.items())
    worn = {tags[_draw(n, f"tag{k}") % len(tags)] for k in range(_draw(n, "tags") % 4)}
    friend = Relation(
        staff=firm.staff(n),
        since=since,
        state="门口海报" if n % 3 else "",
        tags=tuple(sorted(id for id, _ in worn)),
        version=since,
        lost="by_customer" if n % 37 == 0 else "",
        phones=(f"138****{_draw(n, 'phone') % 10_000:04}",) if n % 10 == 0 else (),
    )
    contact = Contact(
        id=customer(n),
        name=_name(n),
        relations=(friend,),
        tags=() if friend.lost else tuple(sorted(full for _, full in worn)),
        shop=f"门店{_draw(n, 'shop') % firm.shops}",
    )
    row = to_row(contact) | segments.derived(contact) | {"rev": 1}
    row["relations"] = [
        {name: getattr(friend, name) for name in ("staff", "since", "state", "version", "lost")}
        | {"tags": list(friend.tags), "phones": list(friend.phones)}
    ]
    row["happened"] = {"reply": [firm.ago(n, "reply")]} if n % 4 == 0 else {}
    return row


def _journey(firm: Firm, n: int) -> Row:
    sop, step = firm.steps[n % len(firm.steps)]
    entered = firm.ago(n, "entered")
    active = n % 10 < 3
    journey = Journey(
        id=f"{sop}:{customer(n % firm.customers)}:{n // firm.customers + 1}",
        sop=sop,
        subject=customer(n % firm.customers),
        staff=firm.staff(n % firm.customers),
        thread="" if n < firm.customers else str(n // firm.customers),
        state="active" if active else "done",
        step=step,
        phase=("before", "inside", "waiting")[n % 3] if active else "before",
        rev_no=4,
        release_entered=1,
        release_step=1,
        entered_at=entered,
        step_at=min(entered + timedelta(days=1), firm.now),
        due_at=firm.now + timedelta(minutes=_draw(n, "due") % 60_000) if active else None,
        keys=(f"任务:{n}",) if active else (),
        past=(firm.steps[0][1],),
        exit_reason="" if active else "走完",
        slot=slot_of(customer(n % firm.customers)),
    )
    return to_row(journey)


def _task(firm: Firm, n: int) -> Row:
    sop, step = firm.steps[n % len(firm.steps)]
    open = n % 50 == 0
    made = firm.ago(n, "made", 6 if open else None)
    deadline = made + timedelta(days=3)
    late = deadline < firm.now if open else n % 9 == 0
    staff = firm.staff(n % firm.customers)
    task = Task(
        id=f"t{n:012}",
        journey=f"{sop}:{customer(n % firm.customers)}:1",
        sop=sop,
        step=step,
        subject=customer(n % firm.customers),
        staff=staff,
        title=f"和 {_name(n % firm.customers)} 打个招呼",
        note="客户昨天加了好友，还没有人问过宝宝月龄。",
        buttons=("已问到", "没回复"),
        proofs_wanted=("按钮",),
        proofs={} if open else {"按钮": {"at": made, "by": staff, "answer": ["已问到"]}},
        state=("已逾期" if late else "已送达") if open else "已完成",
        evidence="" if open else "acknowledged",
        result="" if open else "已问到",
        done_by="" if open else staff,
        open=open,
        card=f"t{n:012}-1",
        cards=1,
        created_at=made,
        given_at=made + timedelta(seconds=2),
        deadline=deadline,
        limit="3天",
        ladder="默认",
        log=(
            {"at": made + timedelta(seconds=2), "what": "送达"},
            *([{"at": deadline, "what": "逾期"}] if late else []),
            *([] if open else [{"at": made + timedelta(hours=5), "what": "点了已问到"}]),
        ),
        due_at=max(firm.now, deadline) if open else None,
        slot=slot_of(customer(n % firm.customers)),
    )
    row = to_row(task) | {"dealt": [task.card], "first_look": made + timedelta(hours=4)}
    if not open:
        row["said_at"] = row["ended_at"] = made + timedelta(hours=5)
        del row["keys"]
    return row


def _outgoing(firm: Firm, n: int) -> Row:
    kind = _CALLS[n % len(_CALLS)]
    who, staff = customer(n % firm.customers), firm.staff(n % firm.customers)
    state = _state(n)
    made = firm.ago(n, "sent")
    bodies: Mapping[str, Row] = {
        "card": {
            "touser": staff,
            "template_card": {
                "card_type": "button_interaction",
                "task_id": f"t{n:012}-1",
                "main_title": {"title": f"和 {_name(n % firm.customers)} 打个招呼"},
            },
        },
        "tag": {"userid": staff, "external_userid": who, "add_tag": [next(iter(firm.tags))]},
    }
    row = Outgoing(
        id=f"{kind}:{n:012}",
        kind=kind,  # type: ignore[arg-type]  # one of _CALLS
        lane="urgent" if kind == "welcome" else "normal",
        body=bodies.get(kind, {"userid": staff, "text": {"content": "今天也要好好照顾自己。"}}),
        staff=staff,
        subject=who,
        about=f"t{n % firm.customers:012}",
        serial=f"tag:{who}" if kind == "tag" else "",
        state=state,  # type: ignore[arg-type]  # one of _state
        due_at=firm.now + timedelta(seconds=_draw(n, "due") % 3600) if state == "ready" else None,
        first_due_at=made,
        attempts=1,
        attempt_at=made,
        error={"failed": "84061 not external contact", "unknown": "timeout"}.get(state, ""),
        result={"msgid": f"m{n:020}"} if state == "sent" else {},
        slot=slot_of(who),
    )
    return to_row(row)


def _state(n: int) -> str:
    """Nearly everything was sent."""
    dice = _draw(n, "state") % 10_000
    named = ((20, "failed"), (22, "unknown"), (30, "expired"), (60, "suppressed"), (90, "ready"))
    return next((state for under, state in named if dice < under), "sent")


def _incoming(firm: Firm, n: int) -> Row:
    at = firm.ago(n, "received", 30)
    dead = n % 5_000 == 0
    row = Incoming(
        id=f"{_draw(n, 'callback'):016x}{n:016x}",
        route="contact",
        envelope=firm.envelope,
        subject=customer(n % firm.customers),
        state="dead" if dead else "done",
        received_at=at,
        tries=5 if dead else 0,
        why="KeyError: 'ExternalUserID'" if dead else "",
    )
    kept = {} if dead else {"delete_at": firm.now + timedelta(days=3650)}  # a kept folder stays
    return to_row(row) | {"slot": slot_of(row.subject)} | kept


def _delivery(firm: Firm, n: int) -> Row:
    sop, step = firm.steps[n % len(firm.steps)]
    planned = firm.ago(n, "planned")
    dice = _draw(n, "fate") % 100
    state = "delivered" if dice < 88 else "suppressed" if dice < 96 else "failed"
    if planned > firm.now - timedelta(days=2):
        state = "created" if dice < 60 else "ready" if dice < 80 else "delivered"
    delivery = Delivery(
        id=f"{sop}/{step}:{customer(n % firm.customers)}:{n // firm.customers}",
        journey=f"{sop}:{customer(n % firm.customers)}:1",
        sop=sop,
        step=step,
        subject=customer(n % firm.customers),
        staff=firm.staff(n % firm.customers),
        cls="营销" if n % 2 else "服务",
        message={"text": "周五会员价，只到今晚十点。", "attachments": [], "materials": []},
        content_hash=f"{n % 97:032x}",
        planned_at=planned,
        expires_at=planned + timedelta(days=2),
        due_at=firm.now + timedelta(hours=1) if state == "ready" else None,
        state=state,  # type: ignore[arg-type]  # as above
        sending="" if state in ("ready", "suppressed") else f"{n % 97:032x}-0",
        reason="免打扰" if state == "suppressed" else "",
        created_at=planned if state in ("created", "delivered") else None,
        confirmed_at=planned if state == "delivered" else None,
        delivered_at=planned if state == "delivered" else None,
        slot=slot_of(customer(n % firm.customers)),
    )
    return to_row(delivery)


def _fact(firm: Firm, n: int) -> Row:
    who, at = customer(n % firm.customers), firm.ago(n, "fact")
    kind = ("reply", "order", "visit", "入群")[n % 4]
    fact = Fact(id=f"{kind}:{n:012}", keys=(f"{kind}:{who}",), subject=who, at=at, source="contact")
    return to_row(fact)


def _log(firm: Firm, n: int) -> Row:
    who = customer(n % firm.customers)
    sop, step = firm.steps[n % len(firm.steps)]
    about = [who, f"{sop}:{who}:1", f"t{n % firm.customers:012}"]
    return line(f"l{n:014}", about, firm.ago(n, "log"), f"走到“{step}”：到了时间", step=step)


def _seat(firm: Firm, n: int) -> Row:
    made = firm.ago(n, "seat")
    state = "候补" if n % 50 == 0 else ("已入群", "已入群", "占位过期", "已退群")[n % 4]
    group = "" if state == "候补" else f"wrGROUP{n % count('groups', firm.customers):020}"
    seat = Seat(
        id=f"{firm.themes[n % len(firm.themes)]}:{customer(n % firm.customers)}:{n}",
        theme=firm.themes[n % len(firm.themes)],
        subject=customer(n % firm.customers),
        staff=firm.staff(n % firm.customers),
        group=group,
        state=state,  # type: ignore[arg-type]  # as above
        due_at=firm.now + timedelta(days=3) if state == "候补" else None,
        held_at=None if state == "候补" else made,
        created_at=made,
        log=({"at": made, "what": "已邀请"},),
        slot=slot_of(customer(n % firm.customers)),
    )
    left = {"left_at": made + timedelta(days=2)} if state == "已退群" else {}
    return {k: v for k, v in (to_row(seat) | left).items() if k != "keys"}


def _group(firm: Firm, n: int) -> Row:
    size = 60 + _draw(n, "size") % 140
    each = (customer((n * 250 + k) % firm.customers) for k in range(size))
    joined = firm.ago(n, "opened")
    group = Group(
        id=f"wrGROUP{n:020}",
        name=f"{firm.themes[n % len(firm.themes)]} {n + 1}群",
        owner=firm.staff(n),
        theme=firm.themes[n % len(firm.themes)],
        shop=f"门店{n % firm.shops}",
        members=size + 1,
        roster={id: {"type": 2, "at": joined, "state": "", "scene": 3} for id in each},
        version=f"{n:032x}",
        cap=200,
        announced=firm.themes[n % len(firm.themes)],
        joined=tuple(firm.ago(n * 1000 + k, "joined", 30) for k in range(size // 5)),
    )
    return to_row(group) | {"rev": 1}


def _sending(firm: Firm, n: int) -> Row:
    moment = firm.ago(n, "moment")
    sending = Sending(
        id=f"{_draw(n, 'sending'):032x}-0",
        staff=firm.staff(n),
        subject_type="contact",
        message={"text": "周五会员价，只到今晚十点。"},
        content_hash=f"{n % 97:032x}",
        moment=moment,
        expires_at=moment + timedelta(days=2),
        members=tuple(f"d{n:08}-{k}" for k in range(20)),
        state="done",
        msgid=f"msg{n:020}",
        created_at=moment,
        base=f"{_draw(n, 'sending'):032x}",
        slot=n % 64,
    )
    return to_row(sending)


def _deed(firm: Firm, n: int) -> Row:
    deed = Line(
        at=firm.ago(n, "deed") + timedelta(microseconds=n % 1000 * 1000),
        who="王芳（wangfang）",
        did="保存草稿",
        about="01-新客7天欢迎.yaml",
        address="10.0.0.8",
    )
    names = Line.__dataclass_fields__
    return {"_id": f"a{n:012}"} | {
        name: value for name in names if (value := getattr(deed, name)) is not None
    }


_MAKE: Mapping[str, Callable[[Firm, int], Row]] = {
    "contacts": _contact,
    "outbox": _outgoing,
    "journey_log": _log,
    "deliveries": _delivery,
    "inbox": _incoming,
    "tasks": _task,
    "journeys": _journey,
    "facts": _fact,
    "seats": _seat,
    "audit": _deed,
    "sendings": _sending,
    "groups": _group,
}
