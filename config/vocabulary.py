"""What no model tells about the words of the language: what they mean, and how each is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from config.conditions import InStage, KocScore, TaskResult
from config.phrasebook import SIGNAL, TAGGED_BY, bound
from config.reading import Strict, TagNames, YesNo, key, named, one_or_more
from config.spelling import Phrase, Spelling

CALLBACK: Final = "企业微信回调"
SECONDS: Final = "几秒；漏掉的回调当天夜里补上"
POSTED: Final = "业务系统 POST /api/events"
AT_ONCE: Final = "收到就算"
OURS: Final = "系统自己的记录"


@dataclass(frozen=True)
class Item:
    """One thing that may be written as a key of its own; ``value``: the type behind it."""

    key: Phrase
    value: Any
    says: str = ""
    source: str = ""
    delay: str = ""


def item(
    chinese: str, english: str, value: Any, says: str = "", source: str = "", delay: str = ""
) -> Item:
    spelling = Spelling(chinese, english, says)
    return Item(Phrase(chinese, (spelling,)), value, says, source, delay)


class TagsOf(Strict):
    """有标签: {标签: [...], 谁打的: 本跟进人打的}; read by config/condition_words.py."""

    block = "标签条件"
    tags: TagNames = key("标签", "tags", description="哪些标签")
    by: Annotated[str, TAGGED_BY] = key(
        "谁打的", "by", "任何人打的", description="任何人打的（默认），或 本跟进人打的"
    )


class StageReached(Strict):
    """阶段变化 in a test; read by config/happens.py."""

    block = "阶段变化"
    system: Annotated[str, named("体系")] = key("体系", "system", description="哪个KOC体系")
    stage: str = key("到达", "stage", description="到了哪个阶段")


class ButtonTapped(Strict):
    """点按钮 in a test; read by config/happens.py."""

    block = "点按钮"
    step: Annotated[str, named("用例步骤")] = key("步骤", "step", description="哪一步派的任务")
    button: str = key("按钮", "button", description="点了哪个按钮")


class AnswerGiven(Strict):
    """填写 in a test; read by config/happens.py."""

    block = "填写"
    step: Annotated[str, named("用例步骤")] = key("步骤", "step", description="哪一步派的任务")
    text: str = key("内容", "text", description="填了什么")


class Nested:
    """Stands for a list of conditions inside a condition."""


_TIMES, _PEOPLE, _DAYS, _MESSAGES = (
    Annotated[str, bound(unit)] for unit in ("次", "人", "天", "条")
)
_SHOPS = Annotated[tuple[Annotated[str, named("门店")], ...], one_or_more]
_CHANNELS = Annotated[tuple[Annotated[str, named("渠道")], ...], one_or_more]

CONDITIONS: Final = (
    item("有标签", "has_tags", TagNames | TagsOf, "这些标签全都有", CALLBACK, SECONDS),
    item("没有标签", "no_tags", TagNames | TagsOf, "这些标签一个都没有", CALLBACK, SECONDS),
    item("门店", "shop", _SHOPS, "客户属于这些门店；全部 = 不限", "渠道或跟进人所在部门", SECONDS),
    item("有门店", "has_shop", YesNo, "知不知道客户属于哪个门店", "渠道或跟进人所在部门", SECONDS),
    item(
        "近[n]天[happenings]",
        "[happenings]_last_[n]_days",
        _TIMES,
        "最近这么多天里发生了几次，最多数到 20 次",
        "到店、下单、客户回复：业务系统；互动：入群、点击、答题、下单和业务系统",
        AT_ONCE,
    ),
    item(
        "本旅程内[happenings]",
        "[happenings]_in_journey",
        _TIMES,
        "进入这个 SOP 以后发生了几次",
        "同“近N天”",
        AT_ONCE,
    ),
    item("添加好友", "friend_days", _DAYS, "最近一次加好友到现在多少天", CALLBACK, SECONDS),
    item("渠道", "channel", _CHANNELS, "从哪个渠道加的好友", CALLBACK, SECONDS),
    item("KOC分", "koc_score", KocScore, "KOC体系里现在多少分", POSTED, AT_ONCE),
    item("阶段", "stage", InStage, "KOC体系里正处在哪个阶段", POSTED, AT_ONCE),
    item(
        "任务结果",
        "task_result",
        TaskResult,
        "前面派的任务结果怎样；没结束就等到结束",
        OURS,
        AT_ONCE,
    ),
    item("群人数", "group_size", _PEOPLE, "群里现在多少人（只用于客户群）", CALLBACK, SECONDS),
    item(
        "本群近[n]天营销消息",
        "group_marketing_last_[n]_days",
        _MESSAGES,
        "这个群最近收到几条营销消息（只用于客户群）",
        OURS,
        AT_ONCE,
    ),
    item("任一", "any_of", Nested, "下面的条件满足一个就行"),
    item("都不", "none_of", Nested, "下面的条件一个都不满足"),
)

#: Every word for 当: what it means, where it comes from, how late it may be.
TRIGGERS: Final[Mapping[str, tuple[str, str, str]]] = {
    "添加好友": ("客户和员工成为好友（只用于进入）", CALLBACK, SECONDS),
    "群属于主题": ("群名或群编号符合这个主题（只用于客户群进入）", CALLBACK, SECONDS),
    "检查人群": (
        "到点看一遍所有客户，符合条件的进入（只用于进入），写成 每天 09:00 检查人群",
        OURS,
        "到点就看",
    ),
    "打上标签": ("客户身上多了一个标签，写清标签或标签组", CALLBACK, SECONDS),
    "去掉标签": ("客户身上少了一个标签，写清标签或标签组", CALLBACK, SECONDS),
    "下单": ("客户下单", f"{POSTED}，kind: order", AT_ONCE),
    "到店": ("客户到店", f"{POSTED}，kind: visit", AT_ONCE),
    "互动": (
        "入群、点我们的页面和卡片、答题、下单，或业务系统说有互动",
        f"{CALLBACK}、{POSTED}（kind: interaction）",
        SECONDS,
    ),
    "入群": ("客户进了群；写主题就只算这个主题的群", CALLBACK, SECONDS),
    "退群": ("客户离开了群；写主题就只算这个主题的群", CALLBACK, SECONDS),
    "客户删除好友": ("客户把员工删了", CALLBACK, SECONDS),
    "客户回复": (
        "企业微信不会把客户消息推给应用：只有写了“客户回复来源”才会发生",
        f"获客助手、员工按钮、微信客服、会话存档，或 {POSTED}（kind: reply）",
        AT_ONCE,
    ),
    "阶段变化": ("客户在KOC体系里到了某个阶段", f"{POSTED}，kind: stage", AT_ONCE),
    "表单提交": ("客户交了一张表单", f"{POSTED}，kind: form", AT_ONCE),
    "收到事件": ("业务系统传来的别的事件，名字自己定", f"{POSTED}，kind: 事件名", AT_ONCE),
}

ACTIONS: Final[Mapping[str, str]] = {
    "发欢迎语": "加好友时的欢迎语，企业微信只给 20 秒左右",
    "派任务": "给员工一张任务卡片，有依据才算做完",
    "发给员工": "给员工一段现成的内容，不要求做完",
    "发给客户": "群发给这一位客户，由跟进人点确认",
    "发到群": "群发到这个客户群，由群主点确认",
    "发朋友圈": "请员工各发一条朋友圈给自己的客户看，由他们点发表",
    "打标签": "给客户打上标签",
    "去标签": "去掉跟进人自己打的标签",
    "邀请入主题群": "留一个位子，把进群码发给客户",
    "等待": "等这么久再走下一步",
    "等事件": "等一件事发生，最多等多久",
    "分支": "按条件走不同的步骤",
    "循环": "到某一天为止，反复做里面的步骤",
    "分流试验": "几个方案各走一部分人，比一比再推广",
    "结束": "到此为止，写一句原因",
}

SIGNS: Final = (
    item("群沉默", "silent", _DAYS, "群里多少天没有动静"),
    item("群人数", "size", _PEOPLE, "群里现在多少人"),
    item("近[n]天[moved]人数", "[moved]_last_[n]_days", _PEOPLE, "最近多少人入群或退群"),
)
_SIGNAL_UNITS = {"在群天数": "天", "专属码带来的新成员": "人"}
NEEDS: Final = tuple(
    Item(
        Phrase(signal.chinese, (signal,)),
        Annotated[str, bound(_SIGNAL_UNITS.get(signal.chinese, "次"))],
    )
    for signal in SIGNAL.spellings
)
#: What happens in a test, with what has to be said about it.
HAPPENS: Final[Mapping[str, Any]] = {
    "打上标签": Annotated[str, named("标签")],
    "去掉标签": Annotated[str, named("标签")],
    "入群": Annotated[str, named("主题")],
    "退群": Annotated[str, named("主题")],
    "表单提交": str,
    "收到事件": str,
    "勾完清单": Annotated[str, named("用例步骤")],
    "阶段变化": StageReached,
    "点按钮": ButtonTapped,
    "填写": AnswerGiven,
}
