"""What can be sent: materials, and columns that take turns through them."""

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, ValidationInfo

from config.guess import closest, did_you_mean
from config.reading import (
    Prose,
    Reading,
    Strict,
    Text,
    key,
    marked,
    named,
    number,
    one_or_more,
    refused,
    word,
)
from config.variables import PAGES, placeholders


def _inside(value: Any) -> Any:
    """A file of the folder, never one outside it."""
    if isinstance(value, str):
        path = PurePosixPath(value)
        if path.is_absolute() or ".." in path.parts or "\\" in value:
            raise refused(f"文件“{value}”不在配置文件夹里", "例如写：图片/ceping.png")
    return value


FileName: TypeAlias = Annotated[str, BeforeValidator(_inside), named("文件")]


def _page(value: Any, info: ValidationInfo) -> Any:
    """A page of ours in place of an address; what stands in it is looked up like other texts."""
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    if not any(one.name in PAGES for one in placeholders(value)):
        shown = "、".join(f"{{{name}}}" for name in PAGES)
        raise refused(f"网址不能是“{value}”", f"写 https:// 开头的网址，或者 {shown}")
    if isinstance(value, Text) and isinstance(info.context, Reading):
        info.context.texts.append(value)
    return value


#: An address, or the placeholder of a page of ours.
Url: TypeAlias = Annotated[
    str,
    BeforeValidator(_page),
    Field(pattern=r"^(https?://\S+|\{[^{}]+\})$", max_length=2048),
]


_KINDS = {
    "text": "文字",
    "image": "图片",
    "link": "链接",
    "miniprogram": "小程序",
    "video": "视频",
    "file": "文件",
}
TypeWord: TypeAlias = Annotated[str, word(**_KINDS)]


class AnyMaterial(Strict):
    block = "素材"
    written_last = ("假期版",)
    name: str = key("素材", "material", min_length=1, description="名字，不要重复")
    holiday_version: Annotated[str, named("素材")] | None = key(
        "假期版", "holiday_version", None, description="法定长假里换成哪份素材"
    )
    """Sent instead during a statutory long holiday."""


class TextMaterial(AnyMaterial):
    """文字."""

    do: Literal["文字"]
    kind: TypeWord = key("类型", "type", description="文字、图片、链接、小程序、视频或文件")
    text: Prose = key("文案", "text", description="文字内容，可以用变量")


class ImageMaterial(AnyMaterial):
    """图片."""

    do: Literal["图片"]
    kind: TypeWord = key("类型", "type", description="文字、图片、链接、小程序、视频或文件")
    file: FileName = key("文件", "file", description="配置文件夹里的文件，例如 图片/海报.png")


class LinkMaterial(AnyMaterial):
    """链接."""

    do: Literal["链接"]
    kind: TypeWord = key("类型", "type", description="文字、图片、链接、小程序、视频或文件")
    title: str = key("标题", "title", min_length=1, max_length=42, description="最多42个字")
    url: Url = key("网址", "url", description="以 https:// 开头，或写 {选群页} 这样的页面")
    cover: FileName | None = key("封面", "cover", None, description="封面图片，配置文件夹里的文件")
    description: str = key(
        "说明", "description", "", max_length=170, description="标题下面的一句话"
    )


class MiniProgramMaterial(AnyMaterial):
    """小程序."""

    do: Literal["小程序"]
    kind: TypeWord = key("类型", "type", description="文字、图片、链接、小程序、视频或文件")
    title: str = key("标题", "title", min_length=1, max_length=21, description="最多21个字")
    appid: str = key("小程序编号", "appid", min_length=1, description="小程序的 appid")
    page: str = key("页面", "page", min_length=1, description="打开小程序的哪一页")
    cover: FileName = key("封面", "cover", description="封面图片，配置文件夹里的文件")


class VideoMaterial(AnyMaterial):
    """视频."""

    do: Literal["视频"]
    kind: TypeWord = key("类型", "type", description="文字、图片、链接、小程序、视频或文件")
    file: FileName = key("文件", "file", description="配置文件夹里的文件，例如 图片/海报.png")


class FileMaterial(AnyMaterial):
    """文件."""

    do: Literal["文件"]
    kind: TypeWord = key("类型", "type", description="文字、图片、链接、小程序、视频或文件")
    file: FileName = key("文件", "file", description="配置文件夹里的文件，例如 图片/海报.png")


def _with_type(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    written = value.get("类型", value.get("type"))
    if written is None:
        raise refused("素材没写“类型”", "加上：类型: 文字（或图片、链接、小程序、视频、文件）")
    kind = _KINDS.get(written, written)
    if kind not in _KINDS.values():
        near = did_you_mean(closest(str(written), _KINDS.values()))
        cure = f"{near}只能是：{'、'.join(_KINDS.values())}"
        at = getattr(written, "at", None)
        raise refused(f"“类型”不能写“{written}”", cure, at=at)
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
    name: str = key("栏目", "column", min_length=1, description="名字，不要重复")
    order: Annotated[tuple[Annotated[str, named("素材")], ...], one_or_more] = key(
        "顺序", "order", min_length=1, description="按这个顺序轮着发的素材"
    )
    warn_below: Annotated[int, number("篇", "个")] = key(
        "剩余少于", "warn_below", 2, description="没发过的少于几篇时提醒负责人（默认 2篇）"
    )
    """The owner is told when fewer than so many are left."""
