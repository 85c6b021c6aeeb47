"""What members do on their phone: choose a group and join it, read what is kept, stop pushes."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from tests.browser.conftest import Window
from tests.console.conftest import TEAM
from tests.console.test_members import TAGS, link
from tests.world import World

THEME = """主题群: 辅食交流
群: {名称包含: 辅食}
选群页: {介绍: 每天一个辅食做法，营养师在群里答疑, 打标签: 喜好/辅食}
---
主题群: 奶粉服务
群: {名称包含: 奶粉}
选群页: {介绍: 到货和活动早知道, 打标签: 喜好/奶粉}
"""
EVIL = "<img src=x onerror=alert(1)>"


async def open_shop(world: World) -> str:
    await world.publish({"tags.yaml": TAGS, "theme.yaml": THEME, "team.yaml": TEAM})
    await world.create_group("辅食交流1群")
    return await world.add_contact(name=EVIL)


async def test_joining_a_theme(world: World, window: Window, chromium: Browser) -> None:
    contact = await open_shop(world)
    path = await link(world, contact, "join")
    await window.page.set_viewport_size({"width": 375, "height": 760})
    await window.open(path)
    card = window.page.locator("section", has=window.page.get_by_role("heading", name="辅食交流"))

    await card.get_by_role("button", name="我要进群").click()
    await world.settle()

    code = card.get_by_role("img", name="进群二维码")  # the page looks again by itself
    await expect(code).to_be_visible()
    assert await code.evaluate("picture => picture.naturalWidth") > 100
    group = await world.store.groups.get((await world.store.seats.of(contact))[0].group)
    assert group
    await world.act("scan", way=group.join_way["qr_code"], contact=contact)
    await world.later(seconds=5)
    await window.open(path)
    await expect(card.get_by_text("您已经在群里了")).to_be_visible()
    known = await world.store.contacts.get(contact)
    assert known
    assert known.tags == ("喜好/辅食",)

    elsewhere = await (await chromium.new_context()).new_page()
    await elsewhere.goto(world.address + path)
    await expect(elsewhere.get_by_text("要一个新链接")).to_be_visible()


async def test_stopping_and_resuming_pushes(world: World, window: Window) -> None:
    contact = await open_shop(world)
    await window.open(await link(world, contact, "privacy"))
    await expect(window.page.get_by_text(EVIL)).to_be_visible()

    await window.page.get_by_role("button", name="停止推送").click()
    await expect(window.page.get_by_text("已停止")).to_be_visible()
    assert await world.store.stops.among([contact]) == {contact}

    await window.page.get_by_role("button", name="恢复推送").click()
    await expect(window.page.get_by_role("button", name="停止推送")).to_be_visible()
    assert await world.store.stops.among([contact]) == set()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_read_every_page(world: World, window: Window, scheme: str) -> None:
    contact = await open_shop(world)
    await window.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    paths = [await link(world, contact, "join"), await link(world, contact, "privacy"), "/m/join/x"]

    for path in paths:
        for width in (375, 1440):
            await window.page.set_viewport_size({"width": width, "height": 800})
            await window.open(path)
            wide = await window.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} at {width}"
        results = await Axe().run(window.page)
        found = [
            v for v in results.response["violations"] if v["impact"] in ("serious", "critical")
        ]
        assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found] == [], path
    assert all("404" in told for told in window.wrong), "Chromium tells of the status itself"
    window.wrong.clear()
