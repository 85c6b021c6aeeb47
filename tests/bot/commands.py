"""The commands as an operator types them: processes of their own, with settings of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
TOKEN = "callbacktoken"
CORP = "wwtestcorp12345678"
SECRET = "shop-secret-of-at-least-32-characters"
SETTINGS = {
    "QUNCE_CORP_ID": CORP,
    "QUNCE_AGENT_ID": "1000002",
    "QUNCE_AGENT_SECRET": "a" * 43,
    "QUNCE_CONTACT_SECRET": "c" * 43,
    "QUNCE_CALLBACK_TOKEN": TOKEN,
    "QUNCE_CALLBACK_AES_KEY": AES_KEY,
    "QUNCE_EVENTS_SECRET": SECRET,
    "QUNCE_API_BASE": "http://127.0.0.1:1/cgi-bin",  # nobody is there
}


class Commands:
    """``qunce …`` in an empty folder, so that nobody's .env is read."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self.settings = dict(settings)
        self._running: list[subprocess.Popen[str]] = []

    def run(
        self, *words: str, seconds: float = 60, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """To its end; ``more`` are further settings, "" takes one away."""
        return subprocess.run(
            _line(words),
            env=self._env(more),
            cwd=self.folder,
            timeout=seconds,
            capture_output=True,
            text=True,
        )

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """In the background; what it says goes to :meth:`said`."""
        with (self.folder / f"said-{len(self._running)}").open("w") as said:
            process = subprocess.Popen(
                _line(words),
                env=self._env(more),
                cwd=self.folder,
                stdout=said,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self._running.append(process)
        return process

    def said(self, process: subprocess.Popen[str]) -> str:
        return (self.folder / f"said-{self._running.index(process)}").read_text()

    def stop(self, process: subprocess.Popen[str], seconds: float = 10) -> tuple[int, float]:
        """SIGTERM; its exit code, and how long it took."""
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        return process.wait(seconds), time.monotonic() - began

    def close(self) -> None:
        for process in self._running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._running:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _env(self, more: Mapping[str, str]) -> dict[str, str]:
        usual = {k: v for k, v in os.environ.items() if not k.startswith("QUNCE_")}
        ours = {**self.settings, **more, "PYTHONPATH": str(ROOT)}
        return {**usual, **{name: value for name, value in ours.items() if value}}


def _line(words: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "bot", *words]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
