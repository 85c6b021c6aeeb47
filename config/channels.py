"""Where customers come from: contact ways, by the ``state`` WeCom brings back."""

from typing import Annotated

from config.reading import Person, Strict, TagNames, key, named, number, one_or_more


class Channel(Strict):
    """渠道: its name is the ``state``, of which WeCom keeps 30 characters."""

    block = "渠道"
    name: str = key("渠道", "channel", min_length=1, max_length=30)
    shop: Annotated[str, named("门店")] | None = key("门店", "shop", None)
    staff: Annotated[tuple[Person, ...], one_or_more] = key("员工", "staff", min_length=1)
    backup: Annotated[tuple[Person, ...], one_or_more] = key("备用", "backup", ())
    daily_limit_each: Annotated[int | None, number("人")] = key(
        "每人每天最多", "daily_limit_each", None
    )
    tags: TagNames = key("标签", "tags", ())

    @property
    def state(self) -> str:
        return self.name
