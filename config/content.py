"""What is sent, to whom, and by whom."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias

from pydantic import BeforeValidator, model_validator

from config.phrasebook import RECEIVER
from config.phrases import Span
from config.reading import Length, Prose, Strict, key, named, one_or_more, refused, word

Category: TypeAlias = Literal["服务", "营销"]
SERVICE = word(service="服务", marketing="营销")
_ONE_DAY = Span(timedelta(hours=24))


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who gets a task or a message: by position towards the subject, by role, or by name.

    部门 names a shop: every active member of its department, for messages only.
    """

    kind: Literal["跟进人", "群主", "店长", "角色", "部门", "员工"]
    name: str = ""

    def __str__(self) -> str:
        return self.kind if not self.name else f"{self.kind}/{self.name}"


_RECEIVERS = {"follower": "跟进人", "group owner": "群主", "shop manager": "店长"}


def _receiver(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = _RECEIVERS.get(value, value)
    if text in ("跟进人", "群主", "店长"):
        return Receiver(text)  # type: ignore[arg-type]
    if text.startswith(("角色/", "role/")):
        return Receiver("角色", text.partition("/")[2])
    if text.startswith(("部门/", "department/")):
        return Receiver("部门", text.partition("/")[2])
    return Receiver("员工", str(text))


#: One person, who does a task …
ReceiverText: TypeAlias = Annotated[Receiver, BeforeValidator(_receiver), named("接收人"), RECEIVER]
#: … or everybody of a department too, who read a message.
ReadersText: TypeAlias = Annotated[
    Receiver, BeforeValidator(_receiver), named("接收人或部门"), RECEIVER
]
MaterialName: TypeAlias = Annotated[str, named("素材")]


class Content(Strict):
    """Exactly one of 素材, 文案 and 素材轮播, and what is attached."""

    rotates: ClassVar[bool] = False  # whose turn a column has come to is remembered per group
    material: MaterialName | None = key("素材", "material", None, description="发哪份素材")
    text: Prose | None = key(
        "文案", "text", None, description="直接写要发的文字，可以用 {客户昵称|亲爱的} 这样的变量"
    )
    column: Annotated[str, named("栏目")] | None = key(
        "素材轮播", "column", None, description="每次取栏目里的下一篇（只用于发到群、发朋友圈）"
    )
    attachments: Annotated[tuple[MaterialName, ...], one_or_more] = key(
        "附件", "attachments", (), max_length=9, description="图片、链接、小程序、视频或文件素材"
    )

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        given = [name for name in (self.material, self.text, self.column) if name is not None]
        if not given:
            raise refused("没写发什么内容", "加上：素材: 素材名，或者 文案: 要发的文字")
        if len(given) > 1:
            raise refused("素材、文案、素材轮播只能写一种", "留下其中一种，其余的放进 附件")
        if self.column and not self.rotates:
            raise refused("“素材轮播”只能用在“发到群”和“发朋友圈”里", "换成 素材: 素材名")
        return self


class Welcome(Content):
    """发欢迎语: only while WeCom's welcome code lives."""

    block = "发欢迎语"
    do: Literal["发欢迎语"]
    expires: Length = key(
        "时效", "expires", Span(timedelta(seconds=20)), description="过了就不再发"
    )


class SendCustomer(Content):
    """发给客户: a mass message to one, which the customer's own member of staff confirms."""

    block = "发给客户"
    do: Literal["发给客户"]
    by: Annotated[Literal["跟进人"], word(follower="跟进人")] = key(
        "由", "by", description="由客户的跟进人发出"
    )
    category: Annotated[Category, SERVICE] = key(
        "类型", "category", "服务", description="服务（默认）或营销；频控和审批按类型算"
    )
    reason: str = key("为什么发", "reason", "", description="一句话，员工看得到")
    expires: Length = key("时效", "expires", _ONE_DAY, description="过了就不再发")


class SendGroup(Content):
    """发到群: WeCom lets only the group's owner do it."""

    block = "发到群"
    rotates = True
    do: Literal["发到群"]
    by: Annotated[Literal["群主"], word(group_owner="群主")] = key(
        "由", "by", description="由群主发出，企业微信只允许群主发"
    )
    category: Annotated[Category, SERVICE] = key(
        "类型", "category", "服务", description="服务（默认）或营销；频控和审批按类型算"
    )
    reason: str = key("为什么发", "reason", "", description="一句话，员工看得到")
    expires: Length = key("时效", "expires", _ONE_DAY, description="过了就不再发")


class TellStaff(Content):
    """发给员工: content ready to forward; nothing to be completed."""

    block = "发给员工"
    do: Literal["发给员工"]
    to: ReadersText = key(
        "给", "to", description="跟进人、群主、店长、角色/名称、部门/门店，或员工姓名"
    )
    expires: Length = key("时效", "expires", _ONE_DAY, description="过了就不再发")
    reason: str = key("为什么发", "reason", "", description="一句话，员工看得到")
