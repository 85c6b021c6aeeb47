"""What an API endpoint is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from simulator.api.args import Answer, Args
from simulator.simulation import Simulation

Method = Literal["GET", "POST"]
Needs = Literal["nothing", "any token", "agent token"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """``exclusive`` names what only one call at a time may touch (45035)."""

    path: str
    method: Method
    answer: Callable[[Simulation, Args], Answer]
    needs: Needs = "any token"
    exclusive: Callable[[Args], str] | None = None


def get(
    path: str, answer: Callable[[Simulation, Args], Answer], needs: Needs = "any token"
) -> Endpoint:
    return Endpoint(path=path, method="GET", answer=answer, needs=needs)


def post(
    path: str,
    answer: Callable[[Simulation, Args], Answer],
    needs: Needs = "any token",
    exclusive: Callable[[Args], str] | None = None,
) -> Endpoint:
    return Endpoint(path=path, method="POST", answer=answer, needs=needs, exclusive=exclusive)
