"""Run the simulator as a process of its own: python -m simulator --port 0."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from aiohttp import web

from simulator.server import build


async def serve(host: str, port: int, port_file: Path | None, *, with_parent: bool) -> None:
    """Until SIGTERM or SIGINT; ``with_parent``: or until nobody holds our standard input."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    if with_parent:

        def heard() -> None:
            if not os.read(sys.stdin.fileno(), 1024):
                asyncio.get_running_loop().remove_reader(sys.stdin)
                stop.set()

        asyncio.get_running_loop().add_reader(sys.stdin, heard)
    runner = web.AppRunner(build(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    bound = runner.addresses[0][1]
    if port_file:
        fresh = port_file.with_suffix(".new")
        fresh.write_text(str(bound))
        fresh.replace(port_file)
    sys.stdout.write(f"simulator listening on http://{host}:{bound}\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(prog="simulator", description="A pretend WeCom.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--port-file", type=Path, help="where to write the port")
    parser.add_argument(
        "--with-parent", action="store_true", help="end when standard input is closed"
    )
    wish = parser.parse_args()
    asyncio.run(serve(wish.host, wish.port, wish.port_file, with_parent=wish.with_parent))


if __name__ == "__main__":
    main()
