"""Every page of the console as a picture: light and dark, on a phone and on a desk.

    python scripts/screenshots.py [--days 8] [--only today] [--to docs/screenshots]

The demo runs for a few days in a process of its own; then each page of tests/browser/pages.py is
opened in Chromium. The pictures have few colours, so that all of them together stay small.
"""

import argparse
import asyncio
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Browser, async_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bot.demo import START  # noqa: E402
from bot.playbook.pages import LinkMaker, Purpose, months_from  # noqa: E402
from bot.publish import LiveReleases  # noqa: E402
from bot.store import Store  # noqa: E402
from bot.store.client import open_client  # noqa: E402
from bot.store.mongod import embedded  # noqa: E402
from tests.browser.pages import AS_STAFF, OPEN_TO_ALL, paths  # noqa: E402

SIZES = {"phone": (375, 812, 1.5), "desk": (1440, 900, 1)}
TALLEST = 2_000  # of a picture, in the page's own points
COLOURS = 64
MOST_MEGABYTES = 12
OWNER, STAFF = "wangfang", "zhangli"
MEMBER_PAGES: dict[str, Purpose] = {"member-join": "join", "member-privacy": "privacy"}
SIMULATION_SECONDS = 120
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""


def main() -> None:
    parser = argparse.ArgumentParser(description="every page as a picture")
    parser.add_argument("--days", type=int, default=8)
    parser.add_argument("--only", default="", help="pages whose name contains this")
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "screenshots")
    wish = parser.parse_args()
    if not CHROMIUM:
        raise SystemExit("没有 chromium：apt-get install chromium · no chromium")
    wish.to.mkdir(parents=True, exist_ok=True)
    names = asyncio.run(_take(wish.days, wish.only, wish.to))
    if not wish.only:
        _forget_old(wish.to, names)
    pictures = list(wish.to.glob("*.png"))
    megabytes = sum(file.stat().st_size for file in pictures) / 1_000_000
    print(f"{len(pictures)} pictures, {megabytes:.1f} MB in {wish.to}")
    if megabytes > MOST_MEGABYTES:
        raise SystemExit(f"that is more than {MOST_MEGABYTES} MB")


async def _take(days: int, only: str, to: Path) -> set[str]:
    """The names of all pages there are."""
    wrong = []
    async with _shop(days) as shop, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        listed = shop.pages | await _simulated(browser, shop)
        looks = [(size, scheme) for size in SIZES for scheme in ("light", "dark")]
        for (size, scheme), links in zip(looks, shop.links, strict=True):
            wanted = {name: at for name, at in (links | listed).items() if only in name}
            wrong += await _look(browser, shop, wanted, scheme, size, to)
        names = {*listed, *MEMBER_PAGES}
        await browser.close()
    if wrong:
        raise SystemExit("\n".join(wrong))
    return names


@dataclass(frozen=True, slots=True)
class Shop:
    """The demo, which has lived through its days."""

    invitation: str  # the address that lets one in
    pages: dict[str, str]
    links: list[dict[str, str]]
    """Pages of members, of another one for each browser: a link belongs to the first."""

    @property
    def base(self) -> str:
        return self.invitation.partition("/demo?")[0]


@asynccontextmanager
async def _shop(days: int) -> AsyncIterator[Shop]:
    with tempfile.TemporaryDirectory(prefix="qunce-pictures-") as folder:
        async with embedded(Path(folder)) as url, open_client(url) as client:
            command = [sys.executable, "-m", "bot", "demo", "--days", str(days)]
            environment = {**os.environ, "QUNCE_MONGO_URL": url, "COLUMNS": "400"}
            demo = subprocess.Popen(  # noqa: ASYNC220
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
            )
            try:
                invitation = await asyncio.to_thread(_invitation, demo)
                names = await client.list_database_names()
                (name,) = (name for name in names if name.startswith("qunce_demo_"))
                store = Store(client, name)
                pages = await paths(store, LiveReleases(store))
                yield Shop(invitation, pages, await _links(store, START + timedelta(days=days)))
            finally:
                demo.terminate()
                await asyncio.to_thread(demo.wait)


def _invitation(demo: "subprocess.Popen[str]") -> str:
    """The address the demo prints at its end."""
    said = []
    for line in demo.stdout or ():
        said.append(line)
        if found := re.search(r"http://\S+/demo\?token=\S+", line):
            return found[0]
    raise SystemExit("".join(said))


async def _links(store: Store, now: datetime) -> list[dict[str, str]]:
    maker = LinkMaker(address="", now=now, keys=await store.member_links.keys(months_from(now)))
    found = await store.db["contacts"].find({"with.0": {"$exists": True}}).limit(4).to_list(None)
    return [
        {name: maker.to(purpose, row["_id"]) for name, purpose in MEMBER_PAGES.items()}
        for row in found
    ]


async def _simulated(browser: Browser, shop: Shop) -> dict[str, str]:
    """Something that was played, to look at."""
    page = await browser.new_page()
    await page.goto(f"{shop.invitation}&as={OWNER}")
    await page.goto(shop.base + shop.pages["simulation"])
    await page.get_by_role("button", name="开始推演").click()
    result = page.get_by_role("button", name="看结果")
    await result.wait_for(timeout=SIMULATION_SECONDS * 1000)
    href = await result.get_attribute("href")
    await page.close()
    return {"simulation-result": str(href)}


async def _look(
    browser: Browser, shop: Shop, listed: dict[str, str], scheme: Any, size: str, to: Path
) -> list[str]:
    """What could not be opened."""
    width, height, scale = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        color_scheme=scheme,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    page, signed_in = await context.new_page(), ""
    wrong: list[str] = []
    for name in listed:
        anybody = name in OPEN_TO_ALL or name in MEMBER_PAGES
        who = "" if anybody else STAFF if name in AS_STAFF else OWNER
        if who and who != signed_in:
            await page.goto(f"{shop.invitation}&as={who}")
            signed_in = who
        answer = await page.goto(shop.base + listed[name], wait_until="networkidle")
        if answer is None or answer.status >= 400:
            wrong.append(f"{name}: {listed[name]} {answer and answer.status}")
            continue
        tall = min(TALLEST, await page.evaluate("document.documentElement.scrollHeight"))
        await page.set_viewport_size({"width": width, "height": max(tall, height)})
        _keep(await page.screenshot(), to / f"{name}-{scheme}-{size}.png")
        await page.set_viewport_size({"width": width, "height": height})
    await context.close()
    return wrong


def _keep(picture: bytes, to: Path) -> None:
    """With few colours; on flat pages nobody sees the difference."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    few = image.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(to, optimize=True)


def _forget_old(folder: Path, names: set[str]) -> None:
    """Pictures of pages that are no more."""
    for file in folder.glob("*.png"):
        if file.stem.rsplit("-", 2)[0] not in names:
            file.unlink()


if __name__ == "__main__":
    main()
