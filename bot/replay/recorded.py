"""What was recorded: events, the journeys they moved, and customers as they were."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.context import Context
from bot.dispatcher import Envelopes
from bot.model import Contact, Fact, Incoming, Journey
from bot.router import Known
from bot.store.rows import Row
from bot.wecom.crypto import BadEnvelope
from bot.wecom.events import ContactAdded, HalfAdded, Malformed

_ARRIVES_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something recorded: a fact, or that somebody became a friend."""

    id: str
    at: datetime
    subject: str
    what: str
    staff: str = ""
    fact: Fact | None = None


async def added(
    ctx: Context, since: datetime, until: datetime
) -> tuple[list[Happening], Mapping[str, int]]:
    """Who became whose friend, from the callbacks as WeCom sealed them."""
    envelopes, counts = Envelopes(ctx.settings), Counter[str]()
    found: dict[str, Happening] = {}
    async for incoming in ctx.store.inbox.received(since, until + _ARRIVES_WITHIN):
        event = _opened(envelopes, incoming)
        if event is None:
            counts["unreadable"] += 1
            continue
        if not since <= event.at < until:
            continue
        counts[incoming.state] += 1
        if isinstance(event, ContactAdded | HalfAdded):
            id = f"add:{event.contact_id}:{event.staff_id}:{event.at.isoformat()}"
            what = f"添加 {event.staff_id} 为好友"
            found[id] = Happening(id, event.at, event.contact_id, what, event.staff_id)
    return list(found.values()), counts


def _opened(envelopes: Envelopes, incoming: Incoming) -> Known | None:
    try:
        return envelopes.open(incoming)
    except (BadEnvelope, Malformed, ValueError):
        return None


@dataclass(slots=True)
class History:
    """What really became of a customer: journeys, and the lines of their log."""

    journeys: list[Journey]
    lines: dict[str, list[Row]]

    def ended_at(self, journey: Journey) -> datetime | None:
        rows = self.lines.get(journey.id, [])
        return rows[-1]["at"] if journey.state == "done" and rows else None

    def step_at(self, journey: Journey, at: datetime) -> str:
        """Where it stood."""
        before = [row["step"] for row in self.lines.get(journey.id, []) if row["at"] <= at]
        return before[-1] if before else ""


async def history_of(ctx: Context, subject: str) -> History:
    journeys = await ctx.store.journeys.of(subject)
    lines: dict[str, list[Row]] = {}
    for journey in journeys:
        rows = await ctx.store.log.of(journey.id)
        lines[journey.id] = [row for row in rows if "step" in row and "release" in row]
    return History(journeys, lines)


def as_of(
    contact: Contact, at: datetime, facts: Iterable[Fact], names: Mapping[str, str]
) -> Contact:
    """The customer as they were: tags and friends that came later are gone, and the reverse.

    Their shop is that of today, and of what happened the last 20 times are known.
    """
    ids = {name: id for id, name in names.items()}
    tags, stages = dict.fromkeys(contact.tags), dict(contact.stages)
    relations = {r.staff: r for r in contact.relations if r.since <= at}
    for fact in sorted((f for f in facts if f.at > at), key=lambda f: f.at, reverse=True):
        staff, tag = str(fact.data.get("staff", "")), str(fact.data.get("tag", ""))
        friend = relations.get(staff)
        if tag:
            put = bool(fact.data.get("gone"))
            if put:
                tags[tag] = None
            else:
                tags.pop(tag, None)
            if friend and (id := ids.get(tag)):
                own = tuple(t for t in friend.tags if t != id)
                relations[staff] = replace(friend, tags=(*own, id) if put else own)
        elif "how" in fact.data and friend:
            relations[staff] = replace(friend, lost="")
        elif "stage" in fact.data:
            stages.pop(str(fact.data.get("system", "")), None)
    return replace(contact, tags=tuple(tags), stages=stages, relations=tuple(relations.values()))


_DEEDS = {
    "入群:": "进群",
    "退群:": "退群",
    "表单:": "提交表单",
    "order:": "下单",
    "visit:": "到店",
    "reply:": "客户回复",
}
_PARTED = {"by_customer": "删除了 {staff}", "by_staff": "被 {staff} 删除", "transfer": "转接走了"}
_OUR_OWN = ("任务:", "群发:", "试验:", "属性:")


def told(fact: Fact) -> Happening | None:
    """A fact in words; None for what only our own machinery speaks of."""
    data, staff = fact.data, str(fact.data.get("staff", ""))
    if all(key.startswith(_OUR_OWN) for key in fact.keys):
        return None
    if "tag" in data:
        what = f"{'被去掉' if data.get('gone') else '打上'}标签“{data['tag']}”"
    elif "how" in data:
        what = _PARTED.get(str(data["how"]), "不再是好友").format(staff=staff)
    elif "stage" in data:
        what = f"在“{data['system']}”到了“{data['stage']}”"
    else:
        said = (
            word for start, word in _DEEDS.items() if any(k.startswith(start) for k in fact.keys)
        )
        what = next(said, f"发生“{fact.id.partition(':')[0]}”")
    return Happening(fact.id, fact.at, fact.subject, what, fact=fact)
