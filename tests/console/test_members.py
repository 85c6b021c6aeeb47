"""Links of member pages: whose they are, and who is told why they do not open."""

import asyncio
import re
from datetime import timedelta

from bot.actions import member_links
from bot.playbook.pages import LIVES, Purpose
from console.members import A_MINUTE
from tests.console.browser import Browser, open_browser
from tests.world import TEAM, World

TAGS = "标签:\n  喜好: [奶粉, 辅食]\n"
THEME = """主题群: 辅食交流
群: {名称包含: 辅食}
容量: 2人
选群页: {介绍: 每天一个辅食做法, 打标签: 喜好/辅食}
---
主题群: 奶粉服务
群: {名称包含: 奶粉}
准入: [{有标签: 喜好/奶粉}]
选群页: {介绍: 到货和活动早知道}
---
主题群: 内部
群: {名称包含: 内部}
"""


async def open_shop(world: World, theme: str = THEME) -> None:
    await world.publish({"tags.yaml": TAGS, "theme.yaml": theme, "team.yaml": TEAM})


async def link(world: World, contact: str, purpose: Purpose, about: str = "") -> str:
    """The path of a member's page, as we send it."""
    maker = await member_links.maker(world.ctx, world.address)
    assert maker
    return maker.to(purpose, contact, about).removeprefix(world.address)


async def choose(world: World, browser: Browser, path: str, theme: str = "辅食交流") -> str:
    """The page after the button and all that follows."""
    await browser.open(path)
    await browser.post(path, theme=theme)
    await world.settle()
    return (await browser.open(path)).html


# ---- whose a link is ----------------------------------------------------------------------------


async def test_a_link_opens_for_its_member_and_says_what_may_be_chosen(
    world: World, browser: Browser
) -> None:
    await open_shop(world)
    path = await link(world, await world.add_contact(), "join")

    page = await browser.open(path)

    assert page.status == 200
    assert "每天一个辅食做法" in page.html
    assert "内部" not in page.html  # nobody offers it
    assert "奶粉服务" not in page.html  # its 准入 keeps this member out


async def test_a_link_about_one_theme_offers_only_that(world: World, browser: Browser) -> None:
    await open_shop(world, THEME.replace("准入: [{有标签: 喜好/奶粉}]\n", ""))
    path = await link(world, await world.add_contact(), "join", "奶粉服务")

    page = await browser.open(path)

    assert "到货和活动早知道" in page.html
    assert "每天一个辅食做法" not in page.html
    assert (await browser.post(path, theme="辅食交流")).status == 404


async def test_a_link_that_was_changed_anywhere_is_nobodys(world: World, browser: Browser) -> None:
    await open_shop(world)
    path = await link(world, await world.add_contact(), "join")
    head, _, token = path.rpartition("/")

    for n in range(0, len(token), 7):
        other = "A" if token[n] != "A" else "B"
        page = await browser.open(f"{head}/{token[:n]}{other}{token[n + 1 :]}")
        assert page.status == 404, n
    for wrong in (token + "=", token + "A", token[:-1], "x", "%00", "é"):
        assert (await browser.open(f"{head}/{wrong}")).status == 404, wrong


async def test_a_link_is_good_for_its_own_purpose_only(world: World, browser: Browser) -> None:
    await open_shop(world)
    path = await link(world, await world.add_contact(), "privacy")

    page = await browser.open(path.replace("/m/privacy/", "/m/join/"))

    assert page.status == 404


async def test_another_device_is_told_how_to_get_its_own(world: World, browser: Browser) -> None:
    await open_shop(world)
    path = await link(world, await world.add_contact(), "join")
    await browser.open(path)

    async with open_browser(world) as stranger:
        page = await stranger.open(path)
        posted = await stranger.post(path, theme="辅食交流")

    assert page.status == 403
    assert "要一个新链接" in page.html
    assert posted.status == 403
    assert (await browser.open(path)).status == 200


async def test_two_devices_at_once_and_only_one_has_it(world: World, browser: Browser) -> None:
    await open_shop(world)
    path = await link(world, await world.add_contact(), "join")

    async with open_browser(world) as second, open_browser(world) as third:
        pages = await asyncio.gather(*(one.open(path) for one in (browser, second, third)))

    assert sorted(page.status for page in pages) == [200, 403, 403]


async def test_who_previews_a_link_and_keeps_no_cookie_does_not_take_it(
    world: World, browser: Browser
) -> None:
    await open_shop(world)
    path = await link(world, await world.add_contact(), "join")

    async with open_browser(world) as crawler:
        first = await crawler.open(path, follow=False)
        crawler.http.cookie_jar.clear()
        again = await crawler.open(first.headers["Location"])

    assert again.status == 403
    assert "请在微信里直接点开链接" in again.html
    assert (await browser.open(path)).status == 200


async def test_staff_who_try_the_link_do_not_take_it(world: World, browser: Browser) -> None:
    await open_shop(world)
    path = await link(world, await world.add_contact(), "join")

    async with open_browser(world) as staff:
        page = await staff.open(path, **{"User-Agent": "Mozilla/5.0 wxwork/4.1 MicroMessenger/7"})

    assert page.status == 403
    assert "请让客户在微信里打开" in page.html
    assert (await browser.open(path)).status == 200


async def test_an_expired_link_says_so_in_one_sentence(world: World, browser: Browser) -> None:
    await open_shop(world)
    path = await link(world, await world.add_contact(), "join")
    await world.pass_by(days=LIVES["join"].days + 1)

    page = await browser.open(path)
    posted = await browser.post(path, theme="辅食交流")

    assert (page.status, posted.status) == (410, 410)
    assert "已经过期了" in page.html


async def test_who_is_no_friend_any_more_gets_no_seat(world: World, browser: Browser) -> None:
    await open_shop(world)
    contact = await world.add_contact()
    path = await link(world, contact, "join")
    await browser.open(path)
    await world.act("delete_by_customer", staff="zhangli", contact=contact)
    await world.later(seconds=3)

    assert (await browser.post(path, theme="辅食交流")).status == 410
    assert await world.store.seats.of(contact) == []


async def test_one_link_is_not_asked_without_end(world: World, browser: Browser) -> None:
    await open_shop(world)
    path = await link(world, await world.add_contact(), "privacy")

    statuses = [(await browser.open(path)).status for _ in range(125)]

    assert 429 in statuses  # two minutes may have been touched, never three
    assert statuses[:60] == [200] * 60


async def test_who_got_hold_of_a_link_cannot_use_up_its_members_minute(
    world: World, browser: Browser
) -> None:
    await open_shop(world)
    path = await link(world, await world.add_contact(), "join")
    await browser.open(path)

    async with open_browser(world) as stranger:
        for _ in range(A_MINUTE + 2):
            assert (await stranger.open(path)).status == 403

    assert (await browser.open(path)).status == 200


async def test_links_of_different_months_have_different_keys(world: World) -> None:
    contact = await world.add_contact()
    await link(world, contact, "join")
    await world.pass_by(days=40)
    await link(world, contact, "join")

    rows = await world.store.db["member_keys"].find().to_list(None)

    assert len({bytes(row["key"]) for row in rows}) == len(rows) >= 3
    assert all(row["gone_at"] > world.now + LIVES["join"] - timedelta(days=62) for row in rows)


# ---- a link for another device ------------------------------------------------------------------


async def test_whoever_looks_after_them_makes_a_new_link(world: World, browser: Browser) -> None:
    await open_shop(world)
    contact = await world.add_contact()
    first = await link(world, contact, "join")
    await browser.open(first)

    async with open_browser(world) as lead, open_browser(world) as phone:
        await lead.sign_in("limin")
        page = await lead.post(f"/console/customers/{contact}/links", page="join")
        (made,) = re.findall(r"/m/join/[\w-]+", page.html)
        again = await lead.post(f"/console/customers/{contact}/links", page="join")

        assert made not in again.html
        assert (await phone.open(first)).status == 403
        assert (await phone.open(made)).status == 200
    assert (await browser.open(made)).status == 403


async def test_a_lead_makes_links_for_their_own_customers_only(
    world: World, browser: Browser
) -> None:
    await open_shop(world)
    theirs = await world.add_contact("wangfang")
    await browser.sign_in("limin")

    for page in ("join", "privacy", "answer", "x", ""):
        made = await browser.post(f"/console/customers/{theirs}/links", page=page)
        assert made.status == 404, page
