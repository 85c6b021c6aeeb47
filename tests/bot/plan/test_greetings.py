"""What publishing does to the welcomes of groups is said before it is done."""

import pytest

from bot.plan import greetings
from config.book import Book
from config.loader import load_texts

THEME = "主题群: 新手妈妈\n群: {名称包含: 新手妈妈}\n"
WELCOME = "入群欢迎语: 欢迎\n"


def book(theme: str = THEME + WELCOME, words: str = "欢迎来到妈妈群") -> Book:
    return load_texts({"theme.yaml": theme, "m.yaml": f"素材: 欢迎\n类型: 文字\n文案: {words}\n"})


@pytest.mark.parametrize(
    ("live", "new", "said"),
    [
        (book(), book(), []),
        (book(THEME), book(), ["有了入群欢迎语"]),
        (book(), book(THEME), ["不再有入群欢迎语"]),
        (book(), book(words="换了一句"), ["不用再选"]),
    ],
)
def test_welcomes_that_begin_change_or_end_are_named(
    live: Book, new: Book, said: list[str]
) -> None:
    told = [remark.text for remark in greetings.remarks(live, new)]

    assert len(told) == len(said)
    assert all(part in text and "“新手妈妈”" in text for part, text in zip(said, told, strict=True))
