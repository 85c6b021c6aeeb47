"""Read the spreadsheet calendars people use today: what to send, on which day, to whom.

Every row is read or told of: where it stands, why it was not understood, what to write instead.
What had to be assumed is told too, because a wrong guess goes out to customers.
"""

import io
import re
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any, Final

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from config.phrases import OnDay, When
from config.spreadsheet.cells import (
    DAY_CURE,
    TIME_CURE,
    Day,
    Mode,
    Unread,
    day_in,
    mode_in,
    names_apart,
    time_in,
)
from config.spreadsheet.rows import (
    COUNTING,
    MOST_COLUMNS,
    MOST_ROWS,
    Row,
    is_strange,
    merged,
    role_of,
    words,
)

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_UNPACKED: Final = 100 * 1024 * 1024
HEADER_WITHIN = 10
USUAL_TIME = time(10)


class NotACalendar(ValueError):
    """The file as a whole cannot be read; the message is one sentence for the person."""


@dataclass(frozen=True, slots=True)
class Note:
    """About one cell, row (``column`` "") or sheet (``row`` 0)."""

    sheet: str
    row: int
    column: str
    text: str
    cure: str = ""

    def __str__(self) -> str:
        place = f"第 {self.row} 行" if self.row else ""
        where = f"表“{self.sheet}”{place}{f'“{self.column}”' if self.column else ''}"
        return f"{where}：{self.text}" + (f"。{self.cure}" if self.cure else "")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row that was understood: one step for each of its moments."""

    sheet: str
    row: int
    moments: tuple[When, ...]
    mode: Mode
    audience: str
    title: str
    text: str
    attachments: tuple[str, ...]
    links: tuple[str, ...]
    owner: str
    note: str
    marketing: bool = False


@dataclass(slots=True)
class Calendar:
    """What a workbook says, and what is to be told about it."""

    entries: list[Entry] = field(default_factory=list)
    unread: list[Note] = field(default_factory=list)
    assumed: list[Note] = field(default_factory=list)
    rows: int = 0


def read_calendar(content: bytes, *, today: date) -> Calendar:
    """Every sheet of a workbook; raises NotACalendar when there is none to read."""
    calendar = Calendar()
    for sheet in _workbook(content).worksheets:
        if sheet.sheet_state == "visible":
            _Sheet(sheet, calendar, today).read()
    if any(name.startswith("xl/media/") for name in _names(content)):
        text = "贴在表格里的图片没有导入"
        calendar.unread.append(
            Note("全部", 0, "", text, "把图片另存为文件，文件名写在“图片”一列，和表格放在一起")
        )
    return calendar


def _workbook(content: bytes) -> Any:
    if len(content) > MOST_BYTES:
        raise NotACalendar(f"文件超过 {MOST_BYTES >> 20} MB：删掉贴在表格里的图片再导入")
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise NotACalendar("文件有密码：在 Excel 里去掉打开密码，另存后再导入")
        raise NotACalendar("这是旧的 .xls 格式：在 Excel 或 WPS 里另存为 .xlsx 再导入")
    names = _names(content)
    if "xl/workbook.xml" not in names:
        raise NotACalendar("这不是 Excel 表格（.xlsx），或者文件已损坏：重新另存为 .xlsx 再导入")
    if sum(names.values()) > MOST_UNPACKED:
        raise NotACalendar("表格展开后太大：只留下日历所在的表，另存后再导入")
    try:
        return openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    except Exception as error:  # on damaged files openpyxl raises whatever it stumbles over
        raise NotACalendar("表格已损坏，读不出来：用 Excel 打开，另存为 .xlsx 再导入") from error


def _names(content: bytes) -> dict[str, int]:
    """The parts of a workbook and how large they are; none when it is no archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {part.filename: part.file_size for part in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return {}


class _Sheet:
    """One sheet on its way to entries."""

    def __init__(self, sheet: Worksheet, calendar: Calendar, today: date) -> None:
        self._name = sheet.title
        self._calendar = calendar
        self._today = today
        self._merged = merged(sheet)
        self._headings = {r.min_row for r in sheet.merged_cells.ranges if r.size["columns"] > 2}
        self._rows = list(
            sheet.iter_rows(
                max_row=min(sheet.max_row, MOST_ROWS),
                max_col=min(sheet.max_column, MOST_COLUMNS),
                values_only=True,
            )
        )
        self._cut = sheet.max_row > MOST_ROWS
        self._above: tuple[Day, ...] = ()

    def read(self) -> None:
        if not any(value is not None for row in self._rows for value in row):
            return
        header = self._header()
        if header is None:
            names = "日期（或 天数）、时间、对象、发送内容"
            cure = f"在前 {HEADER_WITHIN} 行里写一行表头，例如：{names}"
            self._tell(0, "", "没有找到表头，整张表没有导入", cure)
            return
        number, columns, matrix = header
        for index in range(number + 1, len(self._rows)):
            row = self._row(index, columns)
            if row.empty or (index + 1 in self._headings and not row.text("text")):
                continue
            self._calendar.rows += 1
            reading = _matrix_row if matrix else _plain_row
            try:
                self._calendar.entries += reading(self, row, matrix)
            except Unread as why:
                self._tell(row.number, row.blamed, why.text, why.cure)
        if not matrix:
            self._tell_strange(number)
        if self._cut:
            self._tell(0, "", f"只读了前 {MOST_ROWS} 行", "把后面的行移到另一张表")

    def _header(self) -> tuple[int, dict[str, list[tuple[int, str]]], dict[int, Day]] | None:
        """Its row, the columns of every role, and the days of a calendar laid out as a grid."""
        best: tuple[int, int] | None = None
        for index, row in enumerate(self._rows[:HEADER_WITHIN]):
            roles = {role_of(value) for value in row} - {""}
            days = self._days_across(row)
            says = len(roles) if {"text", "attachment", "link", "title"} & roles else 0
            score = max(says if roles & {"day", "at"} or says > 2 else 0, len(days))
            if score > 1 and (best is None or score > best[0]):
                best = (score, index)
        if best is None:
            return None
        cells = self._rows[best[1]]
        columns: dict[str, list[tuple[int, str]]] = {}
        for index, value in enumerate(cells):
            if role := role_of(value):
                columns.setdefault(role, []).append((index, str(value).strip()))
        days = self._days_across(cells)
        return best[1], columns, days if len(days) > 2 and "text" not in columns else {}

    def _tell_strange(self, number: int) -> None:
        """Columns nobody here knows may say who is meant, or how often: never pass over them."""
        for index, value in enumerate(self._rows[number]):
            below = (row[index] for row in self._rows[number + 1 :] if index < len(row))
            if is_strange(value) and any(words(cell) for cell in below):
                text = "不认识这一列，里面写的没有导入"
                cure = (
                    "换成认识的表头（日期、时间、对象、发送内容、附件、渠道、负责人、备注），或删掉"
                )
                self._tell(0, words(value), text, cure)

    def _days_across(self, row: Sequence[Any]) -> dict[int, Day]:
        days: dict[int, Day] = {}
        for index, value in enumerate(row):
            if value is None or isinstance(value, int | float) or role_of(value):
                continue
            try:
                read = day_in(value, counted=False, today=self._today)
            except Unread:
                continue
            if len(read.days) == 1:
                days[index] = read.days[0]
        return days

    def _row(self, index: int, columns: dict[str, list[tuple[int, str]]]) -> Row:
        values = [
            self._merged.get((index + 1, column + 1), value)
            for column, value in enumerate(self._rows[index])
        ]
        return Row(index + 1, values, columns)

    def day_of(self, row: Row) -> tuple[tuple[Day, ...], time | None]:
        """The days of a row, from its day column, else its time column, else the row above."""
        for role in ("day", "at"):
            for value in row.look(role):
                counted = row.column(role) in COUNTING
                read = day_in(value, counted=counted, today=self._today)
                if read.days:
                    self.assume(row, read.assumed)
                    self._above = read.days
                    return read.days, read.at
                if role == "day":
                    raise Unread(f"看不懂日期“{words(value)}”", DAY_CURE)
        row.blamed = ""
        if not self._above:
            raise Unread("没写哪一天", DAY_CURE)
        self.assume(row, "日期空着，和上一行同一天")
        return self._above, None

    def time_of(self, row: Row, given: time | None) -> time:
        for role in ("at", "day"):
            for value in row.look(role):
                read = time_in(value) if role == "at" or isinstance(value, str) else None
                if read and read.at:
                    self.assume(row, read.assumed)
                    return read.at
                if role == "at" and not given and not self._names_a_day(value):
                    raise Unread(f"看不懂时间“{words(value)}”", TIME_CURE)
        if given:
            return given
        self.assume(row, f"没写时间，按 {USUAL_TIME:%H:%M}")
        return USUAL_TIME

    def _names_a_day(self, value: Any) -> bool:
        return bool(day_in(value, counted=False, today=self._today).days)

    def mode_of(self, row: Row, moments: Collection[When]) -> Mode:
        row.blamed = row.column("channel")
        if found := re.search("跟进人|店长|群主|员工|导购|主管|内部|同事", row.text("to")):
            row.blamed = row.column("to")
            cure = "给员工的内容请在 SOP 里写：发给员工，或者派任务"
            raise Unread(f"这一行是发给“{found[0]}”的", cure)
        audience = " ".join((*row.texts("to"), *row.texts("audience")))
        said = mode_in(row.text("channel"), audience, self._name)
        if said:
            return said
        to_customers = all(isinstance(moment, OnDay) for moment in moments)
        mode: Mode = "客户" if to_customers else "客户群"
        why = "按第几天发的" if to_customers else "按日期或星期发的"
        note = Note(self._name, 0, "", f"没写发给客户还是发到群：{why}，当作发给{mode}")
        if note not in self._calendar.assumed:
            self._calendar.assumed.append(note)
        return mode

    def assume(self, row: Row, text: str) -> None:
        if text:
            self._calendar.assumed.append(Note(self._name, row.number, row.blamed, text))

    def entry(self, row: Row, moments: tuple[When, ...], text: str, title: str) -> Entry:
        mode = self.mode_of(row, moments)
        row.blamed = ""
        return Entry(
            sheet=self._name,
            row=row.number,
            moments=moments,
            mode=mode,
            audience=row.text("audience") or row.text("to"),
            title=title,
            text=text,
            attachments=tuple(n for one in row.texts("attachment") for n in names_apart(one)),
            links=tuple(name for one in row.texts("link") for name in names_apart(one)),
            owner=row.text("owner"),
            note=row.text("note"),
            marketing=bool(re.search("营销|促销|推广", row.text("channel"))),
        )

    def _tell(self, row: int, column: str, text: str, cure: str) -> None:
        self._calendar.unread.append(Note(self._name, row, column, text, cure))


def _plain_row(sheet: _Sheet, row: Row, _: object) -> list[Entry]:
    days, given = sheet.day_of(row)
    at = sheet.time_of(row, given)
    text, title = row.text("text"), row.text("title")
    row.blamed = row.column("text")
    if not (text or row.texts("attachment") or row.texts("link")):
        if not title:
            raise Unread("没写发什么", "在“发送内容”里写上要发的文字")
        text = title
        sheet.assume(row, "没写内容，用标题代替")
    return [sheet.entry(row, tuple(day(at) for day in days), text, title)]


def _matrix_row(sheet: _Sheet, row: Row, days: Mapping[int, Day]) -> list[Entry]:
    """One time of day, and what to send on each of the days across."""
    found = [(index, said) for index in days if (said := words(row.values[index]))]
    if not found:
        return []
    at = sheet.time_of(row, None)
    title = row.text("title")
    return [sheet.entry(row, (days[index](at),), said, title) for index, said in found]
