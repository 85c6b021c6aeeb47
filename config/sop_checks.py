"""What one SOP may not say, once its shape is right."""

from collections.abc import Iterable, Iterator, Mapping

from config import experiment_checks, moment_checks, pages
from config.conditions import (
    Condition,
    FriendDays,
    FromChannel,
    GroupMarketing,
    GroupSize,
    Happened,
    InJourney,
    InStage,
    KocScore,
    Tagged,
    TaskResult,
)
from config.explain import Found
from config.guess import closest, did_you_mean
from config.materials import Column, Material, TextMaterial
from config.phrases import AttributeDate
from config.reading import Map, Place, Use
from config.rules import QuietHours, Rules
from config.sop import (
    Action,
    Content,
    GiveTask,
    Loop,
    PostMoment,
    SendGroup,
    Sop,
    Split,
    TellStaff,
    all_steps,
)
from config.written import Written, conditions_in, conditions_of, get, key_at, steps_in, value_at

_FOR_CUSTOMERS = (
    "发欢迎语",
    "发给客户",
    "邀请入主题群",
    "打标签",
    "去标签",
    "等事件",
    "分流试验",
)
_INSTEAD = {
    "发欢迎语": "群的欢迎语写在“主题群”文件的“入群欢迎语”里",
    "发给客户": "换成 发到群，或者另写一个 SOP",
    "发到群": "换成 发给客户，或者另写一个 SOP",
}
_OF_CUSTOMERS = Tagged | Happened | InJourney | FriendDays | FromChannel | KocScore | InStage
_OF_GROUPS = GroupSize | GroupMarketing


def errors(
    sop: Sop,
    root: Map,
    uses: Iterable[Use],
    *,
    rules: Rules,
    materials: Mapping[str, Material],
    columns: Mapping[str, Column],
) -> Iterator[Found]:
    yield from _entry_fits(sop, root)
    yield from _exits_fit(sop, root)
    yield from _former_names(sop, root)
    yield from _windows_can_be_met(sop, root, rules)
    yield from _conditions_fit(sop, root)
    for written in steps_in(sop.steps, get(root, "步骤")):
        yield from _time_fits(sop, written)
        for action in written.step.actions:
            body = get(written.block, action.do)
            yield from _action_fits(sop, action, written.block)
            if isinstance(action, PostMoment):
                yield from moment_checks.errors(sop, action, written.block, materials, columns)
            match action:
                case Content():
                    yield from _attachments_fit(action, body, materials)
                    if sop.subject == "客户群" or isinstance(action, PostMoment):
                        yield from pages.unlinkable(action, body, materials, columns)
                case Loop():
                    yield from _loop_recurs(action, body)
                case Split():
                    yield from experiment_checks.errors(action, body)
    yield from _task_results(sop, uses)


def _entry_fits(sop: Sop, root: Map) -> Iterator[Found]:
    of_groups = sop.entry.kind == "群属于主题"
    if of_groups != (sop.subject == "客户群"):
        text = f"对象是“{sop.subject}”的 SOP 不能由“{sop.entry.kind}”进入"
        cure = "客户群写 当: 群属于主题；客户写 当: 添加好友、下单 或 每天 09:00 检查人群"
        yield Found(value_at(get(root, "进入"), "当"), text, cure)


def _exits_fit(sop: Sop, root: Map) -> Iterator[Found]:
    """Everything one can leave by befalls a customer, never a group."""
    if sop.subject == "客户群" and sop.exits:
        text = "对象是“客户群”的 SOP 没有“退出”：这些事只发生在客户身上"
        yield Found(key_at(root, "退出"), text, "删掉“退出”；群不再属于这个主题就不会再进入")


def _former_names(sop: Sop, root: Map) -> Iterator[Found]:
    """A name that still lives, or that two steps claim, leads journeys astray."""
    living = {step.name for step in all_steps(sop.steps)}
    claimed: dict[str, str] = {}
    for written in steps_in(sop.steps, get(root, "步骤")):
        for old in written.step.formerly:
            place, other = value_at(written.block, "曾用名"), claimed.get(old)
            if old in living:
                text = f"“{old}”不是曾用名：现在还有这个步骤"
                yield Found(place, text, "删掉这个曾用名；如果想改名，先把那一步也改掉")
            elif other:
                text = f"曾用名“{old}”已经写在“{other}”里了"
                yield Found(place, text, "只留一处：原来在那一步的客户，以后从这一步接着走")
            claimed.setdefault(old, written.step.name)


def _windows_can_be_met(sop: Sop, root: Map, rules: Rules) -> Iterator[Found]:
    windows, quiet = sop.calendar.windows, rules.quiet.get(sop.subject)
    if windows and quiet and all(_inside(window, quiet) for window in windows):
        text = f"可发时段全在免打扰（{quiet}）里，永远发不出去"
        place = value_at(get(root, "日历"), "可发时段")
        yield Found(place, text, "改可发时段，或调整“全局规则”里的免打扰")


def _inside(window: QuietHours, quiet: QuietHours) -> bool:
    if quiet.start < quiet.end:
        return quiet.start <= window.start and window.end <= quiet.end
    return window.start >= quiet.start or window.end <= quiet.end


def _conditions_fit(sop: Sop, root: Map) -> Iterator[Found]:
    """Conditions about customers in SOPs of customers, about groups in those of groups."""
    entry = list(conditions_in(sop.entry.conditions, get(get(root, "进入"), "条件")))
    for condition, place in entry:
        if isinstance(condition, TaskResult | InJourney):
            shown = "任务结果" if isinstance(condition, TaskResult) else "本旅程…"
            text = f"“进入”的条件里不能写“{shown}”：进入以前还没有旅程"
            yield Found(place, text, "写在步骤的“如果”里，或换成 近30天…")
    steps = steps_in(sop.steps, get(root, "步骤"))
    everywhere = entry + [found for written in steps for found in conditions_of(written)]
    for condition, place in everywhere:
        if found := _condition_misfits(sop, condition, place):
            yield found


def _condition_misfits(sop: Sop, condition: Condition, place: Place) -> Found | None:
    wrong = _OF_GROUPS if sop.subject == "客户" else _OF_CUSTOMERS
    if not isinstance(condition, wrong):
        return None
    other = "客户群" if sop.subject == "客户" else "客户"
    text = f"这个条件只能用在对象是“{other}”的 SOP 里"
    return Found(place, text, "换一个条件，或者另写一个 SOP")


def _time_fits(sop: Sop, written: Written) -> Iterator[Found]:
    if sop.subject == "客户群" and isinstance(written.step.when, AttributeDate):
        text = f"客户群没有“{written.step.when.name}”，不能按它定时间"
        yield Found(value_at(written.block, "何时"), text, "换成 每周一 10:00 这样的时间")


def _action_fits(sop: Sop, action: Action, block: Map) -> Iterator[Found]:
    groups = sop.subject == "客户群"
    if (groups and action.do in _FOR_CUSTOMERS) or (not groups and isinstance(action, SendGroup)):
        other = "客户" if groups else "客户群"
        text = f"“{action.do}”只能用在对象是“{other}”的 SOP 里"
        cure = _INSTEAD.get(action.do, "删掉它，或者另写一个 SOP")
        yield Found(key_at(block, action.do), text, cure)
    if action.do == "发欢迎语" and sop.entry.kind != "添加好友":
        text = "“发欢迎语”只能用在由“添加好友”进入的 SOP 里"
        yield Found(key_at(block, action.do), text, "企业微信只在添加好友时给一次发欢迎语的机会")
    if isinstance(action, GiveTask | TellStaff):
        wrong = "群主" if not groups else "跟进人"
        if action.to.kind == wrong:
            right = "跟进人" if not groups else "群主"
            text = f"对象是“{sop.subject}”的 SOP 里没有“{wrong}”"
            place = value_at(get(block, action.do), "给")
            yield Found(place, text, f"改成 给: {right}，或写店长、角色/名称、员工姓名")


def _loop_recurs(loop: Loop, body: Map) -> Iterator[Found]:
    """The step whose next occurrence comes first is next, so each must have one."""
    for step, block in zip(loop.steps, get(body, "步骤"), strict=False):
        if not step.recurring:
            text = f"循环里的“{step.name}”要写会重复的时间"
            place = value_at(block, "何时" if step.when else "步骤")
            yield Found(place, text, "例如：何时: 每周一 10:00，或 何时: 每天 20:00")


def _attachments_fit(
    content: Content, body: Map, materials: Mapping[str, Material]
) -> Iterator[Found]:
    """WeCom attaches pictures, links, mini programs, videos and files, never text."""
    for name in content.attachments:
        if isinstance(materials.get(name), TextMaterial):
            text = f"附件“{name}”是文字，企业微信的附件不能是文字"
            cure = "把它写成 素材，附件换成图片、链接、小程序、视频或文件"
            yield Found(value_at(body, "附件"), text, cure)


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
