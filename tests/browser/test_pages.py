"""Every page of the console in light and dark, on a phone and on a desk: readable and quiet."""

from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.browser.conftest import Window
from tests.browser.pages import PAGES, paths
from tests.browser.test_journeys import SOP
from tests.console.conftest import TEAM
from tests.world import World

EVIL = "<img src=x onerror=alert(1)>"
THEME = "主题群: 辅食交流\n群: {名称包含: 辅食}\n"
NAMES = list(PAGES)
SHARES = 4  # so that several processes can look at once
Scheme = Literal["light", "dark"]


async def the_shop(world: World) -> dict[str, str]:
    """Every page by its name, about a customer and a group with a bad one."""
    await world.publish({"team.yaml": TEAM, "sop.yaml": SOP, "theme.yaml": THEME})
    await world.create_group(f"辅食 {EVIL}", "zhangli")
    await world.add_contact("zhangli", name=EVIL)
    return await paths(world.store, world.ctx.releases)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_sign_in(window: Window, scheme: Scheme) -> None:
    await window.page.emulate_media(color_scheme=scheme)
    await window.open("/sign-in")
    await expect_no_findings(window, "/sign-in")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("some", [NAMES[n::SHARES] for n in range(SHARES)], ids=lambda one: one[0])
async def test_everybody_can_read_every_page(
    world: World, window: Window, scheme: Scheme, some: list[str]
) -> None:
    """No serious finding of axe; nothing wider than a phone; names are only names."""
    listed = await the_shop(world)
    await window.page.emulate_media(color_scheme=scheme)
    popped: list[str] = []
    window.page.on("dialog", lambda dialog: popped.append(dialog.message))
    await window.sign_in("王芳")

    for path in (listed[name] for name in some):
        await window.open(path)
        for width in (375, 1440):
            await window.page.set_viewport_size({"width": width, "height": 800})
            wide = await window.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} at {width}"
        await expect_no_findings(window, path)
    assert popped == []


async def expect_no_findings(window: Window, path: str) -> None:
    results = await Axe().run(window.page)
    found = [v for v in results.response["violations"] if v["impact"] in ("serious", "critical")]
    told = [(v["id"], [node["html"][:120] for node in v["nodes"][:3]]) for v in found]
    assert told == [], f"{path}: {told}"
