"""分流试验: its shape, its defaults in both languages, and what cannot be tried."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from config.book import Book
from config.experiments import Metric
from config.mistakes import Mistake
from config.phrases import Span
from config.sop import Sop, Split, all_steps

Told = Callable[[str], list[str]]
Loaded = Callable[[str], Book]

SPLIT = """SOP: 试试
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 下单}
步骤:
  - 步骤: 试哪个
    分流试验:
      名称: 新试验
      样本: 20%
      对照组: 5%
      方案:
        - 方案: A
          占比: 50%
          则:
            - 步骤: 发A
              发给客户: {文案: 一, 由: 跟进人}
        - 方案: B
          占比: 50%
          则:
            - 步骤: 发B
              等待: 1天
            - 步骤: 再发B
              发给客户: {文案: 二, 由: 跟进人}
      看什么: 7天内下单率
      不能变差: 7天内删除好友率
      观察期: 7天
  - 步骤: 以后
    打标签: 勿扰
"""
ENGLISH = """sop: 试试
owner: 王芳
state: enabled
subject: customer
entry: {on: order}
steps:
  - step: 试哪个
    split:
      name: 新试验
      sample: 20%
      control: 5%
      arms:
        - arm: A
          share: 50%
          then:
            - step: 发A
              send_customer: {text: 一, by: follower}
        - arm: B
          share: 50%
          then:
            - step: 发B
              wait: 1 day
            - step: 再发B
              send_customer: {text: 二, by: follower}
      metric: order rate within 7 days
      guardrail: deletion rate within 7 days
      period: 7 days
      at_least: 200
      wins_at: win rate at least 97.5%
      after: owner confirms
      undecided: keep A
  - step: 以后
    add_tags: 勿扰
"""


def split_of(sop: Sop) -> Split:
    (action,) = sop.steps[0].actions
    assert isinstance(action, Split)
    return action


def test_an_experiment_is_careful_unless_told_otherwise(loaded: Loaded) -> None:
    split = split_of(loaded(SPLIT).sops["试试"])

    assert (split.name, split.sample, split.control) == ("新试验", 0.2, 0.05)
    assert [(arm.name, arm.share) for arm in split.arms] == [("A", 0.5), ("B", 0.5)]
    assert (split.metric, split.guardrail) == (
        Metric(days=7, what="下单"),
        Metric(days=7, what="删除好友"),
    )
    assert split.period == split.period_span == Span(timedelta(days=7))
    assert (split.at_least, split.wins_at, split.after) == (200, 0.975, "负责人确认后推广")
    assert split.undecided == "A"


def test_without_a_word_everybody_takes_part(loaded: Loaded) -> None:
    text = SPLIT.replace("      样本: 20%\n      对照组: 5%\n", "")
    split = split_of(loaded(text).sops["试试"])

    assert (split.sample, split.control) == (1.0, 0.0)


def test_an_experiment_means_the_same_in_english(loaded: Loaded) -> None:
    spelled_out = SPLIT.replace("观察期: 7天\n", "观察期: 7天\n      判不出: 维持 A\n")

    assert loaded(ENGLISH).sops["试试"] == loaded(spelled_out).sops["试试"]


@pytest.mark.parametrize(
    ("written", "metric"),
    [
        ("7天内到店率", Metric(days=7, what="到店")),
        ("30天内互动率", Metric(days=30, what="互动")),
        ("14天内入群率", Metric(days=14, what="入群")),
    ],
)
def test_what_is_looked_at_is_a_happening_within_days(
    written: str, metric: Metric, loaded: Loaded
) -> None:
    text = SPLIT.replace("7天内下单率", written).replace("观察期: 7天", "观察期: 30天")
    split = split_of(loaded(text).sops["试试"])

    assert split.metric == metric
    assert str(split.metric) == written


def test_the_steps_of_every_arm_lead_behind_the_experiment(loaded: Loaded) -> None:
    sop = loaded(SPLIT).sops["试试"]

    assert {name: node.next for name, node in sop.flow().nodes.items()} == {
        "试哪个": "以后",
        "发A": "以后",
        "发B": "再发B",
        "再发B": "以后",
        "以后": None,
    }
    assert [step.name for step in all_steps(sop.steps)] == ["试哪个", "发A", "发B", "再发B", "以后"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("占比: 50%", "占比: 60%", "12:7 各方案占比加起来是 110%，应为 100%"),
        ("占比: 50%", "占比: 33.3%", "12:7 各方案占比加起来是 83.3%，应为 100%"),
        ("占比: 50%", "占比: 一半", "14:15 看不懂百分比“一半”"),
        ("占比: 50%", "占比: 150%", "14:15 看不懂百分比“150%”"),
        ("样本: 20%", "样本: 0%", "10:11 样本是 0%，没有人参加试验"),
        ("对照组: 5%", "对照组: 50%", "11:12 对照组 50% 太多，试验的方案没有多少人可用"),
        ("方案: B", "方案: A", "18:15 方案“A”写了两次"),
        ("方案: B", "方案: 对照组", "18:15 方案不能叫“对照组”"),
        (
            "看什么: 7天内下单率",
            "看什么: 9天内下单率",
            "25:12 “9天内下单率”要看 9 天，观察期却只有 7天",
        ),
        (
            "7天内删除好友率",
            "30天内删除好友率",
            "26:13 “30天内删除好友率”要看 30 天，观察期却只有 7天",
        ),
        ("7天内下单率", "下单率", "25:12 看不懂指标“下单率”"),
        ("7天内下单率", "0天内下单率", "25:12 “0天内下单率”的天数超出范围"),
        ("观察期: 7天", "观察期: 7天\n      判不出: 维持 C", "28:12 没有方案“C”"),
        (
            "观察期: 7天",
            "观察期: 7天\n      判胜: 胜率不低于40%",
            "28:11 判胜的胜率“胜率不低于40%”不合适",
        ),
        (
            "名称: 新试验",
            "名称: 召回文案2026Q4",
            "9:11 试验名“召回文案2026Q4”重复了（04-沉默召回AB.yaml 第 27 行 已用过）",
        ),
        (
            "      不能变差: 7天内删除好友率\n",
            "",
            "25:7 试验没写“不能变差”，可能选出一个惹人删好友的方案",
        ),
        ("7天内删除好友率", "7天内下单率", "26:13 “看什么”和“不能变差”是同一个指标：7天内下单率"),
    ],
)
def test_what_cannot_be_tried_is_told_where_it_stands(
    old: str, new: str, said: str, told: Told
) -> None:
    assert told(SPLIT.replace(old, new, 1)) == [said]


def test_all_that_is_wrong_with_an_experiment_is_told_at_once(told: Told) -> None:
    text = SPLIT.replace("占比: 50%", "占比: 60%", 1).replace("样本: 20%", "样本: 0%")

    assert len(told(text.replace("9天", "7天").replace("看什么: 7天", "看什么: 8天"))) == 3


def test_one_arm_is_no_experiment(told: Told) -> None:
    text = SPLIT[: SPLIT.index("        - 方案: B")] + SPLIT[SPLIT.index("      看什么") :]

    assert told(text) == ["12:7 “方案”至少要 2 项"]


def test_shares_that_do_not_add_up_are_told_as_in_the_manual(
    shop: dict[str, str], mistakes: Callable[[str], list[Mistake]]
) -> None:
    text = shop.pop("04-沉默召回AB.yaml").replace("占比: 50%", "占比: 60%", 1)
    (error,) = (mistake for mistake in mistakes(text) if mistake.level == "错误")

    assert str(error) == (
        "x.yaml:30:7 错误：各方案占比加起来是 110%，应为 100%\n"
        "     30 |       方案:\n"
        "        |       ^\n"
        "    建议：例如两个方案各写 50%（对照组另用“对照组: 5%”）"
    )


def test_groups_are_not_split(told: Told) -> None:
    text = (
        "SOP: 试试\n负责人: 王芳\n状态: 启用\n对象: 客户群\n进入: {当: 群属于主题, 主题: 孕期}\n步骤:\n"
        "  - 步骤: 一\n    何时: 第1天 10:00\n" + SPLIT[SPLIT.index("    分流试验") :]
    )

    assert "9:5 “分流试验”只能用在对象是“客户”的 SOP 里" in told(
        text.replace("发给客户", "发到群").replace("跟进人", "群主")
    )


NO_REPLIES = "企业微信不会把客户消息推给应用，“客户回复”不会发生"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("看什么: 7天内下单率", "看什么: 7天内客户回复率", "25:12"),
        ("不能变差: 7天内删除好友率", "不能变差: 7天内客户回复率", "26:13"),
        ("进入: {当: 下单}", "进入: {当: 客户回复}", "5:9"),
        ("步骤:", "退出: [{当: 到店}, {当: 客户回复}]\n步骤:", "6:19"),
        ("打标签: 勿扰", "等事件: {当: 客户回复, 最多等: 1天}", "29:14"),
        ("打标签: 勿扰", "打标签: 勿扰\n    如果: [{近7天客户回复: 少于1次}]", "30:11"),
        ("打标签: 勿扰", "打标签: 勿扰\n    如果: [任一: [{本旅程内客户回复: 少于1次}]]", "30:16"),
        (
            "打标签: 勿扰",
            "派任务: {标题: 做, 给: 跟进人, 完成依据: [客户回复], 期限: 1天}",
            "29:26",
        ),
    ],
)
def test_waiting_for_an_answer_nobody_hears_is_a_reminder(
    old: str, new: str, place: str, told: Told, shop: dict[str, str]
) -> None:
    text = SPLIT.replace(old, new, 1)

    assert told(text) == [f"{place} {NO_REPLIES}"]

    shop["全局规则.yaml"] += "客户回复来源: [会话存档, 业务系统]\n"
    assert told(text) == []


def test_a_button_of_any_task_may_tell_of_the_answer(told: Told, shop: dict[str, str]) -> None:
    text = SPLIT.replace("进入: {当: 下单}", "进入: {当: 客户回复}")
    name = "01-新客7天欢迎.yaml"

    shop[name] = shop[name].replace("- 按钮: 已问到", "- 按钮: [已问到, 客户已回复]")

    assert told(text) == []


def test_sources_of_answers_are_known_by_name(told: Told, shop: dict[str, str]) -> None:
    del shop["全局规则.yaml"]

    assert told("规则: 全局\n客户回复来源: [微信]\n") == ["2:10 “客户回复来源”不能写“微信”"]
    assert told("rules: global\nreply_sources: [chat archive, posted event]\n") == []
