"""Workers, API errors, the doctor and the settings, as whoever operates the deployment sees them."""

import os
from datetime import timedelta

import pytest

from bot import doctor
from config.rule_lines import rule_lines
from console import PAGES
from console.payloads import HIDDEN
from scheduler import pulse
from tests.bot.test_sender import SEND, text
from tests.console.browser import Browser
from tests.console.conftest import TEAM
from tests.world import World

RULES = "规则: 全局\n免打扰:\n  客户: 21:30-08:30\n店长日报: 不发\n"


async def test_a_process_that_reports_is_at_work_and_one_that_went_silent_is_not(
    world: World, browser: Browser
) -> None:
    page = await browser.sign_in("wangfang", "/console/running/workers")
    assert "没有进程在干活" in page.html

    await pulse.look(world.ctx)
    page = await browser.open("/console/running/workers")
    assert "1 个进程在干活。" in page.html
    assert f'<td class="id">{os.getpid()}</td>' in page.html

    rows = world.store.db["workers"]
    seen = (await rows.find_one({}))["seen_at"]
    await rows.update_one({}, {"$set": {"seen_at": seen - timedelta(minutes=1)}})
    page = await browser.open("/console/running/workers")
    assert "没有进程在干活" in page.html
    assert "没有声音了" in page.html


async def test_a_process_that_stops_signs_off(world: World) -> None:
    await pulse.look(world.ctx)

    await world.store.workers.leave()

    assert await world.store.workers.all() == []


async def test_what_is_late_and_what_is_in_hand_is_told(world: World, browser: Browser) -> None:
    await world.pass_by(minutes=10)
    await world.backlog(3)
    await world.store.db["inbox"].update_many({}, {"$set": {"due_at": world.now}})
    await world.pass_by(minutes=10)
    await world.store.inbox.claim(world.now, lane="normal", limit=2)

    page = await browser.sign_in("wangfang", "/console/running/workers")

    assert '<span class="late">10 min</span>' in page.html
    assert f'<td>回调</td><td class="n">2</td><td class="id">{os.getpid()}</td>' in page.html


async def test_what_wecom_refused_is_counted_with_its_cure(world: World, browser: Browser) -> None:
    await world.sim.fault(SEND, "60020", times=2)
    await world.store.outbox.put([text(world, "x1"), text(world, "x2")])
    await world.settle()

    page = await browser.sign_in("wangfang", "/console/running/errors")

    assert '<td class="n second">2</td><td class="id first">message/send</td>' in page.html
    assert '<span class="tag bad">60020</span>' in page.html
    assert "企业可信IP" in page.html


async def test_errors_of_days_ago_are_not_of_the_last_day(world: World, browser: Browser) -> None:
    await world.sim.fault(SEND, "60020", times=1)
    await world.store.outbox.put([text(world, "x1")])
    await world.later(hours=26)

    page = await browser.sign_in("wangfang", "/console/running/errors")

    assert "没有。最近一天企业微信都照办了。" in page.html


async def test_what_several_processes_heard_is_added_up(world: World) -> None:
    class Failure:
        code, message, path = 41050, "used", "externalcontact/send_welcome_msg"

    for _ in range(2):
        world.store.mishaps.heard(Failure(), world.now)
        await world.store.mishaps.write()

    (one,) = await world.store.mishaps.since(world.now)
    assert (one.count, one.code, one.path) == (2, Failure.code, Failure.path)


async def test_the_doctor_asks_on_the_page_what_it_asks_on_the_command_line(
    world: World, browser: Browser
) -> None:
    page = await browser.sign_in("wangfang", "/console/doctor")
    for name in (*doctor.OFFLINE, *doctor.ONLINE):
        assert f'hx-get="/console/doctor/{name}"' in page.html
    await world.sim.fault("externalcontact/groupchat/list", "48002", times=1)

    part = await browser.open("/console/doctor/groups")
    whole = await browser.open("/console/doctor?all=1")

    assert "✗" in part.html
    assert "可调用接口的应用" in part.html
    assert "能读取客户群" in whole.html
    assert "正在检查" not in whole.html
    assert (await browser.open("/console/doctor/nothing")).status == 404


async def test_the_doctor_asks_wecom_about_the_days_the_shop_lives_in(
    world: World, browser: Browser
) -> None:
    """WeCom keeps 180 days: who asks for others is refused, and that is written down."""
    await world.pass_by(days=200)

    await browser.sign_in("wangfang", "/console/doctor/statistics")

    assert "600018" not in (await browser.open("/console/running/errors")).html


async def test_a_question_that_is_not_asked_here_leaves_nothing_behind(browser: Browser) -> None:
    await browser.sign_in("wangfang")

    assert (await browser.open("/console/doctor/acquisition")).html.strip() == ""


async def test_settings_are_shown_with_their_source(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUNCE_CORP_ID", world.ctx.settings.corp_id)
    await world.publish({"team.yaml": TEAM, "规则.yaml": RULES})

    page = await browser.sign_in("wangfang", "/console/settings")

    assert (
        f'<td class="id">{world.ctx.settings.corp_id}</td><td class="short second">环境变量</td>'
        in page.html
    )
    assert (
        '<td class="id first">QUNCE_TIMEZONE</td><td class="id">Asia/Shanghai</td><td class="short second">默认</td>'
        in (page.html)
    )
    assert "启动时给定" in page.html
    assert '没有设置</td><td class="short second">启动时给定' not in page.html
    assert f'<td class="id first">QUNCE_AGENT_SECRET</td><td class="id">{HIDDEN}</td>' in page.html
    assert "规则.yaml</a> 第 2 行" in page.html
    assert "客户: 21:30-08:30" in page.html


def test_rules_are_told_with_the_line_they_stand_in() -> None:
    files = {"a.yaml": "团队: 默认\n---\n" + RULES + "---\n标签: {管理: [勿扰]}\n"}

    told = {line.name: (line.file, line.line, line.text) for line in rule_lines(files)}

    assert told["免打扰"] == ("a.yaml", 4, "免打扰:\n  客户: 21:30-08:30")
    assert told["店长日报"] == ("a.yaml", 6, "店长日报: 不发")
    assert told["频控"] == ("", 0, "")
    assert "规则" not in told


async def test_no_page_holds_a_secret(world: World, browser: Browser) -> None:
    """Every page there is, with callbacks and calls that carry the secrets of the moment."""
    contact = await world.add_contact(name="小雨妈妈")
    await world.store.outbox.put([text(world, "x1")])
    await world.settle()
    settings = world.ctx.settings
    secrets = {
        value.get_secret_value()
        for name in type(settings).model_fields
        if hasattr(value := getattr(settings, name), "get_secret_value")
    }
    tokens = [row["token"] async for row in world.store.db["tokens"].find() if row.get("token")]
    assert len(secrets) >= 6
    await browser.sign_in("wangfang")
    (callback,) = (await world.store.inbox_list.about(contact, "", 1)).rows

    paths = [page.path for page in PAGES if page.method == "GET" and "{" not in page.path]
    parts = [f"/console/doctor/{name}" for name in (*doctor.OFFLINE, *doctor.ONLINE)]
    rows = [
        f"/console/customers/{contact}",
        f"/console/running/inbox/{callback['_id']}",
        "/console/running/outbox/row?id=x1",
        "/console/running/outbox?which=sent",
    ]
    for path in (*paths, *parts, *rows):
        html = (await browser.open(path)).html
        assert not [secret for secret in (*secrets, *tokens) if secret in html], path
