"""The rules of a book, asked of one recorded event after the other. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.actions.entry import known_by
from bot.model import Contact, Fact, Journey
from bot.playbook import entering, situation
from bot.playbook.audience import all_hold, explain, holds
from bot.playbook.hours import Hours
from bot.playbook.waiting import begun_by, exit_taken, key_of
from bot.replay.recorded import Happening, History, as_of
from config.book import Book
from config.sop import Sop, WaitEvent

SOON = timedelta(minutes=10)  # by then an event has had its effect
#: The kind of an event in the words of the log → how its fact's keys begin.
_SHOWS_AS = {
    "打上标签": "标签",
    "去掉标签": "去标签",
    "下单": "order:",
    "到店": "visit:",
    "互动": "interaction:",
    "客户回复": "reply:",
    "客户删除好友": "删除好友:",
    "入群": "入群:",
    "退群": "退群:",
    "阶段变化": "阶段:",
    "表单提交": "表单:",
}


@dataclass(frozen=True, slots=True)
class Replayed:
    """One event: what it did then, what it would do now, and why not."""

    happening: Happening
    name: str
    then: tuple[str, ...]
    now: tuple[str, ...]
    why: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        return set(self.then) != set(self.now)


@dataclass(slots=True)
class Replaying:
    """The rules, and everything they have begun so far in this replay."""

    book: Book
    hours: Hours
    names: Mapping[str, str]
    since: datetime
    histories: dict[str, History] = field(default_factory=dict)
    begun: defaultdict[str, list[Journey]] = field(default_factory=lambda: defaultdict(list))
    entered: Counter[tuple[str, datetime]] = field(default_factory=Counter)

    def replayed(self, happening: Happening, contact: Contact, facts: Sequence[Fact]) -> Replayed:
        then = tuple(dict.fromkeys(self._then(happening)))
        was = as_of(contact, happening.at, facts, self.names)
        now, why = self._ends(happening), []
        for sop in self._beginning(happening):
            refusal = self._refusal(sop, was, happening)
            if refusal:
                why.append(f"不会进入“{sop.name}”：{refusal}")
            else:
                self._begin(sop, happening)
                now.append(f"进入“{sop.name}”")
        now += self._waits(happening)
        return Replayed(happening, contact.name or contact.id, then, tuple(now), tuple(why))

    # ---- under the rules of today ---------------------------------------------------------------

    def _beginning(self, happening: Happening) -> list[Sop]:
        if happening.fact:
            return begun_by(happening.fact, self.book)
        return [sop for sop in self.book.sops.values() if sop.entry.kind == "添加好友"]

    def _refusal(self, sop: Sop, was: Contact, happening: Happening) -> str:
        """Why the SOP would not begin; "" when it would."""
        if sop.state != "启用":
            return f"SOP {sop.state}"
        staff = happening.staff or (known_by(was, happening.fact) if happening.fact else "")
        if not staff:
            return "没有跟进人"
        state = situation.of_contact(was, self.names, staff)
        rules = sop.entry.conditions
        if not all_hold(rules, state, happening.at):
            failed = [rule for rule in rules if not holds(rule, state, happening.at)]
            return "；".join(explain(rule, state, happening.at) for rule in failed)
        before = self._before(sop, happening)
        if entering.number(before, sop.entry.again, happening.at) is None:
            return entering.why_not_again(before, sop.entry.again)
        window = entering.daily_window(sop, happening.at, self.hours.tz)
        if window and self.entered[sop.name, window.since] >= window.limit:
            return f"这一天已满 {window.limit} 人"
        return ""

    def _before(self, sop: Sop, happening: Happening) -> list[Journey]:
        """Journeys begun before the replay as they stood then, and those begun in it."""
        names = (sop.name, *sop.formerly)
        return [j for j in self._journeys(happening) if j.sop in names]

    def _journeys(self, happening: Happening) -> list[Journey]:
        history = self.histories[happening.subject]
        real = []
        for journey in history.journeys:
            if journey.entered_at >= self.since or journey.subject_type != "contact":
                continue
            ended = history.ended_at(journey)
            open_then = journey.state == "done" and ended is not None and ended > happening.at
            real.append(replace(journey, state="active") if open_then else journey)
        left = {journey.id for journey in self.begun[happening.subject]}
        return [*(j for j in real if j.id not in left), *self.begun[happening.subject]]

    def _begin(self, sop: Sop, happening: Happening) -> None:
        day = entering.daily_window(sop, happening.at, self.hours.tz)
        if day:
            self.entered[sop.name, day.since] += 1
        at, mine = happening.at, self.begun[happening.subject]
        mine.append(
            Journey(
                id=f"{sop.name}:{happening.id}",
                sop=sop.name,
                subject=happening.subject,
                staff=happening.staff,
                entered_at=at,
                step_at=at,
                begun_by=happening.id,
            )
        )

    def _ends(self, happening: Happening) -> list[str]:
        """Journeys an exit rule would end."""
        fact, told = happening.fact, []
        for journey in self._journeys(happening) if fact else ():
            sop = self.book.sop(journey.sop)
            if sop is None or journey.state != "active" or fact is None:
                continue
            if rule := exit_taken(sop, journey, [fact], self.book):
                told.append(f"退出“{sop.name}”（{rule.kind}）")
                left = replace(journey, state="done", step_at=fact.at, exit_reason="退出")
                others = [j for j in self.begun[fact.subject] if j.id != journey.id]
                self.begun[fact.subject] = [*others, left]
        return told

    def _waits(self, happening: Happening) -> Iterator[str]:
        """Real journeys that stood at a wait for this."""
        if happening.fact is None:
            return
        history = self.histories[happening.subject]
        for journey in history.journeys:
            ended = history.ended_at(journey)
            if journey.entered_at > happening.at or (ended and ended < happening.at):
                continue
            sop = self.book.sop(journey.sop)
            step = history.step_at(journey, happening.at)
            node = sop.flow().nodes.get(step) if sop else None
            last = node.step.actions[-1] if node else None
            if sop and isinstance(last, WaitEvent):
                key = key_of(last, journey.subject, journey.staff, self.book)
                if key in happening.fact.keys:
                    yield f"“{sop.name}”的“{step}”等到了"

    # ---- what really happened -------------------------------------------------------------------

    def _then(self, happening: Happening) -> Iterator[str]:
        history = self.histories[happening.subject]
        for journey in history.journeys:
            sop = self.book.sop(journey.sop)
            name = sop.name if sop else journey.sop
            if journey.begun_by == happening.id:
                yield f"进入“{name}”"
            if happening.fact is None:
                continue
            rows, step = history.lines.get(journey.id, []), ""
            for row in rows:
                if happening.at <= row["at"] <= happening.at + SOON:
                    yield from _effect(str(row["what"]), name, step, happening.fact)
                step = row["step"]


def _effect(what: str, name: str, step: str, fact: Fact) -> Iterator[str]:
    """What a line of a journey's log says this fact has done."""
    kind = what.removeprefix("退出：").removeprefix("等到了“").partition("；")[0]
    shows_as = _SHOWS_AS.get(kind.strip("”").partition("：")[0], "")
    if not any(key.startswith(shows_as) for key in fact.keys):
        return
    if what.startswith("退出："):
        yield f"退出“{name}”（{kind}）"
    elif what.startswith("等到了"):
        yield f"“{name}”的“{step}”等到了"
