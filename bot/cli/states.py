"""The commands that hold SOPs, let them go on, and end them, without a release."""

import asyncio
from typing import Annotated

import typer

from bot.app import open_context
from bot.cli.terminal import AsJson, complain, say, say_json
from bot.publish import Switched, Unswitchable, switch
from bot.publish.states import Verb
from config import settings as deployment
from config.settings import Settings

Name = Annotated[str | None, typer.Argument(metavar="[SOP]", help="SOP 的名字")]
All = Annotated[bool, typer.Option("--all", help="所有 SOP")]

_THEN = {
    "pause": "没有人再进入，正在进行的停在原处，还没发出的不发；恢复用 qunce resume",
    "resume": "正在进行的从停下的地方继续，过了时效的不补发",
    "stop": "正在进行的都退出，没发出的作废，没做完的任务取消",
}
_DONE = {"pause": "已暂停", "resume": "已恢复", "stop": "已停用"}


def pause(sop: Name = None, everything: All = False, as_json: AsJson = False) -> None:
    """暂停一个 SOP（或全部）：几秒内生效，直到 resume 或文件里的状态改变。"""
    _switch("pause", sop, everything, as_json)


def resume(sop: Name = None, everything: All = False, as_json: AsJson = False) -> None:
    """恢复暂停的 SOP；--all 只恢复用 pause 暂停的。"""
    _switch("resume", sop, everything, as_json)


def stop(
    sop: Name = None,
    everything: All = False,
    yes: Annotated[bool, typer.Option("--yes", help="不再确认：正在进行的都会退出")] = False,
    as_json: AsJson = False,
) -> None:
    """停用一个 SOP（或全部）：正在进行的都退出，不能撤回，所以要写 --yes。"""
    if not yes:
        what = "全部 SOP" if everything else f"“{sop}”" if sop else "SOP"
        complain(f"停用{what}：{_THEN['stop']}，以后恢复也不会回来。确定就加上 --yes", 1)
    _switch("stop", sop, everything, as_json)


def _switch(verb: Verb, sop: str | None, everything: bool, as_json: bool) -> None:
    if (sop is None) != everything:
        complain(f"写一个 SOP 的名字，或者写 --all：qunce {verb} 新客7天欢迎", 2)
    try:
        changed = asyncio.run(_switched(deployment.load(), verb, sop))
    except Unswitchable as refused:
        complain(str(refused), 1)
    if as_json:
        say_json([{"sop": one.sop, "before": one.before, "now": one.now} for one in changed])
        return
    for one in changed:
        say(f"{_DONE[verb]}“{one.sop}”（原来是 {one.before}）", "green")
    if changed and all(one.before == "停用" for one in changed):
        say("从现在起重新有人进入；停用时退出的不会回来")
    elif changed:
        say(_THEN[verb])
    else:
        say("没有变化")


async def _switched(settings: Settings, verb: Verb, sop: str | None) -> list[Switched]:
    async with open_context(settings) as ctx:
        return await switch(ctx, verb, sop)
