"""What publishing would do to the welcomes of customer groups.  Pure."""

from collections.abc import Iterator
from typing import Any

from bot.actions.group_welcoming import greeting
from bot.plan.codes import some
from bot.plan.remarks import Remark, beware, note
from config.book import Book

_SOMEBODY = "群主"  # whose card it will be, is not known before


def remarks(live: Book, new: Book) -> Iterator[Remark]:
    before, after = _greetings(live), _greetings(new)
    if gone := [name for name in before if name not in after]:
        yield beware(
            f"主题{some(gone)}不再有入群欢迎语：发布后从企业微信删掉，选了它的群不再欢迎新人"
        )
    if fresh := [name for name in after if name not in before]:
        yield note(f"主题{some(fresh)}有了入群欢迎语：每位群主会收到一个任务，要在企业微信里选上它")
    changed = [name for name in after if name in before and before[name] != after[name]]
    if changed:
        yield note(f"主题{some(changed)}的入群欢迎语改了：已经选上的群自动换成新的，不用再选")


def _greetings(book: Book) -> dict[str, Any]:
    """What each says; a folder not yet published knows no versions and no bytes."""
    return {
        theme.name: _said(greeting(theme, book, _SOMEBODY if theme.is_for_shopping else ""))
        for theme in book.themes.values()
        if theme.welcome
    }


def _said(message: dict[str, Any]) -> Any:
    parts = [{k: v for k, v in part.items() if k != "sha"} for part in message["attachments"]]
    return message["text"], parts
