"""The small things a step can do to a customer or to the journey itself."""

from typing import Annotated, Literal

from config.reading import Length, Strict, TagNames, key, named


class AddTags(Strict):
    """打标签."""

    block = "打标签"
    do: Literal["打标签"]
    tags: TagNames = key("标签", "tags", description="打哪些标签")


class RemoveTags(Strict):
    """去标签: whoever gave them; each member of staff has tags of their own on a customer."""

    block = "去标签"
    do: Literal["去标签"]
    tags: TagNames = key("标签", "tags", description="去掉哪些标签")


class Invite(Strict):
    """邀请入主题群: ``theme`` names a theme or a picker."""

    block = "邀请入主题群"
    do: Literal["邀请入主题群"]
    theme: Annotated[str, named("主题群")] = key(
        "主题", "theme", description="邀请进哪个主题的群，或哪个分流器"
    )


class Wait(Strict):
    """等待."""

    block = "等待"
    do: Literal["等待"]
    length: Length = key("时长", "length", description="等多久")


class End(Strict):
    """结束: the journey is over, for this reason."""

    block = "结束"
    do: Literal["结束"]
    reason: str = key("原因", "reason", min_length=1, description="为什么到此结束")
