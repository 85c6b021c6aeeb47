"""The commands that say what publishing would do, and that publish exactly what was said."""

import asyncio
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.app import open_context
from bot.cli.terminal import AsJson, Folder, complain, folder_of, say, say_json, show_mistakes
from bot.plan import saved
from bot.plan.make import make, under_way
from bot.plan.plan import Plan
from bot.plan.render import render
from bot.plan.saved import BadPlan, Moved, Saved
from bot.publish import (
    Applied,
    Base,
    BehindLive,
    Contents,
    Emptied,
    Frozen,
    HeadMoved,
    NotApproved,
    base_of,
    contents_of,
    read_contents,
    remember_base,
    settle,
)
from bot.publish import apply as publish
from config import settings as deployment
from config.loader import load_texts
from config.mistakes import Mistakes
from config.settings import Settings


def plan(
    folder: Folder = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="把计划写进文件，之后 qunce apply 这个文件")
    ] = None,
    note: Annotated[str, typer.Option(help="这次改了什么")] = "",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", "--覆盖线上", help="线上的改动不要了，以文件夹为准")
    ] = False,
    recall: Annotated[
        bool, typer.Option("--recall-unsent", "--撤回未发", help="已经生成、还没送达的推送都撤回")
    ] = False,
    back_to: Annotated[
        int, typer.Option("--back-to", help="不看文件夹，看 qunce rollback 回到这一版会怎样")
    ] = 0,
    forecast: Annotated[
        bool, typer.Option("--forecast/--no-forecast", help="推演未来 7 天（人多时要一会儿）")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """发布以前先看：会改什么、影响谁、谁会在什么时候收到什么；什么都不改。"""
    settings = deployment.load()
    where = folder_of(folder, settings).resolve()
    wish = {"note": note, "overwrite": overwrite, "recall": recall, "forecast": forecast}
    wish |= {"back_to": back_to}
    if back_to and out:
        complain("--back-to 只用来看；要回到以前的一版，运行 qunce rollback", 2)
    try:
        made = asyncio.run(_plan(settings, where, wish))
    except Mistakes as found:
        show_mistakes(found.mistakes, as_json=as_json)
        raise typer.Exit(1) from None
    except KeyError:
        complain(f"没有第 {back_to} 版", 1)
    text = render(made)
    if out:
        _write(out, saved.to_json(made, text))
    if as_json:
        say_json(saved.summary(made))
    else:
        say(text)
    raise typer.Exit(made.exit_code)


def apply_saved(settings: Settings, path: Path, *, as_json: bool) -> None:
    """``qunce apply p.plan``: exactly that plan, or a sentence why not."""
    try:
        kept = saved.read(path)
        done = asyncio.run(_apply(settings, kept))
    except (BadPlan, Moved, HeadMoved, BehindLive, Emptied, Frozen, NotApproved) as refused:
        complain(str(refused), 1)
    except Mistakes as found:
        show_mistakes(found.mistakes, as_json=as_json)
        raise typer.Exit(1) from None
    if as_json:
        say_json({"release": done.n, "changed": done.changed, "plan": kept.id})
    elif done.changed:
        say(f"已按计划 {kept.id} 发布第 {done.n} 版", "green")
    else:
        say(f"没有变化：计划 {kept.id} 和线上第 {done.n} 版一样，没有发布")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        complain(f"写不了计划文件 {path}：{error.strerror}", 2)


async def _plan(settings: Settings, folder: Path, wish: dict[str, Any]) -> Plan:
    back_to = wish["back_to"]
    contents = Contents() if back_to else read_contents(folder)
    load_texts(contents.files, contents.pictures)  # said before anything is connected to
    async with open_context(settings) as ctx:
        return await make(
            ctx,
            await contents_of(ctx.store, back_to) if back_to else contents,
            base_of(folder),
            author=os.environ.get("USER", "qunce"),
            folder=str(folder),
            **wish,
        )


async def _apply(settings: Settings, kept: Saved) -> Applied:
    folder = Path(kept.folder) if kept.folder else None
    here = folder is not None and folder.is_dir()
    folder_hash = read_contents(folder).hash if folder and here else ""
    async with open_context(settings) as ctx:
        head = await ctx.store.releases.live()
        saved.check(kept, head=head.n, states=head.states, folder_hash=folder_hash)
        saved.check_crowd(kept, await under_way(ctx, kept.contents))
        base = Base(head.n, await ctx.store.releases.fingerprint(head.n)) if head.n else None
        author = os.environ.get("USER", "qunce")
        done = await publish(
            ctx, kept.contents, base, author=author, note=kept.note, recall=kept.recall
        )
        if done.changed:
            await settle(ctx, done.book)
    if folder and here:
        remember_base(folder, Base(done.n, kept.contents.hash))
    return done
