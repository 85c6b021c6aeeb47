"""What one SOP may not say, or should think about, once its shape is right."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from config.explain import Found
from config.guess import closest, did_you_mean
from config.materials import Material, TextMaterial
from config.phrases import OnDay, in_words
from config.reading import Map, Place, Use
from config.rules import QuietHours, Rules
from config.sop import (
    Action,
    Branch,
    Content,
    GiveTask,
    SendCustomer,
    SendGroup,
    Sop,
    Step,
    TellStaff,
    WaitEvent,
    all_steps,
)
from config.variables import per_customer

_SPELLINGS = {
    "步骤": "steps",
    "何时": "when",
    "等事件": "wait_for",
    "等到了": "came",
    "超时": "timed_out",
    "分支": "branch",
    "则": "then",
    "否则": "else",
    "进入": "entry",
    "当": "on",
    "发欢迎语": "send_welcome",
    "派任务": "give_task",
    "发给客户": "send_customer",
    "发到群": "send_group",
    "邀请入主题群": "invite",
    "打标签": "add_tags",
    "文案": "text",
    "素材": "material",
    "标题": "title",
    "给": "to",
    "附件": "attachments",
}
_FOR_CUSTOMERS = ("发欢迎语", "发给客户", "邀请入主题群", "打标签")
_MAX_SENTENCES = 3


@dataclass(frozen=True, slots=True)
class _Written:
    """A step and the block in which it was written."""

    step: Step
    block: Map
    before: Step | None


def errors(
    sop: Sop, root: Map, uses: Iterable[Use], materials: Mapping[str, Material]
) -> Iterator[Found]:
    yield from _entry_fits(sop, root)
    for written in _steps(sop.steps, _get(root, "步骤")):
        for action in written.step.actions:
            yield from _action_fits(sop, action, written.block)
            if isinstance(action, Content):
                yield from _attachments_fit(action, _get(written.block, action.do), materials)
    yield from _task_results(sop, uses)


def reminders(
    sop: Sop, root: Map, rules: Rules, materials: Mapping[str, Material]
) -> Iterator[Found]:
    for written in _steps(sop.steps, _get(root, "步骤")):
        yield from _in_quiet_hours(written, rules)
        yield from _too_early(written)
        for action in written.step.actions:
            body = _get(written.block, action.do)
            if isinstance(body, Map):
                yield from _one_by_one(action, body, materials)
                yield from _marketing_without_reason(action, body)
                yield from _too_long_a_task(action, body)


def _steps(steps: Sequence[Step], blocks: Any) -> Iterator[_Written]:
    """Every step beside what was written, nested ones too."""
    before: Step | None = None
    for step, block in zip(steps, blocks or (), strict=False):
        yield _Written(step, block, before)
        before = step
        for action in step.actions:
            written = _get(block, action.do)
            if isinstance(action, WaitEvent):
                yield from _steps(action.came, _get(written, "等到了"))
                yield from _steps(action.timed_out, _get(written, "超时"))
            elif isinstance(action, Branch):
                for arm, arm_block in zip(action.arms, written, strict=False):
                    inside = _get(arm_block, "则") or _get(arm_block, "否则")
                    yield from _steps(arm.steps, inside)


def _get(block: Any, name: str) -> Any:
    """What stands under a key, in either language."""
    if not isinstance(block, Map):
        return None
    return block.get(name, block.get(_SPELLINGS.get(name, name)))


def _key_at(block: Map, name: str) -> Place:
    found = block.keys_at.get(name) or block.keys_at.get(_SPELLINGS.get(name, name))
    return found or block.at


def _value_at(block: Map, name: str) -> Place:
    return getattr(_get(block, name), "at", None) or _key_at(block, name)


# ---- what does not fit together -----------------------------------------------------------------


def _entry_fits(sop: Sop, root: Map) -> Iterator[Found]:
    of_groups = sop.entry.kind == "群属于主题"
    if of_groups != (sop.subject == "客户群"):
        text = f"对象是“{sop.subject}”的 SOP 不能由“{sop.entry.kind}”进入"
        cure = "客户群的 SOP 写 当: 群属于主题；客户的 SOP 写 当: 添加好友、打上标签 或 下单"
        yield Found(_value_at(_get(root, "进入"), "当"), text, cure)


def _action_fits(sop: Sop, action: Action, block: Map) -> Iterator[Found]:
    groups = sop.subject == "客户群"
    if (groups and action.do in _FOR_CUSTOMERS) or (not groups and isinstance(action, SendGroup)):
        other = "客户" if groups else "客户群"
        text = f"“{action.do}”只能用在对象是“{other}”的 SOP 里"
        instead = "发到群" if groups else "发给客户"
        yield Found(_key_at(block, action.do), text, f"换成 {instead}，或者另写一个 SOP")
    if action.do == "发欢迎语" and sop.entry.kind != "添加好友":
        text = "“发欢迎语”只能用在由“添加好友”进入的 SOP 里"
        yield Found(_key_at(block, action.do), text, "企业微信只在添加好友时给一次发欢迎语的机会")
    if isinstance(action, GiveTask | TellStaff):
        wrong = "群主" if not groups else "跟进人"
        if action.to.kind == wrong:
            right = "跟进人" if not groups else "群主"
            text = f"对象是“{sop.subject}”的 SOP 里没有“{wrong}”"
            place = _value_at(_get(block, action.do), "给")
            yield Found(place, text, f"改成 给: {right}，或写店长、角色/名称、员工姓名")


def _attachments_fit(
    content: Content, body: Map, materials: Mapping[str, Material]
) -> Iterator[Found]:
    """WeCom attaches pictures, links, mini programs, videos and files, never text."""
    for name in content.attachments:
        if isinstance(materials.get(name), TextMaterial):
            text = f"附件“{name}”是文字，企业微信的附件不能是文字"
            cure = "把它写成 素材，附件换成图片、链接、小程序、视频或文件"
            yield Found(_value_at(body, "附件"), text, cure)


def _task_results(sop: Sop, uses: Iterable[Use]) -> Iterator[Found]:
    """A result can only be that of a step with a task, and one of its buttons."""
    tasks = {
        step.name: action
        for step in all_steps(sop.steps)
        for action in step.actions
        if isinstance(action, GiveTask)
    }
    asked: GiveTask | None = None
    for use in uses:
        if use.kind == "任务步骤":
            asked = tasks.get(use.name)
            if asked is None:
                near = did_you_mean(closest(use.name, tasks))
                some = "、".join(tasks) or "（没有）"
                cure = f"{near}派任务的步骤有：{some}"
                yield Found(use.at, f"没有派任务的步骤“{use.name}”", cure)
        elif use.kind == "任务结果" and asked:
            results = (*asked.buttons, "完成", "逾期", "取消")
            if use.name not in results:
                near = did_you_mean(closest(use.name, results))
                cure = f"{near}可以写：{'、'.join(results)}"
                yield Found(use.at, f"这个任务没有结果“{use.name}”", cure)


# ---- what deserves a look -----------------------------------------------------------------------


def _in_quiet_hours(written: _Written, rules: Rules) -> Iterator[Found]:
    at = getattr(written.step.when, "at", None)
    for action in written.step.actions:
        hours = _quiet_for(action, rules)
        if at and hours and _contains(hours, at):
            end = f"{hours.end:%H:%M}"
            text = f"{at:%H:%M} 在免打扰时段（{hours}）里，会自动顺延到 {end}"
            cure = f"改成 {end} 以后，或调整“全局规则”里的免打扰时段"
            yield Found(_value_at(written.block, "何时"), text, cure)
            return


def _quiet_for(action: Action, rules: Rules) -> QuietHours | None:
    match action:
        case SendCustomer():
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


def _too_early(written: _Written) -> Iterator[Found]:
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
        yield Found(_value_at(written.block, "何时"), text, "调整先后顺序或时间")


def _one_by_one(action: Action, body: Map, materials: Mapping[str, Material]) -> Iterator[Found]:
    """WeCom takes one text for all receivers of a mass message."""
    if not isinstance(action, SendCustomer):
        return
    key, content = "文案", action.text or ""
    if action.material:
        key, found = "素材", materials.get(action.material)
        content = found.text if isinstance(found, TextMaterial) else ""
    if names := per_customer(content):
        text = "每位客户会变成一条单独的群发，员工要逐条点发送"
        cure = f"去掉“{'、'.join(dict.fromkeys(names))}”就能合并成一条"
        yield Found(_value_at(body, key), text, cure)


def _marketing_without_reason(action: Action, body: Map) -> Iterator[Found]:
    if (
        isinstance(action, SendCustomer | SendGroup)
        and action.category == "营销"
        and not action.reason
    ):
        text = "营销内容没写“为什么发”，员工和客户看不出为什么收到"
        yield Found(body.at, text, "加上：为什么发: 一句话，例如 常买奶粉的会员")


def _too_long_a_task(action: Action, body: Map) -> Iterator[Found]:
    if isinstance(action, GiveTask):
        sentences = [part for part in re.split("[。！？!?；;\n]", action.title) if part.strip()]
        if len(sentences) > _MAX_SENTENCES:
            text = f"任务标题有 {len(sentences)} 句话，员工一眼看不完"
            yield Found(_value_at(body, "标题"), text, "三句话以内，只说要做的一件事")
