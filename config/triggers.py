"""What sets something off: how one enters an SOP and leaves it."""

import re
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, model_validator

from config.conditions import Condition
from config.reading import Strict, key, named, number, refused, word

Outcome: TypeAlias = Literal["达成", "负面", "中性"]

TRIGGERS = word(
    contact_added="添加好友",
    group_has_theme="群属于主题",
    tagged="打上标签",
    order="下单",
    visit="到店",
    joined_group="入群",
    customer_deleted_staff="客户删除好友",
)
_LATER_TRIGGERS = {"退群", "去掉标签", "客户回复", "阶段变化", "表单提交"}


def _supported(value: Any) -> Any:
    if isinstance(value, str) and (value in _LATER_TRIGGERS or value.endswith("检查人群")):
        raise refused(f"这一版还不支持“当: {value}”", "先换成这一版支持的事件，或删掉这一项")
    return value


LATER = BeforeValidator(_supported)


class Trigger(Strict):
    """Something that happens to a customer or a group, and which tag or theme it is about."""

    kind: str = key("当", "on")
    tag: Annotated[str, named("标签")] | None = key("标签", "tag", None)
    tag_group: Annotated[str, named("标签组")] | None = key("标签组", "tag_group", None)
    theme: Annotated[str, named("主题")] | None = key("主题", "theme", None)

    @model_validator(mode="after")
    def _about_something(self) -> Self:
        if self.kind == "打上标签" and not self.tag and not self.tag_group:
            raise refused("“打上标签”没写是哪个标签", "加上：标签: 勿扰，或 标签组: 宝宝月龄")
        if self.kind == "群属于主题" and not self.theme:
            raise refused("“群属于主题”没写是哪个主题", "加上：主题: 0-6月龄")
        return self


Again: TypeAlias = int | None


def _again(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value in ("不允许", "never"):
        return None
    if value in ("每次都进", "always"):
        return 0
    found = re.fullmatch(r"退出后(\d+)天可再进|(\d+) days after leaving", value)
    if not found:
        raise refused(f"“重复进入”不能写“{value}”", "可以写：不允许、退出后90天可再进、每次都进")
    return int(found[1] or found[2])


class Entry(Trigger):
    block = "进入"
    kind: Annotated[Literal["添加好友", "群属于主题", "打上标签", "下单"], TRIGGERS, LATER] = key(
        "当", "on"
    )
    conditions: tuple[Condition, ...] = key("条件", "conditions", ())
    again: Annotated[Again, BeforeValidator(_again)] = key("重复进入", "again", None)
    """Days after leaving before the same customer may enter again; None: never; 0: at once."""
    daily_limit: Annotated[int | None, number("人", "个")] = key("每天最多", "daily_limit", None)


class Exit(Trigger):
    block = "退出"
    kind: Annotated[Literal["客户删除好友", "下单", "打上标签"], TRIGGERS, LATER] = key("当", "on")
    counts_as: Annotated[Outcome, word(reached="达成", negative="负面", neutral="中性")] = key(
        "记为", "counts_as", "中性"
    )
