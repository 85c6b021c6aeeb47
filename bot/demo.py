"""``qunce demo``: a shop's fortnight on the embedded MongoDB and the simulated WeCom."""

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import uvloop

from bot import callback
from bot.app import open_context, open_door, open_shop
from bot.context import Context
from bot.director import BusinessClock, Director, Simulated
from bot.figures import audit, tally, welcomed_in_time
from bot.screen import Screen
from bot.sync import sync_everything
from config.settings import Settings
from console.demo import address as one_click_address
from scheduler import pulse

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 9, 8, 0, tzinfo=SHANGHAI)
FORENOON = timedelta(hours=3, minutes=30)  # until whoever looks around finds a day under way
SHOP = Path(__file__).parent.parent / "config" / "shop"
GRAIN = timedelta(minutes=15)  # how exactly the bot looks at the clock
CUSTOMERS = 200
SEED = 8
_SIMULATOR = (sys.executable, "-m", "simulator", "--port", "0", "--with-parent")
_GLANCE_SECONDS = 0.5  # between two looks at what a click in the console asked for

STAFF = {
    "wangfang": ("王芳", [1], False),
    "zhoulv": ("周律", [1], False),
    "limin": ("李敏", [2], True),
    "zhangli": ("张丽", [2], False),
    "liuyang": ("刘洋", [2], False),
    "chenjing": ("陈静", [3], True),
    "zhaoqian": ("赵倩", [3], False),
    "sunyue": ("孙悦", [3], False),
}
GROUPS = (
    ("徐汇店 0-6月龄 1群", "zhangli", 30),
    ("徐汇店 6-12月龄 1群", "limin", 18),
    ("静安店 孕期 1群", "zhaoqian", 12),
    ("静安店 新手妈妈综合群 1群", "chenjing", 40),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person at the keyboard asked for."""

    days: int
    customers: int = CUSTOMERS
    seed: int = SEED
    as_json: bool = False
    console: bool = True
    """Stay up afterwards, for somebody to look around."""
    port: int = 0
    """Of the console; 0: any that is free."""


Tell = Callable[[Mapping[str, Any], str], None]
"""Given the figures, and the address to open; "" when nothing stays up."""


def play(wish: Wish, tell: Tell) -> dict[str, Any]:
    """Live through the days, tell, and stay up until Ctrl-C if wished; the figures."""
    with tempfile.TemporaryDirectory(prefix="qunce-demo-") as folder:
        return uvloop.run(_play(wish, Path(folder), tell))


async def _play(wish: Wish, folder: Path, tell: Tell) -> dict[str, Any]:
    began = time.monotonic()
    clock = BusinessClock(START)
    async with simulator(folder) as base, aiohttp.ClientSession() as session:
        settings = _settings(base, folder, wish.port or _free_port())
        company = Simulated(base, session)
        token = secrets.token_urlsafe(24) if wish.console else ""
        async with (
            open_door(settings, now=clock, one_click=token) as (door, address),
            open_context(settings, now=clock, hints=door.hints) as ctx,
        ):
            door.connect(ctx)
            await company.setup(_company(settings, address, wish))
            await sync_everything(ctx)
            await open_shop(ctx)
            end = START + timedelta(days=wish.days)
            screen = Screen(ctx, START, end, plain=wish.as_json or not sys.stdout.isatty())
            director = Director(ctx, company, clock, GRAIN)
            with screen:
                await director.play(end, screen.watch)
                await screen.show(end)
            seconds = time.monotonic() - began
            figures = await _report(ctx, await company.ledger(), end, seconds)
            if not token:
                tell(figures, "")
                return figures
            await director.play(end + FORENOON, _unwatched)
            tell(figures, one_click_address(address, token))
            await _stay_up(ctx, director, end + FORENOON)
            return figures


async def _stay_up(ctx: Context, director: Director, since: datetime) -> None:
    """From now on an hour takes an hour: what is clicked happens, until Ctrl-C."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    began = time.monotonic()
    while not stop.is_set():
        await director.play(since + timedelta(seconds=time.monotonic() - began), _unwatched)
        await pulse.look(ctx)  # the director's own house is kept every three hours
        with suppress(TimeoutError):
            async with asyncio.timeout(_GLANCE_SECONDS):
                await stop.wait()


async def _unwatched(_: datetime) -> None: ...


def _free_port() -> int:
    """Chosen ahead, since pages for members are told their own address before they exist."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _report(
    ctx: Context, ledger: Mapping[str, Any], now: datetime, seconds: float
) -> dict[str, Any]:
    figures = await tally(ctx)
    figures["welcomed_within_20s"] = welcomed_in_time(ledger)
    figures |= await audit(ctx, ledger, now)
    figures["seconds"] = round(seconds, 1)
    return figures


@asynccontextmanager
async def simulator(folder: Path) -> AsyncIterator[str]:
    """The pretend WeCom as a process of its own; its address."""
    port_file = folder / "simulator.port"
    # Not asyncio's: under uvloop it leaks descriptors.
    process = subprocess.Popen(  # noqa: ASYNC220, S603
        [*_SIMULATOR, "--port-file", str(port_file)],
        stdin=subprocess.PIPE,  # closed by our end, however we end: it must not outlive us
        stdout=subprocess.DEVNULL,
        cwd=Path(__file__).parent.parent,
        start_new_session=True,  # Ctrl-C is for us: it is stopped after us, not under us
    )
    try:
        async with asyncio.timeout(20):
            while not port_file.exists():
                if process.poll() is not None:
                    raise RuntimeError("the simulator did not start")
                await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{port_file.read_text()}"
    finally:
        process.terminate()
        await asyncio.to_thread(process.communicate)


def _settings(base: str, folder: Path, port: int) -> Settings:
    """Secrets are fresh: nothing of a demo can be used anywhere else."""
    mongo_url = os.environ.get("QUNCE_MONGO_URL")
    return Settings(
        corp_id="wwdemo0123456789ab",
        agent_id=1000002,
        agent_secret=secrets.token_urlsafe(32),
        contact_secret=secrets.token_urlsafe(32),
        callback_token=secrets.token_hex(12),
        callback_aes_key=secrets.token_hex(32)[:43],
        events_secret=secrets.token_urlsafe(32),
        api_base=f"{base}/cgi-bin",
        authorize_url=f"{base}/connect/oauth2/authorize",
        login_url=f"{base}/wwlogin/sso/login",
        public_url=f"http://127.0.0.1:{port}",
        mongo_url=mongo_url,
        database=f"qunce_demo_{secrets.token_hex(4)}",
        data_dir=folder / "data",
        config_dir=SHOP,
        port=port,
    )


def _company(settings: Settings, address: str, wish: Wish) -> dict[str, Any]:
    def route(name: str) -> dict[str, str]:
        token, aes_key = settings.keys(name)  # type: ignore[arg-type]
        return {"url": address + callback.PATHS[name], "token": token, "aes_key": aes_key}

    events = settings.events_secret
    return {
        "corp_id": settings.corp_id,
        "agent_id": settings.agent_id,
        "agent_secret": settings.agent_secret.get_secret_value(),
        "contact_secret": settings.contact_secret.get_secret_value(),
        "callbacks": {name: route(name) for name in callback.PATHS},
        "events": {
            "url": f"{address}/api/events",
            "secret": events.get_secret_value() if events else "",
        },
        "start": START.isoformat(),
        "seed": wish.seed,
        "days": wish.days,
        "departments": [
            {"id": 1, "name": "总部", "parentid": 0},
            {"id": 2, "name": "徐汇店", "parentid": 1},
            {"id": 3, "name": "静安店", "parentid": 1},
        ],
        "staff": [
            {"userid": id, "name": name, "department": departments, "leader": leads}
            for id, (name, departments, leads) in STAFF.items()
        ],
        "groups": [{"name": n, "owner": owner, "members": m} for n, owner, m in GROUPS],
        "customers": wish.customers,
        "behaviour": {"channels": ["徐汇店-门口海报"], "grain_seconds": 1800},
    }


def as_json(figures: Mapping[str, Any]) -> str:
    return json.dumps(figures, ensure_ascii=False)


def summary(figures: Mapping[str, Any]) -> str:
    """The fortnight in six lines of a terminal."""
    f = figures
    dropped = "，".join(f"{reason} {count}" for reason, count in f["suppressed"].items()) or "无"
    return "\n".join(
        (
            f"来了 {f['contacts_added']} 位客户，"
            f"{f['welcomed_within_20s']} 位在 20 秒内收到欢迎语。",
            f"主题群占位 {f['seats_reserved']} 个，邀请送达 {f['invited']} 位，"
            f"看到入群 {f['joined']} 位。",
            f"派出任务 {f['tasks_given']} 个：员工自己确认 {f['tasks_acknowledged']} 个，"
            f"系统核实 {f['tasks_verified']} 个，逾期 {f['tasks_overdue']} 个。",
            f"催办 {f['reminders']} 次，升级 {f['escalations']} 次。",
            f"应推送 {f['pushes_due']} 条，送达 {f['pushes_delivered']} 条；没有发的：{dropped}。",
            f"和企业微信的账本核对：重复 {f['duplicates']}，丢失 {f['lost']}。"
            f"用时 {f['seconds']} 秒。",
        )
    )


def invitation(address: str) -> str:
    """Two lines below the summary; the first can be clicked in most terminals."""
    return (
        f"打开后台（点开就是负责人王芳）：{address}\n"
        "换个人看：地址后面加 &as=limin（店长）或 &as=zhangli（员工）。按 Ctrl-C 结束。"
    )
