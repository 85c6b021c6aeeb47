"""What tests of commands have in common: a folder to publish, and the commands to do it with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.commands import SETTINGS, Commands


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with one file, the ``SHOP`` of the test's module."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shop.yaml").write_text(request.module.SHOP, encoding="utf-8")
    return folder


@pytest.fixture
def qunce(tmp_path: Path, shop: Path, mongo_url: str, database: str) -> Iterator[Commands]:
    """Settings as they should be, WeCom out of reach."""
    settings = {
        **SETTINGS,
        "QUNCE_MONGO_URL": mongo_url,
        "QUNCE_DATABASE": database,
        "QUNCE_CONFIG_DIR": str(shop),
        "QUNCE_DATA_DIR": str(tmp_path / "data"),
    }
    commands = Commands(tmp_path, settings)
    yield commands
    commands.close()
