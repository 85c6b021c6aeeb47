"""A member of staff's own tasks."""

from tests.console.browser import Browser
from tests.console.conftest import TEAM
from tests.world import World

SOP = """SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 问候
    派任务:
      标题: 和 {客户昵称} 打个招呼
      给: 跟进人
      素材: 话术
      完成依据: [按钮: 已问到]
      期限: 1个工作日
"""
SCRIPT = "素材: 话术\n类型: 文字\n文案: 您好呀，宝宝多大啦？\n"


async def test_staff_see_their_own_tasks_and_nobody_elses(world: World, browser: Browser) -> None:
    await world.publish({"team.yaml": TEAM, "sop.yaml": SOP, "script.yaml": SCRIPT})
    await world.add_contact("zhangli", name="小雨妈妈")
    await world.add_contact("limin", name="别人")
    await world.later(minutes=2)

    page = await browser.sign_in("zhangli")

    assert page.url.path == "/console/mine"
    assert "和 小雨妈妈 打个招呼" in page.html
    assert "您好呀，宝宝多大啦？" in page.html
    assert "别人" not in page.html


async def test_who_has_nothing_to_do_is_told_so(browser: Browser) -> None:
    page = await browser.sign_in("zhangli")

    assert "现在没有待办任务，辛苦了！" in page.html
