"""Long work as people see it, and the editor's help, in a real browser."""

import asyncio

import pytest
from playwright.async_api import expect

from bot.work import begin
from tests.browser.conftest import Window
from tests.browser.test_journeys import SOP
from tests.browser.test_pages import expect_no_findings
from tests.console.conftest import TEAM
from tests.console.test_importing import CALENDAR
from tests.world import World


async def test_a_simulation_shows_its_progress_and_then_its_result(
    world: World, window: Window
) -> None:
    await world.publish({"team.yaml": TEAM, "sop.yaml": SOP})
    await window.sign_in("陈云")
    page = window.page
    await page.get_by_role("link", name="推演").click()
    await page.get_by_label("走多少天").select_option("14")
    await page.get_by_label("哪些客户").select_option("1000")
    await page.get_by_role("button", name="开始推演").click()
    await expect(page.get_by_text("等待开始")).to_be_visible()
    owner, work = await world.store.work.claim(world.now)
    assert work
    await world.store.work.told(owner, work.id, 5, 14, "天")
    await expect(page.get_by_text("35%")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("35%")).to_be_visible()
    await world.store.db["work"].update_one({"_id": work.id}, {"$unset": {"lease": ""}})

    doing = asyncio.create_task(world.settle())
    await page.get_by_role("button", name="看结果").click(timeout=60_000)
    await doing

    await expect(page.get_by_role("heading", name="14 天的推演")).to_be_visible()
    await expect(page.locator("svg.columns").first).to_be_visible()


async def test_what_is_under_way_is_cancelled_by_its_button(world: World, window: Window) -> None:
    await window.sign_in("陈云")
    work_id = await begin(world.ctx, "sync", {}, "chenyun")
    await window.open("/console/work")
    await window.page.get_by_role("link", name="和企业微信核对").click()

    await window.page.get_by_role("button", name="取消").click()

    await expect(window.page.get_by_text("已取消。已经做的部分不会撤回。")).to_be_visible()
    assert not (await world.store.work.get(work_id)).under_way  # type: ignore[union-attr]


async def test_the_editor_offers_keys_and_values_where_one_writes(
    world: World, window: Window
) -> None:
    await world.publish({"team.yaml": TEAM, "sop.yaml": SOP})
    await window.sign_in("陈云")
    await window.open("/console/editing/file?path=新.yaml")
    page = window.page
    await page.locator(".CodeMirror").click()

    await page.keyboard.type("SO")
    await expect(page.locator(".CodeMirror-hint-active")).to_contain_text("SOP")
    await page.keyboard.press("Enter")
    await page.keyboard.type("关怀\n负")
    await expect(page.locator(".CodeMirror-hint")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.locator(".CodeMirror-hint").first).to_contain_text("张丽")
    await page.get_by_role("option", name="王芳").click()

    text = await page.evaluate("document.querySelector('.CodeMirror').CodeMirror.getValue()")
    assert text == "SOP: 关怀\n负责人: 王芳"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_read_what_came_of_it(
    world: World, window: Window, scheme: str
) -> None:
    await world.publish({"team.yaml": TEAM, "sop.yaml": SOP})
    await world.add_contact("zhangli")
    played = await begin(
        world.ctx, "simulate", {"draft": "", "days": 7, "customers": 1000}, "wangfang"
    )
    await world.store.work.keep_file("upload:x", "十一月.xlsx", "x", CALENDAR)
    read = await begin(
        world.ctx, "import", {"upload": "upload:x", "name": "十一月.xlsx"}, "wangfang"
    )
    await world.settle()
    waiting = await begin(world.ctx, "sync", {}, "wangfang")
    await window.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    await window.sign_in("王芳")

    for path in (
        f"/console/simulation/{played}",
        f"/console/import/{read}",
        f"/console/work/{read}",
        f"/console/work/{waiting}",
        "/console/editing/plan",
        "/console/sops/关怀",
    ):
        for width in (375, 1440):
            await window.page.set_viewport_size({"width": width, "height": 800})
            await window.open(path)
            wide = await window.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} at {width}"
        await expect_no_findings(window, path)
