"""The callbacks that came, as people look at them, and another chance for those given up."""

import re
from typing import Any

import pytest

from bot.wecom.events import EVENTS
from console.pages.inbox import KINDS
from console.work import again
from tests.console.browser import Browser
from tests.world import World


async def kill(world: World, ids: list[str], why: str) -> None:
    """Callbacks nobody could handle."""
    dead = {"$set": {"state": "dead", "why": why}, "$unset": {"due_at": ""}}
    await world.store.db["inbox"].update_many({"_id": {"$in": ids}}, dead)


async def states(world: World) -> dict[str, str]:
    found = world.store.db["inbox"].find({"_id": {"$regex": "^backlog"}}, {"state": 1})
    return {row["_id"]: row["state"] async for row in found}


def ids(html: str) -> list[str]:
    return re.findall(r'href="/console/running/inbox/(backlog-\d+)"', html)


async def test_a_callback_is_shown_with_what_it_said(world: World, browser: Browser) -> None:
    contact = await world.add_contact(name="小雨妈妈")
    await browser.sign_in("wangfang")

    listed = await browser.open(f"/console/running/inbox?q={contact}")
    (link,) = re.findall(r'href="(/console/running/inbox/[0-9a-f]+)"', listed.html)
    page = await browser.open(link)

    assert "<h1>添加好友</h1>" in page.html
    assert contact in page.html
    assert "处理了" in page.html


async def test_one_time_codes_are_not_shown(world: World, browser: Browser) -> None:
    contact = await world.add_contact()
    found = await world.store.db["outbox"].find_one({"kind": "welcome"})
    code = (await _event(world, contact)).welcome_code
    assert code
    await browser.sign_in("wangfang")

    listed = await browser.open(f"/console/running/inbox?q={contact}")
    (link,) = re.findall(r'href="(/console/running/inbox/[0-9a-f]+)"', listed.html)
    page = await browser.open(link)

    assert "welcome_code" in page.html
    assert code not in page.html
    assert found is None or code not in (await browser.open("/console/running/outbox")).html


async def _event(world: World, contact: str) -> Any:
    from bot.dispatcher import Envelopes

    rows = (await world.store.inbox_list.about(contact, "", 9)).rows
    incoming = await world.store.inbox.get(rows[-1]["_id"])
    assert incoming
    return Envelopes(world.ctx.settings).open(incoming)


async def test_a_callback_that_cannot_be_opened_says_so(world: World, browser: Browser) -> None:
    await world.backlog(1)
    await world.store.db["inbox"].update_one({"_id": "backlog-0"}, {"$set": {"envelope": "x"}})
    await browser.sign_in("wangfang")

    page = await browser.open("/console/running/inbox/backlog-0")

    assert "EncodingAESKey" in page.html
    assert (await browser.open("/console/running/inbox")).status == 200


async def test_going_on_shows_every_callback_once_though_all_came_at_once(
    world: World, browser: Browser
) -> None:
    await world.backlog(120)
    await browser.sign_in("wangfang")

    seen, path = [], "/console/running/inbox"
    while path:
        page = await browser.open(path)
        seen += ids(page.html)
        more = re.search(r'<a href="(/console/running/inbox\?[^"]*after=[^"]*)">', page.html)
        path = more[1].replace("&amp;", "&") if more else ""

    assert sorted(seen) == sorted(f"backlog-{n}" for n in range(120))


async def test_those_of_one_cause_are_put_back_and_no_others(
    world: World, browser: Browser
) -> None:
    await world.backlog(3)
    await kill(world, ["backlog-0", "backlog-1"], "KeyError: 'a'")
    await kill(world, ["backlog-2"], "别的")
    await browser.sign_in("chenyun")

    page = await browser.open("/console/running/inbox?which=dead")
    assert re.findall(r'<td class="n second">(\d)</td>', page.html) == ["2", "1"]
    cause, other = dict.fromkeys(re.findall(r'name="cause" value="(\w+)"', page.html))
    page = await browser.open(f"/console/running/inbox?which=dead&cause={other}")
    assert ids(page.html) == ["backlog-2"]
    page = await browser.post(
        "/console/running/replay", cause=cause, back="/console/running/inbox?which=dead"
    )

    assert "放回了 2 条，马上重新处理。" in page.html
    assert await states(world) == {"backlog-0": "new", "backlog-1": "new", "backlog-2": "dead"}


async def test_a_cause_somebody_else_has_mended_puts_nothing_back(
    world: World, browser: Browser
) -> None:
    await world.backlog(1)
    await kill(world, ["backlog-0"], "看不懂")
    await browser.sign_in("chenyun")

    page = await browser.post("/console/running/replay", cause="0" * 12)

    assert "放回了 0 条" in page.html
    assert await states(world) == {"backlog-0": "dead"}


async def test_many_are_put_back_as_long_work_with_progress(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.pages.inbox._AT_ONCE", 2)
    monkeypatch.setattr(again, "_PIECE", 2)
    await world.backlog(5)
    await kill(world, [f"backlog-{n}" for n in range(5)], "看不懂")
    await browser.sign_in("chenyun")

    page = await browser.post("/console/running/replay")
    assert page.url.path.startswith("/console/work/")
    await world.settle()

    assert "放回了 5 条，正在重新处理" in (await browser.open(page.url.path)).html
    assert set((await states(world)).values()) == {"ignored"}


async def test_nobody_is_sent_to_a_strangers_page(world: World, browser: Browser) -> None:
    await browser.sign_in("chenyun")

    page = await browser.post("/console/running/replay", id="x", back="https://evil.example/")

    assert page.url.host == "127.0.0.1"


@pytest.mark.parametrize("query", ["?after=x", "?after=2026-11-23|a", "?which=x&cause=x", "?q=%00"])
async def test_an_address_nobody_made_is_no_error(browser: Browser, query: str) -> None:
    await browser.sign_in("wangfang")

    assert (await browser.open("/console/running/inbox" + query)).status == 200
    assert (await browser.open("/console/running/outbox" + query)).status == 200


async def test_what_the_shop_pushed_is_named_as_people_say_it(
    world: World, browser: Browser
) -> None:
    contact = await world.add_contact()
    await world.post_event(id="o-1", subject=contact, kind="order", at=world.now.isoformat())
    await world.settle()
    await browser.sign_in("wangfang")

    listed = await browser.open("/console/running/inbox")
    (link,) = re.findall(r'(/console/running/inbox/event[^"]+)"', listed.html)
    page = await browser.open(link)

    assert '<td class="first">下单</td>' in listed.html
    assert "<h1>下单</h1>" in page.html
    assert "商城等系统推送" in page.html


def test_every_event_wecom_sends_about_customers_and_staff_has_a_name() -> None:
    begin = ("change_", "customer_acquisition.", "message.", "template_card")
    kinds = {str(event.model_fields["kind"].default) for event in EVENTS}

    assert {kind for kind in kinds if kind.startswith(begin)} <= set(KINDS)
