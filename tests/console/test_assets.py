"""The files beside pages come small, once, and never old; the phone page stays light."""

import gzip
import re

from tests.console.browser import Browser
from tests.console.test_my import a_task
from tests.world import World

_LOADED = re.compile(r'(?:<link rel="(?:stylesheet|icon)" href|<script src)="([^"]+)"')


async def fetched(browser: Browser, world: World, path: str, **headers: str) -> tuple[int, int]:
    """The status, and how many bytes went over the wire."""
    asked = {"Accept-Encoding": "gzip", **headers}
    async with browser.http.get(world.address + path, headers=asked, auto_decompress=False) as got:
        return got.status, len(await got.read())


async def test_the_phone_page_is_100_kb_at_most_with_everything_it_loads(
    world: World, browser: Browser
) -> None:
    await a_task(world)
    page = await browser.sign_in("zhangli", "/my")
    loaded = _LOADED.findall(page.html)
    assert any("weui" in path for path in loaded)

    sizes = {path: await fetched(browser, world, path) for path in ["/my", *loaded]}

    assert {status for status, _ in sizes.values()} == {200}
    assert sum(size for _, size in sizes.values()) <= 100_000, sizes
    assert sizes["/my"][1] < len(page.html.encode()) / 2


async def test_a_file_named_with_its_mark_is_kept_for_good_and_another_is_asked_for(
    world: World, browser: Browser
) -> None:
    page = await browser.open("/sign-in")
    path = next(p for p in _LOADED.findall(page.html) if "console" in p and "css" in p)
    bare = path.partition("?")[0]

    marked = await browser.open(f"{bare}?v={(await browser.open(bare)).headers['ETag'][1:-1]}")
    asked = await browser.open(bare)
    again = await browser.open(bare, **{"If-None-Match": asked.headers["ETag"]})

    assert "immutable" in marked.headers["Cache-Control"]
    assert asked.headers["Cache-Control"] == "no-cache"
    assert (again.status, again.html) == (304, "")


async def test_who_does_not_know_gzip_gets_the_file_as_it_is(
    world: World, browser: Browser
) -> None:
    async def got(accept: str) -> bytes:
        headers = {"Accept-Encoding": accept}
        path = world.address + "/static/console.css"
        async with browser.http.get(path, headers=headers, auto_decompress=False) as answer:
            return await answer.read()

    assert gzip.decompress(await got("gzip, br")) == await got("identity")


async def test_nothing_outside_of_the_folder_is_a_file(browser: Browser) -> None:
    for path in ("/static/nothing.css", "/static/..%2Frights.py", "/static/vendor"):
        assert (await browser.open(path)).status == 404
