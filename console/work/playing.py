"""The process a simulation runs in: minutes of arithmetic must not keep callbacks waiting.

It is given an :class:`Order`, pickled, on its standard input, and says a line of JSON for every
day it has played; the last line holds the figures. It talks to nobody else.
"""

import json
import os
import pickle
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.plan.living import Living, on_stage
from bot.rehearse.simulate import Played, Wish, play, synthetic
from config.loader import load_texts

_POLITE = 10  # whoever answers WeCom goes first


@dataclass(frozen=True, slots=True)
class Order:
    """What to play: a folder, for whom (None: a synthetic company) and for how long."""

    files: Mapping[str, str]
    pictures: Mapping[str, bytes]
    wish: Wish
    here: Living | None


def main() -> None:
    os.nice(_POLITE)
    order: Order = pickle.load(sys.stdin.buffer)  # noqa: S301 -- our own parent wrote it
    played = _played(order)
    _say(figures=played.figures.as_json())


def _played(order: Order) -> Played:
    book = load_texts(dict(order.files), dict(order.pictures))
    done = iter(range(1, order.wish.days + 1))

    def watch() -> None:
        _say(day=next(done))

    if order.here is None:
        return play(synthetic(book, order.wish), book, order.wish, watch=watch)
    rehearsal, company, wish = on_stage(order.here, book, order.wish)
    return play(rehearsal, book, wish, company, watch)


def _say(**what: Any) -> None:
    """A line; when nobody listens any more, this process ends by it."""
    sys.stdout.write(json.dumps(what, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
