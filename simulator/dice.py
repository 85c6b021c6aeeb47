"""Chance without order: every choice is a hash of the seed, who chooses, what, and which time."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

T = TypeVar("T")

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Dice:
    """The same question gets the same answer, whatever was asked before."""

    def __init__(self, seed: int) -> None:
        self._seed = str(seed)

    def roll(self, who: str, what: str, n: object = 0) -> float:
        """Evenly in [0, 1)."""
        return self._number(who, what, str(n)) / 2**64

    def happens(self, chance: float, who: str, what: str, n: object = 0) -> bool:
        return self.roll(who, what, n) < chance

    def pick(self, options: Sequence[T], who: str, what: str, n: object = 0) -> T:
        return options[self._number(who, what, str(n)) % len(options)]

    def weighted(self, weights: Mapping[str, float], who: str, what: str) -> str:
        left = self.roll(who, what) * sum(weights.values())
        for name, weight in weights.items():
            left -= weight
            if left < 0:
                return name
        return list(weights)[-1]

    def between(
        self, low: timedelta, high: timedelta, who: str, what: str, n: object = 0
    ) -> timedelta:
        """Log-uniform, as people are: often soon, sometimes late."""
        near, far = math.log(low.total_seconds()), math.log(high.total_seconds())
        return timedelta(seconds=math.exp(near + (far - near) * self.roll(who, what, n)))

    def _number(self, *about: str) -> int:
        text = "\x1f".join((self._seed, *about)).encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


class Mint:
    """Ids made from what they are about, so that another order of calls gives the same ids."""

    def __init__(self, seed: int) -> None:
        self._seed = str(seed)
        self._made: Counter[tuple[str, str]] = Counter()

    def letters(self, prefix: str, *about: object, length: int = 30) -> str:
        number = self._number(prefix, about)
        text = ""
        for _ in range(length):
            number, rest = divmod(number, len(LETTERS))
            text += LETTERS[rest]
        return prefix + text

    def hexes(self, *about: object) -> str:
        return f"{self._number('', about):064x}"[:32]

    def whole(self, *about: object) -> int:
        """Up to 19 digits, like a MsgId."""
        return self._number("#", about) % 2**62

    def _number(self, prefix: str, about: tuple[object, ...]) -> int:
        key = canonical([str(part) for part in about])
        n = self._made[prefix, key]
        self._made[prefix, key] += 1
        text = "\x1f".join((self._seed, prefix, key, str(n))).encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=32).digest(), "big")


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def fingerprint(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:32]
