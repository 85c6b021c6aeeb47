"""The commands about a folder of YAML alone; they need neither network nor database."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.cli.terminal import (
    AsJson,
    Folder,
    Paths,
    chosen,
    complain,
    folder_of,
    say,
    say_json,
    show_mistakes,
)
from config.book import Book
from config.catalogue import LISTED, catalogue
from config.files import files_of
from config.guess import closest, did_you_mean
from config.loader import load_folder, load_texts
from config.mistakes import Mistake, Mistakes
from config.tidy import tidy

SpokenIn = Annotated[
    Literal["zh", "en"] | None, typer.Option("--lang", help="换成中文（zh）或英文（en）的设置项")
]


def check(paths: Paths = None, as_json: AsJson = False) -> None:
    """检查配置文件夹（或其中几个文件），一次列出所有错误；不需要网络和数据库。"""
    root, names = chosen(paths)
    found, book = _checked(root)
    told = [m for m in found if names is None or m.file in names]
    show_mistakes(told, as_json=as_json)
    if any(mistake.level == "错误" for mistake in told):
        raise typer.Exit(1)
    if as_json:
        return
    if book and names is None:
        say(f"没有错误：{len(book.sops)} 个 SOP，{len(book.materials)} 个素材", "green")
    elif book:
        say("没有错误", "green")
    else:
        say("这里没有错误；文件夹里别的文件有，用 qunce check 看全部")


def fmt(
    paths: Paths = None,
    only_check: Annotated[
        bool, typer.Option("--check", help="只看有没有要整理的，不改文件；有就退出码 1")
    ] = False,
    language: SpokenIn = None,
    as_json: AsJson = False,
) -> None:
    """整理文件：设置项的顺序、缩进、空行，注释都留着；--lang 换成另一种语言的设置项。"""
    root, names = chosen(paths)
    found, book = _checked(root)
    wrong = {mistake.file for mistake in found if mistake.level == "错误"}
    files = sorted(names) if names else _texts(root)
    changed: dict[str, str] = {}
    before: dict[str, str] = {}
    for name in files:
        if name in wrong:
            complain(f"“{name}”里有错误，先用 qunce check 看清楚、改好再整理", 1)
        before[name] = (root / name).read_bytes().decode("utf-8-sig")
        new = tidy(before[name], language)
        if new.encode() != (root / name).read_bytes():
            changed[name] = new
    if book:
        _same(root, changed, book)
    if not only_check:
        for name, text in changed.items():
            (root / name).write_bytes(text.encode())
    _told(list(changed), only_check=only_check, as_json=as_json)


def _checked(root: Path) -> tuple[tuple[Mistake, ...], Book | None]:
    """What is to be said about the folder, and its book; None when there are mistakes."""
    try:
        book = load_folder(root)
    except Mistakes as found:
        return found.mistakes, None
    return book.reminders, book


def _texts(root: Path) -> list[str]:
    files = (file for file in files_of(root) if file.suffix in (".yaml", ".yml"))
    return [file.relative_to(root).as_posix() for file in files]


def _same(root: Path, changed: dict[str, str], book: Book) -> None:
    """A tidied folder says what it said; otherwise no file is touched."""
    texts = {name: (root / name).read_text("utf-8-sig") for name in _texts(root)}
    after = load_texts(texts | changed)
    if replace(after, reminders=()) != replace(book, reminders=()):
        complain("整理后的意思和原来不一样，一个文件也没有改；请把文件夹发给开发者", 1)


def _told(changed: list[str], *, only_check: bool, as_json: bool) -> None:
    if as_json:
        say_json({"changed": changed})
    elif not changed:
        say("已经很整齐，没有要改的", "green")
    else:
        verb = "要整理" if only_check else "整理了"
        say(f"{verb} {len(changed)} 个文件：{'、'.join(changed)}")
    if changed and only_check:
        raise typer.Exit(1)


def list_names(
    kind: Annotated[str, typer.Argument(help="素材、标签、主题群、员工……；不写就列出有哪些")] = "",
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """列出文件夹里登记的名字：素材、标签、主题群、员工……；渠道还列出二维码、链接和现在由谁接。"""
    found = catalogue(folder_of(folder))
    if not kind:
        counts = {name: len(found.get(name, {})) for name in LISTED}
        if as_json:
            say_json(counts)
        else:
            for name, count in counts.items():
                say(f"{name}  {count}")
        return
    if kind not in LISTED:
        near = did_you_mean(closest(kind, LISTED))
        complain(f"没有“{kind}”这一类：{near}可以写 {'、'.join(LISTED)}", 2)
    names = found.get(kind, {})
    if kind == "渠道":
        _list_channels(names, as_json=as_json)
        return
    if as_json:
        say_json(list(names))
        return
    for name, where in names.items():
        say(_with_place(name, where))
    if not names:
        say(f"文件夹里还没有登记{kind}")


def _with_place(name: str, where: str) -> str:
    return f"{name}  （{where}）" if " 第 " in where else name


def _list_channels(names: Mapping[str, str], *, as_json: bool) -> None:
    """With their codes and links where something is deployed; the folder alone has none."""
    from bot.cli.codes import codes_here, in_words

    known, trouble = codes_here() if names else ({}, "")
    if as_json:
        say_json([{"name": name, "codes": list(known.get(name, ()))} for name in names])
        return
    for name, where in names.items():
        say(_with_place(name, where))
        for words in in_words(known.get(name, ())):
            say(f"  {words}")
    if not names:
        say("文件夹里还没有登记渠道")
    if trouble:
        say(f"看不到二维码和链接：{trouble}")
