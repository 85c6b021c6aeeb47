"""What a 发朋友圈 may not say: WeCom takes less into a moment than into a message."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from config.explain import Found
from config.materials import (
    Column,
    FileMaterial,
    ImageMaterial,
    LinkMaterial,
    Material,
    MiniProgramMaterial,
    TextMaterial,
)
from config.moments import PostMoment
from config.reading import Map
from config.sop import Sop
from config.variables import placeholders
from config.written import get, key_at, value_at

MOST_CHARACTERS = 2000
MOST_PICTURES = 9
OF_THE_POSTER = ("员工姓名", "门店名")
_WHAT_FITS = "可以是：文字加最多 9 张图片，或文字加 1 个视频，或文字加 1 个链接"


def errors(
    sop: Sop,
    action: PostMoment,
    block: Map,
    materials: Mapping[str, Material],
    columns: Mapping[str, Column],
) -> Iterator[Found]:
    """``block`` is that of the step."""
    if sop.subject == "客户":
        text = "朋友圈不能只给一位客户看，“发朋友圈”只能用在对象是“客户群”的 SOP 里"
        cure = "另写一个对象是“客户群”的 SOP；只想请这位客户的员工发，用“派任务”"
        yield Found(key_at(block, "发朋友圈"), text, cure)
        return
    body = get(block, "发朋友圈")
    if action.by.kind == "跟进人":
        text = "对象是“客户群”的 SOP 里没有“跟进人”"
        yield Found(value_at(body, "由"), text, "改成 由: 群主，或写店长、角色/名称、部门/门店")
    yield from _words(action, body, materials, columns)
    yield from _pieces(action, body, materials, columns)


def _words(
    action: PostMoment,
    body: Any,
    materials: Mapping[str, Material],
    columns: Mapping[str, Column],
) -> Iterator[Found]:
    """One text for all who may see it, so only what is known of who publishes may be named."""
    for key, where, text in _texts(action, materials, columns):
        here = f"素材“{where}”" if where else "这段文字"
        for one in placeholders(text):
            if one.name not in OF_THE_POSTER:
                said = f"{here}里的“{one.written}”不能用在朋友圈里：一条朋友圈给很多人看"
                cure = f"去掉它；只能用 {'、'.join(f'{{{name}}}' for name in OF_THE_POSTER)}"
                yield Found(value_at(body, key), said, cure)
        if len(text) > MOST_CHARACTERS:
            said = f"{here}有 {len(text)} 个字，朋友圈最多 {MOST_CHARACTERS} 个字"
            yield Found(value_at(body, key), said, "缩短一些")


def _pieces(
    action: PostMoment,
    body: Any,
    materials: Mapping[str, Material],
    columns: Mapping[str, Column],
) -> Iterator[Found]:
    """Every piece that may be published, each with what is attached to it."""
    attached = [materials[name] for name in action.attachments if name in materials]
    key = "素材轮播" if action.column else "素材"
    firsts: list[Material | None] = [*_first(action, materials, columns)]
    for first in firsts or [None]:
        parts = [*([first] if first else []), *attached]
        if wrong := _misfit([part for part in parts if not isinstance(part, TextMaterial)]):
            yield Found(value_at(body, key if first else "附件"), *wrong)


def _misfit(parts: Sequence[Material]) -> tuple[str, str] | None:
    for part in parts:
        match part:
            case MiniProgramMaterial() | FileMaterial():
                return f"素材“{part.name}”是{part.kind}，朋友圈里发不了", _WHAT_FITS
            case LinkMaterial(cover=None):
                cure = "在素材里加上：封面: 图片/封面.png"
                return f"链接“{part.name}”没写“封面”，朋友圈里的链接要有封面图片", cure
    kinds = {type(part) for part in parts}
    if len(kinds) > 1:
        return "朋友圈里图片、视频、链接不能一起发", _WHAT_FITS
    most = MOST_PICTURES if kinds == {ImageMaterial} else 1
    if len(parts) > most:
        kind = parts[0].kind
        return f"朋友圈里最多 {most} 个{kind}，这里有 {len(parts)} 个", _WHAT_FITS
    return None


def _first(
    action: PostMoment, materials: Mapping[str, Material], columns: Mapping[str, Column]
) -> list[Material]:
    """What may come before the attachments, holiday versions too; none for a 文案."""
    names = [action.material] if action.material else []
    if action.column and action.column in columns:
        names = list(columns[action.column].order)
    found = [materials[name] for name in names if name in materials]
    holiday = [m.holiday_version for m in found if m.holiday_version]
    return found + [materials[name] for name in holiday if name in materials]


def _texts(
    action: PostMoment, materials: Mapping[str, Material], columns: Mapping[str, Column]
) -> Iterator[tuple[str, str, str]]:
    """(key, material or "", text) of everything that is read in the moment."""
    if action.text is not None:
        yield "文案", "", action.text
    key = "素材轮播" if action.column else "素材"
    for material in _first(action, materials, columns):
        if isinstance(material, TextMaterial):
            yield key, material.name, material.text
        elif isinstance(material, LinkMaterial):
            yield key, material.name, material.title
    for name in action.attachments:
        attached = materials.get(name)
        if isinstance(attached, LinkMaterial):
            yield "附件", name, attached.title
