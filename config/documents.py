"""From the bytes of a folder to its documents, each with its kind and all its places."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from config import lint
from config.broken import broken
from config.explain import Found
from config.guess import closest, did_you_mean
from config.kinds import KINDS, WRITTEN, own_keys, words
from config.media_facts import FileFacts
from config.mistakes import Code, Level, Mistake
from config.reading import Items, Map, Place, Reading, Text
from config.yaml_guard import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_LINE,
    MAX_LINES,
    MAX_NODES,
    BadYaml,
    Duplicate,
    too_deep,
    too_many,
    tree,
)

SEPARATOR = re.compile(r"---\s*(#.*)?")
_WIDEST_INDENT = 8 * MAX_DEPTH
MOST_SHOWN = 100  # mistakes of one file; whoever has more has to begin somewhere anyway


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
        self._noted: Counter[tuple[str, Level]] = Counter()
        self.files: frozenset[str] | None = None
        """Pictures and other files; None when only texts are read."""
        self.facts: Mapping[str, FileFacts] = {}
        """Of those that could be looked into."""
        self.unreadable: set[str] = set()
        """First keys of documents that could not be read ("" : who knows)."""

    def note(
        self,
        file: str,
        lines: list[str],
        found: Found | lint.Slip,
        level: Level = "错误",
        code: Code = "syntax",
    ) -> None:
        self._noted[file, level] += 1
        if self._noted[file, level] > MOST_SHOWN:
            return
        line, column = found.at
        source = lines[line - 1] if 0 < line <= len(lines) else ""
        mistake = Mistake(file, line, column, level, found.text, source, found.cure, code)
        self.mistakes.append(mistake)

    def note_in(
        self, document: Document, found: Found, level: Level = "错误", code: Code = "rule"
    ) -> None:
        self.note(document.file, document.lines, found, level, code)

    def full(self, file: str, level: Level = "错误") -> bool:
        """So much is wrong with a file that looking for more helps nobody."""
        return self._noted[file, level] > MOST_SHOWN

    def refuse(self, file: str, text: str, cure: str) -> None:
        """Say what is wrong with a file as a whole."""
        self.unreadable.add("")
        self.mistakes.append(Mistake(file, 0, 0, "错误", text, cure=cure, code="file"))

    def remind(self, file: str, text: str, cure: str) -> None:
        """Say what is odd about a file as a whole."""
        self.mistakes.append(Mistake(file, 0, 0, "提醒", text, cure=cure, code="file"))

    def told(self) -> list[Mistake]:
        """Everything found wrong; of a file with very many only the first, and how many more."""
        more = [
            Mistake(
                file,
                0,
                0,
                level,
                f"要改的地方太多，先列出 {MOST_SHOWN} 处，至少还有 {noted - MOST_SHOWN} 处",
                cure="先改好列出的，再检查一次",
                code="file",
            )
            for (file, level), noted in self._noted.items()
            if noted > MOST_SHOWN
        ]
        return sorted([*self.mistakes, *more])


def too_big(name: str, folder: Folder) -> None:
    folder.refuse(name, f"文件太大：最多 {MAX_BYTES // 1024} KB", "分成几个文件")


def read(file: str, text: str, folder: Folder) -> None:
    """Add the documents of one file to the folder."""
    if len(text) > MAX_BYTES or len(text.encode()) > MAX_BYTES:
        too_big(file, folder)
        return
    lines = text.replace("\r\n", "\n").split("\n")
    if len(lines) > MAX_LINES:
        folder.refuse(file, f"文件太长：{len(lines)} 行，最多 {MAX_LINES} 行", "分成几个文件")
        return
    if long := next((n for n, line in enumerate(lines, 1) if len(line) > MAX_LINE), 0):
        text = f"第 {long} 行太长：{len(lines[long - 1])} 个字，最多 {MAX_LINE} 个字"
        folder.refuse(file, text, "列表每一项另起一行，写成“- 一项”；长文字用 | 分行写")
        return
    try:
        for first, part in _parts(lines):
            _countable(first, part)
    except BadYaml as error:
        folder.note(file, lines, broken(error, lines))
        folder.unreadable.add("")
        return
    slips, healed = lint.lint(lines, words(), MOST_SHOWN)
    for slip in slips:
        folder.note(file, lines, slip)
    if folder.full(file):
        folder.unreadable.add("")
        return
    for first, part in _parts(healed):
        if document := _document(file, lines, first, part, folder):
            folder.documents.append(document)


def _parts(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The documents between the --- lines, so that one bad document does not hide the others."""
    first = 0
    for index, line in enumerate(lines):
        if SEPARATOR.fullmatch(line):
            yield first, lines[first:index]
            first = index + 1
    yield first, lines[first:]


def _document(
    file: str, lines: list[str], first: int, part: list[str], folder: Folder
) -> Document | None:
    """Line numbers stay those of the file."""
    try:
        root, duplicates = tree("\n".join(part) + "\n", first)
    except BadYaml as error:
        folder.note(file, lines, broken(error, lines))
        folder.unreadable.add(_first_key(part))
        return None
    if root is not None and (found := _joined(root, duplicates)):
        folder.note(file, lines, found)
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


def _joined(root: Any, duplicates: list[Duplicate]) -> Found | None:
    """A second document without a line --- before it; what follows is taken out of the first."""
    if not isinstance(root, Map) or not root or next(iter(root)) not in KINDS:
        return None
    kind = KINDS[next(iter(root))]
    again = [
        twice for twice in duplicates if KINDS.get(twice.text) == kind and twice.at.column == 1
    ]
    others = [root.keys_at[key] for key in root if key in KINDS and key not in own_keys(kind)]
    if not again and not others:
        return None
    at = min([twice.at for twice in again] + others)
    name = next((key for key in root if root.keys_at[key] == at), again[0].text if again else "")
    for key in [key for key in root if root.keys_at[key] >= at]:
        del root[key]
    duplicates[:] = [twice for twice in duplicates if twice.at < at]
    return Found(at, f"“{name}”开始了新的一段，前面少了一行 ---", "在这一行上面加一行，只写 ---")


def _countable(first: int, part: list[str]) -> None:
    """Refuse what cannot be small enough before ruamel looks at every character of it."""
    items = 0
    for index in lint.structure(part):
        line = part[index]
        if len(line) - len(line.lstrip(" ")) > _WIDEST_INDENT:
            raise too_deep(Place(first + index + 1, 1))
        items += 1 + line.count(",")
        if items > MAX_NODES:
            raise too_many(Place(first + index + 1, 1))


def _first_key(part: list[str]) -> str:
    return next((line.partition(":")[0] for line in part if line and line[0] not in "# "), "")


def _kind(root: Any) -> str | Found:
    if not isinstance(root, Map) or not root:
        at = getattr(root, "at", Place(1, 1))
        cure = f"第一行写清这是什么，可以是：{WRITTEN}"
        if isinstance(root, Items) and root and isinstance(root[0], Map):
            cure = f"最外层不写“- ”，也不用缩进。{cure}"
        return Found(at, "这里应该是“设置项: 值”", cure)
    name = next(iter(root))
    at = root.keys_at[name]
    if name in KINDS:
        return KINDS[name]
    other = next((key for key in root if key in KINDS and key not in ("标签", "素材")), None)
    if other:
        text = f"“{other}”要写在这一段的第一行"
        return Found(root.keys_at[other], text, f"把“{other}”移到最上面")
    kind = next((kind for mark, kind in _MARKS.items() if mark in root), None)
    cure = did_you_mean(f"{kind}: {root[name]}" if kind else closest(name, KINDS))
    cure = cure or f"第一行可以写：{WRITTEN}"
    return Found(at, f"看不出这一段是什么：不认识“{name}”", cure)


#: Keys that only one kind has, for documents that do not say what they are.
_MARKS = {
    "步骤": "SOP",
    "steps": "sop",
    "类型": "素材",
    "容量": "主题群",
    "顺序": "栏目",
    "人员": "团队",
}
