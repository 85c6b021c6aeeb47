"""A real browser. Where there is none these tests are skipped, and say so."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.console.conftest import world

__all__ = ["world"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM:
        return
    why = "没有 chromium：浏览器测试没有运行（apt-get install chromium） · no chromium, not run"
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.skip(reason=why))


@dataclass(slots=True)
class Window:
    """One person's browser window, and everything it complained about."""

    page: Page
    base: str
    wrong: list[str] = field(default_factory=list)

    async def open(self, path: str) -> None:
        await self.page.goto(self.base + path)

    async def sign_in(self, name: str) -> None:
        """As people do: by the button, and by who they are in WeCom."""
        await self.open("/console/")
        await self.page.get_by_role("button", name="用企业微信登录").click()
        await self.page.get_by_role("link", name=name).click()
        await self.page.wait_for_url(re.compile(r"/(console|my)\b"))

    def heard(self, message: ConsoleMessage) -> None:
        ours = message.location.get("url", "").startswith(self.base)
        if message.type in ("error", "warning") and ours:
            self.wrong.append(message.text)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        await browser.close()


@pytest.fixture
async def window(world, chromium: Browser) -> AsyncIterator[Window]:  # type: ignore[no-untyped-def]
    async with opened(world, chromium, width=1280, height=800) as window:
        yield window


@pytest.fixture
async def phone(world, chromium: Browser) -> AsyncIterator[Window]:  # type: ignore[no-untyped-def]
    """Somebody else's, and small."""
    async with opened(world, chromium, width=375, height=740) as window:
        yield window


@asynccontextmanager
async def opened(world, chromium: Browser, *, width: int, height: int) -> AsyncIterator[Window]:  # type: ignore[no-untyped-def]
    """Whatever it was used for, the page may not have complained of anything."""
    context = await chromium.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    page = await context.new_page()
    window = Window(page, world.address)
    page.on("console", lambda message: window.heard(message))
    page.on("pageerror", lambda error: window.wrong.append(str(error)))
    yield window
    await context.close()
    assert window.wrong == []
