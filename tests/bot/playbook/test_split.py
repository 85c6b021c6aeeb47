"""Who is drawn into which arm, and what a begun experiment no longer allows."""

from collections import Counter

import pytest

from bot.playbook.split import (
    BUCKETS,
    CONTROL,
    WAITING,
    bucket_of,
    draw,
    frozen_changes,
    shares,
    why_drawn,
)
from config.loader import load_texts
from config.sop import Sop, Split

SHOP = "团队: 默认\n人员: {王芳: wangfang}\n"
SOP = """
SOP: 召回
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 试验
    分流试验:
      名称: 文案
      样本: 20%
      对照组: 5%
      方案:
        - 方案: A
          占比: 50%
          则:
            - {步骤: 关怀, 发给客户: {文案: 您好, 由: 跟进人, 时效: 8小时}}
        - 方案: B
          占比: 50%
          则:
            - {步骤: 送券, 发给客户: {文案: 送券, 由: 跟进人, 时效: 8小时}}
      看什么: 7天内下单率
      观察期: 7天
  - 步骤: 再见
    结束: 走完了
"""


def an_sop(**instead: str) -> Sop:
    """SOP with some of its words replaced."""
    text = SOP
    for old, new in instead.values():
        assert old in text
        text = text.replace(old, new)
    return load_texts({"shop.yaml": SHOP, "sop.yaml": text}).sops["召回"]


def the_split(sop: Sop) -> Split:
    action = sop.steps[0].actions[-1]
    assert isinstance(action, Split)
    return action


def changed(old: str, new: str) -> Sop:
    return an_sop(change=(old, new))


# ---- the draw -----------------------------------------------------------------------------------


def test_the_draw_is_a_hash_that_never_changes() -> None:
    """By sha256sum. A change would draw everybody anew who is not drawn yet."""
    assert bucket_of("召回文案2026Q4", "wmAAAA") == 329
    assert [bucket_of("文案", f"wm{n}") for n in range(4)] == [42, 9552, 2546, 9191]


def test_the_control_group_is_taken_before_the_sample() -> None:
    parts = shares(the_split(an_sop()))

    assert parts == {
        CONTROL: range(500),
        "A": range(500, 1500),
        "B": range(1500, 2500),
        WAITING: range(2500, BUCKETS),
    }


def test_a_whole_sample_leaves_nobody_waiting() -> None:
    split = the_split(changed("样本: 20%", "样本: 100%"))

    assert shares(split)[WAITING] == range(BUCKETS, BUCKETS)
    assert len(shares(split)["A"]) == len(shares(split)["B"]) == 4750


def test_thirds_use_every_bucket_once() -> None:
    text = "样本: 20%\n      对照组: 5%"
    arm = "        - 方案: C\n          占比: 33.34%\n          则: [{步骤: 三, 结束: 三}]\n"
    sop = an_sop(
        a=(text, "样本: 100%"),
        b=("占比: 50%", "占比: 33.33%"),
        c=("      看什么", arm + "      看什么"),
    )
    parts = shares(the_split(sop))

    assert sorted(b for part in parts.values() for b in part) == list(range(BUCKETS))
    assert [len(parts[name]) for name in "ABC"] == [3333, 3333, 3334]


def test_people_fall_into_the_arms_as_the_shares_say() -> None:
    split = the_split(an_sop())

    drawn = Counter(draw(split, f"wm{n}") for n in range(20_000))

    assert drawn[CONTROL] == pytest.approx(1000, abs=110)
    assert drawn["A"] == pytest.approx(2000, abs=150)
    assert drawn["B"] == pytest.approx(2000, abs=150)
    assert drawn[WAITING] == pytest.approx(15_000, abs=220)


def test_two_experiments_draw_independently() -> None:
    one = the_split(an_sop())
    other = the_split(changed("名称: 文案", "名称: 时间"))
    people = [f"wm{n}" for n in range(20_000)]

    both = sum(draw(one, who) == "A" and draw(other, who) == "A" for who in people)

    assert both == pytest.approx(200, abs=60)


def test_the_trace_says_the_bucket_and_the_shares() -> None:
    split = the_split(an_sop())

    assert why_drawn(split, "wm0", CONTROL) == (
        "试验“文案”：第 42 号，分到“对照组”（对照组 0–499，A 500–1499，B 1500–2499，等结果 2500–9999）"
    )
    assert why_drawn(split, "wm0", "A") == "试验“文案”：沿用第一次分到的“A”"


# ---- what may change ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("文案: 送券", "文案: 送大券", "方案"),
        ("样本: 20%", "样本: 50%", "样本"),
        ("对照组: 5%", "对照组: 10%", "对照组"),
        ("7天内下单率", "3天内下单率", "看什么"),
        ("观察期: 7天", "观察期: 7天\n      不能变差: 7天内删除好友率", "不能变差"),
        ("观察期: 7天", "观察期: 14天", "观察期"),
        ("观察期: 7天", "观察期: 7天\n      每组至少: 20人", "每组至少"),
        ("观察期: 7天", "观察期: 7天\n      判胜: 胜率不低于90%", "判胜"),
    ],
)
def test_a_begun_experiment_stays_as_it_began(old: str, new: str, key: str) -> None:
    ((step, sentence),) = frozen_changes(an_sop(), changed(old, new), {"文案"})

    assert step == "试验"
    assert f"“{key}”不能再改" in sentence
    assert "换一个“名称”" in sentence


def test_the_shares_of_the_arms_stay_too() -> None:
    less = "方案: B\n          占比: 40%"
    after = an_sop(a=("方案: B\n          占比: 50%", less), b=("占比: 50%", "占比: 60%"))

    ((_, sentence),) = frozen_changes(an_sop(), after, {"文案"})

    assert "“方案”不能再改" in sentence


def test_under_a_new_name_everything_may_change() -> None:
    after = an_sop(a=("名称: 文案", "名称: 文案二"), b=("样本: 20%", "样本: 50%"))

    assert frozen_changes(an_sop(), after, {"文案"}) == []


def test_before_the_first_customer_everything_may_change() -> None:
    assert frozen_changes(an_sop(), changed("样本: 20%", "样本: 50%"), set()) == []


def test_what_happens_after_the_verdict_may_change() -> None:
    after = changed("观察期: 7天", "观察期: 7天\n      判胜之后: 自动推广\n      判不出: 维持 B")

    assert frozen_changes(an_sop(), after, {"文案"}) == []


def test_a_name_is_used_once() -> None:
    before = changed("名称: 文案", "名称: 旧的")

    ((step, sentence),) = frozen_changes(before, an_sop(), {"文案"})

    assert step == "试验"
    assert "“文案”以前用过" in sentence


def test_an_experiment_may_be_taken_out() -> None:
    text = SOP[: SOP.index("  - 步骤: 试验")] + "  - {步骤: 再见, 结束: 走完了}\n"
    after = load_texts({"shop.yaml": SHOP, "sop.yaml": text}).sops["召回"]

    assert frozen_changes(an_sop(), after, {"文案"}) == []
