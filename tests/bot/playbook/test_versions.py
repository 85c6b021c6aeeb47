"""A material has a new version when customers see something new."""

from datetime import UTC, datetime
from typing import Any

from bot.playbook.versions import live, versions
from config.book import Book
from config.loader import load_texts

AT = datetime(2026, 11, 23, tzinfo=UTC)
TEXT = "素材: 话术\n类型: 文字\n文案: 您好\n"
PICTURE = "素材: 海报\n类型: 图片\n文件: a.png\n"


def book(*texts: str) -> Book:
    return load_texts({f"{n}.yaml": text for n, text in enumerate(texts)})


def after(before: list[dict[str, Any]], now: Book, n: int, mark: str = "1") -> list[dict[str, Any]]:
    return versions(before, now, {"a.png": mark}, n, AT)


def test_the_same_folder_has_the_same_versions() -> None:
    first = after([], book(TEXT, PICTURE), 1)

    assert after(first, book(TEXT, PICTURE), 2) == first
    assert live(first) == {"话术": 1, "海报": 1}


def test_other_words_and_other_bytes_are_new_versions() -> None:
    first = after([], book(TEXT, PICTURE), 1)
    second = after(first, book(TEXT.replace("您好", "早上好"), PICTURE), 2)
    third = after(second, book(TEXT, PICTURE), 3, mark="2")

    assert live(second) == {"话术": 2, "海报": 1}
    assert live(third) == {"话术": 1, "海报": 2}


def test_a_version_is_never_given_twice_also_when_its_material_was_gone() -> None:
    first = after([], book(TEXT), 1)
    gone = after(first, book(PICTURE), 2)
    back = after(gone, book(TEXT.replace("您好", "回来了"), PICTURE), 3)

    assert live(gone) == {"海报": 1}
    assert live(back) == {"话术": 2, "海报": 1}


def test_what_replaces_it_on_holidays_changes_no_version() -> None:
    first = after([], book(TEXT, PICTURE), 1)
    second = after(first, book(TEXT + "假期版: 海报\n", PICTURE), 2)

    assert live(second) == live(first)
