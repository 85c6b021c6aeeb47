"""What happens to somebody in a 测试, told in one line each, and when."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, PlainValidator, ValidationInfo, model_validator

from config.guess import closest, did_you_mean
from config.phrase_table import Unreadable, when
from config.phrasebook import MOMENT
from config.phrases import RECURRING, Immediately, Single
from config.reading import Map, Strict, Text, key, named, note_stage, refused

TIME_EXAMPLES = "写成 2026-11-21 21:50，或从“现在”算起：3天后、2小时后、当天 20:00、第3天 10:00"


def _moment(value: Any) -> Single:
    if not isinstance(value, str):
        return value  # type: ignore[no-any-return]  # built by a test
    at = getattr(value, "at", None)
    try:
        found = when(value)
    except Unreadable as error:
        raise refused(f"看不懂时间“{value}”", TIME_EXAMPLES, at=at) from error
    if isinstance(found, (*RECURRING, Immediately)):
        raise refused(f"“{value}”不是一个确定的时间", TIME_EXAMPLES, at=at)
    return found


#: A moment on the clock of the SOP; relative ones count from 现在, whose day is 第1天.
MomentText: TypeAlias = Annotated[Single, PlainValidator(_moment), MOMENT]

#: Trigger kinds, and the words of staff about their task.
HappensKind: TypeAlias = Literal[
    "添加好友",
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
    "点按钮",
    "勾完清单",
    "填写",
]
HAPPENS_KINDS = {
    "contact added": "添加好友",
    "tagged": "打上标签",
    "untagged": "去掉标签",
    "order": "下单",
    "visit": "到店",
    "interaction": "互动",
    "joined group": "入群",
    "left group": "退群",
    "customer deleted staff": "客户删除好友",
    "customer replied": "客户回复",
    "stage changed": "阶段变化",
    "form submitted": "表单提交",
    "event": "收到事件",
    "button": "点按钮",
    "checklist done": "勾完清单",
    "filled in": "填写",
}
#: Kind → the field its one value stands for, and whether it must be there.
HAPPENS_VALUES = {
    "打上标签": ("标签", True),
    "去掉标签": ("标签", True),
    "入群": ("主题", False),
    "退群": ("主题", False),
    "表单提交": ("表单", True),
    "收到事件": ("事件", True),
    "勾完清单": ("步骤", True),
}
_BLOCKS = {
    "阶段变化": (("体系", "到达"), "阶段变化: {体系: 母婴KOC, 到达: 活跃}"),
    "点按钮": (("步骤", "按钮"), "点按钮: {步骤: 问需求, 按钮: 已问到}"),
    "填写": (("步骤", "内容"), "填写: {步骤: 专属感, 内容: SF123456}"),
}
_ENGLISH = {"system": "体系", "stage": "到达", "step": "步骤", "button": "按钮", "text": "内容"}


class Happens(Strict):
    """添加好友 · {3天后: 下单} · {当天 20:00: {点按钮: {步骤: 问需求, 按钮: 已问到}}}."""

    block = "发生"
    after: MomentText | None = None
    """None: at 现在."""
    kind: HappensKind
    tag: Annotated[str, named("标签")] | None = key("标签", "tag", None, description="哪个标签")
    theme: Annotated[str, named("主题")] | None = key(
        "主题", "theme", None, description="哪个主题的群"
    )
    system: Annotated[str, named("体系")] | None = key(
        "体系", "system", None, description="哪个KOC体系"
    )
    stage: str | None = key("到达", "stage", None, description="到了哪个阶段")
    form: str | None = key("表单", "form", None, description="哪张表单")
    event: str | None = key("事件", "event", None, description="哪个事件")
    step: Annotated[str, named("用例步骤")] | None = key(
        "步骤", "step", None, description="哪一步的任务"
    )
    button: Annotated[str, named("用例按钮")] | None = key(
        "按钮", "button", None, description="点哪个按钮"
    )
    text: str | None = key("内容", "text", None, description="填了什么")

    @model_validator(mode="before")
    @classmethod
    def _note_stage(cls, data: Any, info: ValidationInfo) -> Any:
        note_stage(data, info, "到达", "stage")
        return data


def _happens(item: Any) -> Any:
    """From what people write to the fields of :class:`Happens`."""
    if isinstance(item, Happens) or (isinstance(item, dict) and "kind" in item):
        return item
    after, what = None, item
    if isinstance(item, dict) and len(item) == 1:
        ((first, value),) = item.items()
        if _kind_of(first) is None:
            after, what = _placed(first, item), value
    name, value = (what, None) if isinstance(what, str) else _only(what)
    kind = _kind_of(name)
    if kind is None:
        known = list(HAPPENS_KINDS.values())
        cure = f"{did_you_mean(closest(str(name), known))}可以写：{'、'.join(known)}"
        raise refused(f"不认识“{name}”", cure, at=getattr(name, "at", None))
    fields = Map(item.at) if isinstance(item, Map) else {}
    return fields | {"after": after, "kind": kind} | _fields(kind, value)


def _placed(key: str, block: Any) -> str:
    """A key as a text that knows where it stands."""
    at = block.keys_at.get(key) if isinstance(block, Map) else None
    return Text.written(key, at) if at else key


def _kind_of(name: Any) -> str | None:
    text = str(name)
    if text in HAPPENS_KINDS.values():
        return text
    return HAPPENS_KINDS.get(text.replace("_", " "))


def _only(what: Any) -> tuple[Any, Any]:
    if isinstance(what, dict) and len(what) == 1:
        ((name, value),) = what.items()
        return name, value
    raise refused("“发生”的每一项只写一件事", "例如：[添加好友, {3天后: 下单}]")


def _fields(kind: str, value: Any) -> dict[str, Any]:
    if kind in _BLOCKS:
        wanted, example = _BLOCKS[kind]
        if not isinstance(value, dict) or {_ENGLISH.get(k, k) for k in value} != set(wanted):
            raise refused(f"“{kind}”要写清{'和'.join(wanted)}", example)
        return value
    if kind in HAPPENS_VALUES:
        name, required = HAPPENS_VALUES[kind]
        if value is None and required:
            raise refused(f"“{kind}”没写是哪个{name}", f"例如：{{{kind}: …}}")
        return {} if value is None else {name: value}
    if value is not None:
        raise refused(f"“{kind}”后面不用写内容", f"只写 {kind}")
    return {}


HappensText: TypeAlias = Annotated[Happens, BeforeValidator(_happens)]
