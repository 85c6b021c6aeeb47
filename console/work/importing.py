"""从表格导入: a spreadsheet calendar becomes files of the reader's draft."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from bot.context import Context
from bot.work import CannotWork, Job, Result
from config.book import Book
from config.spreadsheet.calendar import Calendar, NotACalendar, read_calendar
from config.spreadsheet.files import Written, write
from console.language import marked
from console.pages.drafting import checked, contents, draft_of

_READING = marked("读表格")
_WRITING = marked("写成 SOP 文件")


async def run(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
    """``args``: upload (under which the file is kept), name (of the file).

    All files go into the draft in one write, which remembers the upload: done again after a crash
    it adds nothing. Raises CannotWork for what is no calendar, or when the draft has mistakes.
    """
    upload, source = str(args["upload"]), str(args["name"])
    content = b"".join([chunk async for chunk in ctx.store.work.file(upload)])
    await job.told(0, 2, _READING)
    book = await _known(ctx, job.by, upload)
    today = ctx.now().astimezone(ZoneInfo(book.rules.timezone)).date()
    read, written = await asyncio.to_thread(_read, content, source, today, book)
    await job.told(1, 2, _WRITING)
    paths = await _keep(ctx, job.by, upload, written)
    rows = len({(entry.sheet, entry.row) for entry in read.entries})
    return Result(
        says=f"{read.rows} 行里读懂了 {rows} 行，写了 {len(paths)} 个文件到草稿。",
        figures={
            "rows": read.rows,
            "understood": rows,
            "files": sorted(paths),
            "assumed": [asdict(note) for note in read.assumed],
            "unread": [asdict(note) for note in read.unread],
        },
        see=f"/console/import/{job.id}",
    )


async def _known(ctx: Context, user: str, upload: str) -> Book:
    """What the draft says besides, so that it is used and not written twice."""
    draft = await draft_of(ctx, user)
    ours = draft.imported.get(upload, ())
    before = {path: text for path, text in draft.changes.items() if path not in ours}
    found, book = checked(await contents(ctx, replace(draft, changes=before)))
    if book is None:
        raise CannotWork(f"草稿里有 {len(found)} 处错误：先改好，再导入一次。")
    return book


def _read(content: bytes, source: str, today: date, book: Book) -> tuple[Calendar, Written]:
    try:
        read = read_calendar(content, today=today)
    except NotACalendar as why:
        raise CannotWork(f"{source}：{why}") from why
    name = source.rpartition(".")[0] or source
    return read, write(read, name=name, source=source, known=book, files=())


async def _keep(ctx: Context, user: str, upload: str, written: Written) -> tuple[str, ...]:
    """Into the draft; a file that is there already is never written over. Where it all went."""
    draft = await draft_of(ctx, user)
    if upload in draft.imported:
        return draft.imported[upload]
    if not written.texts:
        return ()
    there = (await contents(ctx, draft)).files
    fresh = {_free(path, there): text for path, text in written.texts.items()}
    imported = {**draft.imported, upload: tuple(fresh)}
    changes = {**draft.changes, **fresh}
    await ctx.store.drafts.keep(replace(draft, changes=changes, imported=imported, at=ctx.now()))
    return tuple(fresh)


def _free(path: str, there: Mapping[str, str]) -> str:
    stem, _, ending = path.rpartition(".")
    names = (path, *(f"{stem}（{n}）.{ending}" for n in range(2, 999)))
    return next(name for name in names if name not in there)
