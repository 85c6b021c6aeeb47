"""Where the shapes of a drawing stand; templates only write them down as SVG.  Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

HEIGHT: Final = 100.0  # of every drawing; its width says how many things stand beside each other
_COLUMN, _GAP = 10.0, 2.0


@dataclass(frozen=True, slots=True)
class Bar:
    """``kind`` is which of the drawn series it is, from 0."""

    x: float
    y: float
    width: float
    height: float
    kind: int


@dataclass(frozen=True, slots=True)
class Columns:
    """One column per thing, its parts on top of each other."""

    width: float
    most: int
    """The highest column's value, which is as high as the drawing."""
    bars: Sequence[Sequence[Bar]]

    @property
    def left(self) -> Sequence[float]:
        return [n * _COLUMN for n in range(len(self.bars))]


def columns(values: Sequence[Mapping[str, int]], series: Sequence[str]) -> Columns:
    """``values`` one after the other, each the sum of its ``series`` from the ground up."""
    most = max((sum(one[name] for name in series) for one in values), default=0)
    drawn = []
    for n, one in enumerate(values):
        top, bars = HEIGHT, []
        for kind, name in enumerate(series):
            if not one[name]:
                continue
            height = HEIGHT * one[name] / most
            top -= height
            bars.append(
                Bar(n * _COLUMN + _GAP / 2, round(top, 2), _COLUMN - _GAP, round(height, 2), kind)
            )
        drawn.append(bars)
    return Columns(_COLUMN * len(values), most, drawn)


@dataclass(frozen=True, slots=True)
class Range:
    """A share somewhere between two others, in hundredths of the drawn width."""

    low: float
    high: float
    at: float


def ranges(found: Sequence[tuple[float, float, float]]) -> tuple[Sequence[Range], float]:
    """(low, high, middle) of each on one common scale from zero, and the share at its end."""
    end = max((high for _, high, _ in found), default=0.0)
    end = min(1.0, end * 1.15) or 1.0

    def on(share: float) -> float:
        return round(100 * share / end, 2)

    return [Range(on(low), on(high), on(at)) for low, high, at in found], end
