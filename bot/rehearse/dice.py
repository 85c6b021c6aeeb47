"""Chance without dice: every draw is a hash of the seed and of what it is about."""

from datetime import timedelta
from hashlib import blake2b

_WHOLE = 1 << 64


def draw(seed: int, *about: object) -> float:
    """From 0 up to, not including, 1; the same for the same words."""
    words = "\0".join(map(str, (seed, *about)))
    return int.from_bytes(blake2b(words.encode(), digest_size=8).digest()) / _WHOLE


def span(least: timedelta, most: timedelta, chance: float) -> timedelta:
    """Between the two, in whole minutes."""
    minutes = (most - least) // timedelta(minutes=1)
    return least + timedelta(minutes=int(chance * (minutes + 1)))
