"""A member of staff at work on their phone, in a real browser."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Window
from tests.browser.test_pages import EVIL, expect_no_findings
from tests.console.conftest import TEAM
from tests.scenarios.test_materials import folder_of
from tests.scenarios.test_tasks import SCRIPT, TAGS
from tests.world import World


def step(name: str, evidence: str, due: str, more: str) -> str:
    return f"""
  - 步骤: {name}
    派任务:
      标题: {name}：{{客户昵称}}
      给: 跟进人
      完成依据: {evidence}
      期限: {due}
      {more}"""


def an_sop(name: str, step: str) -> str:
    head = f"SOP: {name}\n负责人: 王芳\n状态: 启用\n对象: 客户\n进入: {{当: 添加好友}}\n步骤:"
    return f"{head}{step}\n  - 步骤: 以后\n    等待: 30天\n"


KINDS = {
    "a": an_sop("招呼", step("打招呼", "[按钮: 已问到]", "4小时", "素材: 话术-问月龄")),
    "b": an_sop("小样", step("寄小样", "[按钮: 已寄出, 填写: 快递单号]", "4小时", "素材: 图-海报")),
    "c": an_sop("接待", step("准备接待", "[清单全部勾选]", "6小时", "检查清单: [打印, 备货]")),
    "d": an_sop(
        "回访",
        step(
            "回访",
            "[按钮: [满意, 再聊], 客户被打上标签组: 宝宝月龄]",
            "3天",
            "结果打标签: {满意: 新客-满意}",
        ),
    ),
}


@pytest.fixture
async def at_work(world: World, phone: Window, tmp_path) -> Window:  # type: ignore[no-untyped-def]
    folder = folder_of(
        tmp_path, rules="规则: 全局\n", tags=TAGS, team=TEAM, script=SCRIPT, sop="", **KINDS
    )
    (folder / "sop.yaml").unlink()
    await world.publish(folder)
    await world.add_contact("zhangli", name=EVIL)
    await world.later(minutes=2)
    await phone.sign_in("张丽")
    return phone


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_kind_of_task_can_be_read_by_everybody(at_work: Window, scheme: str) -> None:
    await at_work.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    closed = at_work.page.locator("details:not([open]) > summary")
    while await closed.count():
        await closed.first.click()

    for width in (320, 375, 1440):
        await at_work.page.set_viewport_size({"width": width, "height": 800})
        wide = await at_work.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
    await expect_no_findings(at_work, "/my")


async def test_a_day_at_work(world: World, at_work: Window) -> None:
    page = at_work.page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    await page.get_by_role("button", name="复制").click()
    await expect(page.get_by_role("button", name="已复制")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == "您好，我是您的专属顾问，宝宝多大啦？"

    await page.get_by_label("打印").check()
    await page.get_by_role("button", name="提交").click()
    await expect(page.locator("input:invalid[name=tick]")).to_be_focused()
    await page.get_by_label("备货").check()
    await page.get_by_role("button", name="提交").click()
    await expect(page.get_by_text("已记下，辛苦了！")).to_be_visible()

    await page.get_by_label("快递单号").fill("SF1234")
    await page.get_by_role("button", name="已寄出").click()
    await expect(page.get_by_label("快递单号")).to_have_count(0)

    await page.get_by_role("button", name="满意").click()
    await expect(page.get_by_role("heading", name="做完了，等系统核实")).to_be_visible()

    states = [
        (row["title"].partition("：")[0], row["state"], row["evidence"])
        async for row in world.store.db["tasks"].find().sort("title", 1)
    ]
    assert sorted(states) == [
        ("准备接待", "已完成", "self_reported"),
        ("回访", "已完成", "self_reported"),
        ("寄小样", "已完成", "self_reported"),
        ("打招呼", "已送达", ""),
    ]
