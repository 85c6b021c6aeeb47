"""The commands that ask and change nothing."""

import asyncio
from typing import Annotated, Any

import typer

from bot.app import open_context
from bot.cli.terminal import AsJson, complain, say, say_json
from bot.doctor import examine
from bot.story import tell
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
    about: Annotated[str, typer.Argument(help="客户的 external_userid、群编号或任务编号")],
    as_json: AsJson = False,
) -> None:
    """问一句为什么：这位客户（或这个任务）身上发生的每一件事和原因。"""
    settings = deployment.load()
    story = asyncio.run(_told(settings, about))
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


async def _examined(settings: Settings, *, quiet: bool) -> list[Any]:
    findings = []
    async for finding in examine(settings):
        findings.append(finding)
        if not quiet:
            mark, style = ("✓", "green") if finding.good else ("✗", "red")
            say(f"{mark} {finding.question}", style)
            if finding.cure:
                say(f"  → {finding.cure}")
    return findings


async def _told(settings: Settings, about: str) -> Any:
    async with open_context(settings) as ctx:
        return await tell(ctx, about)
