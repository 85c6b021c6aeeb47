"""打卡页 and 答题页: their links in texts, what is sent in counts once, and what follows from it."""

import re
from typing import Any

import pytest

from bot.actions import answering, joining
from tests.console.browser import Browser, open_browser
from tests.console.test_members import THEME, choose, link
from tests.world import TEAM, World

TAGS = "标签:\n  喜好: [奶粉, 辅食]\n  状态: [打过卡]\n"
SURVEY = """问卷: 宝宝情况
介绍: 两分钟就好
问题:
  - 问: 想先看什么？
    选: [辅食做法, 奶粉优惠]
    打标签: {辅食做法: 喜好/辅食, 奶粉优惠: 喜好/奶粉}
  - 问: 还关心什么？
    选: [睡眠, 出行, 早教]
    可多选: 是
  - 问: 想对我们说什么？
谢谢: 营养师会看的
"""
SOP = """SOP: 陪伴
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 请打卡
    何时: 立即
    发给客户:
      文案: "{客户昵称|您} 来打卡 {打卡页|每日打卡}，或者答题 {答题页|宝宝情况}"
      由: 跟进人
      附件: 选群卡片
  - 步骤: 等打卡
    等事件:
      当: 表单提交
      表单: 每日打卡
      最多等: 3天
      等到了:
        - 步骤: 记一下
          打标签: 状态/打过卡
"""
CARD = """素材: 选群卡片
类型: 链接
标题: 选一个群
网址: "{选群页}"
"""


async def open_shop(world: World) -> None:
    """Browsers find this console at a public address."""
    known = world.ctx.settings.model_copy(update={"public_url": world.address})
    object.__setattr__(world.ctx, "settings", known)
    files = {"tags.yaml": TAGS, "survey.yaml": SURVEY, "sop.yaml": SOP, "card.yaml": CARD}
    await world.publish({**files, "theme.yaml": THEME, "team.yaml": TEAM})


async def sent(world: World, contact: str) -> dict[str, str]:
    """The paths in the message a customer got, by purpose."""
    (delivery,) = await world.store.deliveries.of(contact)
    said = f"{delivery.message['text']} {delivery.message['attachments']}"
    return {path.split("/")[2]: path for path in re.findall(r"/m/[a-z]+/[\w-]+", said)}


async def tags_of(world: World, contact: str) -> tuple[str, ...]:
    known = await world.store.contacts.get(contact)
    assert known
    return known.tags


async def test_a_message_carries_links_of_the_customers_own(world: World, browser: Browser) -> None:
    await open_shop(world)
    first, second = await world.add_contact(name="小雨"), await world.add_contact(name="大雨")

    mine, hers = await sent(world, first), await sent(world, second)

    assert set(mine) == {"checkin", "answer", "join"}
    assert not set(mine.values()) & set(hers.values())
    assert "每日打卡" in (await browser.open(mine["checkin"])).html
    assert "想先看什么" in (await browser.open(mine["answer"])).html
    assert "每天一个辅食做法" in (await browser.open(mine["join"])).html


async def test_without_an_address_no_broken_link_is_sent(world: World) -> None:
    files = {"tags.yaml": TAGS, "survey.yaml": SURVEY, "sop.yaml": SOP, "card.yaml": CARD}
    await world.publish({**files, "theme.yaml": THEME, "team.yaml": TEAM})
    contact = await world.add_contact(name="小雨")

    (delivery,) = await world.store.deliveries.of(contact)

    assert delivery.message["text"] == "小雨 来打卡 ，或者答题"
    assert delivery.message["attachments"] == []


async def test_checking_in_wakes_the_sop_that_waits_for_it(world: World, browser: Browser) -> None:
    await open_shop(world)
    contact = await world.add_contact()
    path = (await sent(world, contact))["checkin"]
    await browser.open(path)

    page = await browser.post(path)
    await world.later(seconds=10)

    assert "打卡成功" in page.html
    assert await tags_of(world, contact) == ("状态/打过卡",)
    known = await world.store.contacts.get(contact)
    assert known
    assert len(known.happened["form"]) == 1


async def test_checking_in_again_counts_once(world: World, browser: Browser) -> None:
    await open_shop(world)
    contact = await world.add_contact()
    path = (await sent(world, contact))["checkin"]
    await browser.open(path)

    for _ in range(4):
        page = await browser.post(path)
        await world.settle()

    assert "一共打了 1 次" in page.html
    known = await world.store.contacts.get(contact)
    assert known
    assert len(known.happened["form"]) == 1


async def test_the_first_answers_count_and_give_their_tags(world: World, browser: Browser) -> None:
    await open_shop(world)
    contact = await world.add_contact()
    path = (await sent(world, contact))["answer"]
    await browser.open(path)

    first = await browser.post(path, q0="辅食做法", q1="睡眠", q2="加油")
    again = await browser.post(path, q0="奶粉优惠", q1="出行", q2="别的")
    await world.later(seconds=10)

    for page in (first, again):
        assert "营养师会看的" in page.html
        assert "辅食做法" in page.html
        assert "奶粉优惠" not in page.html
    assert await tags_of(world, contact) == ("喜好/辅食",)
    facts = await world.store.facts.about([f"表单:{contact}:宝宝情况"], world.now.min)
    assert [fact.data["answers"]["想先看什么？"] for fact in facts] == ["辅食做法"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"q0": "辅食做法", "q1": "睡眠"},
        {"q0": "没有的", "q1": "睡眠", "q2": "好"},
        {"q0": "辅食做法", "q1": "睡眠", "q2": "   "},
        {},
    ],
)
async def test_what_is_no_answer_is_not_kept_and_the_rest_stays(
    world: World, browser: Browser, wrong: dict[str, str]
) -> None:
    await open_shop(world)
    contact = await world.add_contact()
    path = (await sent(world, contact))["answer"]
    await browser.open(path)

    page = await browser.post(path, **wrong)

    assert page.status == 422
    assert "每一题都要答" in page.html
    assert ('value="睡眠" checked' in page.html) == ("q1" in wrong)
    assert await world.store.told.of(contact) == []


async def test_words_of_customers_are_only_words(world: World, browser: Browser) -> None:
    await open_shop(world)
    path = (await sent(world, await world.add_contact()))["answer"]
    await browser.open(path)

    page = await browser.post(path, q0="辅食做法", q1="睡眠", q2="<script>alert(1)</script>{{7*7}}")

    assert "<script>alert" not in page.html
    assert "{{7*7}}" in page.html


async def test_a_survey_that_is_gone_is_not_there(world: World, browser: Browser) -> None:
    await open_shop(world)
    contact = await world.add_contact()
    path = await link(world, contact, "answer", "没有的/0123456789abcdef")

    assert (await browser.open(path)).status == 404
    assert (await browser.post(path, q0="x")).status == 404


class Died(Exception):
    """Stands for a process that is gone."""


@pytest.mark.parametrize("where", ["answering.kept", "answering.tagged"])
async def test_answers_cut_short_by_a_crash_are_finished_by_sending_again(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    await open_shop(world)
    contact = await world.add_contact()
    path = (await sent(world, contact))["answer"]
    await browser.open(path)

    with monkeypatch.context() as crash:
        crash.setattr(answering, "crash_point", _dies(where))
        broken = await browser.post(path, q0="辅食做法", q1="睡眠", q2="加油")
    shown = await browser.open(path)
    page = await browser.post(path, q0="奶粉优惠", q1="出行", q2="别的")
    await world.later(seconds=10)

    assert broken.status == 500
    assert "交给顾问" in shown.html  # it does not claim to have what it has not handed on
    assert "辅食做法" in page.html
    assert await tags_of(world, contact) == ("喜好/辅食",)
    known = await world.store.contacts.get(contact)
    assert known
    assert len(known.happened["form"]) == 1


async def test_a_choice_cut_short_by_a_crash_is_finished_by_pressing_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_shop(world)
    await world.create_group("辅食1群")
    contact = await world.add_contact()
    path = await link(world, contact, "join", "辅食交流")

    async with open_browser(world) as browser:
        await browser.open(path)
        with monkeypatch.context() as crash:
            crash.setattr(joining, "crash_point", _dies("joining.tagged"))
            broken = await browser.post(path, theme="辅食交流")
        html = await choose(world, browser, path)
    await world.later(seconds=5)

    assert broken.status == 500
    assert "长按二维码" in html
    assert len(await world.store.seats.of(contact)) == 1
    assert (await world.ledger())["calls"]["externalcontact/mark_tag"] == 1


def _dies(where: str) -> Any:
    def crash_point(name: str) -> None:
        if name == where:
            raise Died(name)

    return crash_point
