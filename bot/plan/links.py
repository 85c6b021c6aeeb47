"""What publishing would do to 获客链接 whose addresses are in advertisements already.  Pure."""

from collections.abc import Iterator

from bot.plan.codes import some
from bot.plan.remarks import Remark, beware, note
from config.book import Book


def remarks(live: Book, new: Book) -> Iterator[Remark]:
    before, after = _links(live), _links(new)
    if ends := [name for name in before if name not in after]:
        yield beware(
            f"渠道{some(ends)}不再有获客链接（改名也算）：发布 24 小时后删除，投放出去的地址会失效"
        )
    if made := [name for name in after if name not in before]:
        yield note(
            f"发布后给渠道{some(made)}生成获客链接，地址发给店长；从链接加一位客户用掉一个额度"
        )


def _links(book: Book) -> list[str]:
    return [name for name, one in book.channels.items() if one.kind == "获客链接"]
