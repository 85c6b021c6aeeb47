"""KOC体系: what a customer's deeds score, and the stages these scores lead through."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, PlainValidator, model_validator

from config.conditions import BoundText, Points
from config.content import ReceiverText
from config.experiments import Percent
from config.guess import closest, did_you_mean
from config.phrasebook import EVERY, SIGNAL
from config.reading import Map, Strict, key, number, refused

#: Only what WeCom, our own pages and cards, or a posted event can tell.
SIGNALS = {
    "days in groups": "在群天数",
    "answers": "参与接龙或答题",
    "marked by staff": "员工标记分享",
    "members brought": "专属码带来的新成员",
    "complaints": "被群友投诉",
    "orders": "下单",
    "visits": "到店",
    "interactions": "互动",
    "replies": "客户回复",
}
_STAYED = re.compile(r"带来成员的(\d{1,3})天留存率|members staying (\d{1,3}) days", re.ASCII)


def _signal(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if found := _STAYED.fullmatch(value):
        return f"带来成员的{found[1] or found[2]}天留存率"
    name = SIGNALS.get(value, value)
    if name not in SIGNALS.values():
        known = [*SIGNALS.values(), "带来成员的30天留存率"]
        cure = f"{did_you_mean(closest(name, known))}可以写：{'、'.join(known)}"
        raise refused(f"不认识计分项“{value}”", cure)
    return name


Signal: TypeAlias = Annotated[str, BeforeValidator(_signal), SIGNAL]


@dataclass(frozen=True, slots=True)
class Every:
    """7天, 1次, 1人: how much of a signal earns the points once."""

    count: int
    unit: Literal["天", "次", "人"]


_UNITS = {"day": "天", "time": "次", "person": "人", "people": "人"}


def _every(value: Any) -> Every | None:
    if value is None or isinstance(value, Every):
        return value
    pattern = r"(\d{1,4}) ?(天|次|人|days?|times?|person|people)"
    found = re.fullmatch(pattern, str(value).strip(), re.ASCII)
    if not found or not int(found[1]):
        raise refused(f"看不懂“每: {value}”", "写成 每: 1次、每: 1人 或 每: 7天")
    unit: Any = _UNITS.get(found[2].removesuffix("s"), found[2])
    return Every(int(found[1]), unit)


class Item(Strict):
    """One signal and its points: so many for each 每, or once when a share reaches 达到."""

    block = "计分"
    signal: Signal = key("项", "item", description="按什么计分，只能用核对得了的数据")
    days: Annotated[int | None, number("天", "days")] = key(
        "近", "last", None, ge=1, le=366, description="只看最近多少天；不写就是一直以来"
    )
    every: Annotated[Every | None, PlainValidator(_every), EVERY] = key(
        "每", "every", None, description="每多少计一次分：7天、1次、1人"
    )
    reaches: Percent | None = key("达到", "reaches", None, description="比例达到多少就加分")
    adds: Points | None = key("加", "adds", None, description="加多少分")
    subtracts: Points | None = key("减", "subtracts", None, description="减多少分")
    most: Points | None = key("最多", "most", None, description="这一项最多多少分")

    @property
    def points(self) -> int:
        """Negative for what is held against somebody."""
        return self.adds if self.adds is not None else -(self.subtracts or 0)

    @property
    def ceiling(self) -> int | None:
        """The most one can have from this item; None: without limit."""
        if self.adds is None:
            return 0
        return self.adds if self.reaches is not None else self.most

    @model_validator(mode="after")
    def _one_shape(self) -> "Item":
        if (self.adds is None) == (self.subtracts is None):
            raise refused(f"“{self.signal}”要写加多少分或减多少分", "加: 3分，或者 减: 20分")
        if (self.every is None) == (self.reaches is None):
            raise refused(f"“{self.signal}”要写每多少计一次，或达到多少", "每: 1次，或者 达到: 60%")
        return self


class Need(Strict):
    """员工标记分享: 不少于1次."""

    block = "还需要"
    signal: Signal
    count: BoundText


def _need(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1 and not isinstance(value, Need):
        ((signal, count),) = value.items()
        inner = Map(value.at) if isinstance(value, Map) else {}
        return inner | {"signal": signal, "count": count}
    if isinstance(value, Need) or (isinstance(value, dict) and "signal" in value):
        return value
    raise refused("“还需要”的每一项写“计分项: 数量”", "例如：- 员工标记分享: 不少于1次")


class Stage(Strict):
    """One stage: reached at 升到, lost when the score stays under 降回."""

    block = "阶段"
    name: str = key("阶段", "stage", min_length=1, max_length=20, description="阶段的名字")
    up: Points = key("升到", "up", description="到多少分升到这个阶段")
    down: Points | None = key("降回", "down", None, description="低于多少分满14天才降；不写就不降")
    needs: tuple[Annotated[Need, BeforeValidator(_need)], ...] = key(
        "还需要", "needs", (), description="除了分数还要满足什么"
    )
    confirmed_by: ReceiverText | None = key(
        "需人工确认", "confirmed_by", None, description="由谁确认后才升"
    )


class Judged(Strict):
    """How the whole system is judged, in words for its readers."""

    block = "打法评估"
    coverage: str = key("覆盖性", "coverage", "", description="覆盖得广不广，看什么")
    reusable: str = key("可复用性", "reusable", "", description="换个门店还灵不灵，看什么")


class KocSystem(Strict):
    """KOC体系."""

    block = "KOC体系"
    name: str = key(
        "KOC体系", "koc_system", min_length=1, max_length=60, description="名字，不要重复"
    )
    basis: str = key("统计口径", "basis", "", description="数据从哪里来")
    items: tuple[Item, ...] = key("计分", "items", min_length=1, description="哪些事计多少分")
    stages: tuple[Stage, ...] = key("阶段", "stages", min_length=1, description="从低到高写")
    judged: Judged = key("打法评估", "judged", Judged(), description="这套体系好不好，看什么")

    def stage(self, name: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.name == name), None)

    @property
    def full_marks(self) -> int | None:
        """The highest possible score; None: without limit."""
        ceilings = [item.ceiling for item in self.items]
        return None if None in ceilings else sum(ceiling or 0 for ceiling in ceilings)
