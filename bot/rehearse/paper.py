"""The figures of a rehearsal as one reads them in a terminal, in Chinese."""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bot.rehearse.cases import Result
from bot.rehearse.figures import Day, Figures, Load
from bot.rehearse.record import Line
from config.phrases import WEEKDAYS

_BAR = 28
_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
_PER_DAY = 31  # longer than a month is told by weeks
_STAFF_SHOWN = 10
_STATES = {"running": "进行中", "asking": "等负责人", "decided": "已定", "over": "已定"}


def sheet(figures: Figures) -> Iterator[tuple[str, str]]:
    """(line, style) from top to bottom."""
    for title, lines in (
        ("推送日历", _calendar(figures)),
        ("各个SOP", _courses(figures)),
        ("每位客户收到几条（不算欢迎语）", _histogram(figures)),
        ("员工", _staff(figures)),
        ("没有发的", _reasons(figures.not_sent, "都发了")),
        ("顺延过的", _reasons(figures.put_off, "没有顺延")),
        ("额度", _quota(figures)),
        ("试验", _experiments(figures)),
        ("卡住的旅程（程序错误，请反馈）", [f"  {id}：{why}" for id, why in figures.stuck.items()]),
    ):
        if lines:
            yield title, "bold"
            for line in lines:
                yield line, ""
            yield "", ""


def timeline(lines: Sequence[Line], tz: ZoneInfo) -> Iterator[str]:
    """One person's story: a heading for each day, then the moments."""
    day: date | None = None
    for line in lines:
        local = line.at.astimezone(tz)
        if local.date() != day:
            day = local.date()
            yield f"{day:%Y-%m-%d} 周{WEEKDAYS[day.weekday()]}"
        yield f"  {local:%H:%M}  {line.what}"


def beside(result: Result, columns: int) -> Iterator[tuple[str, bool]]:
    """Expected and actual timelines side by side; True: this is not as expected."""
    left = max([wide("期望"), *(wide(row.expected) + 2 for row in result.rows if row.expected)])
    left = min(left, columns // 2)
    room = max(columns - left - 18, 20)
    yield f"  {_fit('时间', 12, True)}  {_fit('期望', left, True)}  实际", False
    last = ""
    for row in result.rows:
        at = f"{row.at.astimezone(result.tz):%m-%d %H:%M}"
        mark = ("✗ " if row.wrong else "✓ ") if row.expected else ""
        first, *more = wrapped(row.actual, room) or [""]
        shown = _fit(at if at != last else "", 12, True)
        yield f"  {shown}  {_fit(mark + row.expected, left, True)}  {first}".rstrip(), row.wrong
        for part in more:
            yield f"  {' ' * 12}  {' ' * left}    {part}", False
        last = at


def wrapped(text: str, width: int) -> list[str]:
    """In pieces no wider than that."""
    pieces, piece = [], ""
    for char in text:
        if wide(piece + char) > width:
            pieces.append(piece)
            piece = ""
        piece += char
    return [*pieces, piece] if piece else pieces


def table(head: Sequence[str], rows: Sequence[Sequence[object]], left: int = 1) -> list[str]:
    """Columns in line, whatever is wide; the first ``left`` to the left, figures to the right."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(wide(row[column]) for row in cells) for column in range(len(head))]
    return [
        "  " + "  ".join(_fit(c, w, n < left) for n, (c, w) in _with(row, widths)) for row in cells
    ]


def wide(text: str) -> int:
    """Columns of a terminal."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _with(row: Sequence[str], widths: Sequence[int]) -> Iterator[tuple[int, tuple[str, int]]]:
    return enumerate(zip(row, widths, strict=True))


def _fit(text: str, width: int, left: bool) -> str:
    space = " " * (width - wide(text))
    return text + space if left else space + text


def _bar(part: int, whole: int, length: int = _BAR) -> str:
    eighths = round(8 * length * part / whole) if whole else 0
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8]


def _calendar(figures: Figures) -> list[str]:
    days = figures.days
    by_week = len(days) > _PER_DAY
    rows = list(_weeks(days)) if by_week else [(_date(day.day), day) for day in days]
    most = max((_pushes(day) for _, day in rows), default=0)
    shown = [(name, count) for name, count in _COLUMNS if name != "朋友圈" or count(_sum(days))]
    head = ("这一周从" if by_week else "日期", *(name for name, _ in shown), "")
    whole = ("合计", *(count(_sum(days)) for _, count in shown), "")
    lines = [
        (name, *(count(day) for _, count in shown), _bar(_pushes(day), most)) for name, day in rows
    ]
    return [line.rstrip() for line in _barred(table(head, [*lines, whole]), lines)]


_COLUMNS: tuple[tuple[str, Callable[[Day], int]], ...] = (
    ("服务", lambda day: day.service),
    ("营销", lambda day: day.marketing),
    ("群", lambda day: day.groups),
    ("朋友圈", lambda day: day.moments),
    ("欢迎语", lambda day: day.welcomes),
    ("给员工", lambda day: day.to_staff),
    ("任务", lambda day: day.tasks),
)


def _barred(made: list[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Bars begin in one column: they are text, not figures."""
    for number, row in enumerate(rows, 1):
        bar = str(row[-1])
        made[number] = made[number][: len(made[number]) - len(bar)].rstrip() + "  " + bar
    return made


def _weeks(days: Sequence[Day]) -> Iterator[tuple[str, Day]]:
    week: list[Day] = []
    for day in days:
        if week and day.day.weekday() == 0:
            yield _date(week[0].day), _sum(week)
            week = []
        week.append(day)
    if week:
        yield _date(week[0].day), _sum(week)


def _sum(days: Sequence[Day]) -> Day:
    names = ("welcomes", "service", "marketing", "groups", "moments", "to_staff", "tasks")
    first = days[0].day if days else date.min
    return Day(day=first, **{name: sum(getattr(day, name) for day in days) for name in names})


def _pushes(day: Day) -> int:
    return day.service + day.marketing + day.groups


def _date(day: date) -> str:
    return f"{day:%m-%d} 周{WEEKDAYS[day.weekday()]}"


def _courses(figures: Figures) -> list[str]:
    head = ("SOP", "进入", "进行中", "达成", "负面", "走完", "其他退出", "当天已满", "送达", "任务")
    rows = [
        (
            c.sop,
            c.entered,
            c.under_way,
            c.reached,
            c.negative,
            c.finished,
            c.left,
            c.turned_away,
            c.pushes,
            c.tasks,
        )
        for c in figures.courses
    ]
    return table(head, rows)


def _histogram(figures: Figures) -> list[str]:
    most, everybody = max(figures.per_customer.values(), default=0), figures.customers or 1
    width = max(wide(name) for name in figures.per_customer)
    return [
        f"  {_fit(name, width, False)} 条  {n:>7,} 人 {n / everybody:>6.1%}  {_bar(n, most)}"
        for name, n in figures.per_customer.items()
        if n
    ]


def _staff(figures: Figures) -> list[str]:
    if not figures.loads:
        return []
    days = figures.staff_days
    people = len(figures.loads)
    tasks = sum(load.tasks for load in figures.loads)
    presses = sum(load.confirmations for load in figures.loads)
    cap = f"（上限 {figures.task_cap}）" if figures.task_cap else ""
    full = sum(load.days_full for load in figures.loads)
    put_off = sum(load.put_off for load in figures.loads)
    what = "群发和朋友圈" if any(day.moments for day in figures.days) else "群发"
    lines = [
        f"  {people} 人，任务 {tasks:,} 个，人均 {tasks / people / days:.1f} 个/天，"
        f"最多一天 {max(load.tasks_most for load in figures.loads)} 个{cap}；"
        f"满额 {full} 人天，因此顺延 {put_off} 次",
        f"  要点的{what}确认 {presses:,} 次，人均 {presses / people / days:.1f} 次/天，"
        f"最多一天 {max(load.confirmations_most for load in figures.loads)} 次；"
        f"没人确认而过期 {figures.unconfirmed} 条",
    ]
    shown = figures.loads[:_STAFF_SHOWN]
    head = ("最忙的", "任务/天", "最多一天", "满额天数", "确认/天", "最多一天")
    lines += table(head, [_load(load, days) for load in shown])
    if people > len(shown):
        lines.append(f"  …还有 {people - len(shown)} 人")
    states = "，".join(f"{state} {n:,}" for state, n in figures.tasks.items())
    return [*lines, f"  任务结果：{states}"] if states else lines


def _load(load: Load, days: int) -> tuple[object, ...]:
    on = f"（{load.tasks_most_on:%m-%d}）" if load.tasks_most_on else ""
    return (
        load.staff,
        f"{load.tasks / days:.1f}",
        f"{load.tasks_most}{on}",
        load.days_full,
        f"{load.confirmations / days:.1f}",
        load.confirmations_most,
    )


def _reasons(counts: dict[str, int], none: str) -> list[str]:
    if not counts:
        return [f"  {none}"]
    width = max(wide(name) for name in counts)
    most = max(counts.values())
    return [f"  {_fit(name, width, True)}  {n:>7,}  {_bar(n, most)}" for name, n in counts.items()]


def _quota(figures: Figures) -> list[str]:
    least = min(
        (
            (date(day.year + day.month // 12, day.month % 12 + 1, 1) - timedelta(days=1)).day
            for day in (one.day for one in figures.days)
        ),
        default=28,
    )
    refused = sum(n for name, n in figures.not_sent.items() if name.startswith("频控:企业微信"))
    return [
        f"  企业微信：每位客户每月最多收 {least} 条（当月天数），收得最多的一位 "
        f"{figures.most_in_a_month} 条；因此没发 {refused} 条",
        f"  任何连续 7 天里，收得最多的一位 {figures.most_in_a_week} 条",
    ]


def _experiments(figures: Figures) -> list[str]:
    lines = []
    for one in figures.experiments:
        found = f"{one['finding']}：{one['why']}" if one["finding"] else "还没到看结果的时候"
        verdict = f"；所有人走“{one['verdict']}”" if one["verdict"] else ""
        lines.append(f"  {one['name']}（{_STATES[one['state']]}）{found}{verdict}")
        lines += [
            f"    {count['arm']}  分到 {count['enrolled']:,}，看满 {count['n']:,}，"
            f"达到 {count['hits']:,}，变差 {count['harmed']:,}"
            for count in one["counts"]
        ]
    return lines
