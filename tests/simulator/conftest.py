"""A simulator in this process, and something that receives its callbacks."""

from collections.abc import AsyncIterator

import pytest

from tests.simulator.client import Sim, open_sim
from tests.simulator.receiver import Receiver, open_receiver


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with open_sim() as sim:
        yield sim


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as receiver:
        yield receiver
