"""Which fact begins, ends or wakes what."""

from dataclasses import replace
from typing import Any

import pytest

from bot.model import Fact, Journey
from bot.playbook import keys
from bot.playbook.audience import Facts
from bot.playbook.happenings import happening, tagged, untagged
from bot.playbook.waiting import begun_by, exit_taken, has_come, key_of, to_begin
from config.book import Book
from config.loader import load_texts
from config.sop import Sop
from config.steps import WaitEvent
from config.triggers import Exit
from tests.bot.playbook.test_journey import MONDAY, SHOP

KOC = """
KOC体系: 母婴KOC
计分:
  - {项: 下单, 每: 1次, 加: 5分}
阶段:
  - {阶段: 活跃, 升到: 12分, 降回: 8分}
  - {阶段: 表达分享, 升到: 28分, 降回: 20分}
"""
SOP = """
SOP: 新客
负责人: 王芳
状态: 启用
对象: 客户
进入: {entry}
退出:
  - {exit}
步骤:
  - 步骤: 问好
    发给员工: {{文案: 您好, 给: 跟进人}}
"""


def a_book(entry: str = "当: 添加好友", exit: str = "当: 下单") -> Book:
    sop = SOP.format(entry="{" + entry + "}", exit="{" + exit + "}")
    return load_texts({"shop.yaml": SHOP, "koc.yaml": KOC, "sop.yaml": sop})


def facts_of(kind: str) -> Fact:
    """What happens to wm1 under this name."""
    match kind:
        case "打上标签":
            return tagged("wm1", "宝宝月龄/孕期", "zhangli", MONDAY, "wecom")
        case "去掉标签":
            return untagged("wm1", "宝宝月龄/孕期", "zhangli", MONDAY, "wecom")
        case "下单" | "到店" | "客户回复" | "互动" | "领券":
            kinds = {"下单": "order", "到店": "visit", "客户回复": "reply", "互动": "interaction"}
            return happening("f", kinds.get(kind, kind), "wm1", MONDAY, "posted")
        case "入群" | "退群":
            named = keys.joined if kind == "入群" else keys.left_group
            return a_fact(*(named("wm1", theme) for theme in ("", "新手妈妈")))
        case "阶段变化":
            return a_fact(*(keys.stage("wm1", system, "活跃") for system in ("母婴KOC", "")))
        case "表单提交":
            return a_fact(*(keys.form("wm1", form) for form in ("", "到店预约")))
        case "客户删除好友":
            data = {"staff": "zhangli", "how": "by_customer"}
            return replace(a_fact(keys.lost("wm1", "zhangli")), data=data)
    raise AssertionError(kind)


def a_fact(*names: str) -> Fact:
    return Fact(id="f", keys=names, subject="wm1", at=MONDAY)


WRITTEN = {
    "打上标签": "当: 打上标签, 标签组: 宝宝月龄",
    "去掉标签": "当: 去掉标签, 标签: 孕期",
    "下单": "当: 下单",
    "到店": "当: 到店",
    "互动": "当: 互动",
    "客户回复": "当: 客户回复",
    "入群": "当: 入群, 主题: 新手妈妈",
    "退群": "当: 退群",
    "阶段变化": "当: 阶段变化, 体系: 母婴KOC, 到达: 活跃",
    "表单提交": "当: 表单提交, 表单: 到店预约",
    "领券": "当: 收到事件, 事件: 领券",
    "客户删除好友": "当: 客户删除好友",
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_every_kind_of_event_begins_the_sops_that_ask_for_it_and_no_other(kind: str) -> None:
    book = a_book(WRITTEN[kind])

    begun = {name for name in WRITTEN if begun_by(facts_of(name), book)}

    interactions = {"下单", "到店", "互动", "客户回复"}  # joins and forms carry that key, too
    assert begun == (interactions if kind == "互动" else {kind})


@pytest.mark.parametrize("kind", WRITTEN)
def test_every_kind_of_event_ends_the_journeys_that_ask_for_it(kind: str) -> None:
    book = a_book(exit=WRITTEN[kind])
    journey = Journey(
        id="j", sop="新客", subject="wm1", staff="zhangli", entered_at=MONDAY, step_at=MONDAY
    )
    sop: Sop = book.sops["新客"]

    taken = exit_taken(sop, journey, [facts_of(kind)], book)
    elsewhere = exit_taken(sop, replace(journey, subject="wm2"), [facts_of(kind)], book)

    assert taken == sop.exits[0]
    assert elsewhere is None


def test_what_a_journey_began_with_does_not_end_it() -> None:
    book, order = a_book("当: 下单", "当: 下单"), facts_of("下单")
    journey = Journey(
        id="j", sop="新客", subject="wm1", entered_at=MONDAY, step_at=MONDAY, begun_by=order.id
    )
    another = replace(order, id="later")

    assert exit_taken(book.sops["新客"], journey, [order], book) is None
    assert exit_taken(book.sops["新客"], journey, [order, another], book)


def test_who_hands_a_customer_on_has_not_lost_them() -> None:
    lost = facts_of("客户删除好友")
    transferred = replace(lost, data={**lost.data, "how": "transfer"})

    assert begun_by(lost, a_book("当: 客户删除好友"))
    assert not begun_by(transferred, a_book("当: 客户删除好友"))


def test_only_facts_that_begin_something_are_looked_at() -> None:
    book = a_book("当: 下单")

    order, visit = to_begin([facts_of("下单"), facts_of("到店")], book, MONDAY)

    assert (order.due_at, visit.due_at) == (MONDAY, None)


def waiting_for(**written: Any) -> WaitEvent:
    return WaitEvent.model_validate({"do": "等事件", "最多等": "2天", **written})


@pytest.mark.parametrize(
    ("wait", "state", "so"),
    [
        ({"当": "打上标签", "标签": "孕期"}, {"tags": {"宝宝月龄/孕期"}}, True),
        ({"当": "打上标签", "标签": "孕期"}, {}, False),
        ({"当": "去掉标签", "标签": "孕期"}, {"tags": {"宝宝月龄/孕期"}}, False),
        ({"当": "去掉标签", "标签组": "宝宝月龄"}, {}, True),
        (
            {"当": "阶段变化", "体系": "母婴KOC", "到达": "活跃"},
            {"stages": {"母婴KOC": "活跃"}},
            True,
        ),
        (
            {"当": "阶段变化", "体系": "母婴KOC", "到达": "表达分享"},
            {"stages": {"母婴KOC": "活跃"}},
            False,
        ),
    ],
)
def test_who_is_what_is_waited_for_need_not_become_it(
    wait: dict[str, str], state: dict[str, Any], so: bool
) -> None:
    book = a_book()
    known = Facts(**{**state, "tags": frozenset(state.get("tags", ()))})
    journey = Journey(id="j", sop="新客", subject="wm1", entered_at=MONDAY, step_at=MONDAY)

    assert has_come(waiting_for(**wait), journey, MONDAY, [], known, book) is so


def test_a_posted_name_and_the_word_for_it_are_one_event() -> None:
    rule = Exit.model_validate({"当": "收到事件", "事件": "下单"})

    assert key_of(rule, "wm1", "", a_book()) == keys.happened("wm1", "order")
