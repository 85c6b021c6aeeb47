"""Chinese for everybody, English for who asks for it; no text is left in the other language."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import console
from tests.console.browser import Browser

HERE = Path(console.__file__).parent
_IN_TEMPLATES = re.compile(r'_\("([^"]+)"')
_IN_CODE = re.compile(r'marked\(\s*"([^"]+)"')
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def texts() -> set[str]:
    """Every text of ours that a reader may see."""
    found = set()
    for template in HERE.glob("templates/**/*.html"):
        found |= set(_IN_TEMPLATES.findall(template.read_text()))
    for code in HERE.glob("**/*.py"):
        found |= set(_IN_CODE.findall(code.read_text()))
    return found


def test_every_text_has_its_english() -> None:
    english: dict[str, str] = {}
    for path in (HERE / "locale" / "en").glob("*.po"):
        with path.open("rb") as file:
            here = {str(m.id): str(m.string) for m in read_po(file) if m.id}
        assert not set(here) & set(english), f"{path.name} says again what another says"
        english |= here

    assert {text for text in texts() if not english.get(text)} == set()
    assert set(english) - texts() == set(), "nobody says these any more"
    assert not [text for text in english.values() if _CHINESE.search(text)]


def test_no_template_says_anything_outside_of_a_translation() -> None:
    for template in HERE.glob("templates/**/*.html"):
        rest = re.sub(r'_\("[^"]*"', "", template.read_text())
        rest = rest.replace('"English" if lang == "zh-CN" else "中文"', "")
        assert not _CHINESE.search(rest), template.name


async def test_the_chosen_language_stays(browser: Browser) -> None:
    page = await browser.open("/language?lang=en&next=/sign-in")
    assert "Sign in to Qunce" in page.html
    assert '<html lang="en">' in page.html

    page = await browser.open("/language?lang=zh-CN&next=/sign-in")
    assert "登录群策" in page.html


@pytest.mark.parametrize("lang", ["xx", "", "../../etc/passwd"])
async def test_a_language_that_does_not_exist_is_chinese(browser: Browser, lang: str) -> None:
    page = await browser.open(f"/language?lang={lang}&next=/sign-in")

    assert "登录群策" in page.html
