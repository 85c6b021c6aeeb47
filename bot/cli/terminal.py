"""What every command shares: the terminal, how mistakes are shown, and which folder is meant."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from config import settings as deployment
from config.book import Book
from config.loader import load_folder
from config.mistakes import Mistake, Mistakes
from config.settings import Settings

out = Console(soft_wrap=True, emoji=False)  # 12:100:4 is no 💯
err = Console(stderr=True, soft_wrap=True, emoji=False)
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON，给程序看")]
Paths = Annotated[
    list[Path] | None, typer.Argument(help="配置文件夹，或其中的几个文件；默认 QUNCE_CONFIG_DIR")
]
Folder = Annotated[Path | None, typer.Argument(help="配置文件夹，默认 QUNCE_CONFIG_DIR")]


def say(text: str, style: str = "") -> None:
    """One piece of text as it is: no markup, no highlighting."""
    out.print(text, style=style or None, markup=False, highlight=False)


def say_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def complain(sentence: str, code: int) -> NoReturn:
    err.print(sentence, style="red", highlight=False, markup=False)
    sys.exit(code)


def folder_of(given: Path | None, settings: Settings | None = None) -> Path:
    """``check`` needs no settings at all: only where the folder is."""
    folder = given or (settings.config_dir if settings else deployment.config_dir())
    if not folder.is_dir():
        complain(f"找不到文件夹 {folder}：请写对路径，或设置 QUNCE_CONFIG_DIR", 2)
    return folder


def chosen(paths: list[Path] | None) -> tuple[Path, frozenset[str] | None]:
    """The folder that is meant, and the files in it that are; None: all of them.

    Files bring the folder they lie in, because the names they use are declared beside them.
    """
    files = [path for path in paths or () if path.is_file()]
    if not files:
        if len(paths or ()) > 1:
            complain("一次只看一个文件夹：请分开运行", 2)
        return folder_of(paths[0] if paths else None), None
    ours = deployment.config_dir().resolve()
    inside = all(file.resolve().is_relative_to(ours) for file in files)
    root = ours if inside else files[0].resolve().parent
    strange = [path for path in paths or () if not path.resolve().is_relative_to(root)]
    if strange or len(files) < len(paths or ()):
        complain("文件要在同一个文件夹里，也不能和文件夹混着写", 2)
    return root, frozenset(file.resolve().relative_to(root).as_posix() for file in files)


def loaded(root: Path, *, as_json: bool) -> Book:
    """The folder; with its mistakes shown and exit code 1 when it cannot be used."""
    try:
        return load_folder(root)
    except Mistakes as found:
        show_mistakes(found.mistakes, as_json=as_json)
        raise typer.Exit(1) from None


def show_mistakes(mistakes: Iterable[Mistake], *, as_json: bool) -> None:
    if as_json:
        say_json([_row(mistake) for mistake in mistakes])
        return
    for mistake in mistakes:
        say(str(mistake))


def _row(mistake: Mistake) -> dict[str, Any]:
    return {
        "file": mistake.file,
        "line": mistake.line,
        "column": mistake.column,
        "endColumn": mistake.end_column,
        "level": mistake.level,
        "text": mistake.text,
        "cure": mistake.cure,
        "code": mistake.code,
    }
