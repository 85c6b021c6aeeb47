"""日历: what was sent and given stands on its day, and so does what is still to come."""

import re
from datetime import date

import pytest

from console.month import leaf
from tests.console.browser import Browser
from tests.console.conftest import TEAM
from tests.world import World

THEME = """
主题群: 0-6月龄
群: {名称包含: 0-6月龄}
容量: 190人
"""
RULES = """
规则: 全局
免打扰: {客户: "21:30-08:30", 客户群: "22:00-09:30", 员工: "20:00-09:00"}
"""
DIARY = """
SOP: 群周历
负责人: 王芳
状态: 启用
对象: 客户群
进入: {当: 群属于主题, 主题: 0-6月龄}
步骤:
  - 步骤: 周三科普
    何时: 每周三 12:00
    发到群: {由: 群主, 文案: 今天聊辅食, 时效: 8小时}
  - 步骤: 早安
    何时: 每周五 09:00
    发到群: {由: 群主, 文案: 早上好, 时效: 8小时}
"""
CARE = """
SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 第三天问候
    何时: 第3天 10:00
    发给客户: {由: 跟进人, 文案: 用得还好吗, 时效: 1天}
  - 步骤: 回访
    何时: 第3天 14:00
    派任务: {标题: 回访, 给: 跟进人, 完成依据: [按钮: 已回访], 期限: 1个工作日}
"""


def day(html: str, at: str) -> str:
    """What the list says of one day, tags taken out; "" when the day is not in it."""
    found = re.search(rf'id="d-{at}">(.*?)</section>', html, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split()) if found else ""


async def publish(world: World, *sops: str) -> None:
    texts = {f"sop{n}.yaml": sop for n, sop in enumerate(sops)}
    await world.publish({"team.yaml": TEAM, "theme.yaml": THEME, "rules.yaml": RULES, **texts})


async def listed(browser: Browser, **asked: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in {"at": "2026-11-23", **asked}.items())
    return (await browser.open(f"/console/calendar?view=list&{query}")).html


async def test_the_moments_of_a_group_calendar_stand_on_their_days(
    world: World, browser: Browser
) -> None:
    await publish(world, DIARY)
    await world.create_group("徐汇店 0-6月龄 1群")
    await browser.sign_in("wangfang")

    html = await listed(browser)

    assert "12:00 周三科普 群周历" in day(html, "2026-11-25")
    assert "1 个群" in day(html, "2026-11-25")
    assert day(html, "2026-11-24") == ""


async def test_what_falls_into_quiet_hours_stands_where_it_really_leaves(
    world: World, browser: Browser
) -> None:
    await publish(world, DIARY)
    await world.create_group("徐汇店 0-6月龄 1群")
    await browser.sign_in("wangfang")

    friday = day(await listed(browser), "2026-11-27")

    assert "09:30 早安" in friday
    assert "原定 09:00，客户群免打扰" in friday


async def test_a_customer_stands_before_their_next_step_and_not_before_the_others(
    world: World, browser: Browser
) -> None:
    await publish(world, CARE)
    await world.add_contact("zhangli", name="小雨妈妈")
    await browser.sign_in("wangfang")

    coming = day(await listed(browser), "2026-11-25")

    assert "10:00 第三天问候 关怀" in coming
    assert "现在排着 1，到时再看" in coming
    assert "回访" not in coming


async def test_what_was_sent_and_given_stands_there_with_what_became_of_it(
    world: World, browser: Browser
) -> None:
    await publish(world, CARE)
    await world.add_contact("zhangli", name="小雨妈妈")
    await world.turn_to("2026-11-25 14:05")
    (message,) = (await world.ledger())["mass"]
    await world.act("confirm", staff="zhangli", msgid=message["msgid"])
    await world.turn_to("2026-11-26 09:00")
    await browser.sign_in("wangfang")

    past = day(await listed(browser), "2026-11-25")

    assert "10:00 第三天问候 关怀" in past
    assert "已送达 1" in past
    assert "14:00 回访 关怀" in past
    assert "还没完 1" in past
    assert "现在排着" not in past


async def test_it_can_be_asked_by_theme_group_sop_and_staff(world: World, browser: Browser) -> None:
    await publish(world, DIARY, CARE)
    ours = await world.create_group("徐汇店 0-6月龄 1群", "zhangli")
    await world.create_group("总店 0-6月龄 2群", "wangfang")
    await world.add_contact("zhangli", name="小雨妈妈")
    await browser.sign_in("wangfang")

    by_theme = day(await listed(browser, about="theme:0-6月龄"), "2026-11-25")
    assert "2 个群" in by_theme
    assert "第三天问候" not in by_theme
    by_group = day(await listed(browser, about=f"group:{ours}"), "2026-11-25")
    assert "1 个群" in by_group
    assert "第三天问候" not in by_group
    by_sop = day(await listed(browser, sop="关怀"), "2026-11-25")
    assert "第三天问候" in by_sop
    assert "周三科普" not in by_sop
    by_staff = day(await listed(browser, staff="wangfang"), "2026-11-25")
    assert "1 个群" in by_staff
    assert "第三天问候" not in by_staff


async def test_a_lead_sees_what_concerns_their_own_people(world: World, browser: Browser) -> None:
    await publish(world, DIARY, CARE)
    theirs = await world.create_group("总店 0-6月龄 2群", "wangfang")
    await world.add_contact("wangfang", name="总部的")
    await browser.sign_in("limin")

    assert day(await listed(browser), "2026-11-25") == ""
    assert day(await listed(browser, staff="wangfang"), "2026-11-25") == ""
    assert "总店" not in await listed(browser)
    refused = await browser.open(f"/console/calendar?about=group:{theirs}")
    assert refused.status == 404

    await world.add_contact("zhangli", name="徐汇的")
    assert "第三天问候" in day(await listed(browser), "2026-11-25")


async def test_the_month_leads_to_the_step_and_to_the_rest_of_a_full_day(
    world: World, browser: Browser
) -> None:
    steps = "".join(
        f"  - 步骤: 第{n}句\n    何时: 每周三 1{n}:00\n    发到群: {{由: 群主, 文案: 第{n}句, 时效: 1小时}}\n"
        for n in range(6)
    )
    await publish(world, DIARY.split("步骤:")[0] + "步骤:\n" + steps)
    await world.create_group("徐汇店 0-6月龄 1群")
    await browser.sign_in("wangfang")

    month = (await browser.open("/console/calendar?at=2026-11-23")).html

    assert 'href="/console/sops/%E7%BE%A4%E5%91%A8%E5%8E%86#step-%E7%AC%AC0%E5%8F%A5"' in month
    assert "还有 2 项" in month
    assert "view=list&amp;at=2026-11-25#d-2026-11-25" in month
    assert "第5句" in (await browser.open("/console/calendar?view=week&at=2026-11-23")).html


async def test_a_paused_sop_sends_nothing(world: World, browser: Browser) -> None:
    await publish(world, DIARY)
    await world.create_group("徐汇店 0-6月龄 1群")
    await browser.sign_in("wangfang")
    assert "周三科普" in day(await listed(browser), "2026-11-25")

    await publish(world, DIARY.replace("状态: 启用", "状态: 暂停"))

    assert day(await listed(browser), "2026-11-25") == ""


async def test_years_nobody_has_announced_are_marked(world: World, browser: Browser) -> None:
    await publish(world, DIARY.replace("每周三 12:00", "每个工作日 12:00"))
    await world.create_group("徐汇店 0-6月龄 1群")
    await browser.sign_in("wangfang")

    html = await listed(browser, at="2027-02-01")

    assert "日期是估的" in day(html, "2027-02-03")
    assert "2027 年的放假安排还没有载入" in html
    assert "放假安排还没有载入" not in await listed(browser, at="2026-12-01")


async def test_quiet_hours_and_windows_are_told(world: World, browser: Browser) -> None:
    await publish(world, CARE.replace("步骤:\n", '日历: {可发时段: ["10:00-12:00"]}\n步骤:\n', 1))
    await browser.sign_in("wangfang")

    html = (await browser.open("/console/calendar")).html

    assert "<dt>免打扰 客户群</dt><dd>22:00–09:30</dd>" in html
    assert "<dt>可发时段 关怀</dt><dd>10:00–12:00</dd>" in html


async def test_a_rehearsal_tells_of_later_steps_and_says_how_sure_it_is(
    world: World, browser: Browser
) -> None:
    await publish(world, CARE, DIARY)
    await world.create_group("徐汇店 0-6月龄 1群")
    for n in range(3):
        await world.add_contact("zhangli", name=f"客户{n}")
    await browser.sign_in("wangfang")
    assert "回访" not in day(await listed(browser), "2026-11-25")

    asked = await browser.post("/console/calendar/forecast")
    again = await browser.post("/console/calendar/forecast")
    assert asked.url == again.url
    await world.settle()

    html = await listed(browser)
    wednesday = day(html, "2026-11-25")
    assert re.search(r"14:00 回访 关怀 .*?推演约 [34]", wednesday)
    assert re.search(r"现在排着 3，到时再看 推演约 [34]", wednesday)
    assert wednesday.count("周三科普") == 1  # what is certain is not said twice
    assert "推演：11-23 09:00 按第 1 版" in html or "按第 2 版" in html
    assert "推演约" not in await listed(browser, staff="zhangli")

    await publish(world, CARE)
    assert "线上已经换了版本，请重新推演。" in await listed(browser)


async def test_only_who_may_edit_rehearses(world: World, browser: Browser) -> None:
    await publish(world, CARE)
    await browser.sign_in("zhoulv")
    assert "推演接下来" not in await listed(browser)

    assert (await browser.post("/console/calendar/forecast")).status == 403


@pytest.mark.parametrize("at", ["", "2026-13-99", "9999-12-31", "0001-01-01", "<script>"])
async def test_a_date_nobody_can_read_is_today(browser: Browser, at: str) -> None:
    await browser.sign_in("wangfang")

    for view in ("month", "week", "list", "x"):
        page = await browser.open(f"/console/calendar?view={view}&at={at}")
        assert page.status == 200
        assert "<script>" not in page.html.split("<main")[1]


def test_a_month_is_whole_weeks_and_turning_passes_every_month() -> None:
    today = date(2026, 11, 23)
    november = leaf({}, today)
    assert (november.first, november.last) == (date(2026, 10, 26), date(2026, 12, 6))
    assert (november.before, november.after) == (date(2026, 10, 1), date(2026, 12, 1))
    assert not november.holds(date(2026, 12, 1))

    week = leaf({"view": "week", "at": "2026-11-29"}, today)
    assert (week.first, week.last) == (date(2026, 11, 23), date(2026, 11, 29))
    last = leaf({"at": "2026-01-31"}, today)
    assert (last.before, last.after) == (date(2025, 12, 1), date(2026, 2, 1))
