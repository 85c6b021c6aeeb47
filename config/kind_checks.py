"""What the kinds of documents other than SOPs may not say, once their shape is right."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import time
from graphlib import CycleError, TopologicalSorter
from typing import Any

from config import channel_checks, group_welcome_checks, theme_checks
from config.book import Book
from config.channels import Channel
from config.conditions import GroupMarketing, GroupSize, InJourney, TaskResult
from config.content import Receiver
from config.explain import Found
from config.guess import closest, did_you_mean
from config.incentives import Incentive
from config.koc import KocSystem
from config.materials import AnyMaterial
from config.playbooks import Play
from config.projects import Project
from config.reading import Map
from config.rules import Rules
from config.steps import all_steps
from config.themes import Theme, ThemePicker
from config.training import Training
from config.written import conditions_in, get, key_at, value_at

_FORENOON, _AFTERNOON = time(11), time(17)
_ALWAYS_VERIFIED = ("邀请入主题群", "派任务")


def errors(model: Any, root: Map, book: Book) -> Iterator[Found]:
    match model:
        case KocSystem():
            yield from _stages(model, root)
        case Channel():
            yield from channel_checks.errors(model, root, book)
        case Theme():
            yield from theme_checks.errors(model, root, book)
            yield from group_welcome_checks.errors(model, root, book.materials)
        case ThemePicker():
            yield from _choices(model, root)
        case Play():
            yield from _play(model, root)
        case Incentive():
            yield from _earned(model, root, book)
        case Training():
            yield from _right_answers(model, root)
        case Project():
            yield from _milestones(model, root)
        case AnyMaterial() if model.holiday_version == model.name:
            cure = "写另一份素材的名字；放假照发这一份就删掉这一行"
            yield Found(value_at(root, "假期版"), "假期版不能是它自己", cure)


def reminders(model: Any, root: Map) -> Iterator[Found]:
    if isinstance(model, KocSystem):
        yield from _out_of_reach(model, root)
    if isinstance(model, Rules):
        yield from _quiet_by_day(model, root)
    if isinstance(model, Theme):
        yield from theme_checks.reminders(model, root)
        yield from group_welcome_checks.reminders(model, root)


def _quiet_by_day(rules: Rules, root: Map) -> Iterator[Found]:
    """08:30-21:30 where 21:30-08:30 was meant."""
    for whom, hours in rules.quiet.items():
        if hours.start < _FORENOON and hours.end > _AFTERNOON:
            text = f"免打扰 {hours} 是整个白天：白天不发，只在晚上和夜里发"
            turned = f"{hours.end:%H:%M}-{hours.start:%H:%M}"
            place = value_at(get(root, "免打扰"), whom)
            yield Found(place, text, f"是不是写反了？写成 {turned}")


def _stages(system: KocSystem, root: Map) -> Iterator[Found]:
    signals = [item.signal for item in system.items]
    before = None
    for stage, block in zip(system.stages, get(root, "阶段"), strict=False):
        if sum(one.name == stage.name for one in system.stages) > 1:
            text = f"阶段“{stage.name}”写了不止一次"
            yield Found(value_at(block, "阶段"), text, "每个阶段起一个不同的名字")
        if before and stage.up <= before.up:
            text = (
                f"“{stage.name}”升到 {stage.up} 分，不比前面的“{before.name}”（{before.up} 分）高"
            )
            yield Found(value_at(block, "升到"), text, "阶段从低到高写，分数一级比一级高")
        if stage.down is not None and stage.down >= stage.up:
            text = f"“降回”{stage.down} 分不低于“升到”{stage.up} 分，会来回跳"
            yield Found(value_at(block, "降回"), text, "降回写得比升到低一些，例如低 8 分")
        for need, item in zip(stage.needs, get(block, "还需要") or (), strict=False):
            if need.signal not in signals:
                near = did_you_mean(closest(need.signal, signals))
                text = f"“计分”里没有“{need.signal}”"
                yield Found(item.at, text, f"{near}先在“计分”里写这一项")
        before = stage


def _out_of_reach(system: KocSystem, root: Map) -> Iterator[Found]:
    most = system.full_marks
    for stage, block in zip(system.stages, get(root, "阶段"), strict=False):
        if most is not None and stage.up > most:
            text = f"各项加起来最多 {most} 分，升不到“{stage.name}”的 {stage.up} 分"
            yield Found(value_at(block, "升到"), text, "调低“升到”，或调高各项的“最多”")


def _choices(picker: ThemePicker, root: Map) -> Iterator[Found]:
    """Somebody is looked at outside of any journey and before any group."""
    for choice, block in zip(picker.choices, get(root, "选择"), strict=False):
        for condition, place in conditions_in(choice.conditions, get(block, "如果")):
            if isinstance(condition, TaskResult | InJourney | GroupSize | GroupMarketing):
                text = "这个条件不能用在“选择”里：选主题时只看客户本身"
                yield Found(place, text, "换成 有标签、门店、近30天下单 这样的条件")


def _play(play: Play, root: Map) -> Iterator[Found]:
    task = get(root, "派任务")
    if play.task.to.kind == "跟进人":
        text = "打法针对群，没有“跟进人”"
        cure = "改成 给: 群主，或写店长、角色/名称、员工姓名"
        yield Found(value_at(task, "给"), text, cure)
    if play.sign.kind == "群沉默" and not play.sign.count.least:
        sign = get(root, "当")
        text = f"“群沉默: {play.sign.count}天”说的是刚聊过天的群"
        yield Found(getattr(sign, "at", key_at(root, "当")), text, "写成 群沉默: 不少于7天")


def _earned(incentive: Incentive, root: Map, book: Book) -> Iterator[Found]:
    what = incentive.earned.verified
    known = [f"{sop.name}/{s.name}" for sop in book.sops.values() for s in all_steps(sop.steps)]
    if what in _ALWAYS_VERIFIED or what in known:
        return
    near = did_you_mean(closest(what, [*_ALWAYS_VERIFIED, *known]))
    cure = f"{near}可以写：{'、'.join(_ALWAYS_VERIFIED)}，或 SOP名/步骤名"
    yield Found(value_at(get(root, "当"), "任务核实"), f"不知道“{what}”是什么任务", cure)


def _right_answers(training: Training, root: Map) -> Iterator[Found]:
    for lesson, block in zip(training.lessons, get(root, "课程"), strict=False):
        quiz = _items(get(block, "测验"))
        for question, written in zip(lesson.quiz, quiz, strict=False):
            if question.right not in question.options:
                text = f"正确答案“{question.right}”不在选项里"
                cure = f"选项有：{'、'.join(question.options)}"
                yield Found(value_at(written, "对"), text, cure)


def _milestones(project: Project, root: Map) -> Iterator[Found]:
    names = [milestone.name for milestone in project.milestones]
    for milestone, block in zip(project.milestones, get(root, "节点"), strict=False):
        if names.count(milestone.name) > 1:
            text = f"节点“{milestone.name}”写了不止一次"
            yield Found(value_at(block, "节点"), text, "每个节点起一个不同的名字")
        if found := _nobody(milestone.to):
            yield Found(value_at(block, "给"), found, "写 角色/名称 或员工姓名")
        for name in milestone.after:
            if name not in names:
                near = did_you_mean(closest(name, names))
                cure = f"{near}节点有：{'、'.join(names)}"
                yield Found(value_at(block, "等"), f"没有节点“{name}”", cure)
    if circle := _circle({m.name: m.after for m in project.milestones}):
        block = get(root, "节点")[names.index(circle[0])]
        text = f"节点互相等着，谁也开始不了：{' → '.join(circle)}"
        yield Found(value_at(block, "等"), text, "删掉其中一个“等”")


def _nobody(to: Receiver) -> str:
    """A project is about no customer and no group; "" when somebody is meant."""
    return f"项目里没有“{to.kind}”" if to.kind in ("跟进人", "群主", "店长") else ""


def _circle(after: dict[str, tuple[str, ...]]) -> Sequence[str]:
    """The names of one circle, from and to the same; empty when there is none."""
    known = {name: [one for one in before if one in after] for name, before in after.items()}
    try:
        TopologicalSorter(known).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()


def _items(written: Any) -> Iterable[Any]:
    """What may be written without a list, as a list."""
    return written if isinstance(written, list) else [] if written is None else [written]
