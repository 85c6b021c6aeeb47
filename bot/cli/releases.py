"""The commands that change what is live."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from bot.app import open_context, settle_release
from bot.cli.terminal import AsJson, Folder, complain, folder_of, say, say_json, show_mistakes
from bot.publish import HeadMoved, decoded, differs, publish, read_folder
from config import settings as deployment
from config.loader import load_texts
from config.mistakes import Mistakes
from config.settings import Settings


def apply(
    folder: Folder = None,
    note: Annotated[str, typer.Option(help="这次改了什么")] = "",
    as_json: AsJson = False,
) -> None:
    """把文件夹发布为新的一版；正在运行的进程几秒内跟上。"""
    settings = deployment.load()
    try:
        n, changed = asyncio.run(_apply(settings, folder_of(folder, settings), note))
    except Mistakes as found:
        show_mistakes(found.mistakes, as_json=as_json)
        raise typer.Exit(1) from None
    except HeadMoved as moved:
        complain(str(moved), 1)
    if as_json:
        say_json({"release": n, "changed": changed})
    elif changed:
        say(f"已发布第 {n} 版", "green")
    else:
        say(f"没有变化：文件夹和线上第 {n} 版一样，没有发布")


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
