"""分流试验: which of several ways works better, tried on a part of those who come by."""

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, PlainValidator

from config.guess import did_you_mean, percent_phrase
from config.phrasebook import KEEPS, METRIC, SHARE, WINS
from config.phrases import Span
from config.reading import Length, Strict, key, named, number, refused, word

if TYPE_CHECKING:
    from config.steps import Step  # which completes these models

Measured: TypeAlias = Literal["下单", "到店", "互动", "客户回复", "删除好友", "入群"]
_ENGLISH = {
    "order": "下单",
    "visit": "到店",
    "interaction": "互动",
    "reply": "客户回复",
    "deletion": "删除好友",
    "join": "入群",
}
_CHINESE = "|".join(_ENGLISH.values())
_WORDS = "|".join(_ENGLISH)


def _percent(value: Any) -> float:
    if isinstance(value, float):
        return value
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,2})?) ?[%％]", str(value).strip(), re.ASCII)
    if not found or float(found[1]) > 100:
        cure = did_you_mean(percent_phrase(str(value))) + "写成 20% 这样，0% 到 100% 之间"
        raise refused(f"看不懂百分比“{value}”", cure)
    return round(float(found[1]) / 100, 6)


Percent: TypeAlias = Annotated[float, PlainValidator(_percent), SHARE]


class Metric(BaseModel, frozen=True):
    """7天内下单率: the share of an arm to whom it happened within so many days of their arm."""

    days: int
    what: Measured

    def __str__(self) -> str:
        return f"{self.days}天内{self.what}率"


def _metric(value: Any) -> Metric | None:
    if value is None or isinstance(value, Metric):
        return value
    text = str(value).strip()
    if found := re.fullmatch(rf"(\d{{1,3}})天内({_CHINESE})率", text, re.ASCII):
        return _within(Metric.model_validate({"days": found[1], "what": found[2]}))
    if found := re.fullmatch(rf"({_WORDS}) rate within (\d{{1,3}}) days?", text, re.ASCII):
        return _within(Metric.model_validate({"days": found[2], "what": _ENGLISH[found[1]]}))
    kinds = "、".join(_ENGLISH.values())
    raise refused(f"看不懂指标“{value}”", f"写成“7天内下单率”；可以看：{kinds}")


def _within(metric: Metric) -> Metric:
    if not 1 <= metric.days <= 90:
        raise refused(f"“{metric}”的天数超出范围", "写 1 到 90 天，例如：7天内下单率")
    return metric


MetricText: TypeAlias = Annotated[Metric, PlainValidator(_metric), METRIC]


def _wins_at(value: Any) -> float:
    if isinstance(value, float):
        return value
    text = re.sub(r"^(胜率不低于|win rate at least) ?", "", str(value).strip())
    found = _percent(text)
    if not 0.5 < found < 1:
        raise refused(f"判胜的胜率“{value}”不合适", "写成“胜率不低于97.5%”，要在 50% 到 100% 之间")
    return found


def _kept(value: Any) -> Any:
    """维持 A-关怀 → A-关怀."""
    return re.sub(r"^(维持|keep) +", "", value.strip()) if isinstance(value, str) else value


class SplitArm(Strict):
    """One way that is tried, and the share of those in the trial who get it."""

    block = "方案"
    name: str = key("方案", "arm", min_length=1, max_length=40, description="方案的名字")
    share: Percent = key("占比", "share", description="占参加试验的人多少，各方案加起来 100%")
    then: "tuple[Step, ...]" = key("则", "then", min_length=1, description="这个方案的步骤")


class Split(Strict):
    """分流试验: first 对照组 is taken, then 样本, and inside the sample each arm by its 占比.

    Who is in neither waits for the result; who is in 对照组 goes on behind the split.
    """

    block = "分流试验"
    do: Literal["分流试验"]
    name: Annotated[str, named("试验名")] = key(
        "名称", "name", min_length=1, max_length=60, description="不要重复；改了方案就换一个名称"
    )
    sample: Percent = key(
        "样本", "sample", 1.0, description="百分之多少的人走各个方案，其余等结果（默认 100%）"
    )
    control: Percent = key(
        "对照组", "control", 0.0, description="先划出百分之多少的人，什么都不发（默认 0%）"
    )
    arms: tuple[SplitArm, ...] = key(
        "方案", "arms", min_length=2, max_length=8, description="两个或更多方案"
    )
    metric: MetricText = key("看什么", "metric", description="比什么，例如 7天内下单率")
    guardrail: Annotated[Metric | None, PlainValidator(_metric), METRIC] = key(
        "不能变差",
        "guardrail",
        None,
        description="比维持的方案或对照组差了就不算赢，例如 7天内删除好友率",
    )
    period: Length = key(
        "观察期", "period", description="从第一位客户算起至少观察多久；各组看满的人够了就看一次结果"
    )
    at_least: Annotated[int, number("人")] = key(
        "每组至少", "at_least", 200, ge=1, description="每组至少多少人才判"
    )
    wins_at: Annotated[float, PlainValidator(_wins_at), WINS] = key(
        "判胜", "wins_at", 0.975, description="默认 胜率不低于97.5%"
    )
    after: Annotated[
        Literal["负责人确认后推广", "自动推广"],
        word(owner_confirms="负责人确认后推广", automatic="自动推广"),
    ] = key(
        "判胜之后", "after", "负责人确认后推广", description="负责人确认后推广（默认）或 自动推广"
    )
    keeps: Annotated[str | None, PlainValidator(_kept), KEEPS] = key(
        "判不出", "undecided", None, description="维持哪个方案；不写就是第一个"
    )

    @property
    def undecided(self) -> str:
        """The arm that stays when there is no verdict: the one named, else the first."""
        return self.keeps or self.arms[0].name

    def arm(self, name: str) -> SplitArm | None:
        return next((arm for arm in self.arms if arm.name == name), None)

    @property
    def period_span(self) -> Span | None:
        """None when 观察期 is in workdays, which no metric is."""
        return self.period if isinstance(self.period, Span) else None
