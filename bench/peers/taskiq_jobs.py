"""Run in the peer's own virtual environment: a broker whose job does nothing, and its filling."""

import asyncio
import os
import sys

from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

URL = os.environ["BENCH_REDIS"]
broker = RedisStreamBroker(URL).with_result_backend(RedisAsyncResultBackend(URL))


@broker.task(task_name="step")
async def step(number: int) -> int:
    return number


async def fill(jobs: int) -> None:
    await broker.startup()
    for number in range(jobs):
        await step.kiq(number)
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(fill(int(sys.argv[1])))
