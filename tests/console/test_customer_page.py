"""What can be done about one customer: their phone, a task, no more messages."""

import re

import pytest

from tests.console.browser import Browser
from tests.console.test_customers import shown
from tests.console.test_tasks_page import open_shop
from tests.scenarios.test_tasks import cards_of, tap, texts_of
from tests.world import World

PHONE = "13812345678"


async def with_phone(world: World, staff: str = "zhangli", **more: str) -> str:
    """A customer whose number a member of staff has noted."""
    contact = await world.add_contact(staff, **more)
    await note_phone(world, contact, PHONE, staff)
    return contact


async def note_phone(world: World, contact: str, phone: str, staff: str = "zhangli") -> None:
    await world.act("edit_remark", staff=staff, contact=contact, remark="老客", mobiles=[phone])
    await world.later(seconds=3)


def wish_on(html: str) -> str:
    (wish,) = re.findall(r'name="wish" value="([^"]+)"', html)
    return str(wish)


# ---- phones -------------------------------------------------------------------------------------


async def test_a_customer_is_found_by_the_end_of_the_phone(world: World, browser: Browser) -> None:
    await with_phone(world, name="小雨妈妈")
    await world.add_contact(name="大雨爸爸")
    await browser.sign_in("wangfang")

    for asked in ("5678", PHONE, "138 1234 5678", "+86 13812345678"):
        found = await browser.open(f"/console/customers?q={asked.replace('+', '%2B')}")
        assert shown(found.html) == ["小雨妈妈"], asked
    assert "没有找到尾号是 9999 的客户" in (await browser.open("/console/customers?q=9999")).html


async def test_the_whole_number_is_kept_nowhere(world: World) -> None:
    await with_phone(world, name="小雨妈妈")

    for name in await world.store.db.list_collection_names():
        rows = await world.store.db[name].find().to_list(None)
        assert PHONE not in str(rows), name


async def test_a_number_changed_in_wecom_is_noticed_by_the_nightly_comparison(
    world: World, browser: Browser
) -> None:
    contact = await with_phone(world, name="小雨妈妈")
    async with world.deaf():
        await world.sim.act(
            "edit_remark", staff="zhangli", contact=contact, remark="", mobiles=["13900001111"]
        )
    await browser.sign_in("wangfang")

    await world.turn_to("2026-11-24 06:00")

    assert shown((await browser.open("/console/customers?q=1111")).html) == ["小雨妈妈"]
    assert shown((await browser.open("/console/customers?q=5678")).html) == []


async def test_looking_at_a_number_takes_the_right_and_leaves_a_line(
    world: World, browser: Browser
) -> None:
    contact = await with_phone(world, name="小雨妈妈")
    await browser.sign_in("chenyun")
    page = await browser.open(f"/console/customers/{contact}")

    looked = await browser.post(f"/console/customers/{contact}/phones")
    again = await browser.open(f"/console/customers/{contact}")

    assert PHONE not in page.html
    assert "138****5678" in page.html
    assert PHONE in looked.html
    assert PHONE not in again.html
    told = [(row["did"], row["about"], row["outcome"]) for row in await world.store.audit.latest(1)]
    assert told == [("查看手机号", contact, 200)]


@pytest.mark.parametrize("who", ["limin", "zhoulv"])
async def test_others_see_only_its_end(world: World, browser: Browser, who: str) -> None:
    contact = await with_phone(world, name="小雨妈妈")
    await browser.sign_in(who)

    page = await browser.open(f"/console/customers/{contact}")
    looked = await browser.post(f"/console/customers/{contact}/phones")

    assert "138****5678" in page.html
    assert "显示手机号" not in page.html
    assert looked.status == 403
    assert PHONE not in looked.html


async def test_when_wecom_does_not_answer_the_page_says_so(world: World, browser: Browser) -> None:
    contact = await with_phone(world, name="小雨妈妈")
    await browser.sign_in("wangfang")
    await world.sim.fault("externalcontact/get", "40058", times=1)

    looked = await browser.post(f"/console/customers/{contact}/phones")

    assert looked.status == 503
    assert "企业微信暂时查不到" in looked.html


# ---- giving a task ------------------------------------------------------------------------------


async def test_a_task_is_given_from_the_page_of_a_customer(world: World, browser: Browser) -> None:
    await open_shop(world, **{"sop.yaml": ""})
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await browser.sign_in("wangfang")
    page = await browser.open(f"/console/customers/{contact}")
    form = {"title": "回电话", "note": "问奶粉到货", "to": "limin", "limit": "4小时"}

    given = await browser.post(
        f"/console/customers/{contact}/tasks", wish=wish_on(page.html), **form
    )
    await browser.post(f"/console/customers/{contact}/tasks", wish=wish_on(page.html), **form)
    await world.settle()
    (card,) = await cards_of(world, "limin")
    await tap(world, card, key="已完成", staff="limin")

    assert "<h1>回电话</h1>" in given.html
    assert card["title"] == "回电话"
    assert "王芳 安排：问奶粉到货" in given.html
    (task,) = await world.store.tasks.about(contact)
    assert (task.state, task.evidence, task.done_by) == ("已完成", "acknowledged", "limin")
    story = await browser.open(f"/console/customers/{contact}")
    assert "给 李敏 派任务“回电话”" in story.html


async def test_a_task_given_by_hand_is_chased_like_any_other(
    world: World, browser: Browser
) -> None:
    await open_shop(world, **{"sop.yaml": ""})
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await browser.sign_in("wangfang")
    page = await browser.open(f"/console/customers/{contact}")

    await browser.post(
        f"/console/customers/{contact}/tasks",
        wish=wish_on(page.html),
        title="回电话",
        to="zhangli",
        limit="2小时",
    )
    await world.later(hours=2, minutes=5)

    (task,) = await world.store.tasks.about(contact)
    assert task.state == "已升级"
    assert [text for text in await texts_of(world, "limin") if "回电话" in text]


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "x" * 61},
        {"to": "nobody"},
        {"limit": "1分钟"},
        {"wish": "x"},
        {"wish": "../../etc/passwd-and-more"},
    ],
)
async def test_what_is_wrong_gives_no_task(
    world: World, browser: Browser, wrong: dict[str, str]
) -> None:
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await browser.sign_in("wangfang")
    good = {"title": "回电话", "to": "zhangli", "limit": "2小时", "wish": "a" * 24}

    answer = await browser.post(f"/console/customers/{contact}/tasks", **{**good, **wrong})

    assert answer.status == 409
    assert await world.store.tasks.about(contact) == []


async def test_a_lead_gives_tasks_to_their_own_people_about_their_own_customers(
    world: World, browser: Browser
) -> None:
    ours = await world.add_contact("zhangli", name="徐汇的")
    theirs = await world.add_contact("wangfang", name="总部的")
    await browser.sign_in("limin")
    form = {"title": "回电话", "limit": "2小时"}

    good = await browser.post(
        f"/console/customers/{ours}/tasks", wish="a" * 24, to="zhangli", **form
    )
    above = await browser.post(
        f"/console/customers/{ours}/tasks", wish="b" * 24, to="wangfang", **form
    )
    foreign = await browser.post(
        f"/console/customers/{theirs}/tasks", wish="c" * 24, to="zhangli", **form
    )

    assert [good.status, above.status, foreign.status] == [200, 409, 404]


# ---- stopping -----------------------------------------------------------------------------------


async def test_messages_are_stopped_and_resumed_from_the_page(
    world: World, browser: Browser
) -> None:
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await browser.sign_in("wangfang")

    stopped = await browser.post(f"/console/customers/{contact}/stop", why="客户来电")
    await browser.post(f"/console/customers/{contact}/stop", why="客户来电")
    await world.settle()
    told = [text for text in await texts_of(world, "zhangli") if "停止推送" in text]
    resumed = await browser.post(f"/console/customers/{contact}/resume")

    assert "已停止推送" in stopped.html
    assert "客户来电" in stopped.html
    assert "王芳" in stopped.html
    assert len(told) == 1
    assert "已停止推送：" not in resumed.html
    did = [row["did"] for row in await world.store.audit.latest(3)]
    assert did == ["恢复推送", "停止推送", "停止推送"]


async def test_the_page_shows_where_the_customer_stands(world: World, browser: Browser) -> None:
    await open_shop(world)
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await browser.sign_in("wangfang")

    page = await browser.open(f"/console/customers/{contact}")

    assert 'href="/console/sops/' in page.html
    assert "和 小雨妈妈 打个招呼，问清宝宝月龄" in page.html
    assert "进入 SOP“问月龄”" in page.html


async def test_and_the_groups_they_sit_in(world: World, browser: Browser) -> None:
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    chat = await world.create_group("徐汇店 宝妈群")
    await world.act("join_group", chat=chat, contact=contact)
    await browser.sign_in("wangfang")

    page = await browser.open(f"/console/customers/{contact}")

    assert f'<a href="/console/groups/{chat}">徐汇店 宝妈群</a>' in page.html
