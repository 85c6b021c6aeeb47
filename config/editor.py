"""What an editor needs to complete and underline: the schema's address in files and settings."""

import json
import re
from pathlib import PurePosixPath

from config.kinds import KINDS
from config.spelling import Language

FILES: dict[Language, str] = {"zh": "sop.zh.schema.json", "en": "sop.en.schema.json"}
_MODELINE = re.compile(r"^\ufeff?# yaml-language-server:", re.MULTILINE)
_FIRST_KEY = re.compile(r"^([^\s#:-][^:\n]*):", re.MULTILINE)


def language_of(text: str) -> Language:
    """The language of a file's first key; SOP is both and means Chinese."""
    found = _FIRST_KEY.search(text)
    return "en" if found and found[1] in KINDS and found[1].islower() else "zh"


def with_modeline(text: str, schema: str) -> str:
    """The file with the address of its schema on top; unchanged when it has one already."""
    if _MODELINE.search(text):
        return text
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{mark}# yaml-language-server: $schema={schema}{newline}{text.removeprefix(mark)}"


def settings(old: str, schema: str, folder: str) -> str:
    """.vscode/settings.json with the schema for every file of the folder, all else kept.

    Raises ValueError when the file is not plain JSON: comments would be lost.
    """
    found = json.loads(old) if old.strip() else {}
    if not isinstance(found, dict) or not isinstance(found.get("yaml.schemas", {}), dict):
        raise ValueError("not an object")
    place = PurePosixPath(folder).as_posix()
    globs = [f"{place}/**/*.{ending}".removeprefix("./") for ending in ("yaml", "yml")]
    wanted = {**found, "yaml.schemas": {**found.get("yaml.schemas", {}), schema: globs}}
    return old if wanted == found else json.dumps(wanted, ensure_ascii=False, indent=2) + "\n"
