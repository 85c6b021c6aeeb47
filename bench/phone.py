"""How soon the page for staff is there on a slow phone: `python -m bench.phone [--json]`.

Chromium with a processor four times slower and a slow 4G network, as Lighthouse has it (150 ms
there and back, 1.6 Mbit/s), and as Chrome's developer tools have it (562 ms for every request).
First: nothing is kept yet. Again: the files beside the page are kept. The page holds eight tasks.
"""

import argparse
import asyncio
import json
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from playwright.async_api import Browser, BrowserContext, CDPSession, async_playwright

from bot.store.mongod import embedded
from tests.console.conftest import STAFF, TEAM
from tests.scenarios.test_tasks import SCRIPT, TAGS, asking
from tests.world import World, open_world

ROUNDS, TASKS, SLOWER = 9, 8, 4
LIMIT_MS, LIMIT_KB = 1000, 100
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
RULES = "规则: 全局\n催办:\n  标准三级:\n    - {到期: , 提醒: 本人}\n"
_PAINTED = """() => {
  const told = type => new Promise(done => new PerformanceObserver(list => {
    const found = list.getEntries().filter(one => one.name !== "first-paint");
    if (found.length) done(found.at(-1).startTime);
  }).observe({type, buffered: true}));
  return Promise.all([told("paint"), told("largest-contentful-paint")])
    .then(([fcp, lcp]) => ({fcp, lcp}));
}"""


class Network(NamedTuple):
    name: str
    milliseconds: float  # from asking to the first byte
    kilobits: float  # per second, towards the phone


NETWORKS = (Network("slow 4G", 150, 1638.4), Network("slow 4G of Chrome's tools", 562.5, 1474.6))


def main() -> None:
    parser = argparse.ArgumentParser(description="the staff page on a slow phone")
    parser.add_argument("--json", action="store_true")
    wish = parser.parse_args()
    if not CHROMIUM:
        raise SystemExit("没有 chromium：apt-get install chromium · no chromium")
    figures = asyncio.run(measure())
    print(json.dumps(figures, ensure_ascii=False) if wish.json else _table(figures))


async def measure() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            embedded(Path(folder) / "mongo") as url,
            open_world(url, "phone", Path(folder), staff=STAFF) as world,
            async_playwright() as playwright,
        ):
            await _give(world)
            chromium = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            state = await _signed_in(chromium, world)
            found = {n.name: await _looks(chromium, state, world, n) for n in NETWORKS}
            await chromium.close()
    return {"tasks": TASKS, "rounds": ROUNDS, "processor": f"{SLOWER}x slower", **found}


async def _give(world: World) -> None:
    files = {"rules.yaml": RULES, "tags.yaml": TAGS, "script.yaml": SCRIPT, "team.yaml": TEAM}
    await world.publish({**files, "sop.yaml": asking("[按钮: [已问到, 没接电话]]")})
    for n in range(TASKS):
        await world.add_contact("zhangli", name=f"客户{n}")
    await world.later(minutes=5)


async def _signed_in(chromium: Browser, world: World) -> Any:
    """What the browser of somebody who signed in holds."""
    context = await chromium.new_context()
    page = await context.new_page()
    await page.goto(f"{world.address}/my")
    await page.get_by_role("button", name="用企业微信登录").click()
    await page.get_by_role("link", name="张丽").click()
    await page.get_by_role("heading", name="我的任务").wait_for()
    state = await context.storage_state()
    await context.close()
    return state


async def _looks(chromium: Browser, state: Any, world: World, network: Network) -> dict[str, Any]:
    first, again, sizes = [], [], []
    for _ in range(ROUNDS):
        context = await chromium.new_context(
            storage_state=state, viewport={"width": 375, "height": 740}, device_scale_factor=2
        )
        times, size = await _opened(context, f"{world.address}/my", network)
        first.append(times)
        sizes.append(size)
        again.append((await _opened(context, f"{world.address}/my", network))[0])
        await context.close()
    return {
        "kilobytes": round(max(sizes) / 1000, 1),
        "first": _middle(first),
        "again": _middle(again),
    }


async def _opened(
    context: BrowserContext, url: str, network: Network
) -> tuple[dict[str, float], int]:
    """When the page was painted, and how many bytes came over the network for it."""
    page = await context.new_page()
    cdp = await context.new_cdp_session(page)
    received = await _slowed(cdp, network)
    await page.goto(url, wait_until="networkidle")
    times: dict[str, float] = await page.evaluate(_PAINTED)
    await page.close()
    return times, sum(received)


async def _slowed(cdp: CDPSession, network: Network) -> list[int]:
    """From now on as slow as this; the bytes of everything that comes."""
    received: list[int] = []
    cdp.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    await cdp.send("Network.enable")
    bytes_per_second = network.kilobits * 1024 / 8
    await cdp.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": network.milliseconds,
            "downloadThroughput": bytes_per_second,
            "uploadThroughput": bytes_per_second / 2,
        },
    )
    await cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return received


def _middle(times: Sequence[dict[str, float]]) -> dict[str, int]:
    return {
        "first_paint_ms": round(statistics.median(one["fcp"] for one in times)),
        "largest_ms": round(statistics.median(one["lcp"] for one in times)),
        "slowest_ms": round(max(one["lcp"] for one in times)),
    }


def _table(figures: dict[str, Any]) -> str:
    lines = [f"the staff page with {figures['tasks']} tasks, processor {figures['processor']}"]
    for network in NETWORKS:
        found = figures[network.name]
        for when in ("first", "again"):
            told = found[when]
            lines.append(
                f"{network.name:26} {when:6} painted {told['first_paint_ms']:5} ms"
                f"  largest {told['largest_ms']:5} ms  slowest {told['slowest_ms']:5} ms"
            )
    size = figures[NETWORKS[0].name]["kilobytes"]
    lines.append(f"{size} kB in all (limit {LIMIT_KB}); limit of the first paint {LIMIT_MS} ms")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
