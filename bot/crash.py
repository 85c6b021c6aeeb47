"""Named places where a test may kill or freeze this process; silent unless it was armed.

Random kills miss the narrow windows between a call and its record; these stand exactly there.
"""

import os
import random
import signal
import time

_chance: dict[str, float] = {}
_dice = random.Random()  # noqa: S311 -- chaos, not secrets


def arm(plan: str) -> None:
    """From now on die and freeze by these chances: "kill=0.01,freeze=0.01,seconds=3"."""
    _chance.update({name: float(value) for name, _, value in _parts(plan)})


def crash_point(name: str) -> None:
    """Perhaps die here, or sleep past our lease as a frozen process would."""
    if not _chance:
        return
    roll = _dice.random()
    if roll < _chance["kill"]:
        os.kill(os.getpid(), signal.SIGKILL)
    elif roll < _chance["kill"] + _chance["freeze"]:
        time.sleep(_chance["seconds"])


def _parts(plan: str) -> list[tuple[str, str, str]]:
    return [part.partition("=") for part in plan.split(",")]


if _plan := os.environ.get("QUNCE_CRASH"):
    arm(_plan)
