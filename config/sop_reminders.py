"""What deserves a second look in an SOP that is right as it stands."""

import re
from collections.abc import Iterator, Mapping
from datetime import time

from config import experiment_checks
from config.conditions import Condition, Happened, InJourney
from config.explain import Found
from config.materials import LinkMaterial, Material, TextMaterial
from config.phrases import OnDay, YearDay, in_words
from config.reading import Map, Place
from config.rules import QuietHours, Rules
from config.sop import (
    Action,
    Content,
    CustomerReplied,
    GiveTask,
    PostMoment,
    SendCustomer,
    SendGroup,
    Sop,
    Split,
    Step,
    TellStaff,
    WaitEvent,
)
from config.variables import Variable, per_customer, placeholders
from config.written import Written, conditions_in, conditions_of, get, key_at, steps_in, value_at

_MAX_SENTENCES = 3
_PUSHES = (SendCustomer, SendGroup, PostMoment)
NO_REPLIES = "企业微信不会把客户消息推给应用，“客户回复”不会发生"
_INSTEAD = (
    "可改用“互动”“打上标签”或任务按钮；有会话存档、微信客服等来源，就在全局规则里写 客户回复来源"
)
_NO_LINKS = (
    "“客户回复来源”写了获客助手，它只管从获客链接来的客户："
    "写一个 类型: 获客链接 的渠道，或加上别的来源"
)


def reminders(
    sop: Sop,
    root: Map,
    *,
    rules: Rules,
    materials: Mapping[str, Material],
    variables: Mapping[str, Variable],
    hears_replies: bool,
) -> Iterator[Found]:
    if not hears_replies:
        yield from _replies(sop, root, _NO_LINKS if rules.reply_sources else _INSTEAD)
    for written in steps_in(sop.steps, get(root, "步骤")):
        yield from _in_quiet_hours(written, rules, sop)
        yield from _outside_windows(written, sop)
        yield from _too_early(written)
        yield from _rare_day(written)
        yield from _waits_for_nothing(written, sop)
        for action in written.step.actions:
            body = get(written.block, action.do)
            if isinstance(body, Map):
                yield from _one_by_one(action, body, materials, variables)
                yield from _nothing_to_fill_in(sop, action, body, variables)
                yield from _marketing_without_reason(action, body)
                yield from _too_long_a_task(action, body)
                if isinstance(action, Split):
                    yield from experiment_checks.reminders(action, body)


def _replies(sop: Sop, root: Map, cure: str) -> Iterator[Found]:
    """Every place that waits for, counts or proves something by 客户回复."""
    places = [*_reply_triggers(sop, root), *_reply_conditions(sop, root)]
    for written in steps_in(sop.steps, get(root, "步骤")):
        places += _reply_actions(written)
    for place in places:
        yield Found(place, NO_REPLIES, cure)


def _reply_triggers(sop: Sop, root: Map) -> Iterator[Place]:
    if sop.entry.kind == "客户回复":
        yield value_at(get(root, "进入"), "当")
    exits = get(root, "退出")
    blocks = [exits] if isinstance(exits, Map) else exits or []
    for rule, block in zip(sop.exits, blocks, strict=False):
        if rule.kind == "客户回复":
            yield value_at(block, "当")


def _reply_conditions(sop: Sop, root: Map) -> Iterator[Place]:
    found = [*conditions_in(sop.entry.conditions, get(get(root, "进入"), "条件"))]
    for written in steps_in(sop.steps, get(root, "步骤")):
        found += conditions_of(written)
    return (place for condition, place in found if _counts_replies(condition))


def _counts_replies(condition: Condition) -> bool:
    return isinstance(condition, Happened | InJourney) and condition.what == "客户回复"


def _reply_actions(written: Written) -> Iterator[Place]:
    for action in written.step.actions:
        body = get(written.block, action.do)
        match action:
            case WaitEvent(kind="客户回复"):
                yield value_at(body, "当")
            case GiveTask() if any(isinstance(e, CustomerReplied) for e in action.all_evidence()):
                yield key_at(body, "完成依据")
            case Split():
                for name, metric in (("看什么", action.metric), ("不能变差", action.guardrail)):
                    if metric and metric.what == "客户回复":
                        yield value_at(body, name)


def _clock(step: Step) -> time | None:
    """The time of day a step says; None when it says none."""
    return getattr(step.when, "at", None)


def _outside_windows(written: Written, sop: Sop) -> Iterator[Found]:
    windows, at = sop.calendar.windows, _clock(written.step)
    pushes = any(isinstance(action, _PUSHES) for action in written.step.actions)
    if not windows or at is None or not pushes:
        return
    if any(window.start <= at < window.end for window in windows):
        return
    later = [window.start for window in windows if window.start > at]
    first = f"{min(later):%H:%M}" if later else f"第二天 {min(w.start for w in windows):%H:%M}"
    shown = "、".join(str(window) for window in windows)
    text = f"{at:%H:%M} 不在可发时段（{shown}）里，会自动顺延到 {first}"
    yield Found(value_at(written.block, "何时"), text, "改成可发时段里的时间")


def _rare_day(written: Written) -> Iterator[Found]:
    match written.step.when:
        case YearDay(month=2, day=29):
            text = "2月29日四年才有一次，其余年份不会发"
            yield Found(value_at(written.block, "何时"), text, "每年都要发就写 每年2月28日")


def _waits_for_nothing(written: Written, sop: Sop) -> Iterator[Found]:
    waits = any(isinstance(a, GiveTask) and a.wait for a in written.step.actions)
    if waits and sop.flow()[written.step.name].next is None:
        text = "这是最后一步，“等完成”后面没有步骤可等"
        yield Found(key_at(get(written.block, "派任务"), "等完成"), text, "删掉“等完成”")


def _in_quiet_hours(written: Written, rules: Rules, sop: Sop) -> Iterator[Found]:
    """Where there are 可发时段, a push has been told about by those."""
    at = _clock(written.step)
    for action in written.step.actions:
        if sop.calendar.windows and isinstance(action, _PUSHES):
            continue
        hours = _quiet_for(action, rules)
        if at and hours and _contains(hours, at):
            end = f"{hours.end:%H:%M}"
            text = f"{at:%H:%M} 在免打扰时段（{hours}）里，会自动顺延到 {end}"
            cure = f"改成 {end} 以后，或调整“全局规则”里的免打扰时段"
            yield Found(value_at(written.block, "何时"), text, cure)
            return


def _quiet_for(action: Action, rules: Rules) -> QuietHours | None:
    match action:
        case SendCustomer() | PostMoment():  # customers see it
            return rules.quiet.get("客户")
        case SendGroup():
            return rules.quiet.get("客户群")
        case GiveTask() | TellStaff():
            return rules.quiet.get("员工")
    return None


def _contains(hours: QuietHours, at: time) -> bool:
    if hours.start < hours.end:
        return hours.start <= at < hours.end
    return at >= hours.start or at < hours.end


def _too_early(written: Written) -> Iterator[Found]:
    here, before = written.step.when, written.before.when if written.before else None
    if (
        isinstance(here, OnDay)
        and isinstance(before, OnDay)
        and written.before
        and (here.day, here.at) < (before.day, before.at)
    ):
        text = (
            f"这一步（{in_words(here)}）排在“{written.before.name}”后面，"
            "但时间更早，会等上一步做完后立刻执行"
        )
        yield Found(value_at(written.block, "何时"), text, "调整先后顺序或时间")


def _one_by_one(
    action: Action,
    body: Map,
    materials: Mapping[str, Material],
    variables: Mapping[str, Variable],
) -> Iterator[Found]:
    """WeCom takes one text for all receivers of a mass message."""
    if not isinstance(action, SendCustomer):
        return
    key, content = "文案", action.text or ""
    if action.material:
        key, found = "素材", materials.get(action.material)
        content = found.text if isinstance(found, TextMaterial) else ""
        content = found.url if isinstance(found, LinkMaterial) else content
    if names := per_customer(content, variables):
        text = "每位客户会变成一条单独的群发，员工要逐条点发送"
        cure = f"去掉“{'、'.join(dict.fromkeys(names))}”就能合并成一条"
        yield Found(value_at(body, key), text, cure)


def _nothing_to_fill_in(
    sop: Sop, action: Action, body: Map, variables: Mapping[str, Variable]
) -> Iterator[Found]:
    """What only a group knows, said to a customer, and the other way round."""
    match action:
        case PostMoment():  # config/moment_checks.py
            return
        case GiveTask():
            key, text = "标题", action.title
        case Content():
            key, text = "文案", action.text or ""
        case _:
            return
    for one in placeholders(text):
        variable = variables.get(one.name)
        if variable is None or one.default:
            continue
        if variable.per_customer if sop.subject == "客户群" else variable.of_group:
            said = f"对象是“{sop.subject}”的 SOP 里没有“{one.written}”，这里会空着"
            cure = f"去掉它，或写上没有时说什么：{{{one.name}|大家}}"
            yield Found(value_at(body, key), said, cure)


def _marketing_without_reason(action: Action, body: Map) -> Iterator[Found]:
    if isinstance(action, _PUSHES) and action.category == "营销" and not action.reason:
        text = "营销内容没写“为什么发”，员工和客户看不出为什么收到"
        yield Found(body.at, text, "加上：为什么发: 一句话，例如 常买奶粉的会员")


def _too_long_a_task(action: Action, body: Map) -> Iterator[Found]:
    if isinstance(action, GiveTask):
        sentences = [part for part in re.split("[。！？!?；;\n]", action.title) if part.strip()]
        if len(sentences) > _MAX_SENTENCES:
            text = f"任务标题有 {len(sentences)} 句话，员工一眼看不完"
            yield Found(value_at(body, "标题"), text, "三句话以内，只说要做的一件事")
