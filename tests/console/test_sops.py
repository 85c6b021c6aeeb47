"""The list of SOPs, the picture of one, and switching them."""

import re

import pytest

from bot.store import flow_figures
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
    assert "<span>共进入</span><strong>1</strong>" in page.html
    assert "<span>正在走</span><strong>1</strong>" in page.html


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


WORK = """
SOP: 跟进
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
退出: [{当: 客户删除好友, 记为: 负面}]
步骤:
  - 步骤: 问候
    何时: 第2天 10:00
    发给客户: {文案: 您好, 由: 跟进人}
  - 步骤: 打电话
    何时: 第2天 11:00
    派任务: {标题: "给 {客户昵称} 打电话", 给: 跟进人, 完成依据: [按钮: 打了], 期限: 4小时}
  - 步骤: 回访
    何时: 第9天 10:00
    发给员工: {文案: 回访, 给: 跟进人}
"""


def counts(html: str, step: str) -> list[str]:
    """What is written beside a step of the picture."""
    part = html.partition(f"<strong>{step}</strong>")[2].partition("</div>")[0]
    return re.findall(r"<li[^>]*>([^<]+)</li>", part)


async def test_each_step_tells_what_came_of_it(world: World, browser: Browser) -> None:
    await world.publish({"team.yaml": BACK, "sop.yaml": WORK})
    first = await world.add_contact(name="小雨妈妈")
    await world.add_contact(name="糖糖妈妈")
    await browser.sign_in("wangfang")
    await world.turn_to("2026-11-24 10:10")
    for mass in (await world.ledger())["mass"]:
        await world.act("confirm", staff="zhangli", msgid=mass["msgid"])
    await world.turn_to("2026-11-24 18:00")
    await world.act("delete_by_customer", staff="zhangli", contact=first)
    await world.later(seconds=5)

    page = await browser.open("/console/sops/跟进")

    assert "到过 2" in counts(page.html, "问候")
    assert "到过 2" in counts(page.html, "打电话")
    assert counts(page.html, "回访") == ["等着 1", "在这退出 1"]
    listed = await browser.open("/console/sops")
    assert re.search(r'<td class="n late">\s*\d', listed.html)


async def test_counts_under_an_earlier_name_stay_with_the_step(
    world: World, browser: Browser
) -> None:
    await open_shop(world, browser)
    await world.turn_to("2026-11-24 12:00")
    renamed = SOP.replace("- 步骤: 第一\n", "- 步骤: 初次\n    曾用名: 第一\n")

    await world.publish({"team.yaml": BACK, "sop.yaml": renamed})
    page = await browser.open("/console/sops/关怀")

    assert "到过 1" in counts(page.html, "初次")


async def test_a_big_sop_is_estimated_and_says_so(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow_figures, "MOST", 64 * 8)
    monkeypatch.setattr(flow_figures, "LISTED", 64 * 8)
    await world.publish({"team.yaml": BACK, "sop.yaml": SOP})
    rows = [
        {
            "_id": f"关怀:wm{n}:1",
            "sop": "关怀",
            "subject": f"wm{n}",
            "thread": "",
            "slot": n % 64,
            "state": "active",
            "step": "第一",
            "phase": "before",
            "past": [],
            "entered_at": world.now,
        }
        for n in range(64 * 20)
    ]
    await world.store.db["journeys"].insert_many(rows)
    await browser.sign_in("wangfang")

    page = await browser.open("/console/sops/关怀")

    assert "按一部分客户估算" in page.html
    assert counts(page.html, "第一") == ["等着 1,280"]
    assert "≈ 1,280" in (await browser.open("/console/sops")).html


TRIAL = """
SOP: 召回
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 文案试验
    分流试验:
      名称: 文案
      方案:
        - 方案: A-关怀
          占比: 50%
          则: [{步骤: 发关怀, 何时: 当天 10:30, 发给员工: {文案: 关怀, 给: 跟进人}}]
        - 方案: B-专属券
          占比: 50%
          则: [{步骤: 发券, 何时: 当天 10:30, 发给员工: {文案: 专属券, 给: 跟进人}}]
      看什么: 7天内下单率
      观察期: 7天
      每组至少: 6人
      判胜之后: 负责人确认后推广
      判不出: 维持 A-关怀
"""


async def test_the_arms_of_an_experiment_are_drawn_with_their_intervals(
    world: World, browser: Browser
) -> None:
    await world.publish({"team.yaml": BACK, "sop.yaml": TRIAL})
    await browser.sign_in("wangfang")
    page = await browser.open("/console/sops/召回")
    assert "还没有客户走到这里。" in page.html
    await world.add_contact()
    counted = [
        {"arm": "A-关怀", "enrolled": 200, "n": 200, "hits": 10, "harmed": 0, "chance": 0.15},
        {"arm": "B-专属券", "enrolled": 210, "n": 210, "hits": 21, "harmed": 0, "chance": 0.85},
    ]
    asking = {"counts": counted, "finding": "判不出", "why": "最好的没到 97.5%"}
    await world.store.db["experiments"].update_one({"_id": "文案"}, {"$set": asking})

    page = await browser.open("/console/sops/召回")

    assert "10.0%" in page.html
    assert "2.8%–9.0%" in page.html
    assert "85.0%" in page.html
    assert page.html.count('<svg class="range"') == 2
    assert "判不出：最好的没到 97.5%" in page.html
