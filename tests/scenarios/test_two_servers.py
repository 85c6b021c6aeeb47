"""Two processes serve one company: whatever comes how often to whom, happens once."""

import asyncio
import hmac
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.test_utils import TestServer

from bot import callback
from bot.store import Store
from simulator.server import build
from tests.bot.commands import AES_KEY, CORP, SECRET, SETTINGS, TOKEN, Commands, free_port
from tests.conftest import Client
from tests.world import COMPANY, TEAM, Sim

CUSTOMERS = 100
ORDERS = 19  # of each customer: with the customers themselves 2,000 events
SHOP = f"""{TEAM}
---
SOP: 欢迎
负责人: 王芳
状态: 启用
对象: 客户
进入: {{当: 添加好友}}
步骤:
  - 步骤: 欢迎语
    发欢迎语: {{文案: 您好}}
---
SOP: 下单
负责人: 王芳
状态: 启用
对象: 客户
进入: {{当: 下单}}
步骤:
  - 步骤: 等等
    等待: 30天
"""


@dataclass
class Company:
    sim: Sim
    http: aiohttp.ClientSession
    servers: list[str]
    store: Store

    async def order(self, id: str, contact: str, server: str) -> None:
        """The shop tells of an order."""
        now = datetime.now(UTC)
        event = {"id": id, "subject": contact, "kind": "order", "at": now.isoformat()}
        body, stamp = json.dumps(event).encode(), str(int(now.timestamp()))
        signature = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()
        headers = {"X-Qunce-Timestamp": stamp, "X-Qunce-Signature": signature}
        async with self.http.post(f"{server}/api/events", data=body, headers=headers) as answer:
            assert answer.status == 200

    async def until(self, collection: str, count: int, **where: Any) -> None:
        async with asyncio.timeout(40):
            while await self.store.db[collection].count_documents(where) < count:
                await asyncio.sleep(0.05)

    async def rest(self) -> None:
        """Until nothing is due and no call is under way."""
        waiting = {"due_at": {"$lte": datetime.now(UTC)}}
        async with asyncio.timeout(40):
            while await self.store.db["inbox"].count_documents(waiting) or await self._busy():
                await asyncio.sleep(0.05)

    async def _busy(self) -> bool:
        state = await self.sim.glance()
        unsent = {"state": {"$in": ["ready", "sending"]}}
        return bool(
            state["callbacks_in_flight"]
            or state["calls_in_flight"]
            or await self.store.db["outbox"].count_documents(unsent)
            or await self.store.db["facts"].count_documents({"due_at": {"$exists": True}})
        )


@asynccontextmanager
async def open_company(
    folder: Path, mongo: Client, mongo_url: str, database: str
) -> AsyncIterator[Company]:
    """Two ``qunce run`` against one database and one pretend WeCom."""
    shop = folder / "shop"
    shop.mkdir()
    (shop / "shop.yaml").write_text(SHOP)
    async with TestServer(build()) as wecom, aiohttp.ClientSession() as http:
        base = str(wecom.make_url("")).rstrip("/")
        settings = {
            **SETTINGS,
            "QUNCE_MONGO_URL": mongo_url,
            "QUNCE_DATABASE": database,
            "QUNCE_CONFIG_DIR": str(shop),
            "QUNCE_DATA_DIR": str(folder / "data"),
            "QUNCE_API_BASE": f"{base}/cgi-bin",
        }
        ports = [free_port(), free_port()]
        servers = [f"http://127.0.0.1:{port}" for port in ports]
        sim = Sim(base, http)
        await sim.setup(_founded(servers))
        commands = Commands(folder, settings)
        try:
            for port in ports:
                commands.start("run", QUNCE_PORT=str(port))
            for server in servers:
                await _ready(http, server)
            yield Company(sim, http, servers, Store(mongo, database))
        finally:
            await asyncio.to_thread(commands.close)


async def _ready(http: aiohttp.ClientSession, server: str) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                async with http.get(f"{server}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


def _founded(servers: list[str]) -> dict[str, Any]:
    def route(path: str) -> dict[str, Any]:
        urls = [f"{server}{path}" for server in servers]
        return {"url": urls, "token": TOKEN, "aes_key": AES_KEY}

    return {
        "corp_id": CORP,
        "agent_id": 1000002,
        "agent_secret": "a" * 43,
        "contact_secret": "c" * 43,
        "callbacks": {name: route(path) for name, path in callback.PATHS.items()},
        "start": datetime.now(UTC).isoformat(),
        "customers": 0,
        **COMPANY,
    }


async def test_2000_events_told_one_to_four_times_to_two_servers_have_2000_effects(
    mongo: Client, mongo_url: str, database: str, tmp_path: Path
) -> None:
    dice = random.Random(8)
    async with open_company(tmp_path, mongo, mongo_url, database) as company:
        await company.sim.callbacks("duplicate", rate=0.75)
        await company.sim.callbacks("reorder", rate=0.2)
        contacts = [
            (await company.sim.act("add_contact", staff="zhangli", name=f"客户{n}"))[
                "external_userid"
            ]
            for n in range(CUSTOMERS)
        ]
        await company.until("outbox", CUSTOMERS, kind="welcome", state="sent")

        told = [
            (f"{contact}-{n}", contact)
            for contact in contacts
            for n in range(ORDERS)
            for _ in range(dice.randint(1, 4))
        ]
        dice.shuffle(told)
        gate = asyncio.Semaphore(24)

        async def tell(id: str, contact: str) -> None:
            async with gate:
                await company.order(id, contact, dice.choice(company.servers))

        await asyncio.gather(*(tell(*order) for order in told))
        await company.rest()
        ledger, store = await company.sim.ledger(), company.store

        assert len(told) > 1.5 * CUSTOMERS * ORDERS
        assert ledger["callbacks"]["sent"] > 1.5 * CUSTOMERS
        assert Counter(row["external_userid"] for row in ledger["welcomes"]) == dict.fromkeys(
            contacts, 1
        )
        assert ledger["calls"]["externalcontact/send_welcome_msg"] == CUSTOMERS
        known = await store.contacts.many(contacts)
        assert {c: len(known[c].happened["order"]) for c in contacts} == dict.fromkeys(
            contacts, ORDERS
        )
        orders = store.db["facts"].find({"source": "posted"})
        assert len([row async for row in orders]) == CUSTOMERS * ORDERS
        begun = [row["sop"] async for row in store.db["journeys"].find()]
        assert Counter(begun) == {"欢迎": CUSTOMERS, "下单": CUSTOMERS}
        assert await store.db["inbox"].count_documents({"state": "dead"}) == 0
