"""What a folder would change about what is live: SOP by SOP, step by step, in meaning, not text."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from bot.plan.others import Books, Mark, OtherChange, others
from bot.plan.others import pictures as pictures_changed
from bot.plan.steps import in_brief, in_detail, moment_of, offset, places
from bot.plan.words import differences, same
from bot.playbook.moves import predecessor
from config.book import Book
from config.sop import Sop, Step

_ALIKE = 0.5  # from here on two names look like one step renamed


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChange:
    """One step that is new, gone or different."""

    mark: Mark
    name: str
    was: str = ""  # its name until now, when 曾用名 says so
    what: tuple[str, ...] = ()
    about: tuple[str, ...] = ()  # 时间 条件 等待 内容 位置 做法

    @property
    def matters(self) -> bool:
        """Another name alone changes nothing for anybody."""
        return self.mark != "~" or bool(self.about)


@dataclass(frozen=True, slots=True, kw_only=True)
class SopChange:
    mark: Mark
    name: str
    was: str = ""
    note: str = ""
    states: tuple[str, str] = ("", "")  # 状态 before and after; "" where there is no such SOP
    head: tuple[str, ...] = ()  # 进入, 退出, 日历 …
    steps: tuple[StepChange, ...] = ()
    unchanged: int = 0
    questions: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many things one would have to read."""
        return max(1, len(self.steps) + len(self.head) + (self.states[0] != self.states[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    sops: tuple[SopChange, ...] = ()
    others: tuple[OtherChange, ...] = ()

    @property
    def size(self) -> int:
        return sum(sop.size for sop in self.sops) + len(self.others)


def between(
    old: Book, new: Book, pictures: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
) -> Changes:
    """``pictures`` are the files of both, by their hash."""
    sops = tuple(_sops((old, new)))
    return Changes(sops=sops, others=(*others((old, new)), *pictures_changed(pictures, new)))


# ---- SOPs ---------------------------------------------------------------------------------------


def _sops(books: Books) -> Iterator[SopChange]:
    old, new = books
    met = set()
    for sop in new.sops.values():
        before = predecessor(sop, old, new)
        if before is None:
            yield _added(sop, _lost(old, new))
            continue
        met.add(before.name)
        if found := _changed(before, sop, books):
            yield found
    for sop in old.sops.values():
        if sop.name not in met:
            steps = sum(1 for _ in sop.flow().nodes)
            yield SopChange(
                mark="-", name=sop.name, states=(sop.state, ""), head=(f"{steps} 步都删除",)
            )


def _lost(old: Book, new: Book) -> list[str]:
    """SOPs that are gone, and that nobody says to have been."""
    renamed = {name for sop in new.sops.values() for name in sop.formerly}
    return [name for name in old.sops if name not in new.sops and name not in renamed]


def _added(sop: Sop, lost: Iterable[str]) -> SopChange:
    steps = tuple(
        StepChange(mark="+", name=name, what=(in_brief(node.step),))
        for name, node in sop.flow().nodes.items()
    )
    return SopChange(
        mark="+",
        name=sop.name,
        note=sop.note,
        states=("", sop.state),
        steps=steps,
        questions=tuple(_rename_question("SOP", name, sop.name) for name in _alike(sop.name, lost)),
    )


def _changed(before: Sop, sop: Sop, books: Books) -> SopChange | None:
    """None when both mean the same."""
    left_out = {"steps", "state", "note"}
    head = tuple(what for _, what in differences(before, sop, books, skip=left_out))
    steps = tuple(_steps(before, sop, books))
    if not (head or steps or before.state != sop.state or before.name != sop.name):
        return None
    touched = sum(step.mark != "-" for step in steps)
    return SopChange(
        mark="~",
        name=sop.name,
        was="" if before.name == sop.name else before.name,
        note=sop.note if sop.note != before.note else "",
        states=(before.state, sop.state),
        head=head,
        steps=steps,
        unchanged=len(sop.flow().nodes) - touched,
        questions=tuple(_step_questions(before, sop, steps)),
    )


# ---- steps --------------------------------------------------------------------------------------


def renamed(before: Sop, sop: Sop) -> dict[str, str]:
    """Old name → new name of every step that goes on under another name."""
    gone = {name for name in before.flow().nodes if name not in sop.flow().nodes}
    return {
        was: name
        for name, node in sop.flow().nodes.items()
        if name not in before.flow().nodes
        for was in node.step.formerly
        if was in gone
    }


def _steps(before: Sop, sop: Sop, books: Books) -> Iterator[StepChange]:
    """In the order of the new SOP, each removed step where it used to stand."""
    new_name = renamed(before, sop)
    old_name = {new: old for old, new in new_name.items()}
    olds, news = before.flow().nodes, sop.flow().nodes
    moved = _moved(before, sop, new_name)
    gone = [name for name in olds if name not in news and name not in new_name]
    follows = _followers(olds, gone)
    for name in gone:
        if follows[name] is None:
            yield StepChange(mark="-", name=name)
    for name, node in news.items():
        was = old_name.get(name, name)
        if was not in olds:
            yield StepChange(mark="+", name=name, what=(in_brief(node.step),))
        else:
            pair = olds[was].step, node.step
            found = [*_compare(pair, (olds[was].off_day, node.off_day), books)]
            found += [("位置", moved[name])] if name in moved else []
            if found or was != name:
                yield StepChange(
                    mark="~",
                    name=name,
                    was=was if was != name else "",
                    what=tuple(what for _, what in found),
                    about=tuple(dict.fromkeys(kind for kind, _ in found)),
                )
        for lost in gone:
            if follows[lost] == was:
                yield StepChange(mark="-", name=lost)


def _followers(olds: Iterable[str], gone: list[str]) -> dict[str, str | None]:
    """Each removed step → the last one before it that stays."""
    found: dict[str, str | None] = {}
    last: str | None = None
    for name in olds:
        if name in gone:
            found[name] = last
        else:
            last = name
    return found


def _compare(
    pair: tuple[Step, Step], off_days: tuple[str, str], books: Books
) -> Iterator[tuple[str, str]]:
    """(what kind of change, in words) of everything about one step."""
    old, new = pair
    if not same(old.when, new.when, books, "何时"):
        yield "时间", f"时间 {moment_of(old)} → {moment_of(new)}{_shift(old, new)}"
    if off_days[0] != off_days[1]:
        yield "时间", f"遇非工作日 {off_days[0]} → {off_days[1]}"
    left_out = {"when", "off_day", "actions"}
    for label, what in differences(old, new, books, skip=left_out):
        yield ("条件" if label == "如果" else "时间"), what
    yield from in_detail(old, new, books)


def _shift(old: Step, new: Step) -> str:
    """How much earlier or later, where that is the same for everybody."""
    before, after = offset(old.when), offset(new.when)
    if before is None or after is None or before[0] != after[0]:
        return ""
    span = after[1] - before[1]
    if not span:
        return ""
    hours, minutes = divmod(abs(int(span.total_seconds())) // 60, 60)
    length = (f"{hours}小时" if hours else "") + (f"{minutes}分钟" if minutes else "")
    return f"（{'推迟' if span.total_seconds() > 0 else '提前'}{length}）"


def _moved(before: Sop, sop: Sop, new_name: Mapping[str, str]) -> dict[str, str]:
    """Steps that stand somewhere else: under another branch, or in another order."""
    olds = {new_name.get(name, name): place for name, place in places(before, new_name).items()}
    news = places(sop, {})
    common = [name for name in news if name in olds]
    found = {
        name: f"移到{news[name][0] or '最外层'}"
        for name in common
        if olds[name][0] != news[name][0]
    }
    rest = [name for name in common if name not in found]
    for name in _out_of_order(rest, {name: olds[name][1] for name in rest}):
        rank = list(sop.flow().nodes).index(name)
        ahead = list(sop.flow().nodes)[rank - 1] if rank else ""
        found[name] = f"位置 移到“{ahead}”之后" if ahead else "位置 移到最前"
    return found


def _out_of_order(names: list[str], rank: Mapping[str, int]) -> list[str]:
    """The fewest that must have been moved: all but a longest run that kept its order."""
    best: list[list[str]] = []
    for name in names:
        shorter = [run for run in best if rank[run[-1]] < rank[name]]
        best.append([*_longest(shorter), name])
    kept = set(_longest(best))
    return [name for name in names if name not in kept]


def _longest(runs: list[list[str]]) -> list[str]:
    return max(runs, key=lambda run: len(run), default=[])


def _step_questions(before: Sop, sop: Sop, steps: Iterable[StepChange]) -> Iterator[str]:
    """A step that vanished while a like one came up was probably renamed."""
    listed = list(steps)
    gone = [step.name for step in listed if step.mark == "-"]
    for step in listed:
        if step.mark != "+":
            continue
        alike = [name for name in gone if _looks_alike(before, sop, name, step.name)]
        for name in alike[:1]:
            gone.remove(name)
            yield _rename_question("", name, step.name)


def _looks_alike(before: Sop, sop: Sop, old: str, new: str) -> bool:
    olds, news = before.flow().nodes[old].step, sop.flow().nodes[new].step
    return bool(_alike(new, [old])) or olds.actions == news.actions


def _alike(name: str, others: Iterable[str]) -> list[str]:
    rated = [(SequenceMatcher(None, name, other).ratio(), other) for other in others]
    return [other for rate, other in sorted(rated, reverse=True) if rate >= _ALIKE][:1]


def _rename_question(kind: str, old: str, new: str) -> str:
    return f"{kind}“{old}”不见了，多了“{new}”：是改名吗？请加 曾用名: {old}"
