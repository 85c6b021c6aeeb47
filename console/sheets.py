"""Files for spreadsheets: CSV that Excel reads as UTF-8, and xlsx."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import xlsxwriter

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?%?")
_FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
)  # Excel reads wide ones too
MOST_ROWS: Final = 200_000  # of one file; a sheet of Excel ends at a million


class Sheet(Protocol):
    """A file that is being written."""

    def add(self, lines: Iterable[Sequence[str | int]]) -> None: ...
    def done(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """``name`` is also how its files end."""

    name: str
    content_type: str
    begin: Callable[[Sequence[str]], Sheet]


def harmless(text: str) -> str:
    """A customer's name must not become a formula of the reader's spreadsheet; figures stay."""
    if _NUMBER.fullmatch(text):
        return text
    return f"'{text}" if text.startswith(_FORMULA) else text


class _Csv:
    """The mark at the beginning tells Excel that it is UTF-8."""

    def __init__(self, title: Sequence[str]) -> None:
        self._text = io.StringIO()
        self._writer = csv.writer(self._text)
        self.add([title])

    def add(self, lines: Iterable[Sequence[str | int]]) -> None:
        self._writer.writerows([harmless(str(cell)) for cell in line] for line in lines)

    def done(self) -> bytes:
        return self._text.getvalue().encode("utf-8-sig")


class _Xlsx:
    """Row after row goes to the disk, so that a long list needs no more memory than a short one."""

    def __init__(self, title: Sequence[str]) -> None:
        self._data = io.BytesIO()
        self._book = xlsxwriter.Workbook(self._data, {"constant_memory": True})
        self._sheet = self._book.add_worksheet()
        bold = self._book.add_format({"bold": True})
        for n, words in enumerate(title):
            self._sheet.set_column(n, n, 18)
            self._sheet.write_string(0, n, words, bold)
        self._sheet.freeze_panes(1, 0)
        self._row = 1

    def add(self, lines: Iterable[Sequence[str | int]]) -> None:
        for line in lines:
            for n, cell in enumerate(line):
                if isinstance(cell, int):
                    self._sheet.write_number(self._row, n, cell)
                else:
                    self._sheet.write_string(self._row, n, cell)
            self._row += 1

    def done(self) -> bytes:
        self._book.close()
        return self._data.getvalue()


CSV: Final = Kind("csv", "text/csv", _Csv)
XLSX: Final = Kind(
    "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _Xlsx
)
KINDS: Final = {kind.name: kind for kind in (CSV, XLSX)}
