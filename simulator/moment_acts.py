"""What scenario tests let people do about moments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator import feed
from simulator.simulation import Simulation

Wish = dict[str, Any]


def _publish(sim: Simulation, wish: Wish) -> Wish:
    return {"published": feed.publish(sim, wish["staff"], wish["moment_id"])}


def _like(sim: Simulation, wish: Wish) -> Wish:
    return {"liked": feed.like(sim, wish["contact"], wish["staff"], wish["moment_id"])}


def _comment(sim: Simulation, wish: Wish) -> Wish:
    return {"commented": feed.comment(sim, wish["contact"], wish["staff"], wish["moment_id"])}


ACTS: dict[str, Callable[[Simulation, Wish], Wish]] = {
    "publish": _publish,
    "like": _like,
    "comment": _comment,
}
