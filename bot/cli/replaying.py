"""The command that asks today's rules about yesterday, and gives dead callbacks another chance."""

import asyncio
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bot.app import open_context
from bot.cli.terminal import AsJson, complain, folder_of, say, say_json
from bot.context import Context
from bot.model import Incoming
from bot.replay import Replayed, Report
from bot.replay import replay as replayed
from bot.story import by_name, people
from config import settings as deployment
from config.book import Book
from config.loader import load_folder
from config.settings import Settings

SHOWN = 200


def replay(
    since: Annotated[
        str,
        typer.Option("--from", help="从哪一天（或时刻）起，例如 2026-11-20 或 '2026-11-20 09:00'"),
    ] = "",
    until: Annotated[str, typer.Option("--to", help="到哪一天（含）为止；默认到现在")] = "",
    event: Annotated[str, typer.Option(help="只看这一个事件（编号，见 --json）")] = "",
    release: Annotated[int, typer.Option(help="用第几版的规则；默认线上这一版")] = 0,
    folder: Annotated[Path | None, typer.Option(help="用这个文件夹的规则")] = None,
    everything: Annotated[bool, typer.Option("--all", help="没有变化的事件也列出来")] = False,
    dead: Annotated[bool, typer.Option(help="把处理失败的回调放回去，重新处理")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只看不动；不带 --dead 时总是只看不动")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """用现在的规则重看发生过的事件：当时怎样、现在会怎样；或用 --dead 重新处理失败的回调。"""
    settings = deployment.load()
    if dead:
        _put_back(settings, event, dry_run=dry_run, as_json=as_json)
        return
    if not since:
        complain(
            "写上从哪一天起：qunce replay --from 2026-11-20（或 --dead 重新处理失败的回调）", 2
        )
    first = _moment(since, settings)
    last = _moment(until, settings, end=True) if until else None
    report, names = asyncio.run(_replayed(settings, first, last, event, release, folder))
    if as_json:
        say_json({"callbacks": dict(report.callbacks), "events": [_row(e) for e in report.events]})
    else:
        _tell(report, names, settings, everything=everything or bool(event))


async def _replayed(
    settings: Settings,
    since: datetime,
    until: datetime | None,
    event: str,
    release: int,
    folder: Path | None,
) -> tuple[Report, dict[str, str]]:
    async with open_context(settings) as ctx:
        book = await _book(ctx, settings, release, folder)
        found = await replayed(ctx, book, since, until or ctx.now(), event)
        return found, await people(ctx)


async def _book(ctx: Context, settings: Settings, release: int, folder: Path | None) -> Book:
    if folder:
        return load_folder(folder_of(folder, settings))
    if release:
        try:
            return (await ctx.releases.get(release)).book
        except KeyError:
            complain(f"没有第 {release} 版", 1)
    return (await ctx.releases.head()).book


def _moment(text: str, settings: Settings, *, end: bool = False) -> datetime:
    """A day stands for its beginning, or as an end for the whole of it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        complain(f"看不懂日期“{text}”：写成 2026-11-20 或 '2026-11-20 09:00'", 2)
    if end and moment.time() == time(0) and len(text) <= len("2026-11-20"):
        moment += timedelta(days=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=settings.tz)


def _tell(report: Report, names: dict[str, str], settings: Settings, *, everything: bool) -> None:
    differing = [one for one in report.events if one.differs]
    shown = list(report.events) if everything else differing
    for one in shown[:SHOWN]:
        moment = f"{one.happening.at.astimezone(settings.tz):%m-%d %H:%M}"
        what = by_name(one.happening.what, names)
        say(f"{moment}  {one.name} {what}", "bold" if one.differs else "")
        say(f"    当时：{'、'.join(one.then) or '没有动作'}")
        say(f"    现在：{'、'.join(one.now) or '没有动作'}", "yellow" if one.differs else "")
        for why in one.why:
            say(f"    {why}")
    if len(shown) > SHOWN:
        say(f"还有 {len(shown) - SHOWN} 个没有列出，用 --json 看全部")
    waiting = sum(
        n for state, n in report.callbacks.items() if state in ("new", "dead", "unreadable")
    )
    counts = f"看了 {len(report.events)} 个会引起动作的事件，{len(differing)} 个结果不同"
    say(f"{counts}；数据库没有任何改动")
    if waiting:
        say(f"这段时间另有 {waiting} 条回调还没处理或处理失败，没有算在内：运行 qunce queue 查看")


def _row(one: Replayed) -> dict[str, object]:
    return {
        "id": one.happening.id,
        "at": one.happening.at.isoformat(),
        "subject": one.happening.subject,
        "what": one.happening.what,
        "then": list(one.then),
        "now": list(one.now),
        "why": list(one.why),
        "differs": one.differs,
    }


def _put_back(settings: Settings, event: str, *, dry_run: bool, as_json: bool) -> None:
    found, put = asyncio.run(_again(settings, event, dry_run=dry_run))
    if as_json:
        rows = [{"id": one.id, "subject": one.subject, "why": one.why} for one in found]
        say_json({"dead": rows, "put_back": put})
        return
    for one in found[:SHOWN]:
        say(f"{one.id[:16]} {one.subject}：{one.why[:100]}")
    if not found:
        say("没有处理失败的回调" if not event else f"没有编号是“{event}”的失败回调")
    elif dry_run:
        say(f"共 {len(found)} 条；去掉 --dry-run 就放回去重新处理")
    else:
        say(f"放回了 {put} 条，运行中的 qunce run / worker 会马上重新处理", "green")


async def _again(settings: Settings, event: str, *, dry_run: bool) -> tuple[list[Incoming], int]:
    async with open_context(settings) as ctx:
        dead = await ctx.store.inbox.dead(10_000)
        found = [one for one in dead if one.id.startswith(event)]
        if dry_run:
            return found, 0
        return found, sum([await ctx.store.inbox.replay(one.id, ctx.now()) for one in found])
