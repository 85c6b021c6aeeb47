"""The files of a folder: which are read, and from their bytes to text."""

from collections.abc import Iterable
from pathlib import Path

from config.documents import Folder, too_big
from config.yaml_guard import MAX_BYTES


def files_of(path: Path) -> list[Path]:
    """Everything in the folder that is not hidden."""
    return [
        file
        for file in sorted(path.rglob("*"))
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
    ]


def misnamed(files: Iterable[str], folder: Folder) -> None:
    """Files meant as YAML that nobody would read: 新客.yaml.txt, 新客.YAML."""
    texts = 0
    for name in files:
        low = name.lower()
        if name.endswith((".yaml", ".yml")):
            texts += 1
        elif low.endswith((".yaml.txt", ".yml.txt", ".yaml", ".yml", ".yaml.bak", ".ymal")):
            cure = "文件名要以 .yaml 结尾（小写）；Windows 里先打开“显示文件扩展名”再改名"
            folder.remind(name, "这个文件不会被读取", cure)
    if not texts:
        folder.refuse(".", "这个文件夹里没有 .yaml 文件", "看看文件夹的位置写对了没有")


def content_of(name: str, path: Path, folder: Folder) -> bytes | None:
    """The bytes of a YAML file; None, with a mistake noted, when it is too big or locked away."""
    try:
        if path.stat().st_size > MAX_BYTES:
            too_big(name, folder)
            return None
        return path.read_bytes()
    except OSError as error:
        folder.refuse(name, f"打不开这个文件：{error.strerror}", "检查文件的权限")
        return None


def decoded(name: str, content: bytes, folder: Folder) -> str | None:
    """The text of a file; None, with a mistake noted, when it is too big or not UTF-8."""
    if len(content) > MAX_BYTES:
        too_big(name, folder)
        return None
    try:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff") or _utf16_unmarked(content):
            folder.refuse(name, "文件是 UTF-16 编码，系统只认 UTF-8", "在编辑器里另存为 UTF-8")
            return None
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        folder.refuse(name, *_not_utf8(content, error.start))
        return None
    if "\0" in text:
        folder.refuse(name, *_NO_TEXT)
        return None
    return text


_NO_TEXT = "这不是文本文件", "换成 UTF-8 文本，或把它移出配置文件夹"


def _utf16_unmarked(content: bytes) -> bool:
    """UTF-16 without a byte order mark: line ends and colons are every other byte NUL."""
    if b"\0" not in content:
        return False
    start = content[: 4096 - 4096 % 2]
    for encoding in ("utf-16-le", "utf-16-be"):
        text = start.decode(encoding, "replace")
        if all(char.isprintable() or char in "\r\n\t" for char in text) and "�" not in text:
            return True
    return False


def _not_utf8(content: bytes, broken_at: int) -> tuple[str, str]:
    good = content[:broken_at]
    if not good.isascii():
        line = good.count(b"\n") + 1
        text = f"第 {line} 行有坏掉的字符，前面是 UTF-8，这里不是"
        return text, "把这一行重新输入一遍，存成 UTF-8"
    try:
        if b"\0" not in content:
            content.decode("gb18030")
            return "文件像是 GBK 编码，系统只认 UTF-8", "在编辑器里另存为 UTF-8"
    except UnicodeDecodeError:
        pass
    return _NO_TEXT
