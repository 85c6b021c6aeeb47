"""Chinese, or English for who asks for it: texts are written in Chinese and looked up."""

import io
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from aiohttp import web
from babel.messages.pofile import read_po

COOKIE: Final = "qunce-lang"
LANGUAGES: Final = {"zh-CN": "中文", "en": "English"}
_HERE = Path(__file__).parent / "locale"


def marked(text: str) -> str:
    """A text that a template will translate; it is collected from here."""
    return text


def of(request: web.Request) -> str:
    """What the reader chose; Chinese when they never did."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else "zh-CN"


def translator(request: web.Request) -> Callable[..., str]:
    """``_("共 {n} 项", n=3)`` in the language of the request."""
    known = _texts(of(request))

    def translate(text: str, **values: object) -> str:
        found = known.get(text, text)
        return found.format(**values) if values else found

    return translate


@cache
def _texts(lang: str) -> Mapping[str, str]:
    if lang == "zh-CN":
        return {}
    return {
        str(m.id): str(m.string)
        for path in sorted((_HERE / lang).glob("*.po"))
        for m in read_po(io.BytesIO(path.read_bytes()))
        if m.id and m.string
    }
