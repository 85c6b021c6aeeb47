"""推演: play a draft, or what is live, for weeks; nothing is changed by it."""

import asyncio
import json
import pickle
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.context import Context
from bot.plan.living import Living, living
from bot.publish import Contents, contents_of
from bot.rehearse.simulate import Wish
from bot.work import CannotWork, Job, Result
from config.book import Book
from config.loader import load_texts
from config.mistakes import Mistakes
from console.language import marked
from console.pages.drafting import contents, draft_of
from console.work.playing import Order

_KILLED: Final = -9
_READING: Final = marked("读取配置和客户")
_PLAYING: Final = marked("天")
#: What is sent, as the figures of a day name it.
PUSHES: Final = ("service", "marketing", "groups", "welcomes", "moments", "to_staff")


async def run(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
    """``args``: draft (whose, "" what is live), days, customers (0: the real ones), seed.

    Raises CannotWork when the folder has mistakes.
    """
    days, customers = int(args["days"]), int(args["customers"])
    await job.told(0, days, _READING)
    whole = await _folder(ctx, str(args["draft"]))
    book = await _book(whole)
    here = None if customers else await living(ctx, book)
    wish = Wish(
        start=_midnight(ctx.now(), book),
        days=days,
        customers=customers,
        seed=int(args.get("seed", 1)),
    )
    figures = await _play(Order(whole.files, whole.pictures, wish, here), job)
    sent = sum(day[name] for day in figures["days"] for name in PUSHES)
    given = sum(day["tasks"] for day in figures["days"])
    return Result(
        says=f"{days} 天里会发出 {sent:,} 条，派 {given:,} 个任务。",
        figures={"figures": figures, "hash": whole.hash, **_whom(here)},
        see=f"/console/simulation/{job.id}",
    )


async def _folder(ctx: Context, whose: str) -> Contents:
    if whose:
        return await contents(ctx, await draft_of(ctx, whose))
    head = await ctx.store.releases.head()
    return await contents_of(ctx.store, head) if head else Contents()


async def _book(whole: Contents) -> Book:
    try:
        return await asyncio.to_thread(load_texts, whole.files, whole.pictures)
    except Mistakes as found:
        first = found.mistakes[0]
        raise CannotWork(
            f"有错误，改好再推演。第一处：{first.file} 第 {first.line} 行，{first.text}"
        ) from found


def _midnight(now: datetime, book: Book) -> datetime:
    local = now.astimezone(ZoneInfo(book.rules.timezone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def _whom(here: Living | None) -> dict[str, Any]:
    """For real customers: how many one of those played stands for."""
    return {"live": True, "scale": here.people.scale} if here else {"live": False, "scale": 1.0}


async def _play(order: Order, job: Job) -> dict[str, Any]:
    """The figures, out of a process of its own; it ends with us whatever happens."""
    # not asyncio's own subprocess: under uvloop it would inherit our descriptors
    process = await asyncio.to_thread(
        subprocess.Popen,
        [sys.executable, "-m", "console.work.playing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        await asyncio.to_thread(_give, process, pickle.dumps(order))
        while line := await asyncio.to_thread(_line, process):
            said = json.loads(line)
            if "figures" in said:
                return dict(said["figures"])
            await job.told(said["day"], order.wish.days, _PLAYING)
        code = await asyncio.to_thread(process.wait)
    finally:
        process.kill()
        await asyncio.to_thread(_over, process)
    if code == _KILLED:
        raise CannotWork("内存不够，推演被系统停掉了：请少选一些客户或天数。")
    raise RuntimeError(f"the simulation ended with {code}")


def _give(process: "subprocess.Popen[bytes]", order: bytes) -> None:
    if process.stdin:
        with process.stdin as told:
            told.write(order)


def _line(process: "subprocess.Popen[bytes]") -> bytes:
    """What it says next; nothing when it has ended."""
    return process.stdout.readline() if process.stdout else b""


def _over(process: "subprocess.Popen[bytes]") -> None:
    if process.stdout:
        process.stdout.close()
    process.wait()
