"""The demo's one screen of 24 × 80: the day, the counters, the last happenings."""

import sys
import time
from datetime import datetime
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bot.context import Context
from bot.figures import tally
from bot.story import by_name, people

WIDTH, HAPPENINGS = 80, 8
REFRESH_SECONDS = 0.4
SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEKDAYS = "一二三四五六日"

_ROWS = (
    (("新客户", "contacts_added"), ("已发欢迎语", "welcomed"), ("已打标签", "tagged")),
    (("占位", "seats_reserved"), ("已邀请", "invited"), ("已入群", "joined")),
    (
        ("派出任务", "tasks_given"),
        ("员工已确认", "tasks_acknowledged"),
        ("系统核实", "tasks_verified"),
    ),
    (("逾期任务", "tasks_overdue"), ("催办", "reminders"), ("升级", "escalations")),
    (("应推送", "pushes_due"), ("已创建群发", "pushes_created"), ("已送达", "pushes_delivered")),
)
_NAME_CELLS = 12  # of the longest name above, and a blank


class Screen:
    """Live where there is a terminal; otherwise one plain line per day."""

    def __init__(self, ctx: Context, start: datetime, end: datetime, *, plain: bool) -> None:
        self._ctx = ctx
        self._start = start
        self._days = (end - start).days
        self._plain = plain
        self._shown = float("-inf")
        self._day = 0
        self._names: dict[str, str] = {}  # customers and groups
        self._staff: dict[str, str] = {}
        self._live = Live(console=Console(width=WIDTH), auto_refresh=False, screen=False)

    def __enter__(self) -> "Screen":
        if not self._plain:
            self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._plain:
            self._live.__exit__(kind, error, trace)

    async def watch(self, now: datetime) -> None:
        """Called at every moment; shows no more often than an eye can follow."""
        if self._plain:
            if (now - self._start).days > self._day:
                self._day = (now - self._start).days
                await self._line(now)
        elif time.monotonic() - self._shown > REFRESH_SECONDS:
            await self.show(now)

    async def show(self, now: datetime) -> None:
        """The screen as it is now."""
        if self._plain:
            return
        figures = await tally(self._ctx)
        lines = await self._happenings()
        self._live.update(_picture(self._heading(now), figures, lines), refresh=True)
        self._shown = time.monotonic()

    async def _line(self, now: datetime) -> None:
        figures = await tally(self._ctx)
        told = "  ".join(f"{name} {figures[key]}" for row in _ROWS for name, key in row[::2])
        sys.stderr.write(f"{self._heading(now)}  {told}\n")
        sys.stderr.flush()

    def _heading(self, now: datetime) -> str:
        local = now.astimezone(SHANGHAI)
        day = min((now - self._start).days + 1, self._days)
        return f"第{day}天 {local:%m-%d} 周{WEEKDAYS[local.weekday()]} {local:%H:%M}"

    async def _happenings(self) -> list[str]:
        rows = await self._ctx.store.tallies.latest(HAPPENINGS)
        unknown = [a for row in rows for a in row["about"] if a[:2] in ("wm", "wr")]
        await self._learn([a for a in unknown if a not in self._names])
        return [self._told(row) for row in reversed(rows)]

    async def _learn(self, ids: list[str]) -> None:
        if not self._staff:
            self._staff = await people(self._ctx)
        if ids:
            contacts = await self._ctx.store.contacts.many(ids)
            groups = await self._ctx.store.groups.many(ids)
            self._names |= {id: contact.name for id, contact in contacts.items() if contact.name}
            self._names |= {id: group.name for id, group in groups.items() if group.name}

    def _told(self, row: dict[str, Any]) -> str:
        who = next((self._names[a] for a in row["about"] if a in self._names), "")
        moment = f"{row['at'].astimezone(SHANGHAI):%m-%d %H:%M}"
        what = by_name(row["what"], self._staff)
        return f"{moment} {who}：{what}" if who else f"{moment} {what}"


def _picture(heading: str, figures: dict[str, Any], happenings: list[str]) -> Group:
    """16 lines; with the summary that follows they fit into 24."""
    title = Text.assemble(("群策演示  ", "bold"), (heading, "bold green"))
    title.append("  （企业微信为模拟，其余是真的）")
    lines = [Text(line, no_wrap=True, overflow="ellipsis") for line in happenings]
    blank = [Text("")] * (HAPPENINGS - len(lines))
    rule = Text("─" * WIDTH, style="dim")
    return Group(title, rule, _counters(figures), rule, *lines, *blank)


def _counters(figures: dict[str, Any]) -> Table:
    table = Table.grid(expand=True)
    for _ in _ROWS[0]:
        table.add_column(width=_NAME_CELLS)
        table.add_column(ratio=1, style="bold cyan")
    for row in _ROWS:
        table.add_row(*(cell for name, key in row for cell in (name, str(figures[key]))))
    return table
