"""What a 测试 may not say: steps, buttons and names its SOP does not know."""

from collections.abc import Iterable, Iterator
from typing import Any

from config.book import Book
from config.cases import Case, CaseFile, Seen
from config.explain import Found
from config.guess import closest, did_you_mean
from config.phrases import On
from config.reading import Map, Use
from config.sop import GiveTask, Sop, Step, all_steps
from config.written import get, key_at, value_at


def errors(cases: CaseFile, root: Map, book: Book) -> Iterator[Found]:
    """Nothing about an SOP that is not there: its name has been noted already."""
    sop = book.sop(cases.sop)
    if sop is None:
        return
    if sop.subject != "客户":
        text = "测试只能写给对象是“客户”的 SOP"
        yield Found(value_at(root, "测试"), text, "客户群的日历用 qunce simulate 看")
        return
    blocks = get(root, "用例")
    for case, block in zip(cases.cases, blocks, strict=False):
        yield from _customer(case, get(block, "客户"), book)
        yield from _expectations(case, get(block, "期望"), sop)


def reminders(cases: CaseFile, uses: Iterable[Use], book: Book) -> Iterator[Found]:
    """Steps and buttons that are not there (any more): what the test then says is for `test`.

    They do not block, since an SOP may lose steps without anybody at hand to mend its tests.
    """
    if sop := book.sop(cases.sop):
        yield from _steps_and_buttons(sop, uses)


def _steps_and_buttons(sop: Sop, uses: Iterable[Use]) -> Iterator[Found]:
    steps = {step.name: step for step in all_steps(sop.steps)}
    asked: Step | None = None
    for use in uses:
        if use.kind == "用例步骤":
            asked = steps.get(use.name)
            if asked is None:
                near = did_you_mean(closest(use.name, steps))
                cure = f"{near}步骤有：{'、'.join(steps)}"
                yield Found(use.at, f"“{sop.name}”里没有步骤“{use.name}”", cure)
        elif use.kind == "用例按钮" and asked:
            labels = [b for a in asked.actions if isinstance(a, GiveTask) for b in a.buttons]
            if use.name not in labels:
                near = did_you_mean(closest(use.name, labels))
                cure = f"{near}按钮有：{'、'.join(labels) or '（没有）'}"
                yield Found(use.at, f"“{asked.name}”没有按钮“{use.name}”", cure)


def _customer(case: Case, block: Any, book: Book) -> Iterator[Found]:
    for name in case.customer.attributes:
        if name not in book.rules.attributes:
            yield _unknown("客户属性", name, book.rules.attributes, get(block, "属性"))
    for name in case.customer.scores:
        if name not in book.systems:
            yield _unknown("KOC体系", name, book.systems, get(block, "KOC分"))
    for name, stage in case.customer.stages.items():
        system = book.systems.get(name)
        if system is None:
            yield _unknown("KOC体系", name, book.systems, get(block, "阶段"))
        elif system.stage(stage) is None:
            known = [one.name for one in system.stages]
            cure = f"{did_you_mean(closest(stage, known))}阶段有：{'、'.join(known)}"
            place = value_at(get(block, "阶段"), name)
            yield Found(place, f"体系“{name}”没有阶段“{stage}”", cure)


def _unknown(kind: str, name: str, known: Iterable[str], block: Map) -> Found:
    known = list(known)
    near = did_you_mean(closest(name, known))
    cure = f"{near}登记过的有：{'、'.join(known) or '（没有）'}"
    return Found(block.keys_at.get(name, block.at), f"找不到{kind}“{name}”", cure)


def _expectations(case: Case, blocks: Any, sop: Sop) -> Iterator[Found]:
    steps = {step.name: step for step in all_steps(sop.steps)}
    blocks = blocks if isinstance(blocks, list) else [blocks]
    for expect, block in zip(case.expects, blocks, strict=False):
        if isinstance(expect.until, On):
            until = (expect.until.day, expect.until.at)
            if until <= (case.now.date(), case.now.time()):
                text = f"期望看到的时间不在“现在”（{case.now:%Y-%m-%d %H:%M}）之后"
                yield Found(value_at(block, "到"), text, "写一个更晚的时间")
        if not expect.has and not expect.hasnt and expect.outcome is None:
            yield Found(key_at(block, "到"), "期望里没写期望什么", "加上：有、没有 或 结果")
        for key, seen in (("有", expect.has), ("没有", expect.hasnt)):
            for one in seen:
                if found := _does_not(one, steps):
                    yield Found(value_at(block, key), found, "写这一步里有的动作，或只写步骤名")


def _does_not(seen: Seen, steps: dict[str, Step]) -> str:
    step = steps.get(seen.step)
    if step is None or seen.action is None:
        return ""
    done: set[str] = {action.do for action in step.actions}
    if seen.action in done:
        return ""
    return f"步骤“{seen.step}”里没有“{seen.action}”"
