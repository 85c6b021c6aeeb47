"""Who gets into the console, for how long, and who does not."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest
from argon2.exceptions import VerificationError

from bot.store.sign_ins import Admin
from console import sign_in
from console.sign_in import hashed
from tests.console.browser import Browser, open_browser
from tests.world import World

PASSWORD = "correct horse battery"


async def make_admin(world: World, name: str = "admin") -> None:
    admin = Admin(id=name, password_hash=hashed(PASSWORD), made_at=datetime.now(UTC))
    await world.store.admins.keep(admin)


def signed_in(html: str, name: str) -> bool:
    return f"{name} · 退出" in html


async def test_a_qr_code_scanned_in_wecom_lets_its_owner_in(browser: Browser) -> None:
    page = await browser.sign_in("wangfang", "/console/running")

    assert (page.status, page.url.path) == (200, "/console/running")
    assert signed_in(page.html, "王芳")


async def test_wecoms_own_client_asks_nothing(browser: Browser) -> None:
    page = await browser.open("/console/", follow=False)
    assert page.headers["Location"] == "/sign-in?next=/console/"

    client = {"User-Agent": "Mozilla/5.0 wxwork/4.1"}
    shown = await browser.open("/sign-in?next=/console/", follow=False, **client)
    sent = await browser.open(shown.headers["Location"], follow=False, **client)

    where = sent.headers["Location"]
    assert "/connect/oauth2/authorize?" in where
    assert "scope=snsapi_base" in where
    assert where.endswith("#wechat_redirect")


async def test_a_stranger_to_the_company_stays_outside(world: World, browser: Browser) -> None:
    await world.sim.act("staff_joins", userid="newone", staff="newone", name="新人")
    await world.store.staff.left("newone")

    page = await browser.sign_in("newone")

    assert "你不在群策的员工名单里" in page.html
    assert not signed_in((await browser.open("/console/")).html, "新人")


async def test_a_sign_in_begun_elsewhere_cannot_be_finished_here(
    world: World, browser: Browser
) -> None:
    """Somebody sends their own address of coming back, to have others work under their name."""
    sent = await browser.open("/sign-in/wecom?next=/console/", follow=False)
    async with browser.http.get(
        sent.headers["Location"] + "&as=zhangli", allow_redirects=False
    ) as answer:
        back = answer.headers["Location"].removeprefix(world.address)

    async with open_browser(world) as other:
        page = await other.open(back)

    assert "不是从这台设备发起的" in page.html


async def test_a_way_back_works_once(world: World, browser: Browser) -> None:
    sent = await browser.open("/sign-in/wecom?next=/console/", follow=False)
    async with browser.http.get(
        sent.headers["Location"] + "&as=wangfang", allow_redirects=False
    ) as answer:
        back = answer.headers["Location"].removeprefix(world.address)
    await browser.open(back)
    await browser.post("/sign-out")

    page = await browser.open(back)

    assert "已过期" in page.html


@pytest.mark.parametrize(
    "evil",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/\t/evil.example/",
        "/x\r\nLocation: https://evil.example/",
    ],
)
async def test_nobody_is_sent_to_a_strangers_site(
    world: World, browser: Browser, evil: str
) -> None:
    page = await browser.sign_in("wangfang", evil)

    assert page.status == 200
    assert str(page.url).startswith(world.address)


async def test_a_local_admin_gets_in_without_wecom(world: World, browser: Browser) -> None:
    await make_admin(world)
    await world.sim.fault("auth/getuserinfo", "5xx")

    page = await browser.post("/sign-in/local", name="admin", password=PASSWORD, next="/console/")

    assert signed_in(page.html, "admin")


@pytest.mark.parametrize("name", ["admin", "nobody"])
async def test_a_wrong_password_and_a_wrong_name_look_alike(
    world: World, browser: Browser, name: str
) -> None:
    await make_admin(world)

    page = await browser.post("/sign-in/local", name=name, password="wrong", next="/console/")

    assert page.status == 403
    assert "名字或密码不对。" in page.html


async def test_five_wrong_passwords_lock_the_name_for_a_while(
    world: World, browser: Browser
) -> None:
    await make_admin(world)
    for _ in range(5):
        await browser.post("/sign-in/local", name="admin", password="wrong", next="/console/")

    page = await browser.post("/sign-in/local", name="admin", password=PASSWORD, next="/console/")
    assert "15 分钟后再试" in page.html

    past = datetime.now(UTC) - timedelta(seconds=1)
    await world.store.db["admins"].update_one({"_id": "admin"}, {"$set": {"locked_until": past}})
    page = await browser.post("/sign-in/local", name="admin", password=PASSWORD, next="/console/")
    assert signed_in(page.html, "admin")


class SlowHasher:
    """Takes its time over every password, and finds all of them right."""

    def __init__(self) -> None:
        self.began, self.may_end = threading.Event(), threading.Event()

    def verify(self, *_: str) -> bool:
        self.began.set()
        if not self.may_end.wait(5):
            raise VerificationError
        return True


async def test_while_a_password_is_checked_nobody_waits_and_a_lock_still_counts(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_admin(world)
    slow = SlowHasher()
    monkeypatch.setattr(sign_in, "_HASHER", slow)
    form = {"name": "admin", "password": PASSWORD, "next": "/console/"}
    guess = asyncio.create_task(browser.post("/sign-in/local", **form))
    await asyncio.to_thread(slow.began.wait, 5)

    assert (await browser.open("/sign-in")).status == 200
    later = {"$set": {"locked_until": datetime.now(UTC) + timedelta(minutes=15)}}
    await world.store.db["admins"].update_one({"_id": "admin"}, later)
    slow.may_end.set()

    assert "15 分钟后再试" in (await guess).html


async def test_signing_out_ends_the_session_on_the_server(browser: Browser) -> None:
    await browser.sign_in("wangfang")
    held = list(browser.http.cookie_jar)
    await browser.post("/sign-out")

    browser.http.cookie_jar.update_cookies({c.key: c for c in held})
    page = await browser.open("/console/today")

    assert page.url.path == "/sign-in"


async def test_half_an_hour_without_a_click_ends_it(world: World, browser: Browser) -> None:
    await browser.sign_in("wangfang")
    idle = datetime.now(UTC) - timedelta(minutes=31)
    await world.store.db["sessions"].update_many({}, {"$set": {"seen_at": idle}})

    assert (await browser.open("/console/today")).url.path == "/sign-in"


async def test_clicks_keep_it_alive(world: World, browser: Browser) -> None:
    await browser.sign_in("wangfang")
    before = datetime.now(UTC) - timedelta(minutes=29)
    await world.store.db["sessions"].update_many({}, {"$set": {"seen_at": before}})

    await browser.open("/console/today")

    (row,) = await world.store.db["sessions"].find().to_list(None)
    assert row["seen_at"] > before + timedelta(minutes=28)


async def test_who_leaves_the_company_is_out_at_once(world: World, browser: Browser) -> None:
    await browser.sign_in("wangfang")

    await world.act("staff_leaves", staff="wangfang")

    assert (await browser.open("/console/today")).url.path == "/sign-in"
    assert await world.store.db["sessions"].count_documents({}) == 0


async def test_what_the_browser_holds_is_not_in_the_database(
    world: World, browser: Browser
) -> None:
    await browser.sign_in("wangfang")

    (cookie,) = [c for c in browser.http.cookie_jar if c.key == "__Host-qunce"]
    (row,) = await world.store.db["sessions"].find().to_list(None)
    assert cookie.value not in str(row)
    assert (cookie["secure"], cookie["httponly"], cookie["path"]) == (True, True, "/")
