"""What sets something off: how one enters an SOP and leaves it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, PlainValidator, ValidationInfo, model_validator

from config import phrasebook
from config.conditions import Condition
from config.phrase_table import Unreadable, when
from config.phrases import RECURRING, Recurring
from config.reading import Flag, Map, Strict, key, named, note_stage, number, refused, word

Outcome: TypeAlias = Literal["达成", "负面", "中性"]
AUDIENCE = "检查人群"

TRIGGERS = word(
    contact_added="添加好友",
    group_has_theme="群属于主题",
    tagged="打上标签",
    untagged="去掉标签",
    order="下单",
    visit="到店",
    interaction="互动",
    joined_group="入群",
    left_group="退群",
    customer_deleted_staff="客户删除好友",
    customer_replied="客户回复",
    stage_changed="阶段变化",
    form_submitted="表单提交",
    event="收到事件",
)
#: What befalls a customer who already walks an SOP.
Befalling: TypeAlias = Literal[
    "打上标签",
    "去掉标签",
    "下单",
    "到店",
    "互动",
    "入群",
    "退群",
    "客户删除好友",
    "客户回复",
    "阶段变化",
    "表单提交",
    "收到事件",
]

#: What each kind is about: field → (key, required, an example).
_ABOUT: Mapping[str, Mapping[str, tuple[str, bool, str]]] = {
    "打上标签": {"tag": ("标签", False, "勿扰"), "tag_group": ("标签组", False, "宝宝月龄")},
    "去掉标签": {"tag": ("标签", False, "勿扰"), "tag_group": ("标签组", False, "宝宝月龄")},
    "群属于主题": {"theme": ("主题", True, "0-6月龄")},
    "入群": {"theme": ("主题", False, "0-6月龄")},
    "退群": {"theme": ("主题", False, "0-6月龄")},
    "阶段变化": {"system": ("体系", True, "母婴KOC"), "stage": ("到达", True, "活跃")},
    "表单提交": {"form": ("表单", True, "到店预约")},
    "收到事件": {"event": ("事件", True, "领取优惠券")},
}
_FIELDS = ("tag", "tag_group", "theme", "system", "stage", "form", "event")


class Trigger(Strict):
    """Something that happens to a customer or a group, and which tag, theme or stage it is about.

    ``kind`` "收到事件" is any posted event that has no kind of its own.
    """

    kind: str = key("当", "on", description="什么事发生时")
    tag: Annotated[str, named("标签")] | None = key(
        "标签", "tag", None, description="哪个标签（打上标签、去掉标签）"
    )
    tag_group: Annotated[str, named("标签组")] | None = key(
        "标签组", "tag_group", None, description="这一组里的任何一个标签"
    )
    theme: Annotated[str, named("主题")] | None = key(
        "主题", "theme", None, description="哪个主题的群；入群、退群不写就是任何群"
    )
    system: Annotated[str, named("体系")] | None = key(
        "体系", "system", None, description="哪个KOC体系；不写就是“进入”里写的那个"
    )
    stage: str | None = key("到达", "stage", None, description="到了哪个阶段（阶段变化）")
    form: str | None = key("表单", "form", None, description="哪张表单（表单提交）")
    event: str | None = key("事件", "event", None, description="业务系统传来的事件名（收到事件）")

    @model_validator(mode="before")
    @classmethod
    def _note_stage(cls, data: Any, info: ValidationInfo) -> Any:
        note_stage(data, info, "到达", "stage")
        return data

    @model_validator(mode="after")
    def _about_something(self) -> Self:
        about = _ABOUT.get(self.kind, {})
        given = [name for name in _FIELDS if getattr(self, name) is not None]
        for name in given:
            if name in about:
                continue
            chinese = next(k[name][0] for k in _ABOUT.values() if name in k)
            kinds = "、".join(kind for kind, fields in _ABOUT.items() if name in fields)
            text = f"“当: {self.kind}”不能写“{chinese}”"
            raise refused(text, f"删掉“{chinese}”；它只用于：{kinds}", key=chinese)
        required = [shown for name, shown in about.items() if shown[1] and name not in given]
        for chinese, _, example in required:
            text = f"“{self.kind}”没写“{chinese}”"
            raise refused(text, f"加上：{chinese}: {example}", key="当")
        if "tag" in about and not given:
            cure = "加上：标签: 勿扰，或 标签组: 宝宝月龄"
            raise refused(f"“{self.kind}”没写是哪个标签", cure, key="当")
        return self


Again: TypeAlias = int | None


def _again(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value in ("不允许", "never"):
        return None
    if value in ("每次都进", "always"):
        return 0
    found = re.fullmatch(r"退出后(\d{1,4})天可再进|(\d{1,4}) days after leaving", value)
    if not found:
        raise refused(f"“重复进入”不能写“{value}”", "可以写：不允许、退出后90天可再进、每次都进")
    return int(found[1] or found[2])


def _entry_kind(value: Any) -> Any:
    """每天 09:00 检查人群 → 检查人群; how often is read by :meth:`Entry.unfold`."""
    text = value if isinstance(value, str) else ""
    return AUDIENCE if text.endswith((AUDIENCE, " audience")) else value


_NO_TIME = "“检查人群”没写多久检查一次"
_AUDIENCE_EXAMPLES = "写成 当: 每天 09:00 检查人群，或 当: 每周一 09:00 检查人群"


def _every(value: Any) -> Any:
    if not isinstance(value, str):
        return value  # None, or built by a test
    text = value.removesuffix(AUDIENCE).removesuffix("audience").strip()
    at = getattr(value, "at", None)
    if not text:
        raise refused(_NO_TIME, _AUDIENCE_EXAMPLES, at=at)
    try:
        phrase = when(text)
    except Unreadable as error:
        wrong = f"看不懂什么时候检查人群“{text}”"
        raise refused(wrong, _AUDIENCE_EXAMPLES, at=at) from error
    if not isinstance(phrase, RECURRING):
        once = f"检查人群的时间要会重复，“{text}”只有一次"
        raise refused(once, _AUDIENCE_EXAMPLES, at=at)
    return phrase


class Entry(Trigger):
    block = "进入"
    kind: Annotated[
        Literal["添加好友", "群属于主题", "检查人群", Befalling],
        TRIGGERS,
        BeforeValidator(_entry_kind),
        phrasebook.AUDIENCE,
    ] = key("当", "on", description="什么事发生时进入；也可以写 每天 09:00 检查人群")
    every: Annotated[Recurring | None, PlainValidator(_every)] = None
    """How often the audience is looked at; None unless ``kind`` is 检查人群."""
    conditions: tuple[Condition, ...] = key("条件", "conditions", (), description="都满足才进入")
    again: Annotated[Again, BeforeValidator(_again), phrasebook.AGAIN] = key(
        "重复进入",
        "again",
        None,
        description="不允许（默认）、退出后90天可再进，或 每次都进",
    )
    """Days after leaving before the same customer may enter again; None: never; 0: at once."""
    daily_limit: Annotated[int | None, number("人", "个")] = key(
        "每天最多", "daily_limit", None, description="一天最多进多少人，其余的第二天再进"
    )

    @classmethod
    def unfold(cls, data: dict[str, Any]) -> dict[str, Any]:
        """当 says how often, too, when an audience is looked at."""
        written = data.get("当", data.get("on"))
        if not isinstance(written, str) or _entry_kind(written) != AUDIENCE or "every" in data:
            return data
        if isinstance(data, Map):
            copy = data.copied()
            copy.add("every", written, None)
            return copy
        return data | {"every": written}

    @model_validator(mode="after")
    def _audience_has_its_time(self) -> Self:
        if (self.kind == AUDIENCE) != (self.every is not None):
            raise refused(_NO_TIME, _AUDIENCE_EXAMPLES, key="当")
        if self.kind == AUDIENCE and not self.conditions:
            raise refused(
                "“检查人群”没写“条件”，会把所有客户都放进来", "加上：条件，写清是哪些客户"
            )
        return self


class Exit(Trigger):
    block = "退出"
    kind: Annotated[Befalling, TRIGGERS] = key("当", "on", description="什么事发生时退出")
    counts_as: Annotated[Outcome, word(reached="达成", negative="负面", neutral="中性")] = key(
        "记为", "counts_as", "中性", description="算达成目标、负面，还是中性（默认）"
    )
    at_once: Flag = key(
        "立即检查",
        "at_once",
        False,
        description="是：发布后马上检查正在进行的客户，进入以后已经发生过的也算",
    )
