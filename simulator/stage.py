"""Which simulation is on at the moment; a new setup replaces it."""

import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from simulator.people import People
from simulator.setup import Setup
from simulator.simulation import Simulation


class Stage:
    """Empty until the first setup."""

    def __init__(self, machine: Callable[[], float] = time.monotonic) -> None:
        self._machine = machine
        self._now_on: Simulation | None = None

    @property
    def now_on(self) -> Simulation:
        if self._now_on is None:
            raise web.HTTPConflict(text="POST /_sim/setup first")
        return self._now_on

    async def play(self, wish: dict[str, Any]) -> Simulation:
        """Raises a ValidationError that names every mistake."""
        setup = Setup.model_validate(wish)
        await self.clear()
        simulation = Simulation(setup, self._machine)
        if setup.customers:
            simulation.onlookers = People(simulation)
            simulation.onlookers.begin()
        self._now_on = simulation
        return simulation

    async def clear(self) -> None:
        if self._now_on:
            await self._now_on.outlet.close()
            self._now_on = None


STAGE = web.AppKey("stage", Stage)
