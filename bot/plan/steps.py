"""One step of an SOP for the eye: what it does in a line, what differs, and where it stands."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.plan.words import differences, label_of, shown, words
from config.book import Book
from config.content import Content
from config.moments import PostMoment
from config.phrases import After, AfterDays, On, OnDay, When, in_words
from config.sop import Action, Sop, Step, nested_steps
from config.steps import Loop, WaitEvent

_CONTENT = {"素材", "文案", "素材轮播", "附件", "标题", "检查清单", "为什么发", "内容", "类型"}
_HOLDING = {"等事件", "等待", "循环"}
#: What is worth saying of an action in a few words, in this order: field → how.
_WORTH: Mapping[str, str] = {
    "category": "{}类",
    "by": "由{}",
    "visible": "给{}看",
    "theme": "{}",
    "tags": "{}",
    "to": "给{}",
    "kind": "{}",
    "tag": "{}",
    "tag_group": "{}",
    "system": "{}",
    "stage": "{}",
    "event": "{}",
    "form": "{}",
    "name": "{}",
    "length": "{}",
    "until": "到{}",
    "limit": "最多{}",
    "due": "期限{}",
    "expires": "时效{}",
    "reason": "{}",
}


def moment_of(step: Step) -> str:
    return in_words(step.when) if step.when else "上一步之后"


def in_brief(step: Step) -> str:
    """第5天 10:30  发给客户（服务类，时效12小时）."""
    return f"{moment_of(step)}  {'；'.join(_action(one) for one in step.actions)}"


def _action(action: Action) -> str:
    said = [
        how.format(words(value, label_of(type(action), field)))
        for field, how in _WORTH.items()
        if (value := _value(action, field)) and (field != "reason" or action.do == "结束")
    ]
    arms = len(getattr(action, "arms", ()))
    said += [f"{arms}支"] if arms else []
    return f"{action.do}（{'，'.join(said)}）" if said else action.do


def _value(action: Action, field: str) -> Any:
    if isinstance(action, Loop) and field == "until":
        return action.until_in_words
    if field == "by" and not isinstance(action, PostMoment):  # there is but one who can
        return None
    return getattr(action, field, None)


def in_detail(old: Step, new: Step, books: tuple[Book, Book]) -> Iterator[tuple[str, str]]:
    """(内容 | 等待 | 做法, in words) of what the two do differently."""
    if [one.do for one in old.actions] != [one.do for one in new.actions]:
        pair = ("＋".join(one.do for one in step.actions) for step in (old, new))
        yield "做法", " → ".join(pair)
        return
    for before, after in zip(old.actions, new.actions, strict=True):
        for label, what in _differences(before, after, books):
            holding = before.do in _HOLDING
            yield ("内容" if label in _CONTENT else "等待" if holding else "做法"), what


def _differences(before: Any, after: Any, books: tuple[Book, Book]) -> Iterator[tuple[str, str]]:
    """Another kind of content is one change, not one thing less and another more."""
    skip: set[str] = set()
    if isinstance(before, Content) and isinstance(after, Content):
        had, has = _content(before), _content(after)
        if had[0] != has[0]:
            skip = {"material", "text", "column"}
            yield "内容", f"内容 {had[0]} {shown(had[1])} → {has[0]} {shown(has[1])}"
    yield from differences(before, after, books, skip=skip)


def _content(content: Content) -> tuple[str, str]:
    if content.material is not None:
        return "素材", content.material
    return ("文案", content.text) if content.text is not None else ("栏目", content.column or "")


def offset(when: When | None) -> tuple[str, timedelta] | None:
    """What a time counts from, and how much later it is; None when that differs by the person."""
    match when:
        case OnDay(day, at):
            return "进入", timedelta(days=day - 1, hours=at.hour, minutes=at.minute)
        case After(span):
            return "上一步", span
        case AfterDays(days, None):
            return "上一步", timedelta(days=days)
        case AfterDays(days, at) if at:
            return "上一步那天", timedelta(days=days, hours=at.hour, minutes=at.minute)
        case On(day=day, at=at):
            return "日期", datetime.combine(day, at) - datetime(2000, 1, 1)  # noqa: DTZ001
    return None


def places(sop: Sop, renamed: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """Step → where it is written (“等月龄”的第1支; "": not inside another), and its rank."""
    found: dict[str, tuple[str, int]] = {}

    def visit(steps: tuple[Step, ...], where: str) -> None:
        for step in steps:
            found[step.name] = where, len(found)
            name = renamed.get(step.name, step.name)
            for number, nested in enumerate(nested_steps(step), 1):
                visit(nested, f"“{name}”的{_arm(step, number)}")

    visit(sop.steps, "")
    return found


def _arm(step: Step, number: int) -> str:
    if isinstance(step.actions[-1], WaitEvent):
        return ("等到了", "超时")[number - 1]
    return f"第{number}支"
