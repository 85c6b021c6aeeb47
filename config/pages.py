"""Pages of ours that texts may link to: {选群页}, {打卡页|每日打卡}, {答题页|问卷名}, {隐私页}."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from config.book import Book
from config.content import Content
from config.explain import Found
from config.guess import closest, did_you_mean
from config.materials import Column, LinkMaterial, Material, TextMaterial
from config.names import Names
from config.reading import Place, Text
from config.steps import all_steps
from config.variables import PAGES, Placeholder, placeholders
from config.written import value_at

LONGEST_NAME: Final = 20  # characters of the name of a 打卡: it stands in the link


@dataclass(frozen=True, slots=True)
class _Wrong:
    text: str
    cure: str


def mistakes(text: Text, names: Names, place: Callable[[str], Place]) -> Iterator[Found]:
    """What is wrong with the pages a text links to; ``place`` tells where a part of it stands."""
    for one in placeholders(text):
        wrong = _wrong(one, names) if one.name in PAGES else None
        if wrong:
            yield Found(place(one.written), wrong.text, wrong.cure)


def _wrong(one: Placeholder, names: Names) -> _Wrong | None:
    match one.name:
        case "打卡页" if not one.default:
            return _Wrong("“{打卡页}”没写打什么卡", "写上名字：{打卡页|每日打卡}")
        case "打卡页" if len(one.default) > LONGEST_NAME or "/" in one.default:
            text = f"打卡的名字“{one.default}”太长或有斜线"
            return _Wrong(text, f"最多 {LONGEST_NAME} 个字，不用斜线")
        case "答题页" if not one.default:
            return _Wrong("“{答题页}”没写答哪份问卷", "写上问卷的名字：{答题页|问卷名}")
        case "答题页":
            return _not_there("问卷", one.default, names)
        case "选群页" if not names.of("可选主题"):
            cure = "给主题加上：选群页: {介绍: 一句话}"
            return _Wrong("没有主题写了“选群页”，客户打开是空的", cure)
        case "选群页" if one.default:
            return _not_there("可选主题", one.default, names)
        case "隐私页" if one.default:
            return _Wrong(f"“{one.written}”后面不用写别的", "写成 {隐私页}")
    return None


def _not_there(kind: str, name: str, names: Names) -> _Wrong | None:
    known = names.of(kind)
    if name in known or kind in names.unsure:
        return None
    near = did_you_mean(closest(name, known))
    if kind == "问卷":
        return _Wrong(f"找不到问卷“{name}”", f"{near}请先写一份：问卷: {name}")
    text = f"主题“{name}”没有写“选群页”，客户选不了"
    return _Wrong(text, f"{near}给它加上：选群页: {{介绍: 一句话}}")


def unlinkable(
    action: Content, body: Any, materials: Mapping[str, Material], columns: Mapping[str, Column]
) -> Iterator[Found]:
    """Pages in what many read at once: each is one customer's own."""
    for key, text in _texts(action, materials, columns):
        for one in placeholders(text):
            if one.name in PAGES:
                said = f"“{one.written}”是一位客户自己的页面，不能发给一群人"
                yield Found(value_at(body, key), said, "换成 发给客户，一人一个链接")


def _texts(
    action: Content, materials: Mapping[str, Material], columns: Mapping[str, Column]
) -> Iterator[tuple[str, str]]:
    """(key, text) of everything in which a page may stand."""
    if action.text is not None:
        yield "文案", action.text
    named = [("素材", action.material)] if action.material else []
    named += [("附件", name) for name in action.attachments]
    if action.column and action.column in columns:
        named += [("素材轮播", name) for name in columns[action.column].order]
    for key, name in named:
        material = materials.get(name)
        if isinstance(material, TextMaterial):
            yield key, material.text
        if isinstance(material, LinkMaterial):
            yield key, material.url


def linked_by(book: Book) -> list[str]:
    """The pages customers of this folder are sent links of."""
    texts = [
        text
        for sop in book.sops.values()
        for step in all_steps(sop.steps)
        for action in step.actions
        if isinstance(action, Content)
        for text in [action.text or ""]
    ]
    for material in book.materials.values():
        if isinstance(material, TextMaterial):
            texts.append(material.text)
        if isinstance(material, LinkMaterial):
            texts.append(material.url)
    named = {one.name for text in texts for one in placeholders(text)}
    return [page for page in PAGES if page in named]
