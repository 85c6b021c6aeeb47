"""What a 分流试验 may not say, or should think about, once its shape is right."""

from collections.abc import Iterator
from datetime import timedelta

from config.experiments import Metric, Split
from config.explain import Found
from config.guess import closest, did_you_mean
from config.reading import Map
from config.written import get, key_at, value_at

_MOST_CONTROL = 0.5


def errors(split: Split, body: Map) -> Iterator[Found]:
    """``body``: what was written under 分流试验."""
    yield from _shares(split, body)
    yield from _arm_names(split, body)
    yield from _kept_arm(split, body)
    if not split.sample:
        yield Found(value_at(body, "样本"), "样本是 0%，没有人参加试验", "例如：样本: 20%")
    if split.control >= _MOST_CONTROL:
        text = f"对照组 {_shown(split.control)} 太多，试验的方案没有多少人可用"
        yield Found(value_at(body, "对照组"), text, "写 50% 以下，一般 5% 到 10%")
    for name, metric in (("看什么", split.metric), ("不能变差", split.guardrail)):
        if metric and (found := _window(split, name, metric, body)):
            yield found


def reminders(split: Split, body: Map) -> Iterator[Found]:
    if split.guardrail is None:
        text = "试验没写“不能变差”，可能选出一个惹人删好友的方案"
        yield Found(key_at(body, "看什么"), text, "加上：不能变差: 7天内删除好友率")
    if split.metric == split.guardrail:
        text = f"“看什么”和“不能变差”是同一个指标：{split.metric}"
        yield Found(value_at(body, "不能变差"), text, "例如：不能变差: 7天内删除好友率")


def _shares(split: Split, body: Map) -> Iterator[Found]:
    total = round(sum(arm.share for arm in split.arms), 6)
    if total != 1:
        text = f"各方案占比加起来是 {_shown(total)}，应为 100%"
        cure = "例如两个方案各写 50%（对照组另用“对照组: 5%”）"
        yield Found(key_at(body, "方案"), text, cure)
    for arm, block in zip(split.arms, get(body, "方案"), strict=False):
        if not arm.share:
            text = f"方案“{arm.name}”占 0%，不会有人走"
            yield Found(value_at(block, "占比"), text, "给它一些占比，或删掉这个方案")


def _arm_names(split: Split, body: Map) -> Iterator[Found]:
    seen = {"对照组", "等结果"}
    for arm, block in zip(split.arms, get(body, "方案"), strict=False):
        if arm.name in seen:
            known = arm.name in ("对照组", "等结果")
            text = f"方案不能叫“{arm.name}”" if known else f"方案“{arm.name}”写了两次"
            yield Found(value_at(block, "方案"), text, "换一个名字，例如“A-关怀”")
        seen.add(arm.name)


def _kept_arm(split: Split, body: Map) -> Iterator[Found]:
    if split.arm(split.undecided):
        return
    names = [arm.name for arm in split.arms]
    guess = did_you_mean(closest(split.undecided, names))
    cure = f"{guess}写成 判不出: 维持 {names[0]}；方案有：{'、'.join(names)}"
    yield Found(value_at(body, "判不出"), f"没有方案“{split.undecided}”", cure)


def _window(split: Split, name: str, metric: Metric, body: Map) -> Found | None:
    """What is measured must be over when the verdict is given."""
    period = split.period_span
    if period is None or timedelta(days=metric.days) <= period.length:
        return None
    text = f"“{metric}”要看 {metric.days} 天，观察期却只有 {get(body, '观察期')}"
    cure = f"观察期写 {metric.days}天 或更长，或者缩短“{name}”的天数"
    return Found(value_at(body, name), text, cure)


def _shown(share: float) -> str:
    return f"{round(share * 100, 2):g}%"
