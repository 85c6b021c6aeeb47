"""The inside of the embedded mongod: a replica set of one, and the one user who may enter."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from config.settings import SettingsError

NAME = "qunce"
READY_SECONDS = 10.0
UNAUTHORIZED, AUTHENTICATION_FAILED, NOT_YET_INITIALIZED = 13, 18, 94

Client = AsyncMongoClient[dict[str, Any]]


def url(port: int, password: str) -> str:
    """The address for clients; they wait for the primary by themselves."""
    return f"mongodb://{NAME}:{password}@127.0.0.1:{port}/?authSource=admin&replicaSet={NAME}"


async def prepare(port: int, password: str) -> None:
    """Make the mongod on this port a primary that knows our user; repeating changes nothing."""
    async with asyncio.timeout(READY_SECONDS), _connected(port, NAME, password) as client:
        try:
            await _readdress(client, port)
        except OperationFailure as error:
            if error.code != AUTHENTICATION_FAILED:
                raise
            await _found(port, password)
        await _until_primary(client)


async def move(port: int, key: str) -> None:
    """Give the set its new address while mongod runs alone, so not as a member of it.

    A member that starts elsewhere first asks its old address whether that is itself; somebody
    who has taken the port and keeps silent holds it up for 30 s.
    """
    async with _connected(port, "__system", key, "local") as client:
        await client["local"]["system.replset"].update_one(
            {"_id": NAME}, {"$set": {"members.0.host": _host(port)}}
        )


async def _readdress(client: Client, port: int) -> None:
    """The set knows its member by address: when mongod.json was lost or edited, tell it."""
    config = await _config(client)
    if config["members"][0]["host"] != _host(port):
        config["members"][0]["host"] = _host(port)
        config["version"] += 1
        await client.admin.command("replSetReconfig", config, force=True)


async def _config(client: Client) -> dict[str, Any]:
    while True:
        try:
            config: dict[str, Any] = (await client.admin.command("replSetGetConfig"))["config"]
            return config
        except OperationFailure as error:
            if error.code != NOT_YET_INITIALIZED:
                raise
        await asyncio.sleep(0.01)


async def _found(port: int, password: str) -> None:
    """The first start: a mongod without users lets one come in from this machine."""
    async with _connected(port) as stranger:
        if "setName" not in await stranger.admin.command("hello"):
            config = {"_id": NAME, "members": [{"_id": 0, "host": _host(port)}]}
            await _as_founder(stranger, "replSetInitiate", config)
        await _until_primary(stranger)
        await _as_founder(stranger, "createUser", NAME, pwd=password, roles=["root"])


async def _as_founder(stranger: Client, command: str, value: Any, **more: Any) -> None:
    try:
        await stranger.admin.command(command, value, **more)
    except OperationFailure as error:
        if error.code != UNAUTHORIZED:
            raise
        raise SettingsError(
            "QUNCE_DATA_DIR 里的 mongod.key 不是这个数据库的钥匙，请恢复原文件，或换一个空文件夹。"
            " The mongod.key in QUNCE_DATA_DIR does not open this database; restore the file,"
            " or choose an empty folder."
        ) from error


async def _until_primary(client: Client) -> None:
    while True:
        if (await client.admin.command("hello"))["isWritablePrimary"]:
            return
        await asyncio.sleep(0.01)


def _host(port: int) -> str:
    return f"127.0.0.1:{port}"


@asynccontextmanager
async def _connected(
    port: int, user: str | None = None, password: str | None = None, source: str = "admin"
) -> AsyncIterator[Client]:
    async with Client(
        "127.0.0.1",
        port,
        directConnection=True,
        serverSelectionTimeoutMS=5_000,
        username=user,
        password=password,
        authSource=source,
    ) as client:
        yield client
