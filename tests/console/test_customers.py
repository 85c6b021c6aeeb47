"""Finding a customer, and reading what happened to them."""

import re

import pytest

from tests.console.browser import Browser
from tests.world import TEAM, World

TAGS = "标签:\n  喜好: [奶粉, 辅食]\n"


def shown(html: str) -> list[str]:
    return re.findall(r'<td><a href="/console/customers/[^"]+">([^<]*)</a>', html)


async def test_a_customer_is_found_by_a_part_of_the_name(world: World, browser: Browser) -> None:
    for name in ("小雨妈妈", "大雨爸爸", "Amy Chen"):
        await world.add_contact(name=name)
    await browser.sign_in("wangfang")

    for asked, found in (("雨", 2), ("雨妈", 1), ("amy c", 1), ("雪", 0)):
        page = await browser.open(f"/console/customers?q={asked}")
        assert len(shown(page.html)) == found, asked


async def test_by_tag_and_by_member_of_staff(world: World, browser: Browser) -> None:
    await world.publish({"tags.yaml": TAGS, "team.yaml": TEAM + "后台: {负责人: [王芳]}\n"})
    milk = await world.add_contact("zhangli", name="奶粉妈妈")
    await world.add_contact("limin", name="别人")
    await world.act("edit_tags", staff="zhangli", contact=milk, add=["喜好/奶粉"])
    await world.later(seconds=3)
    await browser.sign_in("wangfang")

    assert shown((await browser.open("/console/customers?tag=喜好/奶粉")).html) == ["奶粉妈妈"]
    assert shown((await browser.open("/console/customers?staff=limin")).html) == ["别人"]


async def test_a_long_list_comes_page_by_page(world: World, browser: Browser) -> None:
    names = {f"客户{n:02}" for n in range(65)}
    for name in sorted(names):
        await world.sim.act("add_contact", staff="zhangli", name=name)
    await world.settle()
    await world.later(seconds=3)
    await browser.sign_in("wangfang")

    seen: list[str] = []
    path = "/console/customers"
    while path:
        page = await browser.open(path, **{"HX-Request": "true"})
        seen += shown(page.html)
        more = re.search(r'hx-get="([^"]+)"', page.html)
        path = more[1].replace("&amp;", "&") if more else ""

    assert sorted(seen) == sorted(names)


async def test_the_page_of_a_customer_tells_why(world: World, browser: Browser) -> None:
    contact = await world.add_contact(name="小雨妈妈")
    await browser.sign_in("wangfang")

    page = await browser.open(f"/console/customers/{contact}")

    assert "<h1>小雨妈妈</h1>" in page.html
    assert "发生过什么，为什么" in page.html


async def test_a_lead_sees_the_customers_of_their_own_people(
    world: World, browser: Browser
) -> None:
    ours = await world.add_contact("zhangli", name="徐汇的")
    theirs = await world.add_contact("wangfang", name="总部的")
    await browser.sign_in("limin")

    assert shown((await browser.open("/console/customers")).html) == ["徐汇的"]
    assert (await browser.open(f"/console/customers/{ours}")).status == 200
    assert (await browser.open(f"/console/customers/{theirs}")).status == 404
    assert shown((await browser.open("/console/customers?staff=wangfang")).html) == ["徐汇的"]


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{ 7*7 }}", '"onmouseover=x'])
async def test_a_name_is_only_a_name(world: World, browser: Browser, name: str) -> None:
    contact = await world.add_contact(name=name)
    await browser.sign_in("wangfang")

    for path in ("/console/customers", f"/console/customers/{contact}"):
        page = await browser.open(path)
        assert "<script>alert" not in page.html
        assert "49" not in shown(page.html)
        assert '"onmouseover' not in page.html


async def test_who_went_to_another_shop_is_no_business_of_the_old_one(
    world: World, browser: Browser
) -> None:
    moved = await world.add_contact("zhangli", name="搬走的")
    await world.act("add_contact", staff="chenyun", contact=moved)
    gone = await world.add_contact("zhangli", name="删了的")
    for contact in (moved, gone):
        await world.act("delete_by_customer", staff="zhangli", contact=contact)
    await world.later(seconds=3)
    await browser.sign_in("limin")

    assert (await browser.open(f"/console/customers/{moved}")).status == 404
    assert (await browser.post(f"/console/customers/{moved}/stop")).status == 404
    assert (await browser.open(f"/console/customers/{gone}")).status == 200  # nobody else's
