"""What can be sent: materials, and columns that take turns through them."""

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from config.reading import Prose, Strict, key, marked, named, number, one_or_more, refused


def _inside(value: Any) -> Any:
    """A file of the folder, never one outside it."""
    if isinstance(value, str):
        path = PurePosixPath(value)
        if path.is_absolute() or ".." in path.parts or "\\" in value:
            raise refused(f"文件“{value}”不在配置文件夹里", "例如写：图片/ceping.png")
    return value


FileName: TypeAlias = Annotated[str, BeforeValidator(_inside), named("文件")]
Url: TypeAlias = Annotated[str, Field(pattern=r"^https?://\S+$", max_length=2048)]


class _Material(Strict):
    block = "素材"
    name: str = key("素材", "material", min_length=1)
    holiday_version: Annotated[str, named("素材")] | None = key("假期版", "holiday_version", None)
    """Sent instead during a statutory long holiday."""


class TextMaterial(_Material):
    """文字."""

    do: Literal["文字"]
    kind: str = key("类型", "type")
    text: Prose = key("文案", "text")


class ImageMaterial(_Material):
    """图片."""

    do: Literal["图片"]
    kind: str = key("类型", "type")
    file: FileName = key("文件", "file")


class LinkMaterial(_Material):
    """链接."""

    do: Literal["链接"]
    kind: str = key("类型", "type")
    title: str = key("标题", "title", min_length=1, max_length=42)
    url: Url = key("网址", "url")
    cover: FileName | None = key("封面", "cover", None)
    description: str = key("说明", "description", "", max_length=170)


class MiniProgramMaterial(_Material):
    """小程序."""

    do: Literal["小程序"]
    kind: str = key("类型", "type")
    title: str = key("标题", "title", min_length=1, max_length=21)
    appid: str = key("小程序编号", "appid", min_length=1)
    page: str = key("页面", "page", min_length=1)
    cover: FileName = key("封面", "cover")


class VideoMaterial(_Material):
    """视频."""

    do: Literal["视频"]
    kind: str = key("类型", "type")
    file: FileName = key("文件", "file")


class FileMaterial(_Material):
    """文件."""

    do: Literal["文件"]
    kind: str = key("类型", "type")
    file: FileName = key("文件", "file")


_KINDS = {
    "text": "文字",
    "image": "图片",
    "link": "链接",
    "miniprogram": "小程序",
    "video": "视频",
    "file": "文件",
}


def _with_type(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    written = value.get("类型", value.get("type"))
    if written is None:
        raise refused("素材没写“类型”", "加上：类型: 文字（或图片、链接、小程序、视频、文件）")
    kind = _KINDS.get(written, written)
    if kind not in _KINDS.values():
        raise refused(f"“类型”不能写“{written}”", f"只能是：{'、'.join(_KINDS.values())}")
    return marked(value, str(kind))


Material: TypeAlias = Annotated[
    Annotated[
        TextMaterial
        | ImageMaterial
        | LinkMaterial
        | MiniProgramMaterial
        | VideoMaterial
        | FileMaterial,
        Field(discriminator="do"),
    ],
    BeforeValidator(_with_type),
]


class Column(Strict):
    """栏目: each use takes the next one, so that no group sees one twice."""

    block = "栏目"
    name: str = key("栏目", "column", min_length=1)
    order: Annotated[tuple[Annotated[str, named("素材")], ...], one_or_more] = key(
        "顺序", "order", min_length=1
    )
    warn_below: Annotated[int, number("篇", "个")] = key("剩余少于", "warn_below", 2)
    """The owner is told when fewer than so many are left."""
