"""What people do in the console, done in a real browser against the whole bot."""

from playwright.async_api import expect

from tests.browser.conftest import Window
from tests.console.conftest import TEAM
from tests.world import World

SOP = """SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 问候
    何时: 立即
    派任务:
      标题: 和 {客户昵称} 打个招呼
      给: 跟进人
      完成依据: [按钮: 已问到]
      期限: 1个工作日
"""


async def write(window: Window, text: str) -> None:
    """Into the editor, as by hand: the checker hears of it."""
    await window.page.wait_for_selector(".CodeMirror")
    await window.page.evaluate(
        "text => document.querySelector('.CodeMirror').CodeMirror.setValue(text)", text
    )


async def test_signing_in_and_out(window: Window) -> None:
    await window.sign_in("王芳")
    await expect(window.page.get_by_role("heading", name="今天")).to_be_visible()

    await window.page.get_by_role("button", name="王芳 · 退出").click()

    await expect(window.page.get_by_text("已退出登录。")).to_be_visible()
    await window.open("/console/today")
    await expect(window.page.get_by_role("heading", name="登录群策")).to_be_visible()


async def test_a_wrong_sop_is_told_at_the_line_mended_planned_published_and_worked(
    world: World, window: Window, phone: Window
) -> None:
    await world.publish({"team.yaml": TEAM})
    await window.sign_in("王芳")
    await window.page.get_by_role("link", name="编辑", exact=True).click()
    await window.page.get_by_label("新文件").fill("05-关怀.yaml")
    await window.page.get_by_role("button", name="新建").click()
    await write(window, SOP.replace("给: 跟进人", "给: 跟劲人"))
    told = window.page.locator("[data-mistakes] li").first
    await expect(told).to_contain_text("11 找不到接收人“跟劲人”")
    await expect(window.page.locator(".CodeMirror-lint-marker-error")).to_be_visible()

    await write(window, SOP)
    await expect(window.page.get_by_text("没有错误")).to_be_visible()
    await window.page.get_by_role("button", name="存成草稿").click()
    await window.page.get_by_role("button", name="看计划").click()
    await expect(window.page.locator("pre.plan")).to_contain_text("关怀")
    await window.page.get_by_label("这次改了什么").fill("新客问候")
    await window.page.get_by_role("button", name="发布").click()
    await expect(window.page.get_by_text("线上现在是第 3 版。")).to_be_visible()

    contact = await world.add_contact("zhangli", name="小雨妈妈")
    (card,) = (await world.ledger())["cards"]
    assert card["userid"] == "zhangli"
    await window.open(f"/console/customers/{contact}")
    await expect(window.page.get_by_text("派任务“和 小雨妈妈 打个招呼”").first).to_be_visible()

    await phone.sign_in("张丽")
    await expect(phone.page.get_by_role("heading", name="和 小雨妈妈 打个招呼")).to_be_visible()
    await phone.page.get_by_role("button", name="已问到").click()
    await expect(phone.page.get_by_text("已记下，辛苦了！")).to_be_visible()
    await expect(phone.page.get_by_text("现在没有待办任务")).to_be_visible()
    await window.page.reload()
    done = window.page.get_by_text("任务“和 小雨妈妈 打个招呼”已完成：已问到")
    await expect(done.first).to_be_visible()


async def test_why_a_customer_got_a_message(world: World, window: Window) -> None:
    await world.publish({"team.yaml": TEAM, "sop.yaml": SOP})
    await world.add_contact("zhangli", name="小雨妈妈")
    await window.sign_in("王芳")

    await window.page.keyboard.press("/")
    await expect(window.page.get_by_role("searchbox")).to_be_focused()
    await window.page.keyboard.type("雨妈")
    await window.page.keyboard.press("Enter")
    await window.page.get_by_role("link", name="小雨妈妈").click()

    await expect(window.page.get_by_text("进入 SOP“关怀”").first).to_be_visible()


async def test_a_dead_letter_is_given_another_chance(world: World, window: Window) -> None:
    await world.backlog(1)
    dead = {"$set": {"state": "dead", "why": "看不懂"}, "$unset": {"due_at": ""}}
    await world.store.db["inbox"].update_one({"_id": "backlog-0"}, dead)
    await window.sign_in("陈云")
    await window.page.get_by_role("link", name="运行", exact=True).click()
    await expect(window.page.get_by_role("cell", name="看不懂")).to_be_visible()

    await window.page.get_by_role("button", name="重新处理", exact=True).click()

    await expect(window.page.get_by_text("放回了 1 条，马上重新处理。")).to_be_visible()
    await world.settle()
    assert await world.store.inbox.dead() == []
