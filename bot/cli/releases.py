"""The commands that change what is live, and that bring it back into a folder."""

import asyncio
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import publish as releases
from bot.app import open_context
from bot.cli.plans import apply_saved
from bot.cli.terminal import AsJson, complain, folder_of, say, say_json, show_mistakes
from bot.context import Context
from bot.plan import saved
from bot.publish import (
    Applied,
    Approval,
    Base,
    BehindLive,
    Contents,
    Emptied,
    Frozen,
    HeadMoved,
    NotApproved,
    Pulled,
    RolledBack,
    base_of,
    read_contents,
    remember_base,
    settle,
)
from config import settings as deployment
from config.loader import load_texts
from config.mistakes import Mistakes
from config.settings import Settings

Overwrite = Annotated[
    bool, typer.Option("--overwrite", "--覆盖线上", help="线上的改动不要了，以文件夹为准")
]
Recall = Annotated[
    bool,
    typer.Option(
        "--recall-unsent",
        "--撤回未发",
        help="改动过的步骤里已经生成、还没送达的推送都撤回，不再发",
    ),
]
Request = Annotated[bool, typer.Option("--request", help="还没有批准时，发企业微信请审批人批准")]
By = Annotated[str, typer.Option("--by", help="批准人的姓名，和“团队”里写的一样")]


def apply(
    folder: Annotated[
        Path | None, typer.Argument(help="文件夹或 p.plan，默认 QUNCE_CONFIG_DIR")
    ] = None,
    note: Annotated[str, typer.Option(help="这次改了什么")] = "",
    overwrite: Overwrite = False,
    recall: Recall = False,
    request: Request = False,
    as_json: AsJson = False,
) -> None:
    """把文件夹发布为新的一版；正在运行的进程几秒内跟上。给它计划文件，就照计划发布。"""
    settings = deployment.load()
    if folder and folder.is_file():
        apply_saved(settings, folder, as_json=as_json)
        return
    where = folder_of(folder, settings)
    wish = {"note": note, "overwrite": overwrite, "recall": recall}
    try:
        done, remembered = asyncio.run(
            _apply(settings, where, wish, request=request, quiet=as_json)
        )
    except Mistakes as found:
        show_mistakes(found.mistakes, as_json=as_json)
        raise typer.Exit(1) from None
    except (HeadMoved, BehindLive, Emptied, Frozen, NotApproved) as refused:
        complain(str(refused), 1)
    if as_json:
        say_json({"release": done.n, "changed": done.changed})
    elif done.changed:
        say(f"已发布第 {done.n} 版", "green")
    else:
        say(f"没有变化：文件夹和线上第 {done.n} 版一样，没有发布")
    if not remembered and not as_json:
        say(f"提醒：{where} 不能写入，下次发布前认不出它来自哪一版")


def rollback(
    n: Annotated[int | None, typer.Argument(help="回到第几版，默认上一版")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="那一版里一个 SOP 也没有，也要回去")] = False,
    by: Annotated[str, typer.Option("--by", help="批准人的姓名：比上一版更早的，要有人批准")] = "",
    as_json: AsJson = False,
) -> None:
    """把以前的一版再发布一次，成为新的一版；不改文件夹。"""
    settings = deployment.load()
    try:
        done = asyncio.run(_rollback(settings, n, sure=yes, by=by))
    except KeyError:
        complain("没有这一版" if n is not None else "还没有可以回到的上一版", 1)
    except (HeadMoved, Emptied) as refused:
        complain(str(refused), 1)
    except NotApproved as refused:
        people = refused.approval.people
        who = people[0] if len(people) == 1 else f"{'、'.join(people)} 其中一位"
        cure = f"{who} 同意后运行 qunce rollback {n} --by {people[0]}"
        complain(f"回到第 {n} 版要有人批准：{cure}", 1)
    except PermissionError as refused:
        complain(str(refused), 1)
    if as_json:
        told = {"release": done.n, "to": done.to, "changed": bool(done.paths)}
        say_json(told | {"files": list(done.paths)})
    elif done.paths:
        say(
            f"已回到第 {done.to} 版的内容，发布为第 {done.n} 版；变了：{'、'.join(done.paths)}",
            "green",
        )
        say("文件夹没有动：要和线上一致，运行 qunce pull")
    else:
        say(f"没有变化：线上第 {done.n} 版就是第 {done.to} 版的内容")


def pull(
    folder: Annotated[Path | None, typer.Argument(help="写到哪里，默认 QUNCE_CONFIG_DIR")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="以线上为准，这里的改动和多出的文件都不要了")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """把线上的一版写回文件夹，一个字节也不差；只在这里改过的文件不动。"""
    settings = deployment.load()
    where = folder or settings.config_dir
    try:
        done = asyncio.run(_pull(settings, where, overwrite=overwrite))
    except KeyError:
        complain("还没有发布过：先运行 qunce apply", 1)
    except (BehindLive, ValueError) as refused:
        complain(str(refused), 1)
    except OSError as error:
        complain(f"写不进文件夹 {where}：{error.strerror}", 1)
    if as_json:
        say_json(
            {
                "release": done.n,
                "written": list(done.written),
                "deleted": list(done.deleted),
                "kept": list(done.kept),
            }
        )
    else:
        _tell_pulled(done, where)


def approve(
    by: By,
    target: Annotated[
        Path | None, typer.Argument(help="文件夹或 p.plan，默认 QUNCE_CONFIG_DIR")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """批准发布这份内容；之后再改一个字都要重新批准。"""
    settings = deployment.load()
    contents = _contents(target, settings)
    try:
        given = asyncio.run(_approve(settings, contents, by))
    except Mistakes as found:
        show_mistakes(found.mistakes, as_json=as_json)
        raise typer.Exit(1) from None
    except PermissionError as refused:
        complain(str(refused), 1)
    if as_json:
        say_json({"hash": contents.hash, "needed": given is not None, "by": by})
    elif given:
        say(f"{by} 已批准（编号 {contents.hash[:8]}）：现在可以 qunce apply", "green")
    else:
        say("这份内容不用审批：直接 qunce apply 就可以")


# ---- what they do -------------------------------------------------------------------------------


def who_types() -> str:
    """The account on this machine, as far as it tells."""
    return os.environ.get("USER", "qunce")


async def _apply(
    settings: Settings, folder: Path, wish: dict[str, Any], *, request: bool, quiet: bool
) -> tuple[Applied, bool]:
    """What is live now, and whether the folder could note where it comes from."""
    contents = read_contents(folder)
    load_texts(contents.files, contents.pictures)  # said before anything is connected to
    async with open_context(settings) as ctx:
        try:
            done = await releases.apply(ctx, contents, base_of(folder), author=who_types(), **wish)
        except NotApproved as refused:
            if request:
                await _request(ctx, refused.approval, wish["note"], quiet=quiet)
            raise
        if done.changed:
            await settle(ctx, done.book)
    return done, remember_base(folder, Base(done.n, contents.hash))


async def _request(ctx: Context, approval: Approval, note: str, *, quiet: bool) -> None:
    await releases.ask_for_approval(ctx, approval, author=who_types(), note=note)
    if not quiet:
        say(f"已请 {'、'.join(approval.people)} 批准（企业微信消息由正在运行的进程发出）")


async def _rollback(settings: Settings, n: int | None, *, sure: bool, by: str) -> RolledBack:
    async with open_context(settings) as ctx:
        if by and n:
            then = await releases.contents_of(ctx.store, n)
            await releases.approve(ctx, then, by, typed_by=who_types())
        done = await releases.roll_back(ctx, n, author=who_types(), sure=sure)
        if done.paths:
            await settle(ctx, done.book)
        return done


async def _pull(settings: Settings, folder: Path, *, overwrite: bool) -> Pulled:
    async with open_context(settings) as ctx:
        return await releases.pull(ctx, folder, overwrite=overwrite)


def _tell_pulled(done: Pulled, where: Path) -> None:
    if done.written or done.deleted:
        gone = f"；删除 {'、'.join(done.deleted)}" if done.deleted else ""
        written = f"；写入 {'、'.join(done.written)}" if done.written else ""
        say(f"{where} 已更新到第 {done.n} 版{written}{gone}", "green")
    else:
        say(f"没有要取回的：线上第 {done.n} 版没有这里没有的改动")
    if done.kept:
        say(f"只在这里改过（或删掉）的，没有动：{'、'.join(done.kept)}")


def _contents(target: Path | None, settings: Settings) -> Contents:
    if target and target.is_file():
        try:
            return saved.from_json(target.read_text(encoding="utf-8")).contents
        except (saved.BadPlan, UnicodeDecodeError) as error:
            complain(f"{target}：{error}", 2)
    return read_contents(folder_of(target, settings))


async def _approve(settings: Settings, contents: Contents, by: str) -> Approval | None:
    async with open_context(settings) as ctx:
        return await releases.approve(ctx, contents, by, typed_by=who_types())
