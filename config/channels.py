"""Where customers come from: contact ways, by the ``state`` WeCom brings back."""

from typing import Annotated

from config.reading import Person, Strict, TagNames, key, named, number, one_or_more


class Channel(Strict):
    """渠道: its name is the ``state``, of which WeCom keeps 30 characters."""

    block = "渠道"
    name: str = key(
        "渠道", "channel", min_length=1, max_length=30, description="渠道的名字，最多30个字"
    )
    shop: Annotated[str, named("门店")] | None = key(
        "门店", "shop", None, description="从这里来的客户算哪个门店"
    )
    staff: Annotated[tuple[Person, ...], one_or_more] = key(
        "员工", "staff", min_length=1, description="轮流加客户的员工"
    )
    backup: Annotated[tuple[Person, ...], one_or_more] = key(
        "备用", "backup", (), description="都满了时由谁加"
    )
    daily_limit_each: Annotated[int | None, number("人")] = key(
        "每人每天最多", "daily_limit_each", None, description="每位员工一天最多加多少人"
    )
    tags: TagNames = key("标签", "tags", (), description="从这里来的客户自动打的标签")

    @property
    def state(self) -> str:
        return self.name
