"""Every condition in both languages, and those that do not fit where they stand."""

from collections.abc import Callable

import pytest
from pydantic import TypeAdapter, ValidationError

from config.conditions import (
    AnyOf,
    Bound,
    Condition,
    FriendDays,
    FromChannel,
    GroupMarketing,
    GroupSize,
    Happened,
    HasShop,
    InJourney,
    InShop,
    InStage,
    KocScore,
    NoneOf,
    Tagged,
    TaskResult,
)

Told = Callable[[str], list[str]]
CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)

LESS_THAN_ONE, AT_LEAST_TWO = Bound(number=1, least=False), Bound(number=2, least=True)
SHAPES = [
    ({"有标签": ["勿扰"]}, {"has_tags": ["勿扰"]}, Tagged(tags=("勿扰",), wanted=True)),
    ({"没有标签": "勿扰"}, {"no_tags": "勿扰"}, Tagged(tags=("勿扰",), wanted=False)),
    (
        {"有标签": {"标签": ["勿扰"], "谁打的": "本跟进人打的"}},
        {"has_tags": {"tags": ["勿扰"], "by": "follower"}},
        Tagged(tags=("勿扰",), wanted=True, by="跟进人"),
    ),
    (
        {"没有标签": {"标签": ["勿扰"], "谁打的": "任何人打的"}},
        {"no_tags": {"tags": ["勿扰"], "by": "anyone"}},
        Tagged(tags=("勿扰",), wanted=False, by="任何人"),
    ),
    ({"门店": "全部"}, {"shop": "all"}, InShop(shops=())),
    ({"门店": ["徐汇店"]}, {"shop": ["徐汇店"]}, InShop(shops=("徐汇店",))),
    ({"有门店": "是"}, {"has_shop": "yes"}, HasShop(wanted="是")),
    (
        {"近7天到店": "少于1次"},
        {"visits_last_7_days": "fewer than 1"},
        Happened(what="到店", days=7, count=LESS_THAN_ONE),
    ),
    (
        {"近30天客户回复": "不少于2次"},
        {"replies_last_30_days": "at least 2 times"},
        Happened(what="客户回复", days=30, count=AT_LEAST_TWO),
    ),
    (
        {"本旅程内互动": "少于1次"},
        {"interactions_in_journey": "fewer than 1"},
        InJourney(what="互动", count=LESS_THAN_ONE),
    ),
    (
        {"本旅程下单": "不少于2次"},
        {"orders_in_journey": "at least 2"},
        InJourney(what="下单", count=AT_LEAST_TWO),
    ),
    (
        {"添加好友": "不少于30天"},
        {"friend_days": "at least 30 days"},
        FriendDays(count=Bound(number=30, least=True)),
    ),
    ({"渠道": "海报"}, {"channel": ["海报"]}, FromChannel(channels=("海报",))),
    (
        {"KOC分": {"体系": "母婴KOC", "不低于": "60分"}},
        {"koc_score": {"system": "母婴KOC", "at_least": 60}},
        KocScore.model_validate({"体系": "母婴KOC", "不低于": 60}),
    ),
    (
        {"阶段": {"体系": "母婴KOC", "是": "活跃"}},
        {"stage": {"system": "母婴KOC", "is": ["活跃"]}},
        InStage.model_validate({"体系": "母婴KOC", "是": ["活跃"]}),
    ),
    ({"群人数": "不少于2人"}, {"group_size": "at least 2"}, GroupSize(count=AT_LEAST_TWO)),
    (
        {"本群近7天营销消息": "少于1条"},
        {"group_marketing_last_7_days": "fewer than 1"},
        GroupMarketing(days=7, count=LESS_THAN_ONE),
    ),
    (
        {"任务结果": {"步骤": "一", "是": "好"}},
        {"task_result": {"step": "一", "is": "好"}},
        TaskResult.model_validate({"步骤": "一", "是": ["好"]}),
    ),
    (
        {"任一": [{"有门店": "是"}, {"都不": [{"有标签": "勿扰"}]}]},
        {"any_of": [{"has_shop": "yes"}, {"none_of": [{"has_tags": "勿扰"}]}]},
        AnyOf(
            conditions=(
                HasShop(wanted="是"),
                NoneOf(conditions=(Tagged(tags=("勿扰",), wanted=True),)),
            )
        ),
    ),
]


@pytest.mark.parametrize(("chinese", "english", "meaning"), SHAPES)
def test_a_condition_means_the_same_in_both_languages(
    chinese: object, english: object, meaning: Condition
) -> None:
    assert CONDITION.validate_python(chinese) == meaning
    assert CONDITION.validate_python(english) == meaning


def test_reading_a_condition_leaves_what_was_written_alone() -> None:
    written = {"阶段": {"体系": "母婴KOC", "是": "活跃"}}

    CONDITION.validate_python(written)

    assert written == {"阶段": {"体系": "母婴KOC", "是": "活跃"}}


@pytest.mark.parametrize(
    ("body", "count"),
    [({"不低于": 60}, Bound(number=60, least=True)), ({"低于": 60}, Bound(number=60, least=False))],
)
def test_a_score_has_one_bound(body: dict[str, int], count: Bound) -> None:
    assert KocScore.model_validate({"体系": "母婴KOC"} | body).count == count
    for wrong in ({}, {"不低于": 60, "低于": 80}):
        with pytest.raises(ValidationError, match="“KOC分”要写一个界限"):
            KocScore.model_validate({"体系": "母婴KOC"} | wrong)


ENTRY = "SOP: 试试\n负责人: 王芳\n状态: 启用\n对象: 客户\n进入:\n  当: 下单\n  条件:\n    - {}\n"
STEP = "步骤:\n  - 步骤: 一\n    等待: 1天\n"


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("近7天下单: 不少于21次", "8:14 次数最多数到 20，这里写了 21"),
        ("本旅程内下单: 不少于21次", "8:15 次数最多数到 20，这里写了 21"),
        ("近0天下单: 少于1次", "8:7 “近0天”超出范围"),
        ("近367天下单: 少于1次", "8:7 “近367天”超出范围"),
        ("近7天买单: 少于1次", "8:7 条件里不认识“近7天买单”"),
        ("渠道: 徐汇店-门口海板", "8:11 找不到渠道“徐汇店-门口海板”"),
        ("KOC分: {体系: 宝宝, 不低于: 60}", "8:18 找不到KOC体系“宝宝”"),
        ("KOC分: 60", "8:7 “KOC分”要写清哪个体系、多少分"),
        ("阶段: {体系: 母婴KOC, 是: [活跃, 专属]}", "8:31 体系“母婴KOC”没有阶段“专属”"),
        ("阶段: 活跃", "8:7 “阶段”要写清哪个体系、哪些阶段"),
        ("有门店: 也许", "8:12 “有门店”不能写“也许”"),
        ("有标签: {标签: [勿扰], 谁打的: 别人}", "8:28 “谁打的”不能写“别人”"),
        ("本旅程内下单: 少于1次", "8:7 “进入”的条件里不能写“本旅程…”：进入以前还没有旅程"),
        (
            "任务结果: {步骤: 一, 是: 完成}",
            "8:7 “进入”的条件里不能写“任务结果”：进入以前还没有旅程",
        ),
        ("群人数: 不少于20人", "8:7 这个条件只能用在对象是“客户群”的 SOP 里"),
        ("任一: [{群人数: 不少于20人}]", "8:13 这个条件只能用在对象是“客户群”的 SOP 里"),
    ],
)
def test_a_condition_that_cannot_be_is_told_where_it_stands(
    condition: str, said: str, told: Told
) -> None:
    assert said in told(ENTRY.format(condition) + STEP)


def test_a_group_has_no_tags_and_no_score(told: Told) -> None:
    text = (
        "SOP: 试试\n负责人: 王芳\n状态: 启用\n对象: 客户群\n进入: {当: 群属于主题, 主题: 孕期}\n步骤:\n"
        "  - 步骤: 一\n    何时: 每周一 10:00\n    如果:\n      - 有标签: 勿扰\n      - 群人数: 少于9人\n"
        "      - 近7天下单: 少于1次\n    发到群: {文案: 你好, 由: 群主}\n"
    )

    assert told(text) == [f"{line}:9 这个条件只能用在对象是“客户”的 SOP 里" for line in (10, 12)]


def test_a_theme_is_chosen_before_there_is_a_journey_or_a_group(told: Told) -> None:
    text = (
        "主题群: 挑一个\n选择:\n  - 如果:\n      - 本旅程内下单: 少于1次\n      - 有标签: 勿扰\n"
        "    主题: 孕期\n  - 否则: 0-6月龄\n"
    )

    assert told(text) == ["4:9 这个条件不能用在“选择”里：选主题时只看客户本身"]
