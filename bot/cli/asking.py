"""The commands that ask and change nothing."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import typer

from bot.app import machine_now, open_context
from bot.backlog import Pile, in_words, piles
from bot.cli.terminal import AsJson, complain, say, say_json
from bot.doctor import examine
from bot.story import Story, UnknownSop, tell, why_in
from config import settings as deployment
from config.settings import Settings


def doctor(as_json: AsJson = False) -> None:
    """逐项检查：设置、数据库、企业微信、配置；有 ✗ 的后面写着怎么办。"""
    findings = asyncio.run(_examined(deployment.load(), quiet=as_json))
    if as_json:
        told = [{"question": f.question, "good": f.good, "cure": f.cure} for f in findings]
        say_json(told)
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


def why(
    about: Annotated[
        str,
        typer.Argument(help="客户、群、任务、旅程、推送、群发（msgid）的编号，或试验、渠道的名称"),
    ],
    sop: Annotated[str, typer.Option(help="为什么这位客户没有进这个 SOP")] = "",
    as_json: AsJson = False,
) -> None:
    """问一句为什么：这位客户（或任务、推送、试验）身上发生的每一件事和原因。"""
    settings = deployment.load()
    try:
        story = asyncio.run(_told(settings, about, sop))
    except UnknownSop as unknown:
        complain(str(unknown), 1)
    if story is None:
        complain(f"没有找到“{about}”：请检查编号是否抄全", 1)
    if as_json:
        lines = [{"at": line.at.isoformat(), "what": line.what} for line in story.lines]
        told = {"title": story.title, "lines": lines}
        say_json(told)
        return
    say(story.title, "bold")
    for line in story.lines:
        moment = f"{line.at.astimezone(settings.tz):%m-%d %H:%M}"
        say(f"{moment}  {line.what}")


def queue(as_json: AsJson = False) -> None:
    """看看积压：每个队列里有多少、等了多久、为什么、该怎么办。"""
    found, now = asyncio.run(_waiting(deployment.load()))
    if as_json:
        say_json([_row(pile) for pile in found])
    else:
        for line, bad in in_words(found, now):
            say(line, "red" if bad else "")
    if any(pile.bad for pile in found):
        raise typer.Exit(1)


def _row(pile: Pile) -> dict[str, Any]:
    since = pile.since.isoformat() if pile.since else None
    told = {"name": pile.name, "count": pile.count, "since": since}
    return {**told, "what": list(pile.what), "cure": pile.cure}


async def _examined(settings: Settings, *, quiet: bool) -> list[Any]:
    findings = []
    async for finding in examine(settings, open_context(settings), machine_now()):
        findings.append(finding)
        if not quiet:
            mark, style = ("✓", "green") if finding.good else ("✗", "red")
            say(f"{mark} {finding.question}", style)
            if finding.cure:
                say(f"  → {finding.cure}")
    return findings


async def _told(settings: Settings, about: str, sop: str) -> Story | None:
    async with open_context(settings) as ctx:
        return await why_in(ctx, about, sop) if sop else await tell(ctx, about)


async def _waiting(settings: Settings) -> tuple[list[Pile], datetime]:
    async with open_context(settings) as ctx:
        return await piles(ctx), ctx.now()
