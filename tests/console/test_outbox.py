"""The calls to WeCom as people look at them, and making one again that was not made."""

import re
from dataclasses import replace

import pytest

from console.work import again
from tests.bot.test_sender import SEND, tag, text
from tests.console.browser import Browser
from tests.world import World

HERE = "/console/running/outbox"


async def refuse(world: World, *names: str) -> None:
    """Texts that WeCom would not take, and would take by now."""
    await world.sim.fault(SEND, "60020", times=len(names))
    await world.store.outbox.put([text(world, name, f"文{name}") for name in names])
    await world.settle()


async def texts(world: World) -> list[str]:
    return sorted(row["content"] for row in (await world.ledger())["texts"])


async def test_a_call_that_failed_is_shown_with_its_cause_and_made_again(
    world: World, browser: Browser
) -> None:
    await refuse(world, "x1")
    page = await browser.sign_in("wangfang", HERE)
    assert "企业可信IP" in page.html
    assert f'href="{HERE}/row?id=x1"' in page.html

    page = await browser.open(f"{HERE}/row?id=x1")
    assert "文x1" in page.html
    page = await browser.post(f"{HERE}/again", id="x1")
    assert "1 条马上再调一次。" in page.html
    await world.later(minutes=1)

    assert await texts(world) == ["文x1"]
    assert "已发出" in (await browser.open(f"{HERE}/row?id=x1")).html
    (line, *_) = await world.store.audit.latest(1)
    assert (line["did"], line["about"]) == ("再调一次企业微信", "x1")


async def test_all_of_a_kind_are_made_again_and_others_are_not(
    world: World, browser: Browser
) -> None:
    await refuse(world, "x1", "x2")
    contact = await world.add_contact()
    failed = replace(tag(world, contact, "e1", add=["管理/勿扰"]), state="failed", due_at=None)
    await world.store.outbox.put([replace(failed, first_due_at=world.now)])
    await browser.sign_in("chenyun")

    page = await browser.post(f"{HERE}/again", kind="text", staff="")
    assert "2 条马上再调一次。" in page.html
    await world.later(minutes=1)

    assert await texts(world) == ["文x1", "文x2"]
    row = await world.store.outbox.get("e1")
    assert row
    assert row.state == "failed"


async def test_many_are_made_again_as_long_work(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.pages.outbox._AT_ONCE", 2)
    monkeypatch.setattr(again, "_PIECE", 2)
    names = [f"x{n}" for n in range(5)]
    await refuse(world, *names)
    await browser.sign_in("chenyun")

    page = await browser.post(f"{HERE}/again", kind="", staff="")
    assert page.url.path.startswith("/console/work/")
    await world.later(minutes=1)

    assert "再调 5 条，0 条不能重发" in (await browser.open(page.url.path)).html
    assert await texts(world) == [f"文{name}" for name in names]


async def test_what_cannot_be_repeated_says_why_and_has_no_button(
    world: World, browser: Browser
) -> None:
    row = replace(text(world, "w1"), kind="welcome", state="unknown", due_at=None)
    await world.store.outbox.put([replace(row, first_due_at=world.now)])
    await browser.sign_in("wangfang")

    page = await browser.open(f"{HERE}/row?id=w1")

    assert "20 秒内" in page.html
    assert "再试一次" not in page.html


async def test_going_on_shows_every_call_once_though_all_were_due_at_once(
    world: World, browser: Browser
) -> None:
    rows = [
        replace(
            text(world, f"x{n:03}"), kind=kind, state=state, first_due_at=world.now, due_at=None
        )
        for n in range(120)
        for kind, state in [(("text", "card", "tick")[n % 3], ("failed", "unknown")[n % 2])]
    ]
    await world.store.outbox.put(rows)
    await browser.sign_in("wangfang")

    seen, path = [], HERE
    while path:
        page = await browser.open(path)
        seen += re.findall(r"row\?id=(x\d+)\"", page.html)
        more = re.search(rf'<a href="({HERE}\?[^"]*after=[^"]*)">', page.html)
        path = more[1].replace("&amp;", "&") if more else ""

    assert sorted(seen) == [row.id for row in rows]


async def test_calls_are_found_by_whom_they_are_about(world: World, browser: Browser) -> None:
    contact = await world.add_contact()
    await world.store.outbox.put([tag(world, contact, "e1", add=["管理/勿扰"])])
    await world.settle()
    await browser.sign_in("wangfang")

    by_customer = await browser.open(f"{HERE}?q={contact}")
    by_id = await browser.open(f"{HERE}?q=e1")
    of_nobody = await browser.open(f"{HERE}?q=wmNobody")
    of_staff = await browser.open(f"{HERE}?which=sent&staff=limin")

    assert "row?id=e1" in by_customer.html
    assert by_id.url.path == f"{HERE}/row"
    assert "没有这个编号的调用" in of_nobody.html
    assert "没有。换一种、换个人" in of_staff.html


async def test_a_call_nobody_knows_is_not_there(browser: Browser) -> None:
    await browser.sign_in("wangfang")

    assert (await browser.open(f"{HERE}/row?id=x")).status == 404
