"""The shipped shop as texts, for tests that change one file of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.book import Book
from config.loader import load_texts
from config.mistakes import Mistake, Mistakes

SHOP = Path(__file__).parents[2] / "config" / "shop"


@pytest.fixture
def shop() -> dict[str, str]:
    return {file.name: file.read_text("utf-8") for file in sorted(SHOP.glob("*.yaml"))}


@pytest.fixture
def loaded(shop: dict[str, str]) -> Callable[[str], Book]:
    """The shop with one more file, which must be right."""
    return lambda text: load_texts(shop | {"x.yaml": text})


@pytest.fixture
def mistakes(shop: dict[str, str]) -> Callable[[str], list[Mistake]]:
    """What is said about one more file beside the shop, reminders too."""

    def of(text: str) -> list[Mistake]:
        try:
            found = load_texts(shop | {"x.yaml": text}).reminders
        except Mistakes as caught:
            found = caught.mistakes
        return [mistake for mistake in found if mistake.file == "x.yaml"]

    return of


@pytest.fixture
def told(mistakes: Callable[[str], list[Mistake]]) -> Callable[[str], list[str]]:
    """The same as "line:column text", errors and reminders alike."""
    return lambda text: [f"{m.line}:{m.column} {m.text}" for m in mistakes(text)]
