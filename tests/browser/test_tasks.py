"""Overdue tasks are given to somebody else, in a real browser against the whole bot."""

from playwright.async_api import expect

from tests.browser.conftest import Window
from tests.console.test_tasks_page import open_shop
from tests.scenarios.test_tasks import cards_of
from tests.world import World


async def test_overdue_tasks_are_reassigned(world: World, window: Window) -> None:
    await open_shop(world)
    contacts = [await world.add_contact("zhangli", name=name) for name in ("小雨妈妈", "大雨爸爸")]
    await world.turn_to("2026-11-24 14:00")
    page = window.page
    await window.sign_in("王芳")
    await page.get_by_role("link", name="任务", exact=True).click()
    await page.get_by_role("link", name="已逾期").click()
    await expect(page.get_by_role("row", name="小雨妈妈")).to_contain_text("升级 1")

    await page.get_by_label("选中这一页").check()
    await page.get_by_label("转给").select_option("李敏")
    await page.get_by_role("button", name="改派选中的").click()

    await expect(page.get_by_text("改派了 2 项。")).to_be_visible()
    await world.settle()
    (card,) = await cards_of(world, "limin")
    assert card["title"].startswith("【张丽 转来】和 2 位客户")
    await page.get_by_role("link", name="没做完").click()
    row = page.get_by_role("row", name="小雨妈妈")
    await expect(row).to_contain_text("李敏")
    await expect(row).to_contain_text("已转派")
    await row.get_by_role("link").click()
    await expect(page.get_by_text("后台改派（李敏）").first).to_be_visible()
    assert [t.staff for one in contacts for t in await world.store.tasks.about(one)] == [
        "limin",
        "limin",
    ]


async def test_all_that_are_listed_go_to_each_ones_manager(world: World, window: Window) -> None:
    await open_shop(world)
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    page = window.page
    await window.sign_in("王芳")
    await window.open("/console/tasks?shop=徐汇店")

    await page.get_by_label("转给").select_option("各自的店长")
    await page.get_by_role("button", name="改派这一列表的全部").click()
    await world.settle()

    await expect(page.get_by_text("改派了 1 项。")).to_be_visible()
    (task,) = await world.store.tasks.about(contact)
    assert task.staff == "limin"


async def test_a_task_is_given_and_messages_are_stopped_on_the_page_of_a_customer(
    world: World, window: Window
) -> None:
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    page = window.page
    await window.sign_in("王芳")
    await window.open(f"/console/customers/{contact}")

    await page.get_by_text("派一个任务").click()
    await page.get_by_label("要做什么").fill("回电话")
    await page.get_by_role("button", name="派出").click()
    await expect(page.get_by_role("heading", name="回电话")).to_be_visible()
    await world.settle()
    (card,) = await cards_of(world, "zhangli")
    assert card["title"] == "回电话"

    await page.get_by_role("link", name="小雨妈妈").click()
    await page.get_by_text("停止推送", exact=True).click()
    await page.get_by_label("原因（可以不写）").fill("客户来电")
    await page.get_by_role("button", name="确定停止推送").click()
    await expect(page.get_by_role("status")).to_contain_text("已停止推送")
