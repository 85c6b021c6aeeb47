"""选群页: choosing gives the tag, the seat and the code; whoever cannot have one is told why."""

import asyncio
import re

from tests.console.browser import Browser, open_browser
from tests.console.test_members import THEME, choose, link, open_shop
from tests.world import World


async def test_choosing_gives_the_tag_the_seat_and_the_code(world: World, browser: Browser) -> None:
    await open_shop(world)
    await world.create_group("辅食1群")
    contact = await world.add_contact()
    path = await link(world, contact, "join")

    html = await choose(world, browser, path)

    assert "长按二维码" in html
    picture = re.search(r'<img src="([^"]+)"', html)
    assert picture
    async with browser.http.get(world.address + picture[1].replace("&amp;", "&")) as answer:
        assert answer.headers["Content-Type"] == "image/png"
        assert (await answer.read()).startswith(b"\x89PNG")
    await world.later(seconds=5)
    known = await world.store.contacts.get(contact)
    assert known
    assert known.tags == ("喜好/辅食",)


async def test_who_sees_the_code_is_not_sent_an_invitation_too(
    world: World, browser: Browser
) -> None:
    await open_shop(world)
    await world.create_group("辅食1群")
    contact = await world.add_contact()
    path = await link(world, contact, "join")

    await choose(world, browser, path)
    await world.later(hours=1)

    (seat,) = await world.store.seats.of(contact)
    assert seat.state == "已邀请"
    assert (await world.ledger())["mass"] == []


async def test_who_leaves_before_the_code_is_there_is_sent_it(
    world: World, browser: Browser
) -> None:
    await open_shop(world)
    await world.create_group("辅食1群")
    contact = await world.add_contact()
    path = await link(world, contact, "join")

    await browser.open(path)
    async with browser.http.post(  # and does not wait for the page behind it
        world.address + path,
        data={"theme": "辅食交流"},
        headers={"Sec-Fetch-Site": "same-origin"},
        allow_redirects=False,
    ) as answer:
        assert answer.status == 303
    await world.later(hours=1)

    (seat,) = await world.store.seats.of(contact)
    (mass,) = (await world.ledger())["mass"]
    assert (seat.own, mass["targets"]) == (True, [contact])


async def test_pressing_twice_asks_once(world: World, browser: Browser) -> None:
    await open_shop(world)
    await world.create_group("辅食1群")
    contact = await world.add_contact()
    path = await link(world, contact, "join")
    await browser.open(path)

    await asyncio.gather(*(browser.post(path, theme="辅食交流") for _ in range(5)))
    await choose(world, browser, path)
    await world.later(seconds=5)

    assert len(await world.store.seats.of(contact)) == 1
    assert (await world.ledger())["calls"]["externalcontact/mark_tag"] == 1


async def test_a_full_theme_says_the_place_in_the_queue(world: World, browser: Browser) -> None:
    await open_shop(world)
    await world.create_group("辅食1群")  # the owner, and one place
    first, second, third = [await world.add_contact(name=f"客户{n}") for n in range(3)]
    pages = []
    for contact in (first, second, third):
        async with open_browser(world) as own:
            pages.append(await choose(world, own, await link(world, contact, "join")))
        await world.later(minutes=1)

    assert "长按二维码" in pages[0]
    assert "您排在第 1 位" in pages[1]
    assert "您排在第 2 位" in pages[2]


async def test_who_has_just_left_waits_and_is_told_until_when(
    world: World, browser: Browser
) -> None:
    await open_shop(world)
    chat = await world.create_group("辅食1群")
    contact = await world.add_contact()
    path = await link(world, contact, "join")
    await choose(world, browser, path)
    await world.act("join_group", chat=chat, contact=contact)
    await world.later(seconds=5)
    assert "您已经在群里了" in (await browser.open(path)).html
    await world.act("leave_group", chat=chat, contact=contact)
    await world.later(seconds=5)

    html = await choose(world, browser, path)

    assert "12-23 09:00 以后可以再进" in html
    assert "<button>" not in html


async def test_an_invitation_to_another_theme_does_not_keep_them_out(
    world: World, browser: Browser
) -> None:
    await open_shop(world, THEME.replace("准入: [{有标签: 喜好/奶粉}]\n", ""))
    await world.create_group("辅食1群")
    await world.create_group("奶粉1群")
    path = await link(world, await world.add_contact(), "join")

    await choose(world, browser, path)
    html = await choose(world, browser, path, "奶粉服务")

    assert html.count("长按二维码") == 2
