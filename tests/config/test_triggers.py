"""How one enters an SOP, leaves it, and what it may wait for, in both languages."""

from collections.abc import Callable
from datetime import time

import pytest

from config.book import Book
from config.phrases import Daily, Weekly
from config.sop import Entry, Exit, WaitEvent
from config.triggers import Trigger

Told = Callable[[str], list[str]]
Loaded = Callable[[str], Book]

CHINESE = "SOP: 试试\n负责人: 王芳\n状态: 启用\n对象: 客户\n"
ENGLISH = "sop: 试试\nowner: 王芳\nstate: enabled\nsubject: customer\n"
STEP, ENGLISH_STEP = (
    "步骤:\n  - 步骤: 一\n    等待: 1天\n",
    "steps:\n  - step: 一\n    wait: 1 day\n",
)

EVENTS = [
    ("当: 打上标签, 标签: 勿扰", "on: tagged, tag: 勿扰", {"kind": "打上标签", "tag": "勿扰"}),
    (
        "当: 打上标签, 标签组: 新客",
        "on: tagged, tag_group: 新客",
        {"kind": "打上标签", "tag_group": "新客"},
    ),
    ("当: 去掉标签, 标签: 勿扰", "on: untagged, tag: 勿扰", {"kind": "去掉标签", "tag": "勿扰"}),
    ("当: 下单", "on: order", {"kind": "下单"}),
    ("当: 到店", "on: visit", {"kind": "到店"}),
    ("当: 互动", "on: interaction", {"kind": "互动"}),
    ("当: 入群", "on: joined group", {"kind": "入群"}),
    ("当: 入群, 主题: 孕期", "on: joined group, theme: 孕期", {"kind": "入群", "theme": "孕期"}),
    ("当: 退群, 主题: 孕期", "on: left group, theme: 孕期", {"kind": "退群", "theme": "孕期"}),
    ("当: 客户删除好友", "on: customer deleted staff", {"kind": "客户删除好友"}),
    ("当: 客户回复", "on: customer replied", {"kind": "客户回复"}),
    (
        "当: 阶段变化, 体系: 母婴KOC, 到达: 活跃",
        "on: stage changed, system: 母婴KOC, stage: 活跃",
        {"kind": "阶段变化", "system": "母婴KOC", "stage": "活跃"},
    ),
    (
        "当: 表单提交, 表单: 预约",
        "on: form submitted, form: 预约",
        {"kind": "表单提交", "form": "预约"},
    ),
    ("当: 收到事件, 事件: 领券", "on: event, event: 领券", {"kind": "收到事件", "event": "领券"}),
]


def about(trigger: Trigger) -> dict[str, str]:
    names = ("kind", "tag", "tag_group", "theme", "system", "stage", "form", "event")
    return {name: value for name in names if (value := getattr(trigger, name)) is not None}


@pytest.mark.parametrize(("chinese", "english", "meaning"), EVENTS)
def test_every_event_lets_in_and_out_and_can_be_waited_for_in_both_languages(
    chinese: str, english: str, meaning: dict[str, str], loaded: Loaded
) -> None:
    waiting = f"步骤:\n  - 步骤: 一\n    等事件: {{{chinese}, 最多等: 2天}}\n"
    english_waiting = f"steps:\n  - step: 一\n    wait_for: {{{english}, limit: 2 days}}\n"
    texts = (
        CHINESE + f"进入: {{{chinese}}}\n退出: {{{chinese}}}\n" + waiting,
        ENGLISH + f"entry: {{{english}}}\nexits: {{{english}}}\n" + english_waiting,
    )
    for sop in (loaded(text).sops["试试"] for text in texts):
        (wait,) = sop.steps[0].actions
        assert isinstance(wait, WaitEvent)
        assert [about(one) for one in (sop.entry, *sop.exits, wait)] == [meaning] * 3


@pytest.mark.parametrize(
    ("text", "every"),
    [
        (
            CHINESE + "进入: {当: 每天 09:00 检查人群, 条件: [有标签: 勿扰]}\n" + STEP,
            Daily(time(9)),
        ),
        (
            ENGLISH
            + "entry: {on: weekly mon 09:00 audience, conditions: [has_tags: 勿扰]}\n"
            + ENGLISH_STEP,
            Weekly(0, time(9)),
        ),
    ],
)
def test_an_audience_is_looked_at_again_and_again(
    text: str, every: Daily | Weekly, loaded: Loaded
) -> None:
    entry = loaded(text).sops["试试"].entry

    assert (entry.kind, entry.every) == ("检查人群", every)


def test_other_ways_in_have_no_rhythm() -> None:
    assert Entry.model_validate({"当": "下单"}).every is None


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{当: 检查人群, 条件: [有标签: 勿扰]}", "5:9 “检查人群”没写多久检查一次"),
        ("{当: 天天 检查人群, 条件: [有标签: 勿扰]}", "5:9 看不懂什么时候检查人群“天天”"),
        (
            "{当: 3天后 检查人群, 条件: [有标签: 勿扰]}",
            "5:9 检查人群的时间要会重复，“3天后”只有一次",
        ),
        ("{当: 每天 09:00 检查人群}", "5:1 “检查人群”没写“条件”，会把所有客户都放进来"),
        ("{当: 打上标签}", "5:6 “打上标签”没写是哪个标签"),
        ("{当: 去掉标签}", "5:6 “去掉标签”没写是哪个标签"),
        ("{当: 表单提交}", "5:6 “表单提交”没写“表单”"),
        ("{当: 收到事件}", "5:6 “收到事件”没写“事件”"),
        ("{当: 阶段变化, 到达: 活跃}", "5:6 “阶段变化”没写“体系”"),
        ("{当: 阶段变化, 体系: 母婴KOC}", "5:6 “阶段变化”没写“到达”"),
        ("{当: 下单, 标签: 勿扰}", "5:13 “当: 下单”不能写“标签”"),
        ("{当: 阶段变化, 体系: 母婴KO, 到达: 活跃}", "5:19 找不到KOC体系“母婴KO”"),
        ("{当: 阶段变化, 体系: 母婴KOC, 到达: 活月}", "5:30 体系“母婴KOC”没有阶段“活月”"),
        ("{当: 群属于主题, 主题: 孕期}", "5:9 对象是“客户”的 SOP 不能由“群属于主题”进入"),
        ("{当: 客户加好友}", "5:9 “当”不能写“客户加好友”"),
    ],
)
def test_a_way_in_that_cannot_be_is_told_where_it_stands(entry: str, said: str, told: Told) -> None:
    assert said in told(CHINESE + f"进入: {entry}\n" + STEP)


def test_a_stage_without_its_system_is_of_the_one_by_which_one_entered(loaded: Loaded) -> None:
    text = (
        CHINESE + "进入: {当: 阶段变化, 体系: 母婴KOC, 到达: 活跃}\n"
        "退出:\n  - {当: 阶段变化, 到达: KOC自建群}\n"
        "步骤:\n  - 步骤: 等\n    等事件:\n      当: 阶段变化\n      到达: 表达分享\n      最多等: 2天\n"
    )
    sop = loaded(text).sops["试试"]
    (wait,) = sop.steps[0].actions

    assert isinstance(wait, WaitEvent)
    assert (sop.exits[0].system, wait.system) == ("母婴KOC", "母婴KOC")


def test_such_a_stage_is_looked_up_there(told: Told) -> None:
    text = (
        CHINESE
        + "进入: {当: 阶段变化, 体系: 母婴KOC, 到达: 活跃}\n退出: {当: 阶段变化, 到达: 活了}\n"
    )

    assert told(text + STEP) == ["6:19 体系“母婴KOC”没有阶段“活了”"]


def test_a_wait_for_a_stage_needs_a_system_when_the_entry_has_none(told: Told) -> None:
    text = CHINESE + "进入: {当: 下单}\n退出: {当: 阶段变化, 到达: 活跃}\n" + STEP

    assert told(text) == ["6:6 “阶段变化”没写“体系”"]


@pytest.mark.parametrize(("written", "meant"), [("是", True), ("否", False), ("yes", True)])
def test_an_exit_may_look_back_at_once(written: str, meant: bool) -> None:
    assert Exit.model_validate({"当": "下单", "立即检查": written}).at_once is meant
    assert Exit.model_validate({"当": "下单"}).at_once is False


def test_at_once_is_yes_or_no(told: Told) -> None:
    text = CHINESE + "进入: {当: 下单}\n退出: {当: 到店, 立即检查: 好}\n" + STEP

    assert told(text) == ["6:19 这里不能写“好”"]


@pytest.mark.parametrize("kind", ["添加好友", "群属于主题", "每天 09:00 检查人群"])
def test_some_ways_in_are_nothing_to_wait_for(kind: str, told: Told) -> None:
    text = (
        CHINESE
        + f"进入: {{当: 下单}}\n步骤:\n  - 步骤: 一\n    等事件: {{当: {kind}, 最多等: 1天}}\n"
    )

    assert told(text) == [f"8:14 “当”不能写“{kind}”"]


def test_a_group_has_no_way_out(told: Told) -> None:
    text = (
        CHINESE.replace("客户", "客户群") + "进入: {当: 群属于主题, 主题: 孕期}\n退出: {当: 下单}\n"
    )
    step = "步骤:\n  - 步骤: 一\n    何时: 每周一 10:00\n    发到群: {文案: 你好, 由: 群主}\n"

    assert told(text + step) == ["6:1 对象是“客户群”的 SOP 没有“退出”：这些事只发生在客户身上"]
