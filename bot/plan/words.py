"""Anything the folder can say, in the words it is written with, and how two versions differ.

What is compared is the meaning: 24小时 is 1天, a tag without its group is the tag.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, assert_never, get_args

from pydantic import AliasChoices, BaseModel

from bot.plan.columns import clip
from config import phrases
from config.book import Book
from config.conditions import (
    AnyOf,
    Condition,
    FriendDays,
    FromChannel,
    GroupMarketing,
    GroupSize,
    Happened,
    HasShop,
    InJourney,
    InShop,
    InStage,
    KocScore,
    NoneOf,
    Tagged,
    TaskResult,
)
from config.phrases import After, AfterDays, Immediately
from config.reading import Strict
from config.rules import Cap
from config.steps import Step

LONGEST = 44  # cells of one value in a sentence
NOTHING = "（不写）"
_UNITS = {
    "每天最多": "人",
    "容量": "人",
    "每人每天最多": "人",
    "剩余少于": "篇",
    "每组至少": "人",
    "每人每月最多": "分",
}
_PERCENT = {"占比", "样本", "对照组", "判胜"}
_CONDITIONS: tuple[type[Any], ...] = get_args(get_args(Condition)[0])
_PLAIN = {"do", "name", "formerly"}


def label_of(model: type[BaseModel], field: str) -> str:
    """The Chinese key of a field; "" for one admins never see."""
    alias = model.model_fields[field].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else ""


def differences(
    old: BaseModel, new: BaseModel, books: tuple[Book, Book], *, skip: Iterable[str] = ()
) -> Iterator[tuple[str, str]]:
    """(Chinese key, what became of it) of everything that means something else now."""
    model, left_out = type(new), _PLAIN | set(skip)
    for field in model.model_fields:
        label = label_of(model, field)
        before, after = getattr(old, field), getattr(new, field)
        if field in left_out or not label or _are_steps(before) or _are_steps(after):
            continue
        if same(before, after, books, label):
            continue
        yield label, changed(label, before, after, books)


def same(before: Any, after: Any, books: tuple[Book, Book], label: str = "") -> bool:
    """Whether two values mean the same."""
    return bool(_meaning(before, books[0], label) == _meaning(after, books[1], label))


def changed(label: str, before: Any, after: Any, books: tuple[Book, Book]) -> str:
    """素材 A → B; what is nested names what differs inside."""
    if isinstance(before, Strict) and type(before) is type(after):
        return f"{label}：" + "，".join(what for _, what in differences(before, after, books))
    if isinstance(before, dict) and isinstance(after, dict):
        return f"{label}：" + "，".join(_entries(before, after, books))
    if _are_blocks(before) and _are_blocks(after):
        return f"{label}：" + "，".join(_blocks(before, after, books))
    if isinstance(before, str) and isinstance(after, str) and max(map(len, (before, after))) > 24:
        return f"{label} {_around(before, after)}"
    return f"{label} {shown(before, label)} → {shown(after, label)}"


def shown(value: Any, label: str = "") -> str:
    """One value as people write it, cut to a sensible length."""
    return clip(words(value, label), LONGEST)


def words(value: Any, label: str = "") -> str:
    """One value as people write it."""
    match value:
        case _ if _is_nothing(value):
            return "不允许" if label == "重复进入" else NOTHING
        case bool():
            return "是" if value else "否"
        case int() if label == "重复进入":
            return f"退出后{value}天可再进" if value else "每次都进"
        case int() | float() if label in _PERCENT:
            return f"{value:.1%}".replace(".0%", "%")
        case int():
            return f"{value}{_UNITS.get(label, '')}"
        case time():
            return f"{value:%H:%M}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case str():
            return " ".join(value.split())
        case Cap():
            days = "" if value.days == 1 else value.days
            return f"{'其中营销' if value.marketing_only else ''}每{days}天{value.limit}条"
    if _is_phrase(value):
        return phrases.in_words(value)
    if isinstance(value, timedelta):
        return phrases.in_words(phrases.Span(value))
    if isinstance(value, Mapping):
        return "，".join(f"{words(k)} {words(v)}" for k, v in value.items())
    if isinstance(value, Sequence | frozenset):
        between = "；" if any(isinstance(one, BaseModel) for one in value) else "、"
        return between.join(words(one, label) for one in value)
    if isinstance(value, _CONDITIONS):
        return condition(value)
    return _block(value) if isinstance(value, BaseModel) else str(value)


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str | tuple | Mapping) and not value)


def _is_phrase(value: Any) -> bool:
    return type(value).__module__ == phrases.__name__


def _block(value: BaseModel) -> str:
    """Only what differs from what it would be anyway."""
    parts = []
    for field, info in type(value).model_fields.items():
        label, one = label_of(type(value), field), getattr(value, field)
        if one == info.default or not label or _are_steps(one):
            continue
        parts.append(words(one, label) if info.is_required() else f"{label} {words(one, label)}")
    return " ".join(parts) or str(getattr(value, "do", "否则"))


def _are_steps(value: Any) -> bool:
    """Steps inside a step are compared as steps, wherever they stand."""
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], Step)


# ---- conditions ---------------------------------------------------------------------------------


def condition(one: Condition) -> str:
    """没有标签 员工、同行."""
    match one:
        case Tagged(tags=tags, wanted=wanted, by=by):
            whose = "（本跟进人打的）" if by == "跟进人" else ""
            return f"{'有' if wanted else '没有'}标签 {'、'.join(tags)}{whose}"
        case InShop(shops=shops):
            return f"门店 {'、'.join(shops) or '全部'}"
        case HasShop(wanted=wanted):
            return f"有门店 {wanted}"
        case Happened(what=what, days=days, count=count):
            return f"近{days}天{what} {count}次"
        case InJourney(what=what, count=count):
            return f"本旅程内{what} {count}次"
        case FriendDays(count=count):
            return f"添加好友 {count}天"
        case FromChannel(channels=channels):
            return f"渠道 {'、'.join(channels)}"
        case KocScore(system=system, at_least=least, below=below):
            return f"KOC分 {system} {f'低于{below}' if least is None else f'不低于{least}'}"
        case InStage(system=system, stages=stages):
            return f"阶段 {system} {'、'.join(stages)}"
        case GroupSize(count=count):
            return f"群人数 {count}人"
        case GroupMarketing(days=days, count=count):
            return f"本群近{days}天营销消息 {count}条"
        case TaskResult(step=step, results=results):
            return f"任务结果 {step} 是 {'或'.join(results)}"
        case AnyOf() | NoneOf():
            return f"{one.kind}（{'；'.join(condition(each) for each in one.conditions)}）"
        case _:
            assert_never(one)


# ---- meaning ------------------------------------------------------------------------------------


def _meaning(value: Any, book: Book, label: str = "") -> Any:
    """Equal exactly when two values mean the same."""
    match value:
        case _ if _is_nothing(value) or isinstance(value, Immediately):
            return None
        case AfterDays(days, None):
            return After(timedelta(days=days))
        case str() if label in ("标签", "入群打标签"):
            return _full_tag(value, book)
        case str():
            return value.strip()
    if isinstance(value, BaseModel):
        return _model(value, book)
    if isinstance(value, Mapping):
        return {key: _meaning(one, book, label) for key, one in value.items()}
    if isinstance(value, tuple | list):
        found = [_meaning(one, book, label) for one in value]
        unordered = label in ("标签", "入群打标签", "条件", "如果", "退出")
        return sorted(map(repr, found)) if unordered else found
    return value


def _model(value: BaseModel, book: Book) -> Any:
    fields = type(value).model_fields
    found = {}
    for name in fields:
        one = getattr(value, name)
        if _are_steps(one):
            continue
        label = label_of(type(value), name) or {"tags": "标签", "conditions": "条件"}.get(name, "")
        found[name] = _meaning(one, book, label)
    return type(value).__name__, sorted((name, repr(one)) for name, one in found.items())


def _full_tag(name: str, book: Book) -> str:
    try:
        return book.tag(name)
    except KeyError:  # no longer declared
        return name


# ---- what changed inside ------------------------------------------------------------------------


def _entries(
    before: Mapping[Any, Any], after: Mapping[Any, Any], books: tuple[Book, Book]
) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            yield f"删除 {words(name)}"
        elif name not in before:
            yield f"新增 {words(name)} {shown(after[name])}"
        elif not same(before[name], after[name], books):
            yield changed(words(name), before[name], after[name], books)


def _are_blocks(value: Any) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(one, BaseModel) for one in value)


def _blocks(
    before: Sequence[BaseModel], after: Sequence[BaseModel], books: tuple[Book, Book]
) -> Iterator[str]:
    """Blocks with a name are compared by it, others as a whole."""
    names = [getattr(one, "name", None) for one in (*before, *after)]
    if all(isinstance(name, str) for name in names):
        olds = {str(getattr(one, "name", "")): one for one in before}
        news = {str(getattr(one, "name", "")): one for one in after}
        yield from _entries(olds, news, books)
        return
    gone = [one for one in before if not any(_alike(one, two, books) for two in after)]
    come = [one for one in after if not any(_alike(two, one, books) for two in before)]
    if len(gone) == len(come) == 1 and type(gone[0]) is type(come[0]):
        yield f"{shown(gone[0])} → {shown(come[0])}"
        return
    yield from (f"删除 {shown(one)}" for one in gone)
    yield from (f"新增 {shown(one)}" for one in come)
    if not gone and not come:
        yield "换了先后顺序"


def _alike(one: BaseModel, two: BaseModel, books: tuple[Book, Book]) -> bool:
    return bool(_meaning(one, books[0]) == _meaning(two, books[1]))


def _around(before: str, after: str) -> str:
    """Long texts: only the place where they part, with a little of what is around it."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    shorter = min(len(before), len(after)) - start
    while end < shorter and before[-1 - end] == after[-1 - end]:
        end += 1
    return f"{_cut(before, start, end)} → {_cut(after, start, end)}"


def _cut(text: str, start: int, end: int) -> str:
    first = max(0, start - 6)
    last = min(len(text), len(text) - end + 6)
    head, tail = "…" if first else "", "…" if last < len(text) else ""
    return f"“{head}{clip(text[first:last], LONGEST)}{tail}”"
