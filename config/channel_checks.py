"""What a channel may not say, once its shape is right."""

from collections.abc import Iterator, Sequence
from typing import Any

from config.book import Book
from config.channels import MOST_PEOPLE, REMARK_CHARACTERS, Channel
from config.explain import Found
from config.guess import closest, did_you_mean
from config.materials import TextMaterial
from config.reading import Items, Map
from config.variables import placeholders
from config.written import get, key_at, value_at

_ATTACHMENTS = 9  # of one welcome message: https://developer.work.weixin.qq.com/document/path/92137
STATE_BYTES = 64  # of customer_channel: https://developer.work.weixin.qq.com/document/42923
_NAME = 4  # characters of a remark that are kept for the customer's name


def errors(channel: Channel, root: Map, book: Book) -> Iterator[Found]:
    yield from _people(channel, root)
    yield from _never_fits(channel, root)
    if channel.kind == "获客链接" and (over := len(channel.state.encode()) - STATE_BYTES) > 0:
        limit = f"{STATE_BYTES} 字节（约 {STATE_BYTES // 3} 个汉字）"
        text = f"获客链接的渠道名最多 {limit}，多的会被截断"
        yield Found(value_at(root, "渠道"), text, f"删去 {-(-over // 3)} 个汉字")
    if channel.kind == "获客链接" and channel.own_codes:
        cure = "删掉这一行；要分清是谁带来的，给每位员工写一个渠道"
        yield Found(value_at(root, "每人一码"), "获客链接没有“每人一码”", cure)
    if channel.remark is not None and (room := _room(channel.remark)) is not None:
        text = f"备注太长：企业微信最多 {REMARK_CHARACTERS} 个字，变量以外最多写 {room} 个字"
        yield Found(value_at(root, "备注"), text, "写短一些，例如：{客户昵称}-海报")
    yield from _one_message(channel.welcome, root, book)
    for greeting, block in zip(channel.greetings, _items(root, "欢迎语安排"), strict=False):
        yield from _one_message(greeting.welcome, block, book)


def _room(remark: str) -> int | None:
    """How many characters of its own a remark may have; None when it has no more."""
    variables = list(placeholders(remark))
    own = remark
    for one in variables:
        own = own.replace(one.written, "")
    most = REMARK_CHARACTERS - (_NAME if variables else 0)
    return most if len(own) > most else None


def _people(channel: Channel, root: Map) -> Iterator[Found]:
    """Who is on a shift or greets must be somebody whom customers of the channel can add."""
    what, most = ("获客链接", 500) if channel.kind == "获客链接" else ("码", MOST_PEOPLE)
    if len({*channel.staff, *channel.backup}) > most:
        text = f"一个{what}最多 {most} 位员工（连备用）"
        yield Found(value_at(root, "员工"), text, "分成几个渠道写")
    for shift, block in zip(channel.shifts, _items(root, "班次"), strict=False):
        yield from _strangers(shift.staff, channel.staff, block, "“员工”")
    for greeting, block in zip(channel.greetings, _items(root, "欢迎语安排"), strict=False):
        known = (*channel.staff, *channel.backup)
        yield from _strangers(greeting.staff, known, block, "“员工”和“备用”")


def _strangers(
    named: Sequence[str], known: Sequence[str], block: Any, where: str
) -> Iterator[Found]:
    written = get(block, "员工")
    places = written if isinstance(written, Items) else [written]
    for name, place in zip(named, places, strict=False):
        if name not in known:
            text = f"“{name}”不在这个渠道的{where}里，客户加不到"
            cure = f"{did_you_mean(closest(name, known))}先把“{name}”写进渠道的“员工”"
            yield Found(getattr(place, "at", value_at(block, "员工")), text, cure)


def _never_fits(channel: Channel, root: Map) -> Iterator[Found]:
    """A line for every hour and everybody hides all that come after it, and 欢迎语 too."""
    for greeting, block in zip(channel.greetings, _items(root, "欢迎语安排"), strict=False):
        if not greeting.days and not greeting.hours and not greeting.staff:
            text = "“欢迎语安排”的这一条没写什么时候、加的是谁，后面的都轮不到"
            cure = "加上 时段: 22:00-08:00、星期 或 员工；平时用的直接写在“欢迎语”"
            yield Found(key_at(block, "欢迎语"), text, cure)


def _one_message(names: Sequence[str], block: Any, book: Book) -> Iterator[Found]:
    """One text and at most nine attachments."""
    materials = [book.materials[name] for name in names if name in book.materials]
    texts = [one.name for one in materials if isinstance(one, TextMaterial)]
    if len(texts) > 1:
        text = f"一条欢迎语只能有一份文字素材，这里有{'、'.join(f'“{name}”' for name in texts)}"
        yield Found(value_at(block, "欢迎语"), text, "留下一份，其余的写图片、链接、小程序素材")
    if len(materials) - len(texts) > _ATTACHMENTS:
        text = f"一条欢迎语最多带 {_ATTACHMENTS} 个附件"
        yield Found(value_at(block, "欢迎语"), text, "留下最要紧的几个")


def _items(root: Map, name: str) -> Sequence[Any]:
    """The blocks under a key; one may be written without a list."""
    written = get(root, name)
    return written if isinstance(written, Items) else [written] if written is not None else []
