"""The commands; `qunce` is the same as `python -m bot`."""

import asyncio
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from bot import demo as demonstration
from bot.app import open_context, serve, settle_release, toil
from bot.doctor import examine
from bot.logs import speak
from bot.publish import HeadMoved, decoded, differs, publish, read_folder
from bot.store.client import MongoError, trouble
from bot.story import tell
from config import settings as deployment
from config.loader import load_folder, load_texts
from config.mistakes import Mistake, Mistakes
from config.settings import Settings, SettingsError

log = logging.getLogger(__name__)
app = typer.Typer(
    help="群策：企业微信回调机器人与群运营自动化。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out, err = Console(soft_wrap=True), Console(stderr=True, soft_wrap=True)
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON，给程序看")]


def main() -> None:
    """Exit 2 with one sentence when a setting is missing or malformed, never a traceback."""
    try:
        app()
    except SettingsError as error:
        _complain(str(error), 2)
    except MongoError as error:
        _complain(trouble(error), 1)
    except Mistakes as found:
        _show(found.mistakes, as_json=False)
        sys.exit(1)


@app.command()
def run() -> None:
    """接收回调并完成其余全部工作（服务器、调度、发送在一个进程里）。"""
    _work(serve)


@app.command()
def worker() -> None:
    """只干活、不接收回调；可以在任意多台机器上开任意多个。"""
    _work(toil)


@app.command()
def demo(
    days: Annotated[int, typer.Option(min=1, max=60, help="模拟多少天")] = 14,
    customers: Annotated[int, typer.Option(min=1, max=2000, help="多少位客户")] = 200,
    seed: Annotated[int, typer.Option(help="换一个数，换一家公司")] = demonstration.SEED,
    as_json: AsJson = False,
) -> None:
    """看一家门店的十四天：内置数据库和模拟的企业微信，其余都是真的。"""
    logging.basicConfig(level=logging.ERROR)
    wish = demonstration.Wish(days=days, customers=customers, seed=seed, as_json=as_json)
    figures = demonstration.play(wish)
    if as_json:
        sys.stdout.write(demonstration.as_json(figures) + "\n")
    else:
        out.print(demonstration.summary(figures), markup=False, highlight=False)
    if figures["duplicates"] or figures["lost"]:
        raise typer.Exit(1)


@app.command()
def check(
    folder: Annotated[Path | None, typer.Argument(help="配置文件夹，默认 QUNCE_CONFIG_DIR")] = None,
    as_json: AsJson = False,
) -> None:
    """检查配置文件夹，一次列出所有错误；不需要网络和数据库。"""
    try:
        book = load_folder(_folder(folder))
    except Mistakes as found:
        _show(found.mistakes, as_json=as_json)
        raise typer.Exit(1) from None
    _show(book.reminders, as_json=as_json)
    if not as_json:
        out.print(f"没有错误：{len(book.sops)} 个 SOP，{len(book.materials)} 个素材", style="green")


@app.command()
def apply(
    folder: Annotated[Path | None, typer.Argument(help="配置文件夹，默认 QUNCE_CONFIG_DIR")] = None,
    note: Annotated[str, typer.Option(help="这次改了什么")] = "",
    as_json: AsJson = False,
) -> None:
    """把文件夹发布为新的一版；正在运行的进程几秒内跟上。"""
    settings = deployment.load()
    try:
        n, changed = asyncio.run(_apply(settings, _folder(folder, settings), note))
    except Mistakes as found:
        _show(found.mistakes, as_json=as_json)
        raise typer.Exit(1) from None
    except HeadMoved as moved:
        _complain(str(moved), 1)
    if as_json:
        sys.stdout.write(json.dumps({"release": n, "changed": changed}) + "\n")
    elif changed:
        out.print(f"已发布第 {n} 版", style="green")
    else:
        out.print(f"没有变化：文件夹和线上第 {n} 版一样，没有发布")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """逐项检查：设置、数据库、企业微信、配置；有 ✗ 的后面写着怎么办。"""
    findings = asyncio.run(_examined(deployment.load(), quiet=as_json))
    if as_json:
        told = [{"question": f.question, "good": f.good, "cure": f.cure} for f in findings]
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


@app.command()
def why(
    about: Annotated[str, typer.Argument(help="客户的 external_userid、群编号或任务编号")],
    as_json: AsJson = False,
) -> None:
    """问一句为什么：这位客户（或这个任务）身上发生的每一件事和原因。"""
    settings = deployment.load()
    story = asyncio.run(_told(settings, about))
    if story is None:
        _complain(f"没有找到“{about}”：请检查编号是否抄全", 1)
    if as_json:
        lines = [{"at": line.at.isoformat(), "what": line.what} for line in story.lines]
        told = {"title": story.title, "lines": lines}
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        return
    out.print(story.title, style="bold", markup=False, highlight=False)
    for line in story.lines:
        moment = f"{line.at.astimezone(settings.tz):%m-%d %H:%M}"
        out.print(f"{moment}  {line.what}", markup=False, highlight=False)


async def _apply(settings: Settings, folder: Path, note: str) -> tuple[int, bool]:
    """The release that is live now, and whether it is a new one."""
    raw, pictures = read_folder(folder)
    files = decoded(raw)
    load_texts(files, pictures)  # what is wrong is said before anything is connected to
    async with open_context(settings) as ctx:
        base = await ctx.store.releases.head()
        if not await differs(ctx.store, files, pictures):
            return base, False
        n, book = await publish(
            ctx.store,
            files,
            pictures,
            base=base,
            author=os.environ.get("USER", "qunce"),
            note=note,
            now=ctx.now(),
        )
        await settle_release(ctx, book)
        return n, True


async def _examined(settings: Settings, *, quiet: bool) -> list[Any]:
    findings = []
    async for finding in examine(settings):
        findings.append(finding)
        if not quiet:
            mark, style = ("✓", "green") if finding.good else ("✗", "red")
            out.print(f"{mark} {finding.question}", style=style, markup=False, highlight=False)
            if finding.cure:
                out.print(f"  → {finding.cure}", markup=False, highlight=False)
    return findings


async def _told(settings: Settings, about: str) -> Any:
    async with open_context(settings) as ctx:
        return await tell(ctx, about)


def _work(service: Any) -> None:
    settings = deployment.load()
    speak(settings)
    if sys.platform != "win32":
        import uvloop

        uvloop.run(_until_told(service, settings))


async def _until_told(service: Any, settings: Settings) -> None:
    """SIGTERM and Ctrl-C finish what is in hand; nothing is cancelled half-way."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await service(settings, stop)


def _folder(given: Path | None, settings: Settings | None = None) -> Path:
    """``check`` needs no settings at all: only where the folder is."""
    folder = given or (settings.config_dir if settings else deployment.config_dir())
    if not folder.is_dir():
        _complain(f"找不到文件夹 {folder}：请写对路径，或设置 QUNCE_CONFIG_DIR", 2)
    return folder


def _complain(sentence: str, code: int) -> NoReturn:
    err.print(sentence, style="red", highlight=False, markup=False)
    sys.exit(code)


def _show(mistakes: Any, *, as_json: bool) -> None:
    if as_json:
        rows = [_row(mistake) for mistake in mistakes]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False) + "\n")
        return
    for mistake in mistakes:
        out.print(str(mistake), markup=False, highlight=False)


def _row(mistake: Mistake) -> dict[str, Any]:
    return {
        "file": mistake.file,
        "line": mistake.line,
        "column": mistake.column,
        "level": mistake.level,
        "text": mistake.text,
        "cure": mistake.cure,
    }
