"""The calendar as people use it: look ahead, turn the leaf, open what stands there."""

from playwright.async_api import expect

from tests.browser.conftest import Window
from tests.console.test_calendar import DIARY, publish
from tests.world import World


async def test_from_the_month_to_the_step_and_from_one_leaf_to_the_next(
    world: World, window: Window
) -> None:
    await publish(world, DIARY)
    await world.create_group("徐汇店 0-6月龄 1群")
    await window.sign_in("王芳")
    page = window.page
    await page.get_by_role("link", name="日历").click()
    wednesday = page.get_by_role("link", name="周三科普").first
    await expect(wednesday).to_contain_text("12:00")

    await page.get_by_role("link", name="往后").click()
    await expect(page.get_by_role("heading", name="2026年12月")).to_be_visible()
    await page.get_by_label("SOP", exact=True).select_option("群周历")
    await page.get_by_role("button", name="看").click()
    await expect(page.get_by_role("heading", name="2026年12月")).to_be_visible()
    await page.get_by_role("link", name="周三科普").first.click()

    await expect(page.get_by_role("heading", name="群周历")).to_be_visible()
    await expect(page.locator("li:target strong")).to_have_text("周三科普")


async def test_on_a_phone_the_days_stand_below_each_other_and_empty_ones_are_left_out(
    world: World, window: Window
) -> None:
    await publish(world, DIARY)
    await world.create_group("徐汇店 0-6月龄 1群")
    await window.sign_in("王芳")
    await window.page.set_viewport_size({"width": 375, "height": 800})
    await window.open("/console/calendar")

    boxes = [await one.bounding_box() for one in await window.page.locator(".cell:visible").all()]
    assert len(boxes) == 3  # today, Wednesday and Friday of the rest of November
    assert len({box["x"] for box in boxes if box}) == 1
