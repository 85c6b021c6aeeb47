"""The shipped shop as texts, for tests that change one file of it."""

from pathlib import Path

import pytest

SHOP = Path(__file__).parents[2] / "config" / "shop"


@pytest.fixture
def shop() -> dict[str, str]:
    return {file.name: file.read_text("utf-8") for file in sorted(SHOP.glob("*.yaml"))}
