"""The tags of this company, by group."""

from typing import Annotated

from pydantic import Field

from config.reading import Strict, key

TagName = Annotated[str, Field(min_length=1, max_length=30)]


class Tags(Strict):
    block = "标签"
    groups: dict[TagName, tuple[TagName, ...]] = key(
        "标签", "tags", description="标签组: [标签, 标签]"
    )
