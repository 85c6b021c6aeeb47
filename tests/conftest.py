"""A real mongod for the whole run, and an empty database for every test."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pymongo import AsyncMongoClient

from bot.store.client import open_client
from tests.mongod import passing

Client = AsyncMongoClient[dict[str, Any]]

# The same examples in every run, so that a red run is about the change in hand. To look for new
# ones: pytest --hypothesis-profile=default …
settings.register_profile("same every time", derandomize=True, deadline=None)
settings.load_profile("same every time")


@pytest.fixture(scope="session")
def worker(request: pytest.FixtureRequest) -> str:
    """The name of this pytest process: "main", or xdist's "gw0", "gw1", …"""
    return str(getattr(request.config, "workerinput", {}).get("workerid", "main"))


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, worker: str) -> Path:
    """One folder for all processes of this run."""
    mine = tmp_path_factory.getbasetemp()
    return mine if worker == "main" else mine.parent


@pytest.fixture(scope="session")
async def mongo_url(run_folder: Path) -> AsyncIterator[str]:
    """The first process to need it starts it, the last one out stops it, as in production."""
    async with passing(run_folder / "mongo") as url:
        yield url


@pytest.fixture(scope="session")
async def mongo(mongo_url: str) -> AsyncIterator[Client]:
    async with open_client(mongo_url) as client:
        yield client


@pytest.fixture
async def database(mongo: Client, worker: str) -> str:
    """The name of this process's database; emptied first, as that is quicker than a new one."""
    name = f"test_{worker}"
    for collection in await mongo[name].list_collection_names():
        await mongo[name][collection].delete_many({})
    return name
