"""The things a step can do that hold steps of their own: wait for something, branch, repeat."""

import re
from datetime import date, time
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

from pydantic import PlainValidator, model_validator

from config.conditions import Condition
from config.phrase_table import Unreadable, duration
from config.phrasebook import UNTIL
from config.phrases import On, OnDay, Span, in_words
from config.reading import Length, Strict, key, refused, word
from config.triggers import TRIGGERS, Befalling, Trigger

if TYPE_CHECKING:
    from config.steps import Step  # which completes these models


class WaitEvent(Trigger):
    """等事件: the nested steps of what came first are walked, then life goes on after it."""

    block = "等事件"
    do: Literal["等事件"]
    kind: Annotated[Befalling, TRIGGERS] = key("当", "on", description="等什么事发生")
    limit: Length = key("最多等", "limit", description="最多等多久，然后走“超时”")
    since: Annotated[
        Literal["进入本步骤", "进入旅程"], word(step="进入本步骤", journey="进入旅程")
    ] = key(
        "从何时算起",
        "since",
        "进入本步骤",
        description="进入旅程：走到这一步以前已经发生过的也算",
    )
    came: "tuple[Step, ...]" = key("等到了", "came", (), description="等到了走这些步骤")
    timed_out: "tuple[Step, ...]" = key("超时", "timed_out", (), description="没等到走这些步骤")


class Arm(Strict):
    """如果…则…, or 否则… (no conditions)."""

    block = "分支"
    conditions: tuple[Condition, ...] = key("如果", "if", (), description="都满足就走这一支")
    then: "tuple[Step, ...]" = key("则", "then", (), description="这一支的步骤")
    otherwise: "tuple[Step, ...]" = key("否则", "else", (), description="前面都不满足时的步骤")

    @property
    def steps(self) -> "tuple[Step, ...]":
        return self.then or self.otherwise

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        proper = bool(self.conditions and self.then and not self.otherwise)
        if proper or (self.otherwise and not self.conditions and not self.then):
            return self
        raise refused(
            "分支的每一项写“如果”和“则”，最后一项可以写“否则”", "- 如果: [条件]  则: [步骤]"
        )


class Branch(Strict):
    """分支: the first arm whose conditions hold; none of them: straight on."""

    block = "分支"
    do: Literal["分支"]
    arms: tuple[Arm, ...] = key(
        "分支", "arms", min_length=1, description="从上往下，走第一个条件满足的"
    )

    @model_validator(mode="after")
    def _else_last(self) -> Self:
        if any(arm.otherwise for arm in self.arms[:-1]):
            raise refused("“否则”要写在分支的最后一项", "把“否则”移到最后")
        return self


_END_OF_DAY = time(23, 59)
_UNTIL_EXAMPLES = "写成 到: 第14天、到: 14天，或 到: 2026-12-31"


def _until(value: Any) -> OnDay | On | Span:
    if isinstance(value, OnDay | On | Span):
        return value
    text = str(value).strip()
    if found := re.fullmatch(r"第(\d{1,4})天|day (\d{1,4})", text, re.ASCII):
        if day := int(found[1] or found[2]):
            return OnDay(day, _END_OF_DAY)
    elif re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        try:
            return On(date.fromisoformat(text), _END_OF_DAY)
        except ValueError as error:
            raise refused(f"没有 {text} 这一天", _UNTIL_EXAMPLES) from error
    else:
        try:
            length = duration(text)
        except Unreadable:
            length = None
        if isinstance(length, Span):
            return length
    raise refused(f"看不懂循环到什么时候“{text}”", _UNTIL_EXAMPLES)


Until: TypeAlias = Annotated[OnDay | On | Span, PlainValidator(_until), UNTIL]


class Loop(Strict):
    """循环: the nested step whose next occurrence comes first is done, again and again.

    When none comes before the end of the local day that ``until`` means, life goes on after it.
    """

    block = "循环"
    do: Literal["循环"]
    until: Until = key(
        "到", "until", description="到哪一天为止（含当天）：第14天、14天，或 2026-12-31"
    )
    """A day (at 23:59), or a length from the moment the loop was reached."""
    steps: "tuple[Step, ...]" = key(
        "步骤", "steps", min_length=1, description="每一步的“何时”都要会重复，例如 每周一 10:00"
    )

    @property
    def until_in_words(self) -> str:
        """第14天, 2026-12-31 or 14天."""
        return in_words(self.until).removesuffix(f" {_END_OF_DAY:%H:%M}")

    @model_validator(mode="after")
    def _nothing_inside_ends_it(self) -> Self:
        for step in self.steps:
            if any(isinstance(action, Loop) for action in step.actions):
                raise refused(f"循环里的“{step.name}”不能再写循环", "把里面的步骤移到外面这一层")
        return self
