"""Every address of the console: who may open it, from where, and what is written down."""

import re

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import machine_now
from bot.store.audit import Line
from console import PAGES, routes
from console.pages import work
from console.rights import RIGHTS, Role
from console.site import Route, Site
from tests.console.browser import Browser
from tests.world import World

PEOPLE: dict[Role, str] = {
    "owner": "wangfang",
    "ops": "chenyun",
    "auditor": "zhoulv",
    "lead": "limin",
    "staff": "zhangli",
}
#: What each role may do beyond being a member of the company; told once more, on purpose.
ALLOWED: dict[Role, set[str]] = {
    "owner": {
        "own tasks",
        "look",
        "figures",
        "phones",
        "act",
        "edit",
        "publish",
        "operate",
        "trail",
    },
    "ops": {"own tasks", "look", "figures", "phones", "act", "edit", "publish", "operate"},
    "auditor": {"own tasks", "look", "figures", "trail"},
    "lead": {"own tasks", "look", "act"},
    "staff": {"own tasks"},
}
GUARDED = [page for page in PAGES if page.may is not None]


def test_the_rights_of_every_role_are_as_written_here() -> None:
    assert {role: set(rights) for role, rights in RIGHTS.items()} == ALLOWED


def test_only_signing_in_and_the_language_are_open_to_everybody() -> None:
    open_to_all = {page.path for page in PAGES if page.may is None}

    assert open_to_all == {
        "/",
        "/language",
        "/sign-in",
        "/sign-in/back",
        "/sign-in/local",
        "/sign-in/wecom",
        "/sign-out",
        "/m/join/{token}",  # whose these are, their signed links say
        "/m/join/{token}/code",
        "/m/answer/{token}",
        "/m/checkin/{token}",
        "/m/privacy/{token}",
        "/m/privacy/{token}/resume",
        "/m/privacy/{token}/stop",
    }


def test_what_changes_something_says_what_it_does() -> None:
    with pytest.raises(ValueError, match="say what"):
        Route("POST", "/x", "act", GUARDED[0].view)


@pytest.mark.parametrize("role", PEOPLE)
async def test_a_role_opens_what_it_may_and_nothing_else(
    world: World, browser: Browser, role: Role
) -> None:
    await browser.sign_in(PEOPLE[role])

    for page in GUARDED:
        path = re.sub(r"{\w+}", "x", page.path)
        if page.method == "GET":
            answer = await browser.open(path, follow=False)
        else:
            answer = await browser.post(path)
        assert (answer.status != 403) == (page.may in ALLOWED[role]), (role, page.path)


async def test_nobody_gets_anywhere_without_signing_in(browser: Browser) -> None:
    for page in GUARDED:
        path = re.sub(r"{\w+}", "x", page.path)
        answer = await (browser.open(path) if page.method == "GET" else browser.post(path))
        assert answer.url.path == "/sign-in", page.path


async def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(browser: Browser) -> None:
    answer = await browser.open("/console/today", follow=False, **{"HX-Request": "true"})

    assert (answer.status, answer.headers["HX-Redirect"]) == (401, "/sign-in?next=/console/today")


async def test_a_form_on_somebody_elses_page_does_nothing(browser: Browser) -> None:
    await browser.sign_in("wangfang")

    answer = await browser.post("/sign-out", ours=False)

    assert answer.status == 403
    assert (await browser.open("/console/today")).url.path == "/console/today"


@pytest.mark.parametrize(
    ("origin", "done"), [("own", True), ("https://evil.example", False), ("", False)]
)
async def test_old_browsers_are_known_by_the_origin_they_name(
    world: World, browser: Browser, origin: str, done: bool
) -> None:
    await browser.sign_in("wangfang")

    headers = {"Origin": world.address if origin == "own" else origin} if origin else {}
    async with browser.http.post(world.address + "/sign-out", headers=headers) as answer:
        assert (answer.status == 403) != done


async def test_every_page_forbids_what_is_not_ours(browser: Browser) -> None:
    for path in ("/sign-in", "/console/today"):
        answer = await browser.open(path, follow=False)
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["Cache-Control"] == "no-store"


async def test_what_is_done_is_written_down_also_when_it_was_refused(
    world: World, browser: Browser
) -> None:
    await browser.sign_in("wangfang")
    await browser.post("/sign-out", ours=False)
    await browser.post("/sign-out")
    await browser.post("/sign-in/local", name="root", password="x", next="/")

    lines = [
        (row["who"], row["did"], row["about"], row["outcome"])
        for row in await world.store.audit.latest(9)
    ]
    assert lines == [
        ("", "用密码登录", "root", 403),
        ("王芳（wangfang）", "退出登录", "", 303),
        ("", "退出登录", "", 403),
        ("王芳（wangfang）", "登录", "", 303),
    ]


async def test_what_breaks_half_way_is_answered_politely_and_written_down(
    world: World,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await browser.sign_in("wangfang")

    async def broken(*_: object, **__: object) -> str:
        raise RuntimeError("half-way")

    monkeypatch.setattr(work, "begin", broken)
    page = await browser.post("/console/sync")

    assert page.status == 500
    assert "程序出错了" in page.html
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    (line,) = await world.store.audit.latest(1)
    assert (line["did"], line["outcome"]) == ("立即和企业微信核对", 500)
    assert "half-way" in caplog.text


async def test_what_is_too_long_is_refused_politely_and_written_down(
    world: World, browser: Browser
) -> None:
    page = await browser.post("/sign-in/local", name="root", password="x" * 100_000, next="/")

    assert page.status == 413
    assert "太长了" in page.html
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    (line,) = await world.store.audit.latest(1)
    assert (line["did"], line["outcome"]) == ("用密码登录", 413)


async def test_the_auditor_reads_who_did_what(world: World, browser: Browser) -> None:
    await browser.sign_in("zhoulv")

    page = await browser.open("/console/trail")

    assert "zhoulv" in page.html
    assert "登录" in page.html


async def test_the_trail_says_in_words_what_came_of_it(world: World, browser: Browser) -> None:
    await browser.sign_in("limin")
    await browser.post("/console/sync")  # a lead may not
    await browser.sign_in("wangfang")
    await browser.post("/console/sops/没有/state", verb="pause")

    page = await browser.open("/console/trail")

    assert "<td>做了</td>" in page.html
    assert "<td>拒绝了</td>" in page.html
    assert "<td>没有：暂停</td>" in page.html
    assert not re.search(r"<td>\d{3}</td>", page.html)


async def test_a_name_cannot_be_more_than_a_name(world: World, browser: Browser) -> None:
    evil = "<img src=x onerror=alert(1)>"
    await world.sim.act("staff_joins", staff="evil", name=evil, department=[12])
    await world.settle()

    page = await browser.sign_in("evil")

    assert evil not in page.html


async def test_pages_say_when_mongodb_is_away(world: World) -> None:
    class Alone:
        ready = False
        ctx = None

    site = Site(settings=world.ctx.settings, health=Alone(), now=machine_now)
    app = web.Application()
    app.add_routes(routes(site))
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        async with http.get(server.make_url("/console/today")) as answer:
            assert answer.status == 503
            assert "数据库暂时连不上" in await answer.text()
        async with http.get(server.make_url("/readyz")) as answer:
            assert (answer.status, (await answer.json())["callbacks"]) == (503, "spooled")


async def test_what_was_refused_leads_back_to_the_page_it_came_from(
    world: World, browser: Browser
) -> None:
    await browser.sign_in("wangfang")

    gone = await browser.open("/console/sops/x", Referer=f"{world.address}/console/sops?a=1")
    elsewhere = await browser.open("/console/sops/x", Referer="https://evil.example/console/sops")

    assert gone.status == elsewhere.status == 404
    assert '<a href="/console/sops?a=1">← 回到刚才那一页</a>' in gone.html
    assert "回到刚才那一页" not in elsewhere.html


async def test_no_line_is_left_out_between_two_pages_of_the_trail(
    world: World, browser: Browser
) -> None:
    moment = machine_now()
    for n in range(60):
        await world.store.audit.write(Line(at=moment, who="王芳", did="登录", about=f"line-{n}."))
    first = await browser.sign_in("zhoulv", "/console/trail")

    further = re.search(r"/console/trail\?after=([^\"]+)", first.html)
    assert further
    second = await browser.open(f"/console/trail?after={further[1]}")

    assert len(set(re.findall(r"line-\d+\.", first.html + second.html))) == 60
