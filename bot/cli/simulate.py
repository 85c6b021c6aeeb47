"""The command that plays weeks of a folder in seconds, and changes nothing."""

import asyncio
import time
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.progress import BarColumn, Progress, TextColumn

from bot.app import Clock, machine_now, open_context
from bot.cli.terminal import AsJson, Folder, complain, err, folder_of, loaded, say, say_json
from bot.plan.living import living, on_stage
from bot.rehearse import paper
from bot.rehearse.population import Company
from bot.rehearse.rates import Rates
from bot.rehearse.rehearsal import Rehearsal
from bot.rehearse.simulate import Played, Wish, play, synthetic
from config import settings as deployment
from config.book import Book
from config.settings import Settings

DAYS, CUSTOMERS, SEED = 90, 10_000, 1


def simulate(
    folder: Folder = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="推演多少天")] = DAYS,
    customers: Annotated[
        int, typer.Option(min=1, max=200_000, help="虚拟门店开始时有多少客户")
    ] = CUSTOMERS,
    contact: Annotated[str, typer.Option(help="只看这一位客户的经过，例如 wm000012")] = "",
    live: Annotated[bool, typer.Option("--live", help="用数据库里真实的客户，只读不写")] = False,
    seed: Annotated[int, typer.Option(help="换一个数，客户和员工的表现就换一种")] = SEED,
    start: Annotated[str, typer.Option("--from", help="从哪一天开始，例如 2026-12-01")] = "",
    as_json: AsJson = False,
) -> None:
    """把文件夹在虚拟时钟上走几十天：谁会收到什么、员工忙不忙、哪些会顺延或发不出；什么都不改。"""
    began = time.monotonic()
    settings = deployment.load() if live else None
    book = loaded(folder_of(folder, settings), as_json=as_json)
    tz = ZoneInfo(book.rules.timezone)
    wish = Wish(start=_start(start, tz), days=days, customers=customers, seed=seed, contact=contact)
    if settings:
        played = asyncio.run(live_run(settings, book, wish, quiet=as_json))
    else:
        played = _with_bar(synthetic(book, wish), book, wish, quiet=as_json)
    if not played.known:
        complain(f"没有客户“{contact}”：虚拟客户从 wm000000 到 wm{customers - 1:06d}", 1)
    _show(played, wish, tz, time.monotonic() - began, live=live, as_json=as_json)
    if played.figures.stuck:
        raise typer.Exit(1)


def _start(text: str, tz: ZoneInfo) -> datetime:
    """Local midnight: of today, or of the day given."""
    try:
        day = date.fromisoformat(text) if text else machine_now().astimezone(tz).date()
    except ValueError:
        complain(f"看不懂日期“{text}”：写成 2026-12-01", 2)
    return datetime.combine(day, datetime.min.time(), tz).astimezone(UTC)


def _with_bar(
    rehearsal: Rehearsal, book: Book, wish: Wish, company: Company | None = None, *, quiet: bool
) -> Played:
    """One bar on the error stream, so that what is printed can be piped."""
    if quiet or not err.is_terminal:
        return play(rehearsal, book, wish, company)
    columns = (TextColumn("推演 {task.completed:.0f}/{task.total:.0f} 天"), BarColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        bar = progress.add_task("", total=wish.days)
        return play(rehearsal, book, wish, company, lambda: progress.advance(bar))


# ---- the live population -------------------------------------------------------------------------


async def live_run(
    settings: Settings, book: Book, wish: Wish, *, quiet: bool, clock: Clock = machine_now
) -> Played:
    """The people of the database from now on; it is only read."""
    async with open_context(settings, now=clock) as ctx:
        here = await living(ctx, book)
    rehearsal, company, wish = on_stage(here, book, wish)
    return _with_bar(rehearsal, book, wish, company, quiet=quiet)


# ---- showing -------------------------------------------------------------------------------------


def _show(
    played: Played, wish: Wish, tz: ZoneInfo, seconds: float, *, live: bool, as_json: bool
) -> None:
    figures = played.figures
    if as_json:
        told = figures.as_json() | {"seed": wish.seed, "seconds": round(seconds, 1)}
        if wish.contact:
            told["lines"] = [
                {"at": line.at.isoformat(), "what": line.what} for line in played.lines
            ]
        say_json(told)
        return
    first, last = wish.start.astimezone(tz), figures.until.astimezone(tz) - timedelta(seconds=1)
    who = "真实客户（只读）" if live else "虚拟门店"
    say(f"推演 {first:%Y-%m-%d} 到 {last:%Y-%m-%d}，{wish.days} 天，{who}", "bold")
    say(
        f"开始时 {figures.customers - figures.newcomers:,} 位客户，"
        f"期间新加 {figures.newcomers:,} 位\n"
    )
    if wish.contact:
        for text in paper.timeline(played.lines, tz):
            say(text, "" if text.startswith(" ") else "cyan")
        if not played.lines:
            say("这段时间里，没有和这位客户有关的事")
        say("")
    else:
        for text, style in paper.sheet(figures):
            say(text, style)
        _rates(wish.rates)
    work = f"走了 {figures.steps:,} 步   用时 {seconds:.1f} 秒"
    say(f"推演编号 {figures.hash}   种子 {wish.seed}   {work}", "dim")


def _rates(rates: Rates) -> None:
    say("推演时假设的比例", "bold")
    told = rates.told()
    for left, right in zip(told[::2], [*told[1::2], ("", "")][: len(told[::2])], strict=True):
        cells = [f"{figure:>7}  {name}" for name, figure in (left, right) if name]
        width = max(44 - paper.wide(cells[0]), 1)
        say("  " + (" " * width).join(cells))
    say("")
