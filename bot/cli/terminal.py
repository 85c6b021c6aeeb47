"""What every command shares: the terminal, how mistakes are shown, and which folder is meant."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from config import settings as deployment
from config.mistakes import Mistake
from config.settings import Settings

out, err = Console(soft_wrap=True), Console(stderr=True, soft_wrap=True)
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON，给程序看")]
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
        "level": mistake.level,
        "text": mistake.text,
        "cure": mistake.cure,
    }
