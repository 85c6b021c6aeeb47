"""The command that makes editors complete and underline."""

import json
import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.cli.terminal import AsJson, Folder, complain, folder_of, say, say_json
from config import editor
from config.catalogue import Catalogue, catalogue
from config.files import files_of
from config.schema import schema as schema_of
from config.spelling import Language


def schema(
    folder: Folder = None,
    out: Annotated[Path | None, typer.Option(help="写到这个文件；不写就打印出来")] = None,
    language: Annotated[
        Literal["zh", "en"], typer.Option("--lang", help="中文（zh）或英文（en）的设置项")
    ] = "zh",
    for_editor: Annotated[
        Literal["vscode"] | None, typer.Option("--editor", help="把文件夹设置好，打开就能补全")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """生成 JSON Schema：编辑器按它补全设置项和文件夹里登记的名字。"""
    root = folder_of(folder)
    names = catalogue(root)
    if for_editor:
        written = _set_up(root, names)
        if as_json:
            say_json({"written": written})
        elif written:
            say(f"写好了：{'、'.join(written)}", "green")
            say("VS Code 里装上 YAML 扩展（redhat.vscode-yaml）就能补全；名字有增减时再运行一次")
        else:
            say("已经设置好，没有要改的", "green")
        return
    text = _text(names, language)
    if out:
        out.write_text(text, "utf-8")
        say_json({"written": [str(out)]}) if as_json else say(f"写好了：{out}", "green")
    else:
        say(text.rstrip())


def _text(names: Catalogue, language: Language) -> str:
    return json.dumps(schema_of(names, language), ensure_ascii=False, indent=1) + "\n"


def _set_up(root: Path, names: Catalogue) -> list[str]:
    """What was written: schemas beside the folder, settings, a line on top of files."""
    written: list[str] = []
    root = root.resolve()
    used: set[Language] = {"zh"}
    for file in files_of(root):
        if file.suffix in (".yaml", ".yml"):
            text = file.read_bytes().decode("utf-8", "surrogateescape")
            language = editor.language_of(text)
            used.add(language)
            beside = os.path.relpath(root.parent / editor.FILES[language], file.parent)
            _write(file, text, editor.with_modeline(text, Path(beside).as_posix()), written)
    for language in sorted(used):
        target = root.parent / editor.FILES[language]
        old = target.read_text("utf-8") if target.exists() else ""
        _write(target, old, _text(names, language), written)
    _settings(root, written)
    return written


def _settings(root: Path, written: list[str]) -> None:
    project = _project(root)
    target = project / ".vscode" / "settings.json"
    old = target.read_text("utf-8") if target.exists() else ""
    address = os.path.relpath(root.parent / editor.FILES["zh"], project)
    try:
        new = editor.settings(old, f"./{Path(address).as_posix()}", os.path.relpath(root, project))
    except ValueError:
        complain(f"{target} 里有注释或写法不对，不敢改它：请自己加上 yaml.schemas", 1)
    target.parent.mkdir(exist_ok=True)
    _write(target, old, new, written)


def _project(root: Path) -> Path:
    """Where the editor is opened: the nearest project above, else the folder above."""
    for above in root.parents:
        if (above / ".git").exists() or (above / ".vscode").is_dir():
            return above
    return root.parent


def _write(target: Path, old: str, new: str, written: list[str]) -> None:
    if new != old:
        target.write_bytes(new.encode("utf-8", "surrogateescape"))
        written.append(target.name)
