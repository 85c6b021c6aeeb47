"""The demo's way in: one click for whoever has what the terminal said, and nothing elsewhere."""

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tests.bot.commands import Commands
from tests.console.browser import Browser
from tests.world import World

SMALL = ("--days", "1", "--customers", "5")


@pytest.fixture
def commands(tmp_path: Path, mongo_url: str) -> Iterator[Commands]:
    commands = Commands(tmp_path, {"QUNCE_MONGO_URL": mongo_url})
    yield commands
    commands.close()


async def test_a_demo_that_is_killed_leaves_no_simulator_behind(
    world: World, commands: Commands
) -> None:
    demo = commands.start("demo", *SMALL)
    await world.until(lambda: _children(demo.pid), 60)
    (simulator,) = _children(demo.pid)

    demo.kill()
    demo.wait()

    await world.until(lambda: not _runs(simulator), 20)


def _children(pid: int) -> list[int]:
    """Processes begun by this one and listening for its end."""
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in told if b"simulator" in _command(int(child))]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _runs(pid: int) -> bool:
    return b"simulator" in _command(pid)


@pytest.mark.parametrize("query", ["", "?token=", "?token=x", "?token=x&as=wangfang"])
async def test_a_server_that_is_no_demo_has_no_such_page(
    world: World, browser: Browser, query: str
) -> None:
    answer = await browser.open("/demo" + query, follow=False)

    assert answer.status == 404
    assert "Set-Cookie" not in answer.headers


async def test_the_demo_stays_up_and_lets_in_whoever_has_its_address(
    world: World, commands: Commands
) -> None:
    demo = commands.start("demo", *SMALL)
    await world.until(lambda: "Ctrl-C" in commands.said(demo) or demo.poll() is not None, 90)
    said = re.search(r"http://127\.0\.0\.1:\d+/demo\?token=[\w-]+", commands.said(demo))
    assert said, commands.said(demo)
    address = URL(said[0])

    async with people(address) as (owner, staff, nobody):
        async with owner.get(address) as answer:
            assert (answer.status, answer.url.path) == (200, "/console/today")
            assert "王芳 · 退出" in await answer.text()
        async with owner.get(address.with_path("/console/running")) as answer:
            assert answer.status == 200
        async with staff.get(address.update_query({"as": "zhangli"})) as answer:
            assert "张丽 · 退出" in await answer.text()
        for wrong in ({"token": "x"}, {"token": address.query["token"], "as": "nobody"}):
            async with nobody.get(address.with_query(wrong)) as answer:
                assert answer.status == 404
        async with nobody.get(address.with_path("/console/today")) as answer:
            assert answer.url.path == "/sign-in"

    demo.send_signal(signal.SIGINT)
    assert demo.wait(30) == 0, commands.said(demo)


async def test_a_demo_nobody_wants_to_look_at_ends_by_itself(
    world: World, commands: Commands
) -> None:
    plain, as_json = (commands.start("demo", *SMALL, how) for how in ("--no-console", "--json"))

    await world.until(lambda: None not in (plain.poll(), as_json.poll()), 90)

    assert (plain.returncode, as_json.returncode) == (0, 0), commands.said(plain)
    assert "/demo" not in commands.said(plain) + commands.said(as_json)
    assert json.loads(commands.said(as_json).splitlines()[-1])["lost"] == 0


class people:
    """Three browsers; they keep a Secure cookie of this machine although there is no https."""

    def __init__(self, address: URL) -> None:
        jars = [
            aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=[address.origin()])
            for _ in range(3)
        ]
        self._browsers = tuple(aiohttp.ClientSession(cookie_jar=jar) for jar in jars)

    async def __aenter__(self) -> tuple[aiohttp.ClientSession, ...]:
        return self._browsers

    async def __aexit__(self, *_: object) -> None:
        for browser in self._browsers:
            await browser.close()
