"""A poster with a QR code: as PDF to print, and as a picture to send.

The PDF names a Chinese typeface that every PDF reader brings along, so nothing need be installed;
the picture has words only where this machine has a typeface to write them with.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import segno
from PIL import Image, ImageDraw
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from console import fonts

Paper = Literal["A4", "A5"]
PAPERS: Final[dict[Paper, tuple[int, int]]] = {"A4": (210, 297), "A5": (148, 210)}  # mm
_FACE: Final = "STSong-Light"
_PIXELS: Final = (1240, 1754)  # A4 at 150 dots per inch, A5 at 210
_INK, _QUIET, _ACCENT = "#1c2424", "#566060", "#0b7a75"
HINT: Final = "微信扫一扫"

# In parts of the width of the paper, which is √2 as high as it is wide.
_SIDE: Final = 0.64
_SIDE_AT: Final = 0.48
_WORDS_AT: Final = 0.43  # the base line of the last line above the code
_TITLE, _WORDS, _SMALL = 0.1, 0.046, 0.034
_STROKE: Final = 0.02  # what makes a title bold, in parts of its size
_FILLED_AND_DRAWN: Final = 2
_MARGIN: Final = 0.08
_TITLE_APART, _WORDS_APART, _BETWEEN = 1.25, 1.4, 0.09
_LINES: Final = 2  # of either, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """``code``: the QR code as WeCom or we drew it, PNG or JPEG."""

    title: str
    words: str
    code: bytes


@dataclass(frozen=True, slots=True)
class _Line:
    """One centred line; ``at`` is its base line from the top."""

    text: str
    size: float
    at: float
    colour: str
    is_bold: bool = False


Measure = Callable[[str, float], float]
"""How wide a text of a size is."""


def of_text(text: str) -> bytes:
    """The QR code of an address, as PNG; it is read also with a sixth of it covered."""
    drawn = io.BytesIO()
    segno.make(text, error="q", micro=False).save(drawn, kind="png", scale=16, border=0)
    return drawn.getvalue()


def pdf(poster: Poster, paper: Paper) -> bytes:
    """One page to print. Emoji are left out: no typeface for print has them."""
    pdfmetrics.registerFont(UnicodeCIDFont(_FACE))
    wide, high = (side * mm for side in PAPERS[paper])
    made = io.BytesIO()
    page = Canvas(made, pagesize=(wide, high), invariant=True)
    page.setTitle(in_print(poster.title))
    for line in _lines(poster, lambda text, size: pdfmetrics.stringWidth(text, _FACE, size)):
        page.setFont(_FACE, line.size * wide)
        page.setFillColor(line.colour)
        page.setStrokeColor(line.colour)
        page.setLineWidth(line.size * wide * _STROKE)
        mode = _FILLED_AND_DRAWN if line.is_bold else None
        page.drawCentredString(wide / 2, high - line.at * wide, line.text, mode=mode)
    side = _SIDE * wide
    top = high - _SIDE_AT * wide
    code = ImageReader(io.BytesIO(_png(_code(poster))))
    page.drawImage(code, (wide - side) / 2, top - side, side, side)
    page.save()
    return made.getvalue()


def png(poster: Poster) -> bytes:
    """The whole poster; only the QR code with its margin where there is no typeface."""
    code = _code(poster)
    if fonts.chinese() is None:
        return _png(code)
    wide, high = _PIXELS
    picture = Image.new("RGB", (wide, high), "white")
    pen = ImageDraw.Draw(picture)
    for line in _lines(poster, _measured):
        pixels = round(line.size * wide)
        stroke = round(pixels * _STROKE) if line.is_bold else 0
        at, font = (wide / 2, line.at * wide), fonts.of_size(pixels)
        pen.text(at, line.text, line.colour, font, anchor="ms", stroke_width=stroke)
    side = round(_SIDE * wide)
    shown = code.resize((side, side), Image.Resampling.LANCZOS)
    picture.paste(shown, ((wide - side) // 2, round(_SIDE_AT * wide)))
    return _png(picture)


def in_print(text: str) -> str:
    """What a typeface for print can write of it."""
    return "".join(one for one in text if one.isprintable() and ord(one) < 0x10000).strip()


def _code(poster: Poster) -> Image.Image:
    """Square and with the white margin every reader needs: four of about 40 modules."""
    drawn = Image.open(io.BytesIO(poster.code)).convert("RGBA")
    side = max(drawn.size)
    margin = side // 10
    whole = Image.new("RGB", (side + 2 * margin,) * 2, "white")
    at = (margin + (side - drawn.width) // 2, margin + (side - drawn.height) // 2)
    whole.paste(drawn, at, drawn)
    return whole


def _png(picture: Image.Image) -> bytes:
    made = io.BytesIO()
    picture.save(made, "PNG", optimize=True)
    return made.getvalue()


def _lines(poster: Poster, measure: Measure) -> Iterator[_Line]:
    """Title and words stand on the code, how to scan it below."""
    title, title_size = _fitting(in_print(poster.title), _TITLE, measure)
    words, words_size = _fitting(in_print(poster.words), _WORDS, measure)
    at = _WORDS_AT
    for text in reversed(words):
        yield _Line(text, words_size, at, _QUIET)
        at -= words_size * _WORDS_APART
    if words:
        at += words_size * _WORDS_APART - _BETWEEN
    for text in reversed(title):
        yield _Line(text, title_size, at, _INK, is_bold=True)
        at -= title_size * _TITLE_APART
    yield _Line(HINT, _SMALL, _SIDE_AT + _SIDE + 0.07, _ACCENT)


def _fitting(text: str, size: float, measure: Measure) -> tuple[list[str], float]:
    """The text in at most two lines, smaller if need be; and how large."""
    room = 1 - 2 * _MARGIN
    while len(lines := _broken(text, room / size, measure)) > _LINES:
        size *= 0.92
    return lines, size


def _broken(text: str, room: float, measure: Measure) -> list[str]:
    """Chinese may be broken anywhere. ``room`` is in widths of a character of size 1."""
    lines = [""]
    for one in text:
        if measure(lines[-1] + one, 1.0) > room:
            lines.append("")
        lines[-1] += one if lines[-1] else one.lstrip()
    return [line.strip() for line in lines if line.strip()]


def _measured(text: str, size: float) -> float:
    """By the typeface of this machine."""
    font = fonts.of_size(100)
    return font.getlength(text) / 100 * size if font else 0.0
