"""A mongod for tests, quicker than one that must survive this machine's power."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.store.client import open_client
from bot.store.mongod import embedded


@asynccontextmanager
async def passing(folder: Path) -> AsyncIterator[str]:
    """Its address; "majority" waits for no disk there. Whatever else it promises, it keeps."""
    async with embedded(folder) as url:
        async with open_client(url) as client:
            answer = await client.admin.command("replSetGetConfig")
            config = answer["config"]
            if config["writeConcernMajorityJournalDefault"]:
                config |= {"writeConcernMajorityJournalDefault": False}
                config["version"] += 1
                await client.admin.command("replSetReconfig", config)
        yield url
