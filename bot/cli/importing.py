"""The command that turns a spreadsheet calendar into a folder of YAML."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from bot.app import machine_now
from bot.cli.terminal import AsJson, complain, say, say_json, show_mistakes
from config.book import Book
from config.loader import load_folder
from config.mistakes import Mistakes
from config.spreadsheet.calendar import Calendar, NotACalendar, Note, read_calendar
from config.spreadsheet.files import Written, write


def import_calendar(
    calendar: Annotated[Path, typer.Argument(help="排期表，例如 calendar.xlsx")],
    out: Annotated[Path | None, typer.Option(help="写到哪个文件夹；默认新建“表格名-导入”")] = None,
    name: Annotated[str, typer.Option(help="SOP 的名字；默认用表格的文件名")] = "",
    as_json: AsJson = False,
) -> None:
    """把 Excel 排期表变成 SOP 文件；读不懂的逐行列出，已有的文件一个也不改。"""
    folder = out or Path(f"{calendar.stem}-导入")
    known = _known(folder, as_json=as_json)
    try:
        read = read_calendar(_content(calendar), today=machine_now().astimezone().date())
    except NotACalendar as why:
        complain(f"{calendar.name}：{why}", 1)
    beside = _beside(calendar)
    written = write(
        read, name=name or calendar.stem, source=calendar.name, known=known, files=beside
    )
    _keep(folder, written, beside)
    if written.texts:
        _check(folder)
    if as_json:
        say_json(_told(folder, read, written))
    else:
        _tell(folder, read, written)
    if read.unread or not written.texts:
        raise typer.Exit(1)


def _content(calendar: Path) -> bytes:
    try:
        return calendar.read_bytes()
    except OSError as error:
        complain(f"读不到文件 {calendar}：{error.strerror}", 1)


def _known(folder: Path, *, as_json: bool) -> Book:
    """What the folder says already, so that it is used and not written twice."""
    if not folder.is_dir():
        return Book()
    try:
        return load_folder(folder)
    except Mistakes as found:
        show_mistakes(found.mistakes, as_json=as_json)
        complain(f"文件夹 {folder} 里已有错误，先改好再导入，或者用 --out 换一个文件夹", 1)


def _beside(calendar: Path) -> Mapping[str, Path]:
    """Pictures and other files next to the spreadsheet, which its rows may name."""
    there = (file for file in calendar.resolve().parent.iterdir() if file.is_file())
    return {file.name: file for file in there}


def _keep(folder: Path, written: Written, beside: Mapping[str, Path]) -> None:
    """All or nothing: a file that is there already is never written over."""
    contents = {folder / name: text.encode() for name, text in written.texts.items()}
    contents |= {folder / to: beside[name].read_bytes() for name, to in written.copies.items()}
    for path, content in contents.items():
        if path.exists() and path.read_bytes() != content:
            complain(
                f"已经有文件 {path} 了，什么都没有写：用 --out 换个文件夹，或用 --name 换个名字",
                1,
            )
    for path, content in contents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _check(folder: Path) -> None:
    """What we wrote is sound; if not, that is our mistake, and shown like anybody's."""
    try:
        load_folder(folder)
    except Mistakes as found:
        show_mistakes(found.mistakes, as_json=False)
        raise typer.Exit(1) from None


def _tell(folder: Path, read: Calendar, written: Written) -> None:
    for note in read.assumed:
        say(f"按此理解：{note}")
    for note in read.unread:
        say(f"没有读懂：{note}", "red")
    rows = len({(entry.sheet, entry.row) for entry in read.entries})
    counts = f"按此理解 {len(read.assumed)} 处，没读懂 {len(read.unread)} 处"
    say(f"{read.rows} 行里读懂了 {rows} 行，{counts}")
    if written.texts:
        say(f"写好了 {len(written.texts)} 个文件，在 {folder}：{'、'.join(written.texts)}", "green")
        say("SOP 都是“草稿”：核对之后把“状态”改成“启用”，再运行 qunce check 和 qunce plan")
    else:
        say("没有写任何文件", "red")


def _told(folder: Path, read: Calendar, written: Written) -> dict[str, object]:
    return {
        "folder": str(folder),
        "files": [*written.texts, *written.copies.values()],
        "rows": read.rows,
        "assumed": [_row(note) for note in read.assumed],
        "unread": [_row(note) for note in read.unread],
    }


def _row(note: Note) -> dict[str, object]:
    return {
        "sheet": note.sheet,
        "row": note.row,
        "column": note.column,
        "text": note.text,
        "cure": note.cure,
    }
