"""Whether WeCom takes the files that materials name: their type and their size."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from config.explain import Found
from config.materials import (
    AnyMaterial,
    FileMaterial,
    ImageMaterial,
    LinkMaterial,
    MiniProgramMaterial,
    VideoMaterial,
)
from config.media_facts import FileFacts
from config.reading import Map
from config.written import value_at

_MEGABYTE = 1024 * 1024
_LEAST_BYTES = 5


@dataclass(frozen=True, slots=True)
class _Kind:
    """WeCom's rule for one kind of file: P:90253 (temporary media), P:90256 (links)."""

    what: str
    suffixes: tuple[str, ...]  # none: any
    megabytes: int
    instead: str


_PICTURE = _Kind("图片", (".jpg", ".jpeg", ".png"), 10, "另存为 jpg 或 png")
_COVER = _Kind("链接的封面", _PICTURE.suffixes, 2, _PICTURE.instead)
_VIDEO = _Kind("视频", (".mp4",), 10, "另存为 mp4")
_FILE = _Kind("文件", (), 20, "")


def errors(model: AnyMaterial, root: Map, files: Mapping[str, FileFacts]) -> Iterator[Found]:
    """About a file nobody could look at (only texts were read) its name says all there is."""
    match model:
        case ImageMaterial():
            yield from _wrong("文件", model.file, _PICTURE, root, files)
        case VideoMaterial():
            yield from _wrong("文件", model.file, _VIDEO, root, files)
        case FileMaterial():
            yield from _wrong("文件", model.file, _FILE, root, files)
        case MiniProgramMaterial():
            yield from _wrong("封面", model.cover, _PICTURE, root, files)
        case LinkMaterial() if model.cover:
            yield from _wrong("封面", model.cover, _COVER, root, files)


def _wrong(
    key: str, name: str, kind: _Kind, root: Map, files: Mapping[str, FileFacts]
) -> Iterator[Found]:
    """One mistake at most: who saves the file anew sees the next one."""
    place = value_at(root, key)
    if kind.suffixes and PurePosixPath(name).suffix.lower() not in kind.suffixes:
        text = f"{kind.what}只能是 {_listed(kind.suffixes)}，“{name}”不是"
        yield Found(place, text, f"{kind.instead}，再写新的文件名")
        return
    facts = files.get(name)
    if facts is None:
        return
    if facts.size <= _LEAST_BYTES:
        yield Found(place, f"“{name}”是空的，企业微信不收", "换成真正的文件")
    elif facts.size > kind.megabytes * _MEGABYTE:
        size = f"{facts.size / _MEGABYTE:.1f}MB"
        text = f"“{name}”有 {size}，{kind.what}最多 {kind.megabytes}MB"
        yield Found(place, text, "压缩一下再放进配置文件夹")
    elif kind.suffixes and not (facts.is_video if kind is _VIDEO else facts.is_picture):
        text = f"“{name}”里面不是{kind.what}，只是改了扩展名"
        yield Found(place, text, f"用软件打开它，{kind.instead}")


def _listed(suffixes: tuple[str, ...]) -> str:
    shown = [suffix[1:] for suffix in suffixes if suffix != ".jpeg"]
    return " 或 ".join(shown)
