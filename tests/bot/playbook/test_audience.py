from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from bot.playbook.audience import Facts, all_hold, awaited_tasks, explain, holds, pick_theme
from config.conditions import Condition
from config.loader import load_folder

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
SHOP = Path(__file__).parents[3] / "config" / "shop"
READ: TypeAdapter[Any] = TypeAdapter(Condition)


def condition(**written: Any) -> Any:
    return READ.validate_python(written)


def ago(*days: float) -> tuple[datetime, ...]:
    return tuple(NOW - timedelta(days=n) for n in days)


CUSTOMER = Facts(
    tags=frozenset({"宝宝月龄/0-6月龄", "管理/勿扰"}),
    own_tags=frozenset({"宝宝月龄/0-6月龄"}),
    shop="徐汇店",
    happened={"visit": ago(1, 6.9, 30), "order": ago(300)},
    task_results={"问需求": "已问到"},
    scores={"母婴KOC": 60},
    stages={"母婴KOC": "活跃"},
    friends_since=NOW - timedelta(days=30, hours=1),
    channel="徐汇店-门口海报",
    entered_at=NOW - timedelta(days=2),
)
GROUP = Facts(group_size=20, group_marketing=ago(2, 8))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"有标签": ["0-6月龄", "勿扰"]}, True),
        ({"有标签": "宝宝月龄/0-6月龄"}, True),
        ({"有标签": "新客/0-6月龄"}, False),
        ({"没有标签": ["员工", "勿扰"]}, False),
        ({"没有标签": ["员工", "同行"]}, True),
        ({"没有标签": {"标签": ["勿扰"], "谁打的": "跟进人"}}, True),
        ({"门店": "全部"}, True),
        ({"门店": ["静安店", "徐汇店"]}, True),
        ({"门店": "静安店"}, False),
        ({"有门店": "是"}, True),
        ({"近7天到店": "不少于2次"}, True),
        ({"近7天到店": "少于1次"}, False),
        ({"近365天下单": "不少于1次"}, True),
        ({"近60天互动": "少于1次"}, True),
        ({"任务结果": {"步骤": "问需求", "是": ["已问到", "完成"]}}, True),
        ({"任务结果": {"步骤": "回访", "是": "已问到"}}, False),
        ({"近30天客户回复": "少于1次"}, True),
        ({"本旅程内到店": "不少于1次"}, True),
        ({"本旅程内到店": "不少于2次"}, False),
        ({"KOC分": {"体系": "母婴KOC", "不低于": "60分"}}, True),
        ({"KOC分": {"体系": "母婴KOC", "低于": 60}}, False),
        ({"KOC分": {"体系": "没评过", "低于": 1}}, True),
        ({"KOC分": {"体系": "没评过", "不低于": 1}}, False),
        ({"阶段": {"体系": "母婴KOC", "是": ["活跃", "表达分享"]}}, True),
        ({"阶段": {"体系": "没评过", "是": "活跃"}}, False),
        ({"添加好友": "不少于30天"}, True),
        ({"添加好友": "少于30天"}, False),
        ({"渠道": ["徐汇店-门口海报"]}, True),
        ({"渠道": "静安店-海报"}, False),
        ({"任一": [{"门店": "静安店"}, {"有标签": "勿扰"}]}, True),
        ({"都不": [{"门店": "静安店"}, {"有标签": "勿扰"}]}, False),
    ],
)
def test_a_condition_on_a_customer(written: dict[str, Any], expected: bool) -> None:
    assert holds(condition(**written), CUSTOMER, NOW) is expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"群人数": "不少于20人"}, True),
        ({"群人数": "少于20人"}, False),
        ({"本群近7天营销消息": "少于2条"}, True),
        ({"本群近9天营销消息": "少于2条"}, False),
    ],
)
def test_a_condition_on_a_group(written: dict[str, Any], expected: bool) -> None:
    assert holds(condition(**written), GROUP, NOW) is expected


def test_without_conditions_everybody_belongs() -> None:
    assert all_hold((), Facts(), NOW)


def test_a_customer_without_shop_has_none() -> None:
    assert not holds(condition(有门店="是"), Facts(), NOW)
    assert holds(condition(有门店="否"), Facts(), NOW)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"没有标签": ["员工", "勿扰"]}, "没有标签：员工、勿扰（带有：勿扰） ✗"),
        ({"近7天到店": "少于1次"}, "近7天到店少于1次（2次） ✗"),
        ({"门店": "全部"}, "门店：全部（徐汇店） ✓"),
        ({"本旅程内互动": "少于1次"}, "本旅程内互动少于1次（0次） ✓"),
        (
            {"KOC分": {"体系": "母婴KOC", "不低于": "80分"}},
            "KOC分：母婴KOC 不低于80分（60分） ✗",
        ),
        ({"阶段": {"体系": "母婴KOC", "是": "表达分享"}}, "阶段：母婴KOC 是 表达分享（活跃） ✗"),
        ({"添加好友": "少于30天"}, "添加好友少于30天（30天） ✗"),
        ({"渠道": "静安店-海报"}, "渠道：静安店-海报（徐汇店-门口海报） ✗"),
        (
            {"任务结果": {"步骤": "回访", "是": "满意"}},
            "任务结果：回访 是 满意（还没有结果） ✗",
        ),
    ],
)
def test_a_trace_says_what_was_found(written: dict[str, Any], said: str) -> None:
    assert explain(condition(**written), CUSTOMER, NOW) == said


def test_nobodys_customer_is_a_friend_for_no_time_at_all() -> None:
    assert not holds(condition(添加好友="少于30天"), Facts(), NOW)
    assert not holds(condition(添加好友="不少于1天"), Facts(), NOW)


def test_outside_of_a_journey_nothing_has_happened_in_it() -> None:
    visitor = Facts(happened={"visit": ago(1)})

    assert holds(condition(本旅程内到店="少于1次"), visitor, NOW)


def test_the_tasks_waited_for_are_known() -> None:
    nested = condition(任一=[{"任务结果": {"步骤": "甲", "是": "好"}}, {"门店": "全部"}])
    plain = condition(任务结果={"步骤": "乙", "是": "好"})

    assert awaited_tasks((nested, plain)) == {"甲", "乙"}


@pytest.mark.parametrize(
    ("tags", "theme"),
    [
        ({"宝宝月龄/0-6月龄"}, "0-6月龄"),
        ({"宝宝月龄/孕期"}, "孕期"),
        (set(), "新手妈妈综合群"),
    ],
)
def test_a_picker_chooses_by_tags(tags: set[str], theme: str) -> None:
    book = load_folder(SHOP)

    assert pick_theme(book, "按月龄分群", Facts(tags=frozenset(tags)), NOW) == theme
    assert pick_theme(book, "孕期", Facts(), NOW) == "孕期"
