"""What a step sends, in words: the folder's text and materials with this subject's names put in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, assert_never

from bot.model import Contact, Group
from bot.playbook.hours import Hours
from bot.playbook.lunar import month_and_day
from bot.playbook.pages import Link
from bot.playbook.wording import fill, link_pages
from config.book import Book
from config.content import Content
from config.materials import (
    FileMaterial,
    ImageMaterial,
    LinkMaterial,
    Material,
    MiniProgramMaterial,
    TextMaterial,
    VideoMaterial,
)
from config.phrases import lunar_day
from config.rules import AttributeKind
from config.variables import PAGES

Message = dict[str, Any]


def nowhere(page: str, which: str) -> str:
    """Who nobody can be linked from, such as a group."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Everything a text may name, and which version of a material is meant."""

    book: Book
    values: Mapping[str, str] = field(default_factory=dict)
    holiday: bool = False  # a long holiday: materials in their 假期版
    link: Link = field(default=nowhere)
    """(选群页, which) → the address of this customer's page; "" where there is none."""

    def say(self, text: str) -> str:
        """The text with links and names put in."""
        return fill(link_pages(text, PAGES, self.link), self.values)


def of_contact(contact: Contact, staff_name: str, book: Book) -> dict[str, str]:
    """The values of 变量 for a customer; each tag group and each 客户属性 is one, too."""
    tags = dict(tag.split("/", 1) for tag in contact.tags if "/" in tag)
    kinds = book.rules.attributes
    days = {
        name: _in_words(date.fromisoformat(day), kinds.get(name, "日期"))
        for name, day in contact.attributes.items()
    }
    return (tags | days) | {
        "客户昵称": contact.name,
        "员工姓名": staff_name,
        "门店名": contact.shop,
    }


def _in_words(day: date, kind: AttributeKind) -> str:
    """As people say it: a day that comes back has no year."""
    match kind:
        case "日期":
            return f"{day.year}年{day.month}月{day.day}日"
        case "每年":
            return f"{day.month}月{day.day}日"
        case "农历每年":
            return f"农历{lunar_day(*month_and_day(day))}"
        case _:
            assert_never(kind)


def of_group(group: Group, owner_name: str, now: datetime, hours: Hours) -> dict[str, str]:
    """The values of 变量 for a customer group."""
    month = f"{now.astimezone(hours.tz):%Y-%m}"

    def this_month(times: tuple[datetime, ...]) -> str:
        return str(sum(f"{at.astimezone(hours.tz):%Y-%m}" == month for at in times))

    return {
        "群名": group.name,
        "员工姓名": owner_name,
        "门店名": group.shop,
        "本月入群人数": this_month(group.joined),
        "本月退群人数": this_month(group.left),
    }


def message_of(content: Content, wording: Wording, turn: int = 0) -> Message:
    """The message as it will be kept and sent; ``turn`` is the piece of its 栏目 that is next.

    ``materials`` of a message are the versions of the 素材 it was made from: 图文-测评#2.
    """
    book = wording.book
    if content.text is not None:
        message: Message = {"text": wording.say(content.text).strip(), "attachments": []}
    else:
        message = _add({"text": "", "attachments": []}, _chosen(content, book, turn), wording)
    for name in content.attachments:
        _add(message, book.materials[name], wording)
    return message


def of_material(name: str, wording: Wording) -> Message:
    """The message that consists of one material."""
    return _add({"text": "", "attachments": []}, wording.book.materials[name], wording)


def in_words(message: Message) -> str:
    """A message as plain text, for people who forward it or ask what it was."""
    lines = [message["text"]] if message["text"] else []
    for part in message["attachments"]:
        name = _SHOWN.get(part["kind"], part["kind"])
        lines.append(f"[{name}] " + " ".join(filter(None, (part.get("title"), part.get("url")))))
    return "\n".join(line.strip() for line in lines)


def files_of(message: Message) -> tuple[dict[str, str], ...]:
    """The pictures, videos and files of a message as published; covers are no files to pass on."""
    return tuple(
        {name: part[name] for name in ("kind", "asset", "sha")}
        for part in message["attachments"]
        if part["kind"] in ("image", "video", "file") and "sha" in part
    )


def link(title: str, url: str, desc: str = "") -> dict[str, str]:
    """A link as an attachment of a message."""
    return {"kind": "link", "title": title, "url": url, "desc": desc}


def version_of(name: str, book: Book) -> str:
    """图文-测评#2; the bare name while nothing is known of its versions."""
    number = book.versions.get(name)
    return f"{name}#{number}" if number else name


def _asset(path: str, book: Book) -> dict[str, str]:
    """A file by its name and, once published, by its bytes: they stay what was rendered."""
    mark = book.files.get(path)
    return {"asset": path, "sha": mark} if mark else {"asset": path}


_SHOWN = {
    "image": "图片",
    "link": "链接",
    "miniprogram": "小程序",
    "video": "视频",
    "file": "文件",
}


def piece(column: str, book: Book, turn: int) -> Material:
    """The piece of a 栏目 whose turn it is."""
    order = book.columns[column].order
    return book.materials[order[turn % len(order)]]


def _chosen(content: Content, book: Book, turn: int) -> Material:
    if content.column is not None:
        return piece(content.column, book, turn)
    if content.material is None:
        raise ValueError("a content has a text, a material or a column")
    return book.materials[content.material]


def _add(message: Message, material: Material, wording: Wording) -> Message:
    """Put a material into a message: words into its text, everything else beside it."""
    book = wording.book
    if wording.holiday and material.holiday_version:
        material = book.materials[material.holiday_version]
    message.setdefault("materials", []).append(version_of(material.name, book))
    match material:
        case TextMaterial():
            text = wording.say(material.text).strip()
            message["text"] = "\n".join(filter(None, (message["text"], text)))
        case ImageMaterial():
            message["attachments"].append({"kind": "image", **_asset(material.file, book)})
        case LinkMaterial():
            title, url = fill(material.title, wording.values), wording.say(material.url)
            cover = _asset(material.cover, book) if material.cover else {}
            if url:  # without QUNCE_PUBLIC_URL there is no page of ours to link to
                message["attachments"].append(link(title, url, material.description) | cover)
        case MiniProgramMaterial():
            card = {"kind": "miniprogram", "title": material.title, "appid": material.appid}
            message["attachments"].append(
                card | {"page": material.page, **_asset(material.cover, book)}
            )
        case VideoMaterial():
            message["attachments"].append({"kind": "video", **_asset(material.file, book)})
        case FileMaterial():
            message["attachments"].append({"kind": "file", **_asset(material.file, book)})
        case _:
            assert_never(material)
    return message
