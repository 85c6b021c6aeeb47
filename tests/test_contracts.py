"""Every import contract has been seen to fail: each is broken on purpose in a copy of the source."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = PYPROJECT["tool"]["importlinter"]
LINTER = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as l; l()"]

# contract, file that gets a line more, the line, what the linter has to say
BREAKS = [
    ("layers", "bot/model.py", "import bot.store", "bot.model -> bot.store"),
    ("layers", "config/settings.py", "import bot.model", "config.settings -> bot.model"),
    ("layers", "bot/context.py", "import handlers", "bot.context -> handlers"),
    ("layers", "handlers/__init__.py", "import scheduler", "handlers -> scheduler"),
    ("layers", "handlers/__init__.py", "import console", "handlers -> console"),
    ("layers", "bot/store/__init__.py", "import bot.wecom", "bot.store -> bot.wecom"),
    ("exhaustive", "bot/stranger.py", "", "bot.stranger"),
    ("simulator", "simulator/__init__.py", "import bot.model", "simulator -> bot.model"),
    ("product", "bot/context.py", "import simulator", "bot.context -> simulator"),
    ("product", "bot/wecom/crypto.py", "import wechatpy", "bot.wecom.crypto -> wechatpy"),
    ("deciding", "bot/playbook/__init__.py", "import asyncio", "bot.playbook -> asyncio"),
    ("deciding", "config/__init__.py", "import aiohttp", "config -> aiohttp"),
    ("deciding", "bot/model.py", "import pymongo", "bot.model -> pymongo"),
    ("pure", "bot/playbook/__init__.py", "import random", "bot.playbook -> random"),
    ("mongodb", "handlers/__init__.py", "import pymongo", "handlers -> pymongo"),
    ("mongodb", "bot/wecom/client.py", "import bson", "bot.wecom.client -> bson"),
    ("http", "bot/store/__init__.py", "import aiohttp", "bot.store -> aiohttp"),
    ("http", "bot/wecom/client.py", "import requests", "bot.wecom.client -> requests"),
    ("crypto", "bot/callback.py", "import Crypto", "bot.callback -> Crypto"),
    ("cron", "scheduler/__init__.py", "import apscheduler", "scheduler -> apscheduler"),
]


def lint(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*LINTER, "--no-cache", *arguments]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


def test_every_contract_is_broken_once() -> None:
    assert {contract["id"] for contract in CONTRACTS["contracts"]} == {row[0] for row in BREAKS}


def test_the_source_keeps_every_contract() -> None:
    linted = lint(ROOT)

    assert linted.returncode == 0, linted.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for package in CONTRACTS["root_packages"]:
        for source in (ROOT / package).rglob("*.py"):
            copy = tmp_path / source.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


@pytest.mark.parametrize(("contract", "file", "line", "complaint"), BREAKS)
def test_breaking_it_is_seen(
    tree: Path, contract: str, file: str, line: str, complaint: str
) -> None:
    with (tree / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")

    linted = lint(tree, "--contract", contract)

    assert linted.returncode == 1, linted.stdout
    assert complaint in linted.stdout
