"""Workers die and freeze at every step, and nothing is lost, doubled or sent down a wrong path."""

import asyncio
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.actions import journeys
from bot.app import open_context
from bot.context import Context
from bot.model import Fact
from bot.playbook import keys
from bot.publish import publish
from tests.crash import worker
from tests.crash.worker import Orders

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SPEED = 60.0  # a minute of the shop's time per second
WORKERS = 4

SOP = """
团队: 默认
人员: {张丽: zhangli}
---
标签:
  试验: [随机, 乙组]
---
SOP: 经得起死
负责人: 张丽
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 一
    发给客户: {文案: "一 {客户昵称}", 由: 跟进人, 时效: 3天}
  - 步骤: 等一会
    等待: 2分钟
  - 步骤: 岔路
    分支:
      - 如果: [{有标签: 随机}]
        则:
          - 步骤: 甲
            发给客户: {文案: "甲 {客户昵称}", 由: 跟进人, 时效: 3天}
      - 否则:
          - 步骤: 乙
            打标签: [乙组]
            发给客户: {文案: "乙 {客户昵称}", 由: 跟进人, 时效: 3天}
  - 步骤: 等下单
    等事件:
      当: 下单
      从何时算起: 进入旅程
      最多等: 5分钟
      等到了:
        - 步骤: 谢谢
          派任务:
            标题: 谢谢 {客户昵称}
            给: 跟进人
            完成依据: [{按钮: 已谢}]
            期限: 2天
      超时:
        - 步骤: 问问
          发给客户: {文案: "问 {客户昵称}", 由: 跟进人, 时效: 3天}
  - 步骤: 末
    发给客户: {文案: "末 {客户昵称}", 由: 跟进人, 时效: 3天}
"""


@dataclass
class Toll:
    """What the chaos did, and what it broke."""

    kills: int = 0
    reconciled: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@pytest.mark.timeout(400)
async def test_nothing_is_lost_or_doubled_however_often_workers_die(
    mongo_url: str, database: str, tmp_path: Path
) -> None:
    toll = await ordeal(mongo_url, database, tmp_path, customers=300, at_least_kills=100)

    assert toll.kills >= 100
    assert (toll.lost, toll.doubled, toll.wrong) == ([], [], [])


@pytest.mark.timeout(400)
async def test_the_ordeal_notices_a_blind_resend(
    mongo_url: str, database: str, tmp_path: Path
) -> None:
    toll = await ordeal(mongo_url, database, tmp_path, customers=80, mutation="blind-resend")

    assert toll.doubled


@pytest.mark.timeout(400)
async def test_the_ordeal_notices_effects_made_before_the_choice_is_written(
    mongo_url: str, database: str, tmp_path: Path
) -> None:
    toll = await ordeal(mongo_url, database, tmp_path, customers=80, mutation="effects-first")

    assert toll.wrong


async def ordeal(
    mongo_url: str,
    database: str,
    folder: Path,
    *,
    customers: int,
    at_least_kills: int = 0,
    mutation: str = "",
) -> Toll:
    async with _simulator(folder) as sim, aiohttp.ClientSession() as session:
        orders = Orders(
            mongo_url=mongo_url,
            database=database,
            api_base=f"{sim}/cgi-bin",
            data_dir=folder,
            start=START,
            born=time.time(),
            speed=SPEED,
            chaos="kill=0.02,freeze=0.005,seconds=4",
            mutation=mutation,
        )
        company = _Company(sim, session, orders)
        async with open_context(worker.settings(orders), now=lambda: worker.now_of(orders)) as ctx:
            ids = await _populate(ctx, company, customers)
            with _Gang(orders) as gang:
                await _endure(ctx, company, gang, ids, at_least_kills)
                kills = gang.kills
            toll = await _count(ctx, await company.ledger(), ids)
            toll.kills = kills
            return toll


class _Gang:
    """Workers, each replaced as soon as it is dead."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._fork = multiprocessing.get_context("forkserver")
        self._fork.set_forkserver_preload(["tests.crash.preload"])
        self._members: list[Any] = []
        self.kills = 0

    def __enter__(self) -> "_Gang":
        self._members = [self._new() for _ in range(WORKERS)]
        return self

    def __exit__(self, *_: object) -> None:
        for member in self._members:
            member.kill()
        for member in self._members:
            member.join()

    def replace_the_dead(self) -> None:
        for place, member in enumerate(self._members):
            if not member.is_alive():
                assert member.exitcode == -9, f"a worker ended by itself: {member.exitcode}"
                self.kills += 1
                self._members[place] = self._new()

    def kill_one(self) -> None:
        random.choice(self._members).kill()

    def _new(self) -> Any:
        member = self._fork.Process(target=worker.work, args=(self._orders,), daemon=True)
        member.start()
        return member


class _Company:
    """The pretend WeCom, its clock kept with ours."""

    def __init__(self, base: str, session: aiohttp.ClientSession, orders: Orders) -> None:
        self._base = base
        self._session = session
        self._orders = orders

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._session.post(f"{self._base}/_sim/{path}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return dict(await answer.json())

    async def keep_time(self) -> None:
        await self.post("clock", {"now": worker.now_of(self._orders).isoformat()})

    async def ledger(self) -> dict[str, Any]:
        async with self._session.get(f"{self._base}/_sim/ledger") as answer:
            return dict(await answer.json())


async def _populate(ctx: Context, company: _Company, customers: int) -> list[str]:
    """Customers WeCom and we know, each at the beginning of the SOP."""
    secrets = {"agent_secret": "a" * 32, "contact_secret": "c" * 32}
    route = {"url": "http://127.0.0.1:9/callback", "token": "token", "aes_key": "a" * 43}
    await company.post(
        "setup",
        {
            "corp_id": "wwcrash",
            "agent_id": 1000002,
            **secrets,
            "callbacks": {"app": route},
            "start": START.isoformat(),
            "staff": [{"userid": "zhangli", "name": "张丽"}],
            "tag_groups": [{"name": "试验", "tags": ["随机", "乙组"]}],
            "limits": {"messages_per_member_day": 100_000},
        },
    )
    await publish(ctx.store, {"sop.yaml": SOP}, {}, base=0, author="t", note="", now=START)
    ctx.releases.forget()
    sop = (await ctx.releases.head()).book.sops["经得起死"]
    ids = []
    for number in range(customers):
        made = await company.post(
            "act", {"do": "add_contact", "staff": "zhangli", "name": f"客户{number:03}"}
        )
        contact_id = made["external_userid"]
        await ctx.store.contacts.met(contact_id, "zhangli", START, "")
        await ctx.store.db["contacts"].update_one(
            {"_id": contact_id}, {"$set": {"name": f"客户{number:03}"}}
        )
        contact = await ctx.store.contacts.get(contact_id)
        assert contact
        assert await journeys.begin(ctx, sop, contact, "zhangli")
        ids.append(contact_id)
    return ids


async def _endure(
    ctx: Context, company: _Company, gang: _Gang, ids: list[str], at_least_kills: int
) -> None:
    """Until every journey is done and every call has its end; half of the customers order."""
    buyers = ids[::2]
    async with asyncio.timeout(300):
        while True:
            await asyncio.sleep(0.2)
            gang.replace_the_dead()
            await company.keep_time()
            if buyers:
                await _order(ctx, buyers.pop())
            if await _all_done(ctx):
                if gang.kills >= at_least_kills:
                    return
                gang.kill_one()


async def _order(ctx: Context, contact_id: str) -> None:
    now = ctx.now()
    key = keys.happened(contact_id, "order")
    fact = Fact(id=f"order:{contact_id}", keys=(key,), subject=contact_id, at=now)
    await ctx.store.facts.record([fact], now)


async def _all_done(ctx: Context) -> bool:
    if await ctx.store.journeys.count_active(most=1):
        return False
    open_rows = {"state": {"$in": ["ready", "sending"]}, "kind": {"$in": ["mass", "card", "tag"]}}
    if await ctx.store.db["outbox"].count_documents(open_rows):
        return False
    if await ctx.store.db["deliveries"].count_documents({"state": "ready"}):
        return False
    unmade = {"state": {"$in": ["open", "closed"]}}
    return not await ctx.store.db["sendings"].count_documents(unmade)


async def _count(ctx: Context, ledger: dict[str, Any], ids: list[str]) -> Toll:
    """Every customer got 一, one of 甲 and 乙, one of 谢谢 and 问问, and 末: each exactly once."""
    toll = Toll()
    messages = Counter((row["targets"][0], row["text"].split()[0]) for row in ledger["mass"])
    cards = Counter(row["task_id"] for row in ledger["cards"])
    toll.doubled += [f"{who} {what} ×{n}" for (who, what), n in messages.items() if n > 1]
    toll.doubled += [f"card {card} ×{n}" for card, n in cards.items() if n > 1]
    thanked = {row["subject"] async for row in ctx.store.db["tasks"].find()}
    for who in ids:
        got = {what for (target, what) in messages if target == who}
        toll.lost += [f"{who} {what}" for what in ("一", "末") if what not in got]
        for arms in (got & {"甲", "乙"}, {*(got & {"问"}), *(["谢谢"] if who in thanked else [])}):
            if not arms:
                toll.lost.append(f"{who} {sorted(got)}")
            elif len(arms) > 1:
                toll.wrong.append(f"{who} {sorted(arms)}")
    toll.reconciled = await ctx.store.db["outbox"].count_documents({"result.reconciled": True})
    return toll


@asynccontextmanager
async def _simulator(folder: Path) -> AsyncIterator[str]:
    port_file = folder / "simulator.port"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulator", "--port-file", str(port_file),
        stdout=asyncio.subprocess.DEVNULL, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    try:
        async with asyncio.timeout(20):
            while not port_file.exists():
                await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{port_file.read_text()}"
    finally:
        process.terminate()
        await process.wait()
