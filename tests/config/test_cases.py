"""测试: what is to happen to somebody, and what must come of it, in both languages."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest

from config.book import Book
from config.cases import Case, Seen
from config.happens import Happens
from config.phrases import After, AfterDays, On, OnDay, Span

Told = Callable[[str], list[str]]
Loaded = Callable[[str], Book]

CASES = """测试: 新客7天欢迎
用例:
  - 名称: 第4天下单就停
    现在: 2026-11-21 14:05
    客户:
      昵称: 圆圆
      标签: [新客-满意]
      门店: 徐汇店
      渠道: 徐汇店-门口海报
      好友天数: 40天
      KOC分: {母婴KOC: 62}
      阶段: {母婴KOC: 活跃}
      近期: {下单: [40天前, 2小时前], 互动: 3天前}
    发生: [添加好友, {3天后: 下单}]
    期望:
      - 到: 2026-11-22 09:00
        有: {派任务: 问需求}
      - 到: 第9天 00:00
        没有: [到店礼, 第7天回访]
        结果: 达成
"""
ENGLISH = """test: 新客7天欢迎
cases:
  - name: 第4天下单就停
    now: 2026-11-21 14:05
    customer:
      name: 圆圆
      tags: [新客-满意]
      shop: 徐汇店
      channel: 徐汇店-门口海报
      friend_days: 40
      scores: {母婴KOC: 62}
      stages: {母婴KOC: 活跃}
      lately: {order: [40 days ago, 2 hours ago], interaction: 3 days ago}
    happens: [contact added, {after 3 days: order}]
    expects:
      - until: 2026-11-22 09:00
        has: {give_task: 问需求}
      - until: day 9 00:00
        hasnt: [到店礼, 第7天回访]
        outcome: reached
"""


@pytest.fixture(autouse=True)
def without_cases(shop: dict[str, str]) -> None:
    """An SOP has one file of cases: not the shop's own, here."""
    del shop["测试.yaml"]


def case_of(book: Book) -> Case:
    (case,) = book.cases["新客7天欢迎"].cases
    return case


def test_a_case_tells_a_story_and_its_end(loaded: Loaded) -> None:
    case = case_of(loaded(CASES))

    assert case.now == datetime.combine(date(2026, 11, 21), time(14, 5))
    assert (case.customer.name, case.customer.friend_days) == ("圆圆", 40)
    assert case.customer.lately["下单"] == (Span(timedelta(days=40)), Span(timedelta(hours=2)))
    assert case.customer.lately["互动"] == (Span(timedelta(days=3)),)
    assert [(one.after, one.kind) for one in case.happens] == [
        (None, "添加好友"),
        (AfterDays(3), "下单"),
    ]
    first, second = case.expects
    assert first.until == On(date(2026, 11, 22), time(9))
    assert first.has == (Seen(action="派任务", step="问需求"),)
    assert (second.until, second.outcome) == (OnDay(9, time(0)), "达成")
    assert second.hasnt == (Seen(step="到店礼"), Seen(step="第7天回访"))


def test_a_case_means_the_same_in_english(loaded: Loaded, told: Told) -> None:
    assert case_of(loaded(ENGLISH)) == case_of(loaded(CASES))
    assert told(ENGLISH) == told(CASES) == []


def test_nobody_special_is_enough(loaded: Loaded) -> None:
    text = CASES[: CASES.index("    客户:")] + CASES[CASES.index("    发生:") :]

    assert case_of(loaded(text)).customer.tags == ()


HAPPENS = [
    ("添加好友", "contact added", {"kind": "添加好友"}),
    (
        "{2小时后: 到店}",
        "{after 2 hours: visit}",
        {"kind": "到店", "after": After(timedelta(hours=2))},
    ),
    (
        "{当天 20:00: 互动}",
        "{same day 20:00: interaction}",
        {"kind": "互动", "after": OnDay(1, time(20))},
    ),
    (
        "{2026-11-25 08:00: 客户回复}",
        "{2026-11-25 08:00: customer replied}",
        {"kind": "客户回复", "after": On(date(2026, 11, 25), time(8))},
    ),
    ("{打上标签: 勿扰}", "{tagged: 勿扰}", {"kind": "打上标签", "tag": "勿扰"}),
    (
        "{1小时后: {去掉标签: 宝宝月龄/孕期}}",
        "{after 1 hour: {untagged: 宝宝月龄/孕期}}",
        {"kind": "去掉标签", "tag": "宝宝月龄/孕期", "after": After(timedelta(hours=1))},
    ),
    ("入群", "joined group", {"kind": "入群"}),
    ("{入群: 孕期}", "{joined_group: 孕期}", {"kind": "入群", "theme": "孕期"}),
    ("{退群: 孕期}", "{left_group: 孕期}", {"kind": "退群", "theme": "孕期"}),
    ("客户删除好友", "customer deleted staff", {"kind": "客户删除好友"}),
    (
        "{阶段变化: {体系: 母婴KOC, 到达: 活跃}}",
        "{stage_changed: {system: 母婴KOC, stage: 活跃}}",
        {"kind": "阶段变化", "system": "母婴KOC", "stage": "活跃"},
    ),
    ("{表单提交: 预约}", "{form_submitted: 预约}", {"kind": "表单提交", "form": "预约"}),
    ("{收到事件: 领券}", "{event: 领券}", {"kind": "收到事件", "event": "领券"}),
    (
        "{第2天 09:30: {点按钮: {步骤: 问需求, 按钮: 已问到}}}",
        "{day 2 09:30: {button: {step: 问需求, button: 已问到}}}",
        {"kind": "点按钮", "step": "问需求", "button": "已问到", "after": OnDay(2, time(9, 30))},
    ),
    ("{勾完清单: 问需求}", "{checklist_done: 问需求}", {"kind": "勾完清单", "step": "问需求"}),
    (
        "{填写: {步骤: 问需求, 内容: 三个月}}",
        "{filled_in: {step: 问需求, text: 三个月}}",
        {"kind": "填写", "step": "问需求", "text": "三个月"},
    ),
]


@pytest.mark.parametrize(("chinese", "english", "fields"), HAPPENS)
def test_whatever_happens_is_told_in_one_line(
    chinese: str, english: str, fields: dict[str, object], loaded: Loaded
) -> None:
    meant = Happens.model_validate(fields)

    here = CASES.replace("[添加好友, {3天后: 下单}]", f"[{chinese}]")
    there = ENGLISH.replace("[contact added, {after 3 days: order}]", f"[{english}]")

    assert case_of(loaded(here)).happens == case_of(loaded(there)).happens == (meant,)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("测试: 新客7天欢迎", "测试: 新客7天欢", "1:5 找不到SOP“新客7天欢”"),
        ("测试: 新客7天欢迎", "测试: 0-6月龄妈妈群周历", "1:5 测试只能写给对象是“客户”的 SOP"),
        ("现在: 2026-11-21 14:05", "现在: 昨天", "4:9 看不懂时间“昨天”"),
        ("新客-满意", "新客-满义", "7:12 找不到标签“新客-满义”"),
        ("门店: 徐汇店", "门店: 徐汇", "8:11 找不到门店“徐汇”"),
        ("徐汇店-门口海报", "门口海报", "9:11 找不到渠道“门口海报”"),
        ("KOC分: {母婴KOC: 62}", "KOC分: {母婴: 62}", "11:14 找不到KOC体系“母婴”"),
        ("阶段: {母婴KOC: 活跃}", "阶段: {母婴: 活跃}", "12:12 找不到KOC体系“母婴”"),
        ("阶段: {母婴KOC: 活跃}", "阶段: {母婴KOC: 活着}", "12:19 体系“母婴KOC”没有阶段“活着”"),
        ("近期: {", "属性: {预产期: 2027-01-05}\n      近期: {", "13:12 找不到客户属性“预产期”"),
        ("2小时前", "昨天", "13:23 看不懂“昨天”"),
        ("{3天后: 下单}", "{3天后: 下蛋}", "14:22 不认识“下蛋”"),
        ("{3天后: 下单}", "{三天后: 下单}", "14:17 看不懂时间“三天后”"),
        ("{3天后: 下单}", "{每天 10:00: 下单}", "14:17 “每天 10:00”不是一个确定的时间"),
        ("{3天后: 下单}", "打上标签", "14:16 “打上标签”没写是哪个标签"),
        ("{3天后: 下单}", "{下单: 三件}", "14:16 “下单”后面不用写内容"),
        ("{3天后: 下单}", "{点按钮: 已问到}", "14:16 “点按钮”要写清步骤和按钮"),
        (
            "{3天后: 下单}",
            "{点按钮: {步骤: 问需求, 按钮: 已问道}}",
            "14:36 “问需求”没有按钮“已问道”",
        ),
        ("{3天后: 下单}", "{勾完清单: 问须求}", "14:23 “新客7天欢迎”里没有步骤“问须求”"),
        (
            "{3天后: 下单}",
            "{阶段变化: {体系: 母婴KOC, 到达: 活了}}",
            "14:39 体系“母婴KOC”没有阶段“活了”",
        ),
        (
            "到: 2026-11-22 09:00",
            "到: 2026-11-21 14:05",
            "16:12 期望看到的时间不在“现在”（2026-11-21 14:05）之后",
        ),
        ("有: {派任务: 问需求}", "有: {派任务: 到店礼}", "17:12 步骤“到店礼”里没有“派任务”"),
        ("有: {派任务: 问需求}", "有: {派任物: 问需求}", "17:9 期望里不认识“派任物”"),
        ("有: {派任务: 问需求}", "有: []", "16:9 期望里没写期望什么"),
        ("[到店礼, 第7天回访]", "[到店礼, 第7天回仿]", "19:19 “新客7天欢迎”里没有步骤“第7天回仿”"),
        ("结果: 达成", "结果: 成功", "20:13 “结果”不能写“成功”"),
    ],
)
def test_a_case_about_what_is_not_there_is_told(old: str, new: str, said: str, told: Told) -> None:
    assert said in told(CASES.replace(old, new, 1))


def test_an_sop_has_one_file_of_cases(told: Told) -> None:
    assert told(CASES + "---\n" + CASES) == [
        "22:1 测试“新客7天欢迎”重复了（x.yaml 第 1 行 已经写过）"
    ]
