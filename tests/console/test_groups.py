"""主题群: how full they are, who sits in them, who waits; a lead sees the groups of their people."""

import re

import pytest

from bot.model import Seat
from bot.store import Store
from bot.store.group_lists import question
from bot.store.seat_lists import waiting
from console.work import overlapping
from tests.console.browser import Browser
from tests.console.conftest import TEAM
from tests.scenarios.test_seats import newcomer, open_shop
from tests.world import World

THEME = "主题群: 0-6月龄\n群: {名称包含: 0-6月龄}\n容量: 10人\n每天最多: 8人\n"
OTHER = "主题群: 辅食\n群: {名称包含: 辅食}\n容量: 5人\n"
ADD_JOIN_WAY = "externalcontact/groupchat/add_join_way"


async def open_themes(world: World) -> None:
    await world.publish({"team.yaml": TEAM, "a.yaml": THEME, "b.yaml": OTHER})


async def put_seats(store: Store, *seats: Seat) -> None:
    await store.seats.put(seats)


def a_seat(world: World, customer: str, *, staff: str = "zhangli", n: int = 0) -> Seat:
    return Seat(
        id=f"seat:{customer}",
        theme="0-6月龄",
        subject=customer,
        staff=staff,
        state="候补",
        created_at=world.now.replace(microsecond=n),
    )


def groups_in(html: str) -> list[str]:
    return re.findall(r'<td><a href="/console/groups/(?!poster)[^"]+">([^<]*)</a>', html)


async def test_the_first_page_tells_how_full_every_theme_is(world: World, browser: Browser) -> None:
    await open_themes(world)
    chat = await world.create_group("徐汇 0-6月龄 1群")
    for n in range(3):
        await world.act("join_group", chat=chat, contact=f"wmcustomer{n}")
    await world.create_group("聊天")
    await world.later(seconds=5)
    await browser.sign_in("wangfang")

    page = (await browser.open("/console/groups")).html

    assert "成员 4 / 容量 10" in page  # three customers and the owner
    assert "<dt>今天给了位子</dt><dd>0 / 8</dd>" in page
    assert "还没有群：在企业微信建群" in page  # 辅食
    assert "不属于任何主题的群：1 个" in page


async def test_without_a_theme_the_page_says_what_to_do(browser: Browser) -> None:
    await browser.sign_in("wangfang")

    assert "还没有主题群。在“编辑”里加一个文件" in (await browser.open("/console/groups")).html


async def test_groups_of_a_theme_come_page_by_page_in_the_order_of_names(
    world: World, browser: Browser
) -> None:
    await open_themes(world)
    names = [*(f"0-6月龄 {n:02}群" for n in range(33)), "0-6月龄 重名", "0-6月龄 重名"]
    for name in reversed(names):
        await world.sim.act("create_group", name=name, owner="zhangli")
    await world.settle()
    await world.later(seconds=5)
    await browser.sign_in("wangfang")

    first = (await browser.open("/console/groups/theme?name=0-6月龄")).html
    more = re.search(r'hx-get="([^"]+)"', first)
    assert more
    rest = (await browser.open(more[1].replace("&amp;", "&"))).html

    assert len(groups_in(first)) == 30
    assert groups_in(first) + groups_in(rest) == names
    assert "hx-get" not in rest


async def test_who_waits_is_listed_the_longest_first(world: World, browser: Browser) -> None:
    await open_themes(world)
    first = await world.add_contact(name="等最久的")
    second = await world.add_contact(name="后来的")
    await put_seats(world.store, a_seat(world, second, n=2000), a_seat(world, first))
    await browser.sign_in("wangfang")

    page = (await browser.open("/console/groups/theme?name=0-6月龄")).html

    assert page.index("等最久的") < page.index("后来的")
    assert "<span>候补</span><strong>2</strong>" in page


async def test_a_group_shows_its_members_and_where_else_they_sit(
    world: World, browser: Browser
) -> None:
    await open_themes(world)
    contact = await world.add_contact(name="小雨妈妈")
    chat = await world.create_group("徐汇 0-6月龄 1群")
    other = await world.create_group("徐汇 辅食 1群")
    for one in (chat, other):
        await world.act("join_group", chat=one, contact=contact)
        await world.act("join_group", chat=chat, contact="wmstranger")
    await world.later(seconds=5)
    await browser.sign_in("wangfang")

    page = (await browser.open(f"/console/groups/{chat}")).html

    assert f'<a href="/console/customers/{contact}">小雨妈妈</a>' in page
    assert "徐汇 辅食 1群" in page
    assert "（还不是好友）" in page
    assert "<span>其中客户</span><strong>2</strong>" in page
    await world.act("leave_group", chat=other, contact=contact)
    await world.later(seconds=5)
    assert "徐汇 辅食 1群" not in (await browser.open(f"/console/groups/{chat}")).html


async def test_the_members_of_a_large_group_come_page_by_page(
    world: World, browser: Browser
) -> None:
    await open_themes(world)
    chat = await world.create_group("0-6月龄 1群", members=[f"wmmember{n:02}" for n in range(40)])
    await world.later(seconds=5)
    await browser.sign_in("wangfang")

    first = (await browser.open(f"/console/groups/{chat}")).html
    more = re.search(r'hx-get="([^"]+)"', first)
    assert more
    rest = (await browser.open(more[1].replace("&amp;", "&"))).html

    assert first.count("（还不是好友）") + rest.count("（还不是好友）") == 40
    assert "hx-get" not in rest


async def test_a_lead_sees_the_groups_and_the_waiting_of_their_people(
    world: World, browser: Browser
) -> None:
    await open_themes(world)
    ours = await world.create_group("0-6月龄 徐汇", owner="zhangli")
    theirs = await world.create_group("0-6月龄 总部", owner="wangfang")
    mine = await world.add_contact("zhangli", name="徐汇的")
    other = await world.add_contact("wangfang", name="总部的")
    await put_seats(world.store, a_seat(world, mine), a_seat(world, other, staff="wangfang"))
    await browser.sign_in("limin")

    page = (await browser.open("/console/groups/theme?name=0-6月龄")).html

    assert groups_in(page) == ["0-6月龄 徐汇"]
    assert "徐汇的" in page
    assert "总部的" not in page
    assert (await browser.open(f"/console/groups/{ours}")).status == 200
    for path in ("", "/members"):
        assert (await browser.open(f"/console/groups/{theirs}{path}")).status == 404
    assert (await browser.post(f"/console/groups/{theirs}/code")).status == 404
    assert (await browser.open("/console/groups/overlap")).status == 403


async def test_a_code_asked_for_twice_is_made_once(world: World, browser: Browser) -> None:
    await open_themes(world)
    chat = await world.create_group("0-6月龄 1群")
    await browser.sign_in("limin")

    for _ in range(2):
        answer = await browser.post(f"/console/groups/{chat}/code")
        assert answer.url.path == "/console/groups/poster"
    await world.settle()
    await browser.post(f"/console/groups/{chat}/code")
    await world.settle()

    group = await world.store.groups.get(chat)
    assert group
    assert group.join_way["qr_code"]
    assert (await world.ledger())["calls"][ADD_JOIN_WAY] == 1
    assert (await world.store.audit.latest(1))[0]["did"] == "生成进群码"


async def test_a_code_asked_for_here_and_by_a_seat_is_made_once(
    world: World, browser: Browser
) -> None:
    await open_shop(world)
    await world.publish(
        {**(await world.store.releases.files(await world.store.releases.head())), "team.yaml": TEAM}
    )
    chat = await world.create_group("徐汇店 0-6月龄 1群")
    await browser.sign_in("wangfang")

    await world.sim.fault(ADD_JOIN_WAY, "-1", times=5)  # so that the seat finds no code yet
    await browser.post(f"/console/groups/{chat}/code")
    contact = await newcomer(world)
    (seat,) = await world.store.seats.of(contact)
    before = await world.store.groups.get(chat)
    await world.later(minutes=15)

    assert (seat.state, before and before.join_way) == ("已占位", {})
    group = await world.store.groups.get(chat)
    assert group
    assert group.join_way
    assert len(await world.store.outbox.about(chat)) == 1


async def test_overlap_is_counted_at_once_in_a_small_company(
    world: World, browser: Browser
) -> None:
    await open_themes(world)
    contact = await world.add_contact(name="两边都在")
    for name in ("0-6月龄 1群", "辅食 1群"):
        chat = await world.create_group(name)
        await world.act("join_group", chat=chat, contact=contact)
    await world.later(seconds=5)
    await browser.sign_in("wangfang")

    page = (await browser.open("/console/groups/overlap")).html

    assert "两边都在" in page
    assert "算一遍" not in page


async def test_overlap_of_many_groups_is_long_work_whose_result_stays(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_themes(world)
    contact = await world.add_contact(name="两边都在")
    for name in ("0-6月龄 1群", "辅食 1群"):
        chat = await world.create_group(name)
        await world.act("join_group", chat=chat, contact=contact)
    await world.later(seconds=5)
    monkeypatch.setattr("console.pages.overlap._FEW", 1)
    await browser.sign_in("wangfang")
    before = (await browser.open("/console/groups/overlap")).html

    answer = await browser.post("/console/groups/overlap")
    await world.settle()
    after = (await browser.open("/console/groups/overlap")).html

    assert "两边都在" not in before
    assert answer.url.path.startswith("/console/work/")
    assert "两边都在" in after
    assert "重新算一遍" in after
    assert (await browser.open(answer.url.path)).html.count(overlapping.SEE)


@pytest.mark.parametrize("path", ["/theme?name=没有", "/theme", "/theme/groups", "/wr404"])
async def test_what_is_not_there_is_not_found(browser: Browser, path: str) -> None:
    await browser.sign_in("wangfang")

    assert (await browser.open(f"/console/groups{path}")).status == 404


async def test_every_list_is_answered_by_an_index(world: World) -> None:
    groups, seats = world.store.db["groups"], world.store.db["seats"]
    await world.store.prepare()
    at = world.now
    await groups.insert_many(
        {
            "_id": f"wr{n}",
            "open": True,
            "theme": f"t{n % 10}",
            "owner": f"s{n % 50}",
            "cap": 200,
            "members": n % 210,
            "name": f"群{n:05}",
            "join_way": {"config_id": "x"} if n % 2 else {},
            "sits": [f"wm{n}"],
        }
        for n in range(5_000)
    )
    await seats.insert_many(
        {
            "_id": f"seat{n}",
            "theme": f"t{n % 10}",
            "subject": f"wm{n}",
            "staff": f"s{n % 50}",
            "state": "候补",
            "created_at": at,
        }
        for n in range(5_000)
    )
    owners = [f"s{n}" for n in range(10)]
    orders = (("name", 1), ("_id", 1)), (("created_at", 1), ("_id", 1))
    for who in (None, owners):
        for rows, where, order in (
            (groups, question("t0", who, None), orders[0]),
            (groups, question("t0", who, ("群02500", "wr2500")), orders[0]),
            (seats, waiting("t0", who, None), orders[1]),
        ):
            plan = await rows.find(where).sort(list(order)).limit(30).explain()
            stats = plan["executionStats"]
            assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"]), where
            assert "'SORT'" not in str(plan["queryPlanner"]["winningPlan"]), where
            assert stats["totalKeysExamined"] <= 60, where
    assert (await world.store.group_lists.totals(None))["t1"].codes == 500
    assert (await world.store.group_lists.totals(owners))["t0"].groups == 100
