"""Every page of the console in light and dark, on a phone and on a desk: readable and quiet."""

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.browser.conftest import Window
from tests.browser.test_journeys import SOP
from tests.console.conftest import TEAM
from tests.world import World

EVIL = "<img src=x onerror=alert(1)>"


async def paths(world: World) -> list[str]:
    await world.publish({"team.yaml": TEAM, "sop.yaml": SOP})
    contact = await world.add_contact("zhangli", name=EVIL)
    return [
        "/console/mine",
        "/console/today",
        "/console/sops",
        "/console/sops/关怀",
        "/console/customers",
        f"/console/customers/{contact}",
        "/console/editing",
        "/console/editing/file?path=sop.yaml",
        "/console/editing/plan",
        "/console/releases",
        "/console/releases/2",
        "/console/figures",
        "/console/figures?name=任务",
        "/console/running",
        "/console/trail",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_read_every_page(world: World, window: Window, scheme: str) -> None:
    """No serious finding of axe; nothing wider than a phone; names are only names."""
    listed = await paths(world)
    await window.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    popped: list[str] = []
    window.page.on("dialog", lambda dialog: popped.append(dialog.message))
    await window.open("/sign-in")
    await expect_no_findings(window, "/sign-in")
    await window.sign_in("王芳")

    for path in listed:
        for width in (375, 1440):
            await window.page.set_viewport_size({"width": width, "height": 800})
            await window.open(path)
            wide = await window.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} at {width}"
        await expect_no_findings(window, path)
    assert popped == []


async def expect_no_findings(window: Window, path: str) -> None:
    results = await Axe().run(window.page)
    found = [v for v in results.response["violations"] if v["impact"] in ("serious", "critical")]
    told = [(v["id"], [node["html"][:120] for node in v["nodes"][:3]]) for v in found]
    assert told == [], f"{path}: {told}"
