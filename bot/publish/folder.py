"""A folder of YAML and pictures on disk, and the release it comes from."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from bot.store.releases import fingerprint
from config.documents import Folder
from config.files import decoded as decode
from config.files import files_of
from config.mistakes import Mistakes

TEXTS = {".yaml", ".yml"}
PICTURES = {".png", ".jpg", ".jpeg"}
BASE = ".qunce-base"
_BOM = "\ufeff".encode()


@dataclass(frozen=True, slots=True)
class Contents:
    """What a release is made of: texts, and pictures and other files, by path in the folder."""

    files: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        return fingerprint(self.files, self.pictures)

    @property
    def marks(self) -> dict[str, str]:
        """Path → SHA-256 of the bytes, texts and pictures alike."""
        texts = {path: _mark(text.encode()) for path, text in self.files.items()}
        return texts | {path: _mark(content) for path, content in self.pictures.items()}

    def bytes_of(self, path: str) -> bytes:
        """KeyError when there is no such file."""
        return self.files[path].encode() if path in self.files else self.pictures[path]


@dataclass(frozen=True, slots=True)
class Base:
    """The release a folder was pulled from or published as."""

    n: int
    hash: str


def read_folder(folder: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The YAML files of a folder, its pictures and whatever else its texts name; nothing hidden.

    By path relative to it. A video or a document nobody names stays at home.
    """
    paths = {path.relative_to(folder).as_posix(): path for path in files_of(folder)}
    texts = {name: path.read_bytes() for name, path in paths.items() if path.suffix in TEXTS}
    spoken = b"\n".join(texts.values()).decode(errors="replace")
    return texts, {
        name: path.read_bytes()
        for name, path in paths.items()
        if name not in texts and (path.suffix.lower() in PICTURES or name in spoken)
    }


def decoded(raw: Mapping[str, bytes]) -> dict[str, str]:
    """The texts of a folder, byte for byte; raises Mistakes for a file that is not UTF-8."""
    folder = Folder()
    found = {}
    for name, content in raw.items():
        text = decode(name, content, folder)
        if text is not None:
            found[name] = "\ufeff" + text if content.startswith(_BOM) else text
    if folder.mistakes:
        raise Mistakes(folder.mistakes)
    return found


def read_contents(folder: Path) -> Contents:
    """Raises Mistakes for a file that is not UTF-8."""
    raw, pictures = read_folder(folder)
    return Contents(decoded(raw), pictures)


def write_contents(folder: Path, contents: Contents, paths: Mapping[str, bool]) -> None:
    """Write these files of ``contents``, and delete those marked False.

    Each file is replaced as a whole: who reads meanwhile sees the old or the new one.
    """
    for path, there in paths.items():
        target = _inside(folder, path)
        if there:
            _replace(target, contents.bytes_of(path))
        else:
            target.unlink(missing_ok=True)


def base_of(folder: Path) -> Base | None:
    """What the folder says it comes from; None when it says nothing one can read."""
    try:
        told = json.loads((folder / BASE).read_text(encoding="utf-8"))
        return Base(int(told["n"]), str(told["hash"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember_base(folder: Path, base: Base) -> bool:
    """Note where the folder comes from; False when it cannot be written to."""
    if base_of(folder) == base:
        return True
    told = json.dumps({"n": base.n, "hash": base.hash}) + "\n"
    try:
        _replace(folder / BASE, told.encode())
    except OSError:
        return False
    return True


def _replace(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        fresh.write_bytes(content)
        fresh.replace(target)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _inside(folder: Path, path: str) -> Path:
    """A release may have been made elsewhere: its paths are not trusted to stay in the folder."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path:
        raise ValueError(f"线上有一个不能写进文件夹的文件名：{path}")
    return folder / path


def _mark(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
