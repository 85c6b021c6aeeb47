"""发朋友圈: what several members of staff publish to their customers' feeds, each once."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from config.content import SERVICE, Category, Content, ReadersText
from config.phrases import Span
from config.reading import Length, key, named, one_or_more


class PostMoment(Content):
    """发朋友圈: WeCom puts it before its people; nobody sees it before they publish it.

    It cannot be shown to one customer, so it belongs into SOPs of 客户群.
    """

    block = "发朋友圈"
    rotates: ClassVar[bool] = True
    do: Literal["发朋友圈"]
    by: ReadersText = key(
        "由",
        "by",
        description="谁来发：群主、店长、角色/名称（里面每个人）、部门/门店（每位员工）或员工姓名；"
        "一个人管几个群，也只发一条",
    )
    visible: Annotated[tuple[Annotated[str, named("标签")], ...], one_or_more] = key(
        "可见", "visible_to", (), description="带其中任何一个标签的客户看得到；不写就是全部客户"
    )
    category: Annotated[Category, SERVICE] = key(
        "类型", "category", "服务", description="服务（默认）或营销；审批按类型算，朋友圈不占频控"
    )
    reason: str = key("为什么发", "reason", "", description="一句话，说明为什么现在发这条")
    expires: Length = key(
        "时效", "expires", Span(timedelta(hours=24)), description="到时候还没发的收回，不再发"
    )
