"""A plan as people read it: Chinese, in columns, at most a hundred cells wide."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import assert_never
from zoneinfo import ZoneInfo

from bot.plan import audience, outlook_words
from bot.plan.affected import Affected
from bot.plan.changes import SopChange, StepChange
from bot.plan.columns import hang, pad, widest, width
from bot.plan.others import OtherChange
from bot.plan.plan import Plan
from bot.plan.remarks import Remark
from bot.publish.drift import Side

RULE = "─" * 68


def render(plan: Plan) -> str:
    """The whole plan as one text."""
    if not plan.publishes and not plan.errors:
        return "\n".join([*_drift(plan), *_held(plan), *_nothing(plan)])
    parts = [
        [*_drift(plan), *_held(plan), *_title(plan), RULE],
        *_sops(plan),
        _others(plan.changes.others),
        *_people(plan),
        _audiences(plan),
        outlook_words.lines(plan.outlook, plan.examples, ZoneInfo(plan.zone))
        if plan.outlook
        else [],
        _remarks(plan.remarks),
        _foot(plan),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part).replace(
        f"{RULE}\n\n", f"{RULE}\n"
    )


def _nothing(plan: Plan) -> list[str]:
    return [f"没有变化：文件夹和线上第 {plan.base} 版一样", f"计划编号 {plan.id}   退出码 0"]


# ---- the head -----------------------------------------------------------------------------------

_SIDES: dict[Side, str] = {
    "only-folder": "文件夹里有未发布的改动",
    "only-live": "线上比文件夹新，先运行 qunce pull 取回",
    "both": "两边都改过，先合并再发布",
}


def _drift(plan: Plan) -> list[str]:
    """Which side has what the other has not."""
    found: list[str] = []
    if not plan.base:
        return []
    for side, what in _SIDES.items():
        if paths := [path for path, where in plan.drift.items() if where == side]:
            shown = "、".join(paths[:6]) + (f" 等 {len(paths)} 个文件" if len(paths) > 6 else "")
            found += hang("", f"{what}：{shown}")
    return found


def _held(plan: Plan) -> list[str]:
    """What a command switched off reads 启用 in the folder, and nobody would know why it rests."""
    return [
        line
        for sop, state in sorted(plan.states.items())
        for line in hang("", f"“{sop}”现在是“{state}”（由命令设的，和文件里写的不同）")
    ]


def headline(plan: Plan) -> str:
    """What it comes to, in a line."""
    if plan.back_to:
        return f"将回到第 {plan.back_to} 版的内容：第{plan.base}版 → 第{plan.base + 1}版"
    if plan.base == 0:
        return f"将首次发布：{len(plan.changes.sops)} 个 SOP → 第1版"
    return f"将发布：{_what(plan)}  第{plan.base}版 → 第{plan.base + 1}版"


def _title(plan: Plan) -> list[str]:
    changes = plan.changes
    note = plan.note or (changes.sops[0].note if len(changes.sops) == 1 else "")
    text = f"{headline(plan)}    作者 {plan.author}" + (f"   说明：{note}" if note else "")
    return hang("", text)


def _what(plan: Plan) -> str:
    sops, others = plan.changes.sops, plan.changes.others
    if len(sops) == 1:
        return sops[0].name
    if sops:
        return f"{len(sops)} 个 SOP" + (f"和其他 {len(others)} 项" if others else "")
    return f"其他 {len(others)} 项" if others else "只改了写法（注释、顺序、空行），含义没有变化"


# ---- what changes -------------------------------------------------------------------------------


def _sops(plan: Plan) -> Iterator[list[str]]:
    alone = len(plan.changes.sops) == 1 and plan.base > 0
    for sop in plan.changes.sops:
        yield _sop(sop, alone=alone)


def _sop(sop: SopChange, *, alone: bool) -> list[str]:
    if sop.mark == "-":
        return [f"- SOP {sop.name}  删除（{sop.head[0]}）"]
    new = sop.mark == "+"
    if alone and not new:
        lines = ["步骤变化" if sop.steps else "变化"]
    else:
        note = f"   说明：{sop.note}" if sop.note else ""
        state = f"（新 SOP，{sop.states[1]}）" if new else ""
        lines = hang(f"{'+ ' if new else ''}SOP ", f"{sop.name}{state}{note}")
    if sop.was:
        lines.append(f"  ~ 改名：{sop.was} → {sop.name}")
    if not new and sop.states[0] != sop.states[1]:
        lines.append(f"  ~ 状态  {sop.states[0]} → {sop.states[1]}")
    for what in sop.head:
        lines += hang("  ~ ", what)
    cells = widest([step.name for step in sop.steps])
    for step in sop.steps:
        lines += _step(step, cells)
    if not new and sop.unchanged and sop.steps:
        lines.append(f"  = 其余 {sop.unchanged} 步不变")
    return lines


def _step(step: StepChange, cells: int) -> list[str]:
    match step.mark:
        case "-":
            what = "删除"
        case "+":
            what = step.what[0]
        case "~":
            renamed = [f"改名（曾用名 {step.was}）"] if step.was else []
            what = "；".join([*renamed, *step.what])
        case _:
            assert_never(step.mark)
    return hang(f"  {step.mark} {pad(step.name, cells)}", what)


def _others(others: tuple[OtherChange, ...]) -> list[str]:
    if not others:
        return []
    lines = ["其他变化"]
    shown = [*_summed(others)]
    labels = [f"{other.kind} {other.name}".strip() for other in shown]
    cells = widest(labels)
    for other, label in zip(shown, labels, strict=True):
        what = "；".join(other.what) or {"+": "新增", "-": "删除", "~": ""}[other.mark]
        if other.touches:
            touched = "、".join(other.touches[:3])
            more = f"等 {len(other.touches)} 处" if len(other.touches) > 3 else ""
            what += f"  影响 {touched}{more}"
        lines += hang(f"  {other.mark} {pad(label, cells)}", what)
    return lines


_MANY = 4  # new ones of a kind are no longer listed one by one


def _summed(others: Iterable[OtherChange]) -> Iterator[OtherChange]:
    """Many of a kind that came, or went, in one line."""
    alike: dict[tuple[str, str], list[OtherChange]] = {}
    for other in others:
        key = (other.mark, other.kind if other.mark != "~" else f"{other.kind} {other.name}")
        alike.setdefault(key, []).append(other)
    for same in alike.values():
        if len(same) <= _MANY:
            yield from same
            continue
        verb = "新增" if same[0].mark == "+" else "删除"
        names = "、".join(one.name for one in same[:_MANY])
        what = (f"{verb} {len(same)} 个：{names} 等",)
        yield replace(same[0], name="", what=what)


# ---- who is affected ----------------------------------------------------------------------------


def _people(plan: Plan) -> Iterator[list[str]]:
    found = [one for one in plan.affected if one.total or one.lines]
    if plan.affected and not found:
        yield ["正在进行中：现在没有人在这些 SOP 里"]
    yield from map(_affected, found)


def affected_title(one: Affected) -> str:
    """Of whom the lines below it speak."""
    who = "位客户" if one.of == "客户" else "个群"
    if one.of == "群日历":
        return f"会收到的 {one.total:,} 个群（{one.sop}）"
    if one.of == "素材":
        return f"素材变了（{one.sop}）"
    return f"正在进行中的 {one.total:,} {who}（{one.sop}）"


def _affected(one: Affected) -> list[str]:
    lines = [affected_title(one)]
    cells = widest([line.where for line in one.lines], most=34)
    for line in one.lines:
        head = f"  {pad(line.where, cells)}{line.count:>6,}  "
        for number, then in enumerate(line.then):
            lines += hang(head if number == 0 else " " * width(head), then)
    return lines


def _audiences(plan: Plan) -> list[str]:
    found: list[str] = []
    for one in plan.audiences:
        found += hang("  ", f"{one.sop}：{audience.sentence(one)}")
    return ["会有多少人进入", *found] if found else []


# ---- the foot -----------------------------------------------------------------------------------


def _remarks(remarks: Iterable[Remark]) -> list[str]:
    marks = {"错误": "✗", "注意": "!", "说明": "·"}
    found: list[str] = []
    for level, mark in marks.items():
        for remark in remarks:
            if remark.level == level:
                found += hang(f"  {mark} ", remark.text)
    return ["需要注意", *found] if found else []


def _foot(plan: Plan) -> list[str]:
    lines = []
    if plan.approvals.wanted:
        given = f"已批：{'、'.join(plan.approvals.given)}" if plan.approvals.given else "未批"
        after = "可以发布" if plan.approvals.complete else "批准后才能发布（qunce approve）"
        lines.append(f"审批：{'、'.join(plan.approvals.wanted)}（{given}）   发布：{after}")
    size = plan.changes.size
    lines.append(f"计划编号 {plan.id}   变更 {size} 项   退出码 {plan.exit_code}")
    return lines
