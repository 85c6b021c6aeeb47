"""The list of SOPs, the picture of one, and switching them."""

from tests.console.browser import Browser
from tests.world import TEAM, World

SOP = """
SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 第一
    何时: 第2天 10:00
    发给客户: {文案: 您好, 由: 跟进人}
  - 步骤: 等下单
    等事件:
      当: 下单
      最多等: 3天
      超时:
        - 步骤: 再问
          发给员工: {文案: 还没下单, 给: 跟进人}
"""
BACK = TEAM + "后台: {负责人: [王芳]}\n"


async def open_shop(world: World, browser: Browser) -> None:
    await world.publish({"team.yaml": BACK, "sop.yaml": SOP})
    await world.add_contact()
    await browser.sign_in("wangfang")


async def test_the_picture_shows_who_stands_where(world: World, browser: Browser) -> None:
    await open_shop(world, browser)
    page = await browser.open("/console/sops/关怀")
    assert page.html.count("等着 1") == 1
    assert "超时" in page.html

    await world.turn_to("2026-11-24 12:00")
    page = await browser.open("/console/sops/关怀")

    assert "在这 1" in page.html
    assert "共进入 1 次，正在走 1 个。" in page.html


async def test_a_sop_is_paused_and_resumed_by_a_click(world: World, browser: Browser) -> None:
    await open_shop(world, browser)

    page = await browser.post("/console/sops/关怀/state", verb="pause")
    assert "暂停</span>" in page.html
    assert (await world.ctx.releases.head()).book.sops["关怀"].state == "暂停"

    page = await browser.post("/console/sops/关怀/state", verb="resume")
    assert "启用</span>" in page.html


async def test_what_cannot_be_switched_says_why(world: World, browser: Browser) -> None:
    await open_shop(world, browser)

    page = await browser.post("/console/sops/没有/state", verb="pause")

    assert page.status == 409
    assert "线上没有 SOP“没有”" in page.html
