"""Misbehaviour on request: failing calls, and callbacks that come twice, out of turn or never."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal, get_args

from simulator.dice import Dice

Kind = Literal[
    "token_void",
    "45009",
    "-1",
    "5xx",
    "hang",
    "cut",
    "empty",
    "garbage",
    "executed_then_timeout",
    "executed_then_cut",
]
CALLBACK_KINDS = ("duplicate", "reorder", "drop")


@dataclass(slots=True, kw_only=True)
class Fault:
    """``times`` None means for ever."""

    api: str
    kind: str
    times: int | None
    rate: float


@dataclass(slots=True, kw_only=True)
class CallbackFault:
    rate: float
    copies: int
    seconds: float


class Faults:
    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._calls: list[Fault] = []
        self._callbacks: dict[str, CallbackFault] = {}
        self._seen: Counter[str] = Counter()

    def add(self, wish: dict[str, Any]) -> None:
        """Raises ValueError for a kind that does not exist."""
        if "callbacks" in wish:
            kind = str(wish["callbacks"])
            if kind not in CALLBACK_KINDS:
                raise ValueError(f"callbacks: one of {', '.join(CALLBACK_KINDS)}")
            self._callbacks[kind] = CallbackFault(
                rate=_rate(wish),
                copies=int(wish.get("copies", 3)),
                seconds=float(wish.get("seconds", 0.1)),
            )
            return
        kind = str(wish.get("fault"))
        if kind not in get_args(Kind) and not kind.lstrip("-").isdecimal():
            raise ValueError(f"fault: an errcode or one of {', '.join(get_args(Kind))}")
        times = wish.get("times")
        self._calls.append(
            Fault(
                api=str(wish.get("api", "*")),
                kind=kind,
                times=None if times is None else int(times),
                rate=_rate(wish),
            )
        )

    def clear(self) -> None:
        self._calls.clear()
        self._callbacks.clear()

    def take(self, path: str, body: bytes) -> str | None:
        """The fault this call suffers; the repeat of a call is judged anew."""
        if not self._calls:
            return None
        about = f"{path}:{hashlib.sha256(body).hexdigest()}"
        self._seen[about] += 1
        for fault in self._calls:
            if self._strikes(fault, path, about):
                if fault.times is not None:
                    fault.times -= 1
                return fault.kind
        return None

    def copies(self, about: str) -> int:
        """How many more times this callback arrives."""
        fault = self._callbacks.get("duplicate")
        if not fault or not self._dice.happens(fault.rate, about, "duplicate"):
            return 0
        return 1 + int(self._dice.roll(about, "copies") * fault.copies)

    def drops(self, about: str) -> bool:
        """Whether nobody ever hears of this."""
        fault = self._callbacks.get("drop")
        return fault is not None and self._dice.happens(fault.rate, about, "drop")

    def held_seconds(self, about: str) -> float:
        """How long this callback waits for another to overtake it."""
        fault = self._callbacks.get("reorder")
        if not fault or not self._dice.happens(fault.rate, about, "reorder"):
            return 0.0
        return fault.seconds

    def _strikes(self, fault: Fault, path: str, about: str) -> bool:
        if fault.api not in ("*", path) or fault.times == 0:
            return False
        if fault.kind == "token_void" and path == "gettoken":
            return False
        return self._dice.happens(fault.rate, about, fault.kind, self._seen[about])


def _rate(wish: dict[str, Any]) -> float:
    rate = wish.get("rate")
    return 1.0 if rate is None else float(rate)
