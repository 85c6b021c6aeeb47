"""今天: figures of the day beside those of last week, and what to do about them."""

import re
from datetime import timedelta

from tests.console.browser import Browser
from tests.console.conftest import TEAM
from tests.world import World

CARE = """
SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 问候
    何时: 立即
    发给客户: {由: 跟进人, 文案: 您好, 时效: 1天}
  - 步骤: 回访
    何时: 立即
    派任务: {标题: 回访, 给: 跟进人, 完成依据: [按钮: 已回访], 期限: 2小时}
"""
THEME = "主题群: 辅食\n群: {名称包含: 辅食}\n容量: 3人\n"


async def publish(world: World, **more: str) -> None:
    await world.publish({"team.yaml": TEAM, "sop.yaml": CARE, "theme.yaml": THEME, **more})


def figure(html: str, name: str) -> int:
    found = re.search(rf"<span>{name}</span><strong>(\d+)</strong>", html)
    assert found, name
    return int(found[1])


def told(html: str) -> list[str]:
    """What is to be done."""
    part = html.split('<ul class="advice">')[-1].split("</ul>")[0] if "advice" in html else ""
    return re.findall(r"<a href=\"[^\"]+\">([^<]+)</a>", part)


async def today(browser: Browser) -> str:
    return (await browser.open("/console/today")).html


async def test_what_is_due_said_and_overdue_is_counted(world: World, browser: Browser) -> None:
    await publish(world)
    await world.add_contact("zhangli", name="小雨妈妈")
    await world.add_contact("limin", name="大雨爸爸")
    await browser.sign_in("wangfang")
    html = await today(browser)
    assert figure(html, "今天到期，还没做") == 2
    assert figure(html, "今天新派的任务") == 2
    assert figure(html, "新加好友") == 2

    (card,) = [one for one in (await world.ledger())["cards"] if one["userid"] == "zhangli"]
    await world.act("tap", staff="zhangli", task_id=card["task_id"], key="已回访")
    await world.later(hours=4)

    html = await today(browser)
    assert figure(html, "今天员工说做好了") == 1
    assert figure(html, "今天系统核实了") == 0
    assert figure(html, "今天到期，还没做") == 0
    assert figure(html, "已经逾期") == 1
    assert "徐汇店有 1 项任务逾期：催一句，或转给有空的人" in told(html)


async def test_what_was_said_waits_apart_until_the_system_sees_it(
    world: World, browser: Browser
) -> None:
    both = CARE.replace("[按钮: 已回访]", "[按钮: 已回访, 客户被打上标签组: 宝宝月龄]")
    await publish(world, **{"sop.yaml": both, "tags.yaml": "标签:\n  宝宝月龄: [0-6月龄]\n"})
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    (card,) = (await world.ledger())["cards"]
    await browser.sign_in("wangfang")

    await world.act("tap", staff="zhangli", task_id=card["task_id"], key="已回访")
    html = await today(browser)
    assert (figure(html, "今天员工说做好了"), figure(html, "今天系统核实了")) == (1, 0)
    assert figure(html, "今天到期，还没做") == 0

    await world.act("edit_tags", staff="zhangli", contact=contact, add=["宝宝月龄/0-6月龄"])
    await world.later(seconds=10)
    html = await today(browser)
    assert (figure(html, "今天员工说做好了"), figure(html, "今天系统核实了")) == (0, 1)


async def test_pushes_are_due_then_confirmed_and_delivered(world: World, browser: Browser) -> None:
    await publish(world)
    await world.add_contact("zhangli", name="小雨妈妈")
    await world.later(minutes=5)
    await browser.sign_in("wangfang")
    html = await today(browser)
    assert (figure(html, "今天应发"), figure(html, "已送达")) == (1, 0)

    (message,) = (await world.ledger())["mass"]
    await world.act("confirm", staff="zhangli", msgid=message["msgid"])
    await world.later(hours=1)

    html = await today(browser)
    assert (figure(html, "员工已确认"), figure(html, "已送达")) == (1, 1)


async def test_a_message_nobody_confirms_is_worth_a_word_after_three_hours(
    world: World, browser: Browser
) -> None:
    await publish(world)
    await world.add_contact("zhangli", name="小雨妈妈")
    await world.later(hours=2, minutes=50)
    await browser.sign_in("wangfang")
    assert not any("没点" in line for line in told(await today(browser)))

    await world.later(minutes=20)

    (line,) = [line for line in told(await today(browser)) if "没点" in line]
    assert line.startswith("张丽 手上的 1 条群发三个多小时没点“发送”（共 1 人）")


async def test_it_is_compared_with_the_same_weekday_of_last_week(
    world: World, browser: Browser
) -> None:
    await publish(world)
    for name in ("小雨妈妈", "大雨爸爸"):
        await world.add_contact("zhangli", name=name)
    await world.turn_to("2026-11-30 09:00")
    await world.add_contact("zhangli", name="新来的")
    await browser.sign_in("wangfang")

    html = await today(browser)

    card = html.split("<span>新加好友</span>")[1].split("</a>")[0]
    assert "<strong>1</strong>" in card
    assert "上周一全天 2" in card
    assert "<polyline" in card


async def test_a_lead_sees_their_own_people_and_not_the_machinery(
    world: World, browser: Browser
) -> None:
    await publish(world)
    await world.add_contact("wangfang", name="总部的")
    await browser.sign_in("limin")
    html = await today(browser)
    assert figure(html, "今天新派的任务") == 0
    assert "企业微信用量" not in html
    assert "放假安排" not in html

    await world.add_contact("zhangli", name="徐汇的")
    assert figure(await today(browser), "今天新派的任务") == 1


async def test_full_groups_and_who_waits_for_them_are_told(world: World, browser: Browser) -> None:
    await publish(world)
    await world.create_group("辅食 1群", "zhangli", members=["limin", "wangfang"])
    await browser.sign_in("wangfang")

    assert "主题“辅食”的群都满了：准备新群" in told(await today(browser))


async def test_dead_callbacks_drafts_and_unknown_holidays_lead_to_their_pages(
    world: World, browser: Browser
) -> None:
    await publish(world)
    await world.backlog(1)
    dead = {"$set": {"state": "dead", "why": "看不懂"}, "$unset": {"due_at": ""}}
    await world.store.db["inbox"].update_one({"_id": "backlog-0"}, dead)
    await browser.sign_in("wangfang")
    await browser.post("/console/editing/save", path="sop.yaml", text=CARE.replace("您好", "好"))

    html = await today(browser)

    lines = told(html)
    assert "1 条回调处理失败：修好原因后重新处理" in lines
    assert "你改了 1 个文件还没发布" in lines
    assert any(line.startswith("2027 年的放假安排还没载入") for line in lines)
    assert 'href="/console/running">1 条回调处理失败' in html
    assert 'href="/console/editing">你改了 1 个文件' in html


async def test_what_wecom_allows_and_what_is_used_of_it_is_shown(
    world: World, browser: Browser
) -> None:
    await publish(world)
    await world.add_contact("zhangli", name="小雨妈妈")
    await browser.sign_in("wangfang")

    html = await today(browser)

    assert "<code>externalcontact/" in html
    assert re.search(r"给 张丽 发应用消息</dt>\s*<dd class=\"\">1 / 28 每分钟", html)
    assert "没有积压" in html


async def test_an_api_wecom_has_shut_is_named_until_it_is_open_again(
    world: World, browser: Browser
) -> None:
    await publish(world)
    until = world.now + timedelta(hours=1)
    await world.store.paces.open_breaker("api:externalcontact/get", (until,), world.now)
    await browser.sign_in("wangfang")

    html = await today(browser)
    assert "被企业微信暂停到 11-23 10:00" in html
    assert "1 个接口调用太多被企业微信暂停，到点自动恢复" in told(html)

    await world.later(hours=2)
    assert "被企业微信暂停" not in await today(browser)


async def test_an_empty_company_is_told_what_to_do_first(world: World, browser: Browser) -> None:
    await browser.sign_in("wangfang")

    assert "还没有启用的 SOP：到“编辑”里写一个，发布后启用" in told(await today(browser))
