"""The peer of the engine bench: taskiq on Redis Streams, jobs that only store their result."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.intake import TOOLS, free_port

HERE = Path(__file__).parent
JOBS = 6000
PATIENCE_SECONDS = 15.0


def jobs_per_second() -> float | None:
    """Jobs with a stored result per second of one worker; None where Redis or taskiq is missing."""
    server, tools = shutil.which("redis-server"), _tools()
    if not server or not tools:
        return None
    with _redis(server) as url:
        there = os.environ | {"BENCH_REDIS": url}
        fill = [tools / "python", HERE / "taskiq_jobs.py", str(JOBS)]
        subprocess.run(fill, env=there, check=True)
        command = [tools / "taskiq", "worker", "--workers", "1", "--log-level", "WARNING"]
        started = {
            "cwd": HERE,
            "env": there,
            "start_new_session": True,
            "stdin": subprocess.DEVNULL,
        }
        worker = subprocess.Popen([*command, "taskiq_jobs:broker"], **started)
        try:
            return _rate(url)
        finally:
            os.killpg(worker.pid, signal.SIGKILL)  # its supervisor outlives a polite end
            worker.wait()


def _rate(url: str) -> float | None:
    """From the first result to the last; None when there never was one."""
    before = _results(url)
    until = time.monotonic() + PATIENCE_SECONDS
    while (first := _results(url)) == before and time.monotonic() < until:
        time.sleep(0.005)
    if first == before:
        sys.stderr.write("taskiq stored no result: that peer is left out\n")
        return None
    began = time.perf_counter()
    while (done := _results(url)) < before + JOBS and time.monotonic() < until:
        time.sleep(0.005)
    return (done - first) / (time.perf_counter() - began)


def _results(url: str) -> int:
    port = url.rpartition(":")[2]
    answer = subprocess.run(["redis-cli", "-p", port, "dbsize"], capture_output=True, check=True)
    return int(answer.stdout.split()[-1])


def _tools() -> Path | None:
    folder = TOOLS / "taskiq"
    if not (folder / "bin" / "taskiq").exists():
        venv.create(folder, with_pip=True)
        pip = [str(folder / "bin" / "pip"), "install", "-q", "taskiq", "taskiq-redis"]
        if subprocess.run(pip, capture_output=True, check=False).returncode:
            shutil.rmtree(folder, ignore_errors=True)
            sys.stderr.write("taskiq could not be installed: that peer is left out\n")
            return None
    return folder / "bin"


@contextmanager
def _redis(server: str) -> Iterator[str]:
    """As durable as it gets without waiting for each write: an append-only file."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(port), "--dir", folder, "--appendonly", "yes", "--save", ""]
        process = subprocess.Popen([server, *options], stdout=subprocess.DEVNULL)
        try:
            time.sleep(0.5)
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()
