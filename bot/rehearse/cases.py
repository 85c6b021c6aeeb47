"""Run the 测试 of a folder: each case is one customer, alone with one SOP, on a virtual clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.model import Contact, Relation, Staff
from bot.playbook import calendar
from bot.playbook.audience import HAPPENINGS
from bot.playbook.happenings import counted_as
from bot.playbook.hours import Hours
from bot.rehearse.population import Company
from bot.rehearse.record import Deed
from bot.rehearse.rehearsal import Rehearsal
from config.book import Book
from config.cases import Case, Expect, Seen
from config.happens import Happens
from config.phrases import Single
from config.sop import Sop

CUSTOMER = "wm小鱼"
_FIELDS = ("tag", "theme", "system", "stage", "form", "event", "step", "button", "text")
#: What the timeline says besides the deeds; the deeds themselves say these shorter.
_SAID_BY_DEEDS = ("开始“", "派任务“", "用“")


@dataclass(frozen=True, slots=True)
class Row:
    """One moment: what was expected then, what really was; "" for nothing."""

    at: datetime
    expected: str = ""
    actual: str = ""
    wrong: bool = False
    n: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    sop: str
    case: str
    failures: tuple[str, ...]
    rows: tuple[Row, ...]  # of both timelines, in order
    tz: ZoneInfo

    @property
    def passed(self) -> bool:
        return not self.failures


def run_all(book: Book, sops: Sequence[str] = ()) -> Iterator[Result]:
    """Every case of the folder, or of some SOPs, in the order written."""
    for name, file in book.cases.items():
        sop = book.sop(name)
        if sop and (not sops or name in sops):
            for case in file.cases:
                yield run(book, sop, case)


def run(book: Book, sop: Sop, case: Case) -> Result:
    """A draft is tested as if it were live; no other SOP gets in the way."""
    tz = ZoneInfo(sop.calendar.timezone or book.rules.timezone)
    alone = replace(book, sops={sop.name: sop.model_copy(update={"state": "启用"})})
    now = case.now.replace(tzinfo=tz).astimezone(UTC)
    company = Company(alone, now, 0, 0)
    staff, channel = _friend(company, case)
    rehearsal = Rehearsal(
        alone,
        now=now - timedelta(seconds=1),
        contacts=[_contact(alone, case, now, staff, channel)],
        groups=company.groups(),
        staff=company.staff,
    )
    moments = _Moments(Hours.of(alone), tz, now)
    for one in case.happens:
        fields = _fields(one, case, staff, channel)
        rehearsal.happen(moments.of(one.after) if one.after else now, CUSTOMER, one.kind, **fields)
    failures, rows = [], []
    for expect in sorted(case.expects, key=lambda e: moments.of(e.until)):
        until = moments.of(expect.until)
        rehearsal.run_until(until)
        for text, wrong in _judged(rehearsal, sop, expect, moments):
            rows.append(Row(until, text, wrong=bool(wrong)))
            failures += [wrong] if wrong else []
    failures += [f"旅程出错：{error}" for error in rehearsal.stuck.values()]
    rows += _timeline(rehearsal)
    rows.sort(key=lambda row: (row.at, bool(row.expected), row.n))
    return Result(sop.name, case.name, tuple(failures), tuple(rows), tz)


# ---- who and when ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Moments:
    hours: Hours
    tz: ZoneInfo
    now: datetime

    def of(self, when: Single) -> datetime:
        """Counted from 现在, whose day is 第1天."""
        found = calendar.moment(
            when,
            entered_at=self.now,
            released_at=self.now,
            tz=self.tz,
            calendar=self.hours.calendar,
        )
        if found is None:
            raise ValueError(f"{when} is no moment")
        return found

    def local(self, at: datetime) -> str:
        return f"{at.astimezone(self.tz):%m-%d %H:%M}"


def _friend(company: Company, case: Case) -> tuple[str, str]:
    """(userid, channel): of the channel, of the shop, else the first who serves customers."""
    book, wanted = company.book, case.customer
    if wanted.channel and (channel := book.channels.get(wanted.channel)):
        return book.team.userid(channel.staff[0]), channel.name
    here = [one.id for one in company.staff if _works_in(one, wanted.shop, book)]
    greeters = [id for id, _ in company.greeters]
    return next((id for id in greeters if id in here), (here or greeters or [""])[0]), ""


def _works_in(staff: Staff, shop: str | None, book: Book) -> bool:
    return shop is not None and book.team.shop_of(staff.departments) == shop


def _contact(book: Book, case: Case, now: datetime, staff: str, channel: str) -> Contact:
    """As they are at 现在; nobody's friend yet when the case begins with 添加好友."""
    who = case.customer
    tags = book.full_tags(who.tags)
    since = now - timedelta(days=who.friend_days)
    strangers = any(one.kind == "添加好友" for one in case.happens)
    friend = Relation(staff=staff, since=since, state=channel, tags=tags)
    happened: dict[str, list[datetime]] = {}
    for what, times in who.lately.items():
        for kind in counted_as(HAPPENINGS[what]):
            known = happened.setdefault(kind, [])
            happened[kind] = sorted([*known, *(now - ago.length for ago in times)])
    shop = who.shop or (book.channels[channel].shop if channel else None)
    return Contact(
        id=CUSTOMER,
        name=who.name,
        relations=() if strangers else (friend,),
        tags=() if strangers else tags,
        shop=shop or Company(book, now, 0, 0).shop_of(staff, channel),
        happened=happened,
        attributes={name: day.isoformat() for name, day in who.attributes.items()},
        scores={name: float(points) for name, points in who.scores.items()},
        stages=dict(who.stages),
    )


def _fields(one: Happens, case: Case, staff: str, channel: str) -> dict[str, Any]:
    given = {name: value for name in _FIELDS if (value := getattr(one, name)) is not None}
    if one.kind == "添加好友":
        who = case.customer
        given |= {"staff": staff, "channel": channel, "name": who.name, "tags": who.tags}
        given |= {"shop": who.shop} if who.shop else {}
    return given


# ---- judging -----------------------------------------------------------------------------------


def _judged(
    rehearsal: Rehearsal, sop: Sop, expect: Expect, moments: _Moments
) -> Iterator[tuple[str, str]]:
    """(what was expected, why it is wrong; "" when it is right)."""
    until = moments.local(moments.of(expect.until))
    deeds = rehearsal.stage.deeds
    for seen in expect.has:
        there = any(_is(deed, seen) for deed in deeds)
        yield f"有 {_name(seen)}", "" if there else f"到 {until} 应该有 {_name(seen)}，但没有"
    for seen in expect.hasnt:
        found = next((deed for deed in deeds if _is(deed, seen)), None)
        wrong = "" if seen.step in sop.flow().nodes else f"SOP 里没有步骤“{seen.step}”"
        if found:
            at, what = moments.local(found.at), _told(found)
            wrong = f"到 {until} 不应该有 {_name(seen)}，但 {at} {what}"
        yield f"没有 {_name(seen)}", wrong
    if expect.outcome:
        outcome = _outcome(rehearsal, sop)
        right = outcome == expect.outcome
        wrong = "" if right else f"到 {until} 结果应该是 {expect.outcome}，但是 {outcome}"
        yield f"结果 {expect.outcome}", wrong


def _is(deed: Deed, seen: Seen) -> bool:
    """Without an action: whatever the step does."""
    return deed.step == seen.step and (seen.action is None or deed.action == seen.action)


def _outcome(rehearsal: Rehearsal, sop: Sop) -> str:
    walked = [j for j in rehearsal.journeys.values() if j.sop == sop.name]
    if not walked:
        return "没有进入"
    last = max(walked, key=lambda j: j.entered_at)
    if last.state == "active":
        return "进行中"
    if last.goal:
        return last.goal
    return "走完" if last.exit_reason == "走完" else "退出"


# ---- telling -----------------------------------------------------------------------------------


def _timeline(rehearsal: Rehearsal) -> list[Row]:
    """What really happened: the deeds, and what the journey says about its way."""
    deeds = (deed for deed in rehearsal.stage.deeds if deed.action)
    rows = [Row(deed.at, actual=_told(deed), n=deed.n) for deed in deeds]
    for line in rehearsal.why:
        words = [w for w in line.what.split("；") if not w.startswith(_SAID_BY_DEEDS)]
        said = "；".join(w for w in words if "交给" not in w or "群发" not in w)
        if said:
            rows.append(Row(line.at, actual=said, n=line.n))
    return rows


def _told(deed: Deed) -> str:
    return f"{deed.action}“{deed.step}”" if deed.action else f"走到“{deed.step}”"


def _name(seen: Seen) -> str:
    return f"{seen.action}“{seen.step}”" if seen.action else f"“{seen.step}”"
