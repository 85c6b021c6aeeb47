"""The kinds of documents beside SOPs: KOC体系, 打法, 激励, 培训 and 项目, in both languages."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from config.book import Book
from config.conditions import Bound
from config.content import Receiver
from config.koc import Every
from config.phrases import Span, Workdays

Told = Callable[[str], list[str]]
Loaded = Callable[[str], Book]

KOC = """KOC体系: 带货
统计口径: 只看核对得了的
计分:
  - 项: 在群天数
    每: 7天
    加: 2分
    最多: 10分
  - 项: 下单
    近: 30天
    每: 1次
    加: 5分
    最多: 20分
  - 项: 带来成员的30天留存率
    达到: 60%
    加: 10分
  - 项: 被群友投诉
    每: 1次
    减: 20分
阶段:
  - 阶段: 新手
    升到: 5分
  - 阶段: 熟手
    升到: 20分
    降回: 10分
    还需要:
      - 下单: 不少于2次
    需人工确认: 角色/私域主管
打法评估:
  覆盖性: 有带货的群占比
"""
ENGLISH_KOC = """koc_system: 带货
basis: 只看核对得了的
items:
  - item: days in groups
    every: 7 days
    adds: 2
    most: 10
  - item: orders
    last: 30 days
    every: 1 time
    adds: 5
    most: 20
  - item: members staying 30 days
    reaches: 60%
    adds: 10
  - item: complaints
    every: 1 time
    subtracts: 20
stages:
  - stage: 新手
    up: 5
  - stage: 熟手
    up: 20
    down: 10
    needs:
      - orders: at least 2
    confirmed_by: role/私域主管
judged:
  coverage: 有带货的群占比
"""
PLAY = """打法: 群太静
当: {群沉默: 不少于7天}
持续: 2天
冷却: 14天
派任务: {给: 群主, 标题: 发一个话题, 完成依据: [按钮: 已发], 期限: 1个工作日}
"""
ENGLISH_PLAY = """play: 群太静
on: {silent: at least 7 days}
lasting: 2 days
cooldown: 14 days
give_task: {to: group owner, title: 发一个话题, evidence: [button: 已发], due: 1 workday}
"""
INCENTIVE = """激励: 入群奖励
当: {任务核实: 邀请入主题群}
给: {对象: 跟进人, 积分: 5}
冲回: {退群: 30天内}
每人每月最多: 200分
"""
ENGLISH_INCENTIVE = """incentive: 入群奖励
on: {verified: 邀请入主题群}
reward: {to: follower, points: 5}
taken_back: {left_group: within 30 days}
monthly_most: 200
"""
TRAINING = """培训: 群运营入门
对象: 角色/私域主管
课程:
  - 课: 认识主题群
    素材: 手册-KOC带群7步
    测验:
      - {问: 入群前先做什么, 选: [看标签, 直接拉群], 对: 看标签}
通过得资质: 群运营
"""
ENGLISH_TRAINING = """training: 群运营入门
audience: role/私域主管
lessons:
  - lesson: 认识主题群
    material: 手册-KOC带群7步
    quiz: {ask: 入群前先做什么, options: [看标签, 直接拉群], right: 看标签}
earns: 群运营
"""
PROJECT = """项目: 双11群活动
负责人: 李敏
节点:
  - {节点: 定品, 给: 角色/私域主管, 期限: 2026-11-01, 完成依据: [填写: 清单链接]}
  - {节点: 备料, 等: [定品], 给: 李敏, 期限: 3个工作日, 完成依据: [清单全部勾选], 检查清单: [海报]}
"""
ENGLISH_PROJECT = """project: 双11群活动
owner: 李敏
milestones:
  - {milestone: 定品, to: role/私域主管, due: 2026-11-01, evidence: [fill_in: 清单链接]}
  - {milestone: 备料, after: [定品], to: 李敏, due: 3 workdays, evidence: checklist done, checklist: [海报]}
"""


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        (KOC, ENGLISH_KOC),
        (PLAY, ENGLISH_PLAY),
        (INCENTIVE, ENGLISH_INCENTIVE),
        (TRAINING, ENGLISH_TRAINING),
        (PROJECT, ENGLISH_PROJECT),
    ],
)
def test_a_document_means_the_same_in_both_languages(
    chinese: str, english: str, loaded: Loaded, told: Told
) -> None:
    here, there = loaded(chinese), loaded(english)

    for kind in ("systems", "plays", "incentives", "trainings", "projects"):
        assert getattr(here, kind) == getattr(there, kind)
    assert told(chinese) == told(english) == []


def test_a_koc_system_scores_what_can_be_checked(loaded: Loaded) -> None:
    system = loaded(KOC).systems["带货"]

    assert [item.points for item in system.items] == [2, 5, 10, -20]
    assert [item.ceiling for item in system.items] == [10, 20, 10, 0]
    assert (system.items[0].every, system.items[1].days) == (Every(7, "天"), 30)
    assert system.full_marks == 40
    stage = system.stage("熟手")
    assert stage
    assert stage.needs[0].count == Bound(number=2, least=True)
    assert stage.confirmed_by == Receiver("角色", "私域主管")
    assert system.stage("高手") is None


def test_a_score_may_have_no_end(loaded: Loaded) -> None:
    assert loaded(KOC.replace("    最多: 10分\n", "")).systems["带货"].full_marks is None


def test_the_other_kinds_say_who_does_what(loaded: Loaded) -> None:
    book = loaded("---\n".join((PLAY, INCENTIVE, TRAINING, PROJECT)))

    play, incentive = book.plays["群太静"], book.incentives["入群奖励"]
    assert (play.sign.kind, str(play.sign.count), play.task.buttons) == (
        "群沉默",
        "不少于7",
        ("已发",),
    )
    assert play.cooldown == Span(timedelta(days=14))
    assert (incentive.earned.verified, incentive.reward.points) == ("邀请入主题群", 5)
    assert incentive.taken_back
    assert incentive.taken_back.left_group_days == 30
    assert book.trainings["群运营入门"].lessons[0].quiz[0].right == "看标签"
    first, second = book.projects["双11群活动"].milestones
    assert (first.due, second.due, second.after) == (date(2026, 11, 1), Workdays(3), ("定品",))


@pytest.mark.parametrize(
    ("sign", "kind", "days"),
    [
        ("群人数: 少于20人", "群人数", None),
        ("近7天入群人数: 少于1人", "入群人数", 7),
        ("近30天退群人数: 不少于5人", "退群人数", 30),
        ("left_last_30_days: at least 5", "退群人数", 30),
    ],
)
def test_a_play_begins_with_a_sign(sign: str, kind: str, days: int | None, loaded: Loaded) -> None:
    play = loaded(PLAY.replace("群沉默: 不少于7天", sign)).plays["群太静"]

    assert (play.sign.kind, play.sign.days) == (kind, days)


def test_an_incentive_may_be_for_one_step(loaded: Loaded) -> None:
    text = INCENTIVE.replace("邀请入主题群", "新客7天欢迎/问需求")

    assert loaded(text).incentives["入群奖励"].earned.verified == "新客7天欢迎/问需求"


@pytest.mark.parametrize(
    ("text", "old", "new", "said"),
    [
        (KOC, "项: 下单", "项: 买单", "8:8 不认识计分项“买单”"),
        (KOC, "每: 7天", "每: 一周", "5:8 看不懂“每: 一周”"),
        (KOC, "    加: 5分\n", "", "8:5 “下单”要写加多少分或减多少分"),
        (KOC, "    每: 7天\n", "", "4:5 “在群天数”要写每多少计一次，或达到多少"),
        (KOC, "降回: 10分", "降回: 20分", "24:9 “降回”20 分不低于“升到”20 分，会来回跳"),
        (KOC, "升到: 20分", "升到: 5分", "23:9 “熟手”升到 5 分，不比前面的“新手”（5 分）高"),
        (KOC, "升到: 20分", "升到: 50分", "23:9 各项加起来最多 40 分，升不到“熟手”的 50 分"),
        (KOC, "阶段: 熟手", "阶段: 新手", "20:9 阶段“新手”写了不止一次"),
        (KOC, "- 下单: 不少于2次", "- 到店: 不少于2次", "26:9 “计分”里没有“到店”"),
        (KOC, "- 下单: 不少于2次", "- 下单", "26:9 “还需要”的每一项写“计分项: 数量”"),
        (KOC, "角色/私域主管", "角色/主管", "27:12 找不到角色“主管”"),
        (PLAY, "群沉默", "群沉没", "2:1 打法里不认识信号“群沉没”"),
        (PLAY, "不少于7天", "少于7天", "2:4 “群沉默: 少于7天”说的是刚聊过天的群"),
        (PLAY, "给: 群主", "给: 跟进人", "5:10 打法针对群，没有“跟进人”"),
        (PLAY, "{给: 群主, ", "{", "5:1 缺少必填项“给”"),
        (
            INCENTIVE,
            "邀请入主题群",
            "新客7天欢迎/问须求",
            "2:11 不知道“新客7天欢迎/问须求”是什么任务",
        ),
        (INCENTIVE, "30天内", "一个月", "4:10 看不懂“一个月”"),
        (INCENTIVE, "积分: 5", "积分: 0", "3:18 “积分”太小"),
        (TRAINING, "对: 看标签", "对: 看标前", "7:41 正确答案“看标前”不在选项里"),
        (TRAINING, "[看标签, 直接拉群]", "[看标签]", "7:22 “选”至少要 2 项"),
        (PROJECT, "等: [定品]", "等: [定稿]", "5:17 没有节点“定稿”"),
        (PROJECT, "给: 角色/私域主管", "给: 跟进人", "4:17 项目里没有“跟进人”"),
        (PROJECT, "期限: 3个工作日", "期限: 三天", "5:34 看不懂期限“三天”"),
        (PROJECT, ", 检查清单: [海报]", "", "5:5 完成依据是“清单全部勾选”，但没写“检查清单”"),
        (
            PROJECT,
            "节点: 定品,",
            "节点: 定品, 等: 备料,",
            "4:17 节点互相等着，谁也开始不了：定品 → 备料 → 定品",
        ),
        (PROJECT, "节点: 备料", "节点: 定品", "4:10 节点“定品”写了不止一次"),
    ],
)
def test_what_is_wrong_in_a_document_is_told_where_it_stands(
    text: str, old: str, new: str, said: str, told: Told
) -> None:
    assert said in told(text.replace(old, new, 1))


def test_many_milestones_that_wait_for_each_other_are_looked_through_at_once(told: Told) -> None:
    names = [f"节点{n}" for n in range(60)]
    lines = [
        f"  - {{节点: {name}, 等: [{', '.join(names[:n])}], 给: 李敏, 期限: 1天, 完成依据: [填写: 链接]}}\n"
        for n, name in enumerate(names)
        if n
    ]
    head = "项目: 大项目\n负责人: 李敏\n节点:\n  - {节点: 节点0, 给: 李敏, 期限: 1天, 完成依据: [填写: 链接]}\n"

    assert told(head + "".join(lines)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            KOC.replace("带货", "母婴KOC"),
            "1:1 KOC体系“母婴KOC”重复了（03-KOC培养.yaml 第 94 行 已经写过）",
        ),
        (PLAY + "---\n" + PLAY, "7:1 打法“群太静”重复了（x.yaml 第 1 行 已经写过）"),
    ],
)
def test_a_name_is_given_once(text: str, said: str, told: Told) -> None:
    assert said in told(text)


def test_a_broken_koc_system_does_not_accuse_those_who_use_it(
    shop: dict[str, str], told: Told
) -> None:
    shop["03-KOC培养.yaml"] = shop["03-KOC培养.yaml"].replace(
        "  - 项: 在群天数\n", "  - 项: [在群\n"
    )
    text = "SOP: 试试\n负责人: 王芳\n对象: 客户\n进入: {当: 阶段变化, 体系: 母婴KOC, 到达: 活跃}\n步骤:\n  - 步骤: 一\n    等待: 1天\n"

    assert told(text) == []
