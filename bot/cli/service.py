"""The commands that work until told to stop, and the demo."""

import asyncio
import logging
import signal
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from bot import demo as demonstration
from bot.app import serve, toil
from bot.cli.terminal import AsJson, say
from bot.logs import speak
from config import settings as deployment
from config.settings import Settings


def run() -> None:
    """接收回调并完成其余全部工作（服务器、调度、发送在一个进程里）。"""
    _work(serve)


def worker() -> None:
    """只干活、不接收回调；可以在任意多台机器上开任意多个。"""
    _work(toil)


def demo(
    days: Annotated[int, typer.Option(min=1, max=60, help="模拟多少天")] = 14,
    customers: Annotated[int, typer.Option(min=1, max=2000, help="多少位客户")] = 200,
    seed: Annotated[int, typer.Option(help="换一个数，换一家公司")] = demonstration.SEED,
    console: Annotated[
        bool, typer.Option("--console/--no-console", help="演完后留着后台给您看，按 Ctrl-C 结束")
    ] = True,
    port: Annotated[int, typer.Option(min=0, max=65535, help="后台的端口；0 是随便一个")] = 0,
    as_json: AsJson = False,
) -> None:
    """看一家门店的十四天：内置数据库和模拟的企业微信，其余都是真的；演完可以在后台里看。"""
    logging.basicConfig(level=logging.ERROR)
    stays = console and not as_json
    wish = demonstration.Wish(
        days=days, customers=customers, seed=seed, as_json=as_json, console=stays, port=port
    )

    def tell(figures: Mapping[str, Any], address: str) -> None:
        if as_json:
            sys.stdout.write(demonstration.as_json(figures) + "\n")
            return
        say(demonstration.summary(figures))
        if address:
            say(demonstration.invitation(address), "bold")
        sys.stdout.flush()

    figures = demonstration.play(wish, tell)
    if figures["duplicates"] or figures["lost"]:
        raise typer.Exit(1)


def _work(service: Any) -> None:
    settings = deployment.load()
    speak(settings)
    if sys.platform != "win32":
        import uvloop

        uvloop.run(_until_told(service, settings))


async def _until_told(service: Any, settings: Settings) -> None:
    """SIGTERM and Ctrl-C finish what is in hand; nothing is cancelled half-way."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await service(settings, stop)
