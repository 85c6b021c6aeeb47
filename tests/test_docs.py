"""What is written about the project stays true where a machine can see it."""

import re
import tomllib
from pathlib import Path

import pytest

from bot import callback
from bot.cli import COMMANDS
from config.environment import FILE, NOT_SETTINGS
from config.settings import TABLE

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.zh-CN.md")
PAGES = (*READMES, "CHANGELOG.md", "CONTRIBUTING.md", "simulator/README.md")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SOURCE = re.compile(r"`((?:bot|config|handlers|scheduler|console|simulator|tests|bench)/[\w./]*)`")


def pages() -> list[str]:
    return [*PAGES, *(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md")))]


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def prose_of(page: str) -> str:
    """Without the blocks of code: what looks like a link or heading in there is none."""
    return re.sub(r"^```.*?^```$", "", text_of(page), flags=re.DOTALL | re.MULTILINE)


def anchors_of(page: str) -> set[str]:
    """The names a host like GitHub gives to the headings."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in headings}


@pytest.mark.parametrize("page", pages())
def test_every_relative_link_leads_somewhere(page: str) -> None:
    lost = []
    for link in LINK.findall(prose_of(page)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        there = (ROOT / page).parent / path if path else ROOT / page
        known = there.exists() and (
            not anchor or anchor in anchors_of(there.resolve().relative_to(ROOT).as_posix())
        )
        if not known:
            lost.append(link)

    assert lost == []


@pytest.mark.parametrize("page", pages())
def test_every_file_that_is_named_is_there(page: str) -> None:
    assert [path for path in SOURCE.findall(prose_of(page)) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", pages())
def test_no_setting_is_named_that_there_is_not(page: str) -> None:
    known = {variable.name for variable in TABLE} | NOT_SETTINGS
    named = {
        name.removesuffix(FILE) for name in re.findall(r"`(QUNCE_[A-Z_]+[A-Z])`", text_of(page))
    }

    assert named <= known


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_lists_every_command(readme: str) -> None:
    rows = re.findall(r"^\| `qunce ([\w-]+)", text_of(readme), re.MULTILINE)
    assert sorted(rows) == sorted(COMMANDS)


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_lists_every_address(readme: str) -> None:
    addresses = {*callback.PATHS.values(), "/api/events", "/livez", "/readyz", "/metrics"}
    text = text_of(readme)

    assert [address for address in addresses if address not in text] == []


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_says_why_each_library_is_there(readme: str) -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    wanted = [_name(line) for line in (*project["dependencies"], *extras["embedded"])]
    rows = re.findall(r"^\| ([\w.-]+)(?: ?[（(].*?[）)])? \|", text_of(readme), re.MULTILINE)

    assert [name for name in wanted if name not in rows] == []
    for name in map(_name, extras["test"]):
        assert f"**{name}**" in text_of(readme)


def test_the_changelog_has_one_place_for_what_is_not_released() -> None:
    assert text_of("CHANGELOG.md").count("\n## Unreleased\n") == 1


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_can_be_read_in_one_sitting(readme: str) -> None:
    assert len(text_of(readme).splitlines()) < 350


def _name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
