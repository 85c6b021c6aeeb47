"""Themed groups: which WeCom groups belong to a theme, and who is invited into which."""

from datetime import timedelta
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, model_validator

from config.conditions import Condition
from config.content import Receiver, ReceiverText
from config.phrases import Duration, Span
from config.reading import Length, Strict, TagNames, key, named, number, one_or_more, refused, word

Overflow: TypeAlias = Annotated[
    Literal["下一个群", "自动建群", "候补"],
    word(next_group="下一个群", new_group="自动建群", waiting_list="候补"),
]
_THREE_DAYS, _THIRTY_DAYS = Span(timedelta(days=3)), Span(timedelta(days=30))
LONGEST_GAP = timedelta(days=31)  # what reached a customer is remembered for so long
NUMBER = "{序号}"


def _gap(length: Duration) -> Duration:
    if isinstance(length, Span) and timedelta(days=1) <= length.length <= LONGEST_GAP:
        return length
    raise refused("“邀请间隔”写 1天 到 31天", "默认 30天：同一位客户 30 天内最多收到一次进群邀请")


Gap: TypeAlias = Annotated[Length, AfterValidator(_gap)]


class Groups(Strict):
    """Which groups: by a part of their name, or by number."""

    block = "群"
    name_contains: str | None = key(
        "名称包含", "name_contains", None, min_length=1, description="群名里有这几个字的群"
    )
    chat_ids: Annotated[tuple[str, ...], one_or_more] = key(
        "群编号", "chat_ids", (), description="直接写群的编号"
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.name_contains and not self.chat_ids:
            raise refused("没写哪些群属于这个主题", "加上：群: {名称包含: 0-6月龄}")
        return self

    def include(self, chat_id: str, name: str) -> bool:
        """True when this group belongs to the theme."""
        return chat_id in self.chat_ids or bool(self.name_contains and self.name_contains in name)


class JoinPage(Strict):
    """Customers may choose this theme themselves, on a page they are sent the link of."""

    block = "选群页"
    intro: str = key("介绍", "intro", min_length=1, description="一句话，告诉客户进这个群有什么")
    tags: TagNames = key("打标签", "tags", (), description="客户选了这个主题就打上的标签")


class Theme(Strict):
    """主题群: one theme and its groups."""

    block = "主题群"
    name: str = key("主题群", "theme", min_length=1, description="主题的名字，不要重复")
    purpose: Annotated[
        Literal["育儿交流", "服务", "购物", "活动", "KOC"],
        word(parenting="育儿交流", service="服务", shopping="购物", event="活动"),
    ] = key("用途", "purpose", "育儿交流", description="育儿交流（默认）、服务、购物、活动、KOC")
    groups: Groups = key("群", "groups", description="哪些群属于这个主题")
    gates: tuple[Condition, ...] = key(
        "准入", "admission", (), description="都满足的客户才给位子；不满足就不邀请，并记下是哪一条"
    )
    capacity: Annotated[int, number("人")] = key(
        "容量", "capacity", 190, ge=1, le=500, description="一个群最多多少人（默认 190人）"
    )
    daily_limit: Annotated[int | None, number("人")] = key(
        "每天最多", "daily_limit", None, description="这个主题一天最多给多少人位子"
    )
    overflow: Annotated[tuple[Overflow, ...], one_or_more] = key(
        "满了",
        "overflow",
        ("下一个群", "候补"),
        description="群满了依次怎么办：下一个群、自动建群、候补",
    )
    owner: ReceiverText = key("群主", "owner", Receiver("跟进人"), description="新群由谁当群主")
    group_name: str = key(
        "群名", "group_name", "", description="新群的名字，可以用 {门店名} 和 {序号}"
    )
    welcome: Annotated[str, named("素材")] | None = key(
        "入群欢迎语", "welcome", None, description="进群时发哪份素材"
    )
    held_for: Length = key(
        "占位有效", "held_for", _THREE_DAYS, description="邀请发出后给客户留多久位子（默认 3天）"
    )
    gap: Gap = key(
        "邀请间隔",
        "invite_gap",
        _THIRTY_DAYS,
        description="客户收到任何主题的进群邀请后，多久以内不再邀请（默认 30天）",
    )
    cooldown: Length = key(
        "退群冷却", "cooldown", _THIRTY_DAYS, description="退群后多久以内不再邀请（默认 30天）"
    )
    join_tags: TagNames = key("入群打标签", "join_tags", (), description="看到客户进群后打的标签")
    """Given when a member is seen in one of the groups."""
    join_page: JoinPage | None = key(
        "选群页", "join_page", None, description="写了它，客户就能在选群页自己选这个主题"
    )

    @property
    def is_for_shopping(self) -> bool:
        return self.purpose == "购物"

    @property
    def opens_groups(self) -> bool:
        """Whether WeCom is to open the next group by itself once one is full."""
        return "自动建群" in self.overflow

    def new_name(self, shop: str, number: int) -> str:
        """What a group a person opens is to be called."""
        name = self._naming.replace("{门店名}", shop).replace(NUMBER, str(number))
        return " ".join(name.split())

    def base_name(self, shop: str) -> str:
        """What stands before the number; WeCom puts the number of a group it opens at the end."""
        head = self._naming.partition(NUMBER)[0].replace("{门店名}", shop)
        return " ".join(head.split())

    @property
    def _naming(self) -> str:
        part = self.groups.name_contains or self.name
        return self.group_name or f"{{门店名}} {part} {NUMBER}群"


class Choice(Strict):
    """如果…主题…, or 否则: 主题."""

    block = "选择"
    conditions: tuple[Condition, ...] = key("如果", "if", (), description="都满足就选这个主题")
    then: Annotated[str, named("主题")] | None = key(
        "主题", "theme", None, description="选哪个主题"
    )
    otherwise: Annotated[str, named("主题")] | None = key(
        "否则", "else", None, description="前面都不满足时的主题"
    )

    @property
    def theme(self) -> str:
        return self.then or self.otherwise or ""

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        proper = bool(self.conditions and self.then and not self.otherwise)
        if proper or (self.otherwise and not self.conditions and not self.then):
            return self
        cure = "例如：\n- 如果: [{有标签: 0-6月龄}]\n  主题: 0-6月龄\n- 否则: 新手妈妈综合群"
        raise refused("“选择”的每一项写“如果”和“主题”，最后一项可以写“否则”", cure)


OnTags: TypeAlias = Annotated[
    Literal["建议换群", "不管"], word(propose_move="建议换群", ignore="不管")
]


class ThemePicker(Strict):
    """主题群 with 选择: the theme of the first choice whose conditions hold."""

    block = "主题群"
    name: str = key("主题群", "theme", min_length=1, description="分流器的名字，不要重复")
    choices: tuple[Choice, ...] = key(
        "选择", "choices", min_length=1, description="从上往下，选第一个条件满足的"
    )
    on_tags: OnTags = key(
        "标签变了",
        "tags_changed",
        "建议换群",
        description="标签变了、按选择该去别的主题时：建议换群（默认，问跟进人）、不管",
    )

    @model_validator(mode="after")
    def _else_last(self) -> Self:
        if any(choice.otherwise for choice in self.choices[:-1]):
            raise refused("“否则”要写在“选择”的最后一项", "把“否则”移到最后")
        return self

    @property
    def themes(self) -> frozenset[str]:
        """Every theme it may choose."""
        return frozenset(choice.theme for choice in self.choices)
