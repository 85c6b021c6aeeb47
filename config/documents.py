"""From the bytes of a folder to its documents, each with its kind and all its places."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config import lint
from config.explain import Found
from config.guess import closest, did_you_mean
from config.kinds import KINDS, LATER_KINDS, WRITTEN, words
from config.mistakes import Level, Mistake
from config.reading import Map, Place, Reading, Text
from config.yaml_guard import MAX_BYTES, BadYaml, tree


@dataclass(slots=True)
class Document:
    """One document of one file, on its way to becoming a model."""

    file: str
    lines: list[str]
    root: Map
    kind: str
    reading: Reading = field(default_factory=Reading)
    model: Any = None

    @property
    def name(self) -> str:
        value = next(iter(self.root.values()))
        return str(value) if isinstance(value, Text) else ""

    @property
    def place(self) -> Place:
        return self.root.keys_at[next(iter(self.root))]


class Folder:
    """The documents of a folder, and everything found wrong with them."""

    def __init__(self) -> None:
        self.documents: list[Document] = []
        self.mistakes: list[Mistake] = []
        self.files: frozenset[str] | None = None
        """Pictures and other files; None when only texts are read."""
        self.unreadable: set[str] = set()
        """First keys of documents that could not be read ("" : who knows)."""

    def note(
        self, file: str, lines: list[str], found: Found | lint.Slip, level: Level = "错误"
    ) -> None:
        line, column = found.at
        source = lines[line - 1] if 0 < line <= len(lines) else ""
        self.mistakes.append(Mistake(file, line, column, level, found.text, source, found.cure))

    def note_in(self, document: Document, found: Found, level: Level = "错误") -> None:
        self.note(document.file, document.lines, found, level)

    def refuse(self, file: str, text: str, cure: str) -> None:
        """Say what is wrong with a file as a whole."""
        self.unreadable.add("")
        self.mistakes.append(Mistake(file, 0, 0, "错误", text, cure=cure))


def files_of(path: Path) -> list[Path]:
    """Everything in the folder that is not hidden."""
    return [
        file
        for file in sorted(path.rglob("*"))
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
    ]


def decoded(name: str, content: bytes, folder: Folder) -> str | None:
    """The text of a file; None, with a mistake noted, when it is not UTF-8."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        folder.refuse(name, "文件是 UTF-16 编码，系统只认 UTF-8", "在编辑器里另存为 UTF-8")
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        folder.refuse(name, *_not_utf8(content))
        return None
    if "\0" in text:
        folder.refuse(name, "这不是文本文件", "换成 UTF-8 文本，或把它移出配置文件夹")
        return None
    return text


def _not_utf8(content: bytes) -> tuple[str, str]:
    try:
        if b"\0" not in content:
            content.decode("gb18030")
            return "文件像是 GBK 编码，系统只认 UTF-8", "在编辑器里另存为 UTF-8"
    except UnicodeDecodeError:
        pass
    return "这不是文本文件", "换成 UTF-8 文本，或把它移出配置文件夹"


def read(file: str, text: str, folder: Folder) -> None:
    """Add the documents of one file to the folder."""
    if len(text) > MAX_BYTES or len(text.encode()) > MAX_BYTES:
        folder.refuse(file, f"文件太大：最多 {MAX_BYTES // 1024} KB", "分成几个文件")
        return
    lines = text.replace("\r\n", "\n").split("\n")
    slips, healed = lint.lint(lines, words())
    for slip in slips:
        folder.note(file, lines, slip)
    for first, part in _parts(healed):
        if document := _document(file, lines, first, part, folder):
            folder.documents.append(document)


def _parts(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The documents between the --- lines, so that one bad document does not hide the others."""
    first = 0
    for index, line in enumerate(lines):
        if line.rstrip() == "---":
            yield first, lines[first:index]
            first = index + 1
    yield first, lines[first:]


def _document(
    file: str, lines: list[str], first: int, part: list[str], folder: Folder
) -> Document | None:
    """Line numbers stay those of the file: empty lines stand for what came before."""
    try:
        root, duplicates = tree("\n" * first + "\n".join(part) + "\n")
    except BadYaml as error:
        folder.note(file, lines, _broken(error, lines))
        folder.unreadable.add(_first_key(part))
        return None
    for twice in duplicates:
        line = twice.began.line if twice.began else 0
        text = f"“{twice.text}”在同一级写了两次（第 {line} 行已经写过），后写的会盖掉先写的"
        folder.note(file, lines, Found(twice.at, text, "删掉其中一个"))
    if root is None:
        return None
    kind = _kind(root)
    if isinstance(kind, Found):
        folder.note(file, lines, kind)
        return None
    return Document(file, lines, root, kind)


def _first_key(part: list[str]) -> str:
    return next((line.partition(":")[0] for line in part if line and line[0] not in "# "), "")


def _kind(root: Any) -> str | Found:
    if not isinstance(root, Map) or not root:
        at = getattr(root, "at", Place(1, 1))
        return Found(at, "这里应该是“设置项: 值”", f"第一行写清这是什么，可以是：{WRITTEN}")
    name = next(iter(root))
    at = root.keys_at[name]
    if name in LATER_KINDS:
        return Found(at, f"这一版还不支持“{name}”", "先把这一段移出配置文件夹；以后的版本会支持")
    if name in KINDS:
        return KINDS[name]
    other = next((key for key in root if key in KINDS and key not in ("标签", "素材")), None)
    if other:
        text = f"“{other}”要写在这一段的第一行"
        return Found(root.keys_at[other], text, f"把“{other}”移到最上面")
    cure = did_you_mean(closest(name, KINDS)) or f"第一行可以写：{WRITTEN}"
    return Found(at, f"看不出这一段是什么：不认识“{name}”", cure)


def _broken(error: BadYaml, lines: list[str]) -> Found:
    """ruamel's problem in the words of a shop."""
    if not error.text.isascii():
        return Found(error.at, error.text, error.cure)
    for number in (error.at.line, error.at.line - 1, error.began.line if error.began else 0):
        if 0 < number <= len(lines) and (slip := lint.full_width_colon(lines[number - 1])):
            return Found(Place(number, slip.at.column), slip.text, slip.cure)
    number = min(error.at.line, len(lines))
    line = lines[number - 1]
    start = Place(number, len(line) - len(line.lstrip()) + 1)
    began = error.began or error.at
    if "quoted scalar" in error.text or "unexpected end of stream" in error.text:
        return Found(began, "引号没有配对", "在这段文字的结尾补上同样的引号")
    if "',' or" in error.text:
        return Found(began, "括号没有配对", "检查 [ ] 和 { } 是否成对，用的是不是英文括号")
    if "expected ':'" in error.text:
        return Found(start, "这一行不是“设置项: 值”", "补上英文冒号加一个空格")
    if "cannot start any token" in error.text or "unknown escape" in error.text:
        return Found(error.at, "这里的符号会被误读", "把这段文字加上英文双引号")
    parent = f"。上一级从第 {error.began.line} 行开始" if error.began else ""
    cure = f"同一级的设置项左边要对齐；下一级比上一级多 2 个空格{parent}"
    return Found(start, "这一行的缩进和上面对不齐", cure)
