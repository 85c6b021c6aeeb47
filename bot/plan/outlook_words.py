"""谁会收到什么: the outlook and the worked examples, as people read them."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.plan.columns import WIDTH, hang, pad, width
from bot.plan.examples import Example
from bot.plan.forecast import DAYS, Clash, Day, Load, Outlook
from bot.plan.story import Moment
from config.phrases import WEEKDAYS

_FEW = 3  # members of staff that are named
_JOIN = " ｜ "


def lines(outlook: Outlook, examples: Iterable[Example], tz: ZoneInfo) -> list[str]:
    found = [f"谁会收到什么（未来 {DAYS} 天，约数）", *_table(outlook), *_people(outlook)]
    found += hang("  ", basis(outlook))
    if outlook.stuck:
        found += hang("  ", f"推演时有 {outlook.stuck} 位走不下去：这是群策的问题，请反馈")
    found += [line for clash in outlook.postponed for line in _postponed(clash)]
    found += [line for clash in outlook.dropped for line in _dropped(clash)]
    for example in examples:
        found += lines_of(example, tz)
    return found


def basis(outlook: Outlook) -> str:
    """What the figures rest on."""
    new = f"近 14 天平均每天 {outlook.newcomers_per_day:,.1f} 位新客"
    who = f"进行中和会被选中的 {outlook.population:,} 位客户"
    if outlook.sampled:
        who += f"（抽取 {outlook.rehearsed:,} 位，按比例放大）"
    return f"按{who}和{new}推演；假定员工收到后马上确认发送，没有新的下单、打标签等事件"


# ---- the table ----------------------------------------------------------------------------------

ROWS: tuple[tuple[str, Callable[[Day], int]], ...] = (
    ("客户 服务", lambda day: day.service),
    ("客户 营销", lambda day: day.marketing),
    ("欢迎语", lambda day: day.welcomes),
    ("客户群", lambda day: day.groups),
    ("朋友圈", lambda day: day.moments),
    ("员工任务", lambda day: day.tasks),
    ("发给员工", lambda day: day.told),
    ("员工要点发送", lambda day: day.confirmations),
)


def _table(outlook: Outlook) -> list[str]:
    """A row for each kind of which there is any, now or after."""
    rows = [
        (name, count)
        for name, count in ROWS
        if any(map(count, outlook.days)) or any(map(count, outlook.before))
    ]
    if not rows:
        return ["  没有任何推送和任务"]
    cells = max(width(name) for name, _ in rows) + 2
    head = f"  {pad('', cells)}{_cells(_day(day.day) for day in outlook.days)}{_right('合计', 10)}"
    shown = [head + (_right("比现在", 10) if outlook.before else "")]
    for name, count in rows:
        total = sum(map(count, outlook.days))
        line = f"  {pad(name, cells)}{_cells(_number(count(day)) for day in outlook.days)}"
        line += _right(_number(total), 10)
        if outlook.before:
            more = total - sum(map(count, outlook.before))
            line += _right(f"{'+' if more > 0 else ''}{_number(more)}" if more else "不变", 10)
        shown.append(line)
    return shown


def _cells(texts: Iterable[str]) -> str:
    return "".join(_right(text, 8) for text in texts)


def _right(text: str, cells: int) -> str:
    return " " * (cells - width(text)) + text


def _number(count: int) -> str:
    return f"{count:,}" if abs(count) < 1_000_000 else f"{count / 10_000:,.0f}万"


def _day(day: date) -> str:
    return f"{day:%m-%d}{WEEKDAYS[day.weekday()]}"


def _people(outlook: Outlook) -> Iterator[str]:
    """人均 4.1 个/天，最多 张丽 9 个/天（上限 8，超出 1 个顺延）."""
    if outlook.tasks:
        busy = [load for load in outlook.loads if load.tasks]
        mean = outlook.tasks / len(busy) / DAYS
        text = f"员工任务人均 {mean:.1f} 个/天，最多 {_busiest(busy)}"
        if cap := outlook.staff_cap:
            over = outlook.tasks_put_off
            text += f"（上限 {cap}，" + (f"超出 {over:,} 个顺延）" if over else "没有超出）")
        yield from hang("  ", text)
    confirming = sorted(outlook.loads, key=lambda one: -one.most_confirmations)
    if confirming and confirming[0].most_confirmations:
        named = "、".join(
            f"{one.staff} {one.most_confirmations:,} 次"
            for one in confirming[:_FEW]
            if one.most_confirmations
        )
        yield from hang("  ", f"一天里最多要点“发送”：{named}")


def _busiest(busy: list[Load]) -> str:
    first = busy[0]
    return f"{first.staff} {first.busiest:,} 个（{_day(first.busiest_day)}）"


def _postponed(clash: Clash) -> list[str]:
    text = f"预计被{_why(clash.why)}顺延 {clash.count:,} 条，多为“{clash.step}”"
    if clash.against and clash.day:
        text += f"（与“{clash.against}”撞车最多：{clash.day.month}月{clash.day.day}日）"
    return hang("  ", text)


def _dropped(clash: Clash) -> list[str]:
    return hang("  ", f"预计有 {clash.count:,} 条不发：{_why(clash.why)}，多为“{clash.step}”")


def _why(why: str) -> str:
    """频控:每天1条 as 频控（每天1条）."""
    head, colon, rule = why.partition(":")
    return f"{head}（{rule}）" if colon else head


# ---- examples -----------------------------------------------------------------------------------


def lines_of(example: Example, tz: ZoneInfo) -> list[str]:
    """One worked example."""
    head = f"例：{example.title}"
    if example.why_none:
        return hang("  ", f"{head}：{example.why_none}")
    if example.only_differences:
        told = "；".join(_difference(moment, tz) for moment in example.moments)
        return hang("  ", f"{head} → {told or '都按原定时间'}")
    return [f"  {head}", *_joined([_moment(m, tz) for m in example.moments])]


def _joined(parts: list[str]) -> list[str]:
    """As many on a line as fit."""
    shown: list[str] = []
    for part in parts:
        if shown and width(shown[-1] + _JOIN + part) <= WIDTH:
            shown[-1] += _JOIN + part
        else:
            shown += hang("     ", part)
    return shown


def _moment(moment: Moment, tz: ZoneInfo) -> str:
    latest = "最晚 " if moment.at_latest else ""
    notes = [moment.condition]
    if moment.instead_of or moment.why:
        notes.append(_instead(moment, tz))
    note = "，".join(filter(None, notes))
    return f"{latest}{_when(moment.at, tz)} {moment.what}" + (f"（{note}）" if note else "")


def _instead(moment: Moment, tz: ZoneInfo) -> str:
    if moment.instead_of is None or moment.why.startswith("不发"):
        return moment.why
    why = f"，{moment.why}" if moment.why else ""
    return f"原定 {_when(moment.instead_of, tz)}{why}"


def _difference(moment: Moment, tz: ZoneInfo) -> str:
    """“问需求”原定 19:30，顺延到 11-22 周日 09:00（员工免打扰 20:00–09:00）."""
    if moment.instead_of is None:
        return f"“{moment.step}”{moment.why}"
    verb = "顺延到" if moment.at > moment.instead_of else "提前到"
    if moment.why in ("假期", "周末"):
        planned = f"原定 {_when(moment.instead_of, tz)}（{moment.why}），"
        why = ""
    else:
        planned = f"原定 {_when(moment.instead_of, tz)}，"
        why = f"（{moment.why}）" if moment.why else ""
    condition = f"（{moment.condition}）" if moment.condition else ""
    return f"“{moment.step}”{planned}{verb} {_when(moment.at, tz)}{why}{condition}"


def _when(at: datetime, tz: ZoneInfo) -> str:
    local = at.astimezone(tz)
    return f"{local:%m-%d} 周{WEEKDAYS[local.weekday()]} {local:%H:%M}"
