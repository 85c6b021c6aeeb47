"""What publishing would do to the QR codes of channels, printed ones too.  Pure."""

from collections.abc import Iterator

from bot.plan.remarks import Remark, beware, note
from config.book import Book
from config.channels import Channel

_KIND = "活码"


def remarks(live: Book, new: Book) -> Iterator[Remark]:
    before, after = _codes(live), _codes(new)
    if ends := [name for name in before if name not in after]:
        yield beware(
            f"渠道{some(ends)}没有了（改名也算）：它的二维码发布 24 小时后作废，印出去的也扫不了"
        )
    for name, was in before.items():
        kept = _own(after[name]) if name in after else _own(was)
        if gone := [person for person in _own(was) if person not in kept]:
            yield beware(f"渠道“{name}”里{some(gone)}自己的二维码发布 24 小时后作废")
    if made := [name for name in after if name not in before]:
        yield note(f"发布后给渠道{some(made)}生成二维码：用 qunce list 渠道 查看")


def _codes(book: Book) -> dict[str, Channel]:
    return {name: one for name, one in book.channels.items() if one.kind == _KIND}


def _own(channel: Channel) -> tuple[str, ...]:
    """Who has a code of their own."""
    return channel.staff if channel.own_codes else ()


def some(names: list[str]) -> str:
    """Named one by one, as people read them."""
    return "、".join(f"“{name}”" for name in names)
