"""隐私页: what is kept is said in plain words, and pushes stop and begin again."""

from bot.actions import opting
from tests.console.browser import Browser
from tests.console.test_members import link, open_shop
from tests.world import TEAM, World

SOP = """SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 问候
    何时: 当天 10:00
    发给客户: {文案: 您好, 由: 跟进人}
  - 步骤: 再问候
    何时: 第2天 10:00
    发给客户: {文案: 又见面啦, 由: 跟进人}
"""


async def test_the_privacy_page_says_what_is_kept(world: World, browser: Browser) -> None:
    await open_shop(world)
    contact = await world.add_contact(name="小雨妈妈<b>")
    await world.act("edit_tags", staff="zhangli", contact=contact, add=["喜好/奶粉"])
    await world.later(seconds=3)

    page = await browser.open(await link(world, contact, "privacy"))

    assert "小雨妈妈&lt;b&gt;" in page.html
    assert "张丽" in page.html
    assert '<span class="tag">奶粉</span>' in page.html


async def test_stopping_ends_what_was_to_come_and_resuming_begins_again(
    world: World, browser: Browser
) -> None:
    await world.publish({"sop.yaml": SOP, "team.yaml": TEAM})
    contact = await world.add_contact()
    path = await link(world, contact, "privacy")

    assert "停止推送" in (await browser.open(path)).html
    page = await browser.post(path + "/stop")
    assert "恢复推送" in page.html
    await world.turn_to("2026-11-23 20:00")
    assert (await world.ledger())["mass"] == []

    page = await browser.post(path + "/resume")
    assert "停止推送" in page.html
    await world.turn_to("2026-11-24 20:00")
    assert len((await world.ledger())["mass"]) == 1
    assert (await world.store.deliveries.of(contact))[0].reason == "客户停止推送"


async def test_stopping_twice_tells_the_adviser_once(world: World, browser: Browser) -> None:
    await open_shop(world)
    contact = await world.add_contact(name="小雨妈妈")
    path = await link(world, contact, "privacy")
    await browser.open(path)

    for _ in range(3):
        await browser.post(path + "/stop")
    await world.settle()

    told = [text for text in (await world.ledger())["texts"] if "停止推送" in str(text)]
    assert len(told) == 1
    assert await opting.stop(world.ctx, contact) is False
