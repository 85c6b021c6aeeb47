"""How many journey steps one process walks per second, whatever else is parked.

    python -m bench.engine [--json] [--steps 4000] [--parked 10000 100000 1000000]

A step is: claim, decide, enter by compare-and-swap, store its effect, leave by compare-and-swap,
log. Beside it, where a redis-server is installed: taskiq on Redis Streams executing jobs that do
nothing but store their result.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import uvloop

from bench.peers import taskiq_streams
from bot.actions.walk import walk_due
from bot.context import Context
from bot.model import Contact, Journey, Relation
from bot.publish import LiveReleases, publish
from bot.store import Store
from bot.store.client import open_client
from bot.store.mongod import embedded
from bot.store.rows import slot_of, to_row
from bot.wecom.client import WeCom
from config.settings import Settings

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
STEPS_EACH = 4
ROUNDS = 3
SOP = """
团队: 默认
人员: {王芳: wangfang}
---
标签:
  测速: [一, 二, 三, 四]
---
SOP: 测速
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
退出:
  - 当: 下单
步骤:
  - {步骤: 第一步, 打标签: [一]}
  - {步骤: 第二步, 打标签: [二]}
  - {步骤: 第三步, 打标签: [三]}
  - {步骤: 第四步, 打标签: [四]}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="journey steps per second")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--parked", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    wish = parser.parse_args()
    figures = uvloop.run(measure(wish.steps, wish.parked))
    print(json.dumps(figures, ensure_ascii=False) if wish.json else _table(figures))


async def measure(steps: int, parked: list[int], *, peers: bool = True) -> dict[str, Any]:
    """Interleaved rounds, medians; ``flatness`` is the fastest of the sizes over the slowest."""
    rates: dict[int, list[float]] = {size: [] for size in parked}
    with tempfile.TemporaryDirectory() as folder:
        async with _bench(Path(folder)) as ctx:
            there = 0
            for size in sorted(parked):
                await _park(ctx, there, size)
                there = size
                await _walk(ctx, f"{size}-warm", steps // 4)
                for number in range(ROUNDS):
                    rates[size].append(await _walk(ctx, f"{size}-{number}", steps))
    medians = {size: sorted(found)[len(found) // 2] for size, found in rates.items()}
    figures: dict[str, Any] = {
        "steps_per_second": {str(size): round(rate) for size, rate in medians.items()},
        "flatness": round(max(medians.values()) / min(medians.values()), 3),
    }
    peer = taskiq_streams.jobs_per_second() if peers else None
    if peer:
        figures["taskiq_redis_jobs_per_second"] = round(peer)
        figures["ratio_to_taskiq_redis"] = round(min(medians.values()) / peer, 2)
    return figures


@asynccontextmanager
async def _bench(folder: Path) -> AsyncIterator[Context]:
    settings = Settings(
        corp_id="wwbench",
        agent_id=1,
        agent_secret="s",
        callback_token="token",
        callback_aes_key="a" * 43,
        data_dir=folder,
    )
    async with embedded(folder) as url, open_client(url) as client:
        store = Store(client, "bench")
        await store.prepare()
        releases = LiveReleases(store)
        await publish(store, {"sop.yaml": SOP}, {}, base=0, author="bench", note="", now=NOW)
        nobody = cast(WeCom, None)  # the engine never calls WeCom; the sender does
        yield Context(
            settings=settings, store=store, wecom=nobody, releases=releases, now=lambda: NOW
        )


async def _park(ctx: Context, since: int, until: int) -> None:
    """Journeys of other customers, waiting for days to come."""
    rows = ctx.store.db["journeys"]
    for start in range(since, until, 5000):
        numbers = range(start, min(start + 5000, until))
        await rows.insert_many([_journey(f"parked{n}", 3600 + n) for n in numbers], ordered=False)


async def _walk(ctx: Context, name: str, steps: int) -> float:
    """Steps per second of so many journeys from their birth to their end."""
    journeys = steps // STEPS_EACH
    ids = [f"{name}-{number}" for number in range(journeys)]
    friend = Relation(staff="wangfang", since=NOW)
    for id in ids:
        await ctx.store.contacts.store(Contact(id=id, name=id, relations=(friend,)), 0)
    await ctx.store.db["journeys"].insert_many([_journey(id, 0) for id in ids])
    began = time.perf_counter()
    while await walk_due(ctx):
        pass
    seconds = time.perf_counter() - began
    done = await ctx.store.db["outbox"].count_documents({"subject": {"$in": ids}})
    if done != journeys * STEPS_EACH:
        raise SystemExit(f"{done} effects instead of {journeys * STEPS_EACH}")
    return done / seconds


def _journey(subject: str, seconds: int) -> dict[str, Any]:
    at = NOW + timedelta(seconds=seconds)
    return to_row(
        Journey(
            id=f"测速:{subject}:1",
            sop="测速",
            subject=subject,
            staff="wangfang",
            step="第一步",
            entered_at=NOW,
            step_at=NOW,
            due_at=at,
            keys=(f"order:{subject}",),
            slot=slot_of(subject),
        )
    )


def _table(figures: dict[str, Any]) -> str:
    lines = [f"{os.cpu_count()} cores; journey steps per second, one process, by parked timers"]
    for size, rate in figures["steps_per_second"].items():
        lines.append(f"{int(size):>12,} parked   {rate:>8,}/s")
    lines.append(f"   fastest / slowest   {figures['flatness']:>8}   (target ≤ 1.3)")
    if "taskiq_redis_jobs_per_second" in figures:
        rate, ratio = figures["taskiq_redis_jobs_per_second"], figures["ratio_to_taskiq_redis"]
        lines.append(f"   taskiq on Redis Streams {rate:>6,} jobs/s, ratio {ratio}")
    else:
        lines.append("   taskiq on Redis Streams: no redis-server here, not measured")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
