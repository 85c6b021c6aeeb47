"""Who works here: shops, people and roles."""

from collections.abc import Iterable
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from config.reading import Person, Strict, key, named, one_or_more, word

DEPARTMENT_LEADER = "部门负责人"
Manager: TypeAlias = Annotated[str, word(department_leader=DEPARTMENT_LEADER), named("店长")]


class Shop(Strict):
    block = "门店"
    name: str = key("门店", "shop", min_length=1, description="门店名")
    department: int = key("部门", "department", ge=1, description="企业微信的部门编号")
    """WeCom's department number."""
    manager: Manager = key(
        "店长", "manager", DEPARTMENT_LEADER, description="姓名，或 部门负责人（默认）"
    )
    """A person's name, or 部门负责人: whoever leads the department in WeCom."""


class Backstage(Strict):
    """后台: who may do what in the console. Everybody sees their own tasks without being named."""

    block = "后台"
    owners: Annotated[tuple[Person, ...], one_or_more] = key(
        "负责人", "owners", (), description="什么都可以做"
    )
    operators: Annotated[tuple[Person, ...], one_or_more] = key(
        "运营", "operators", (), description="看全部、改 SOP、派任务、重放回调"
    )
    auditors: Annotated[tuple[Person, ...], one_or_more] = key(
        "审计", "auditors", (), description="只看，能看操作记录"
    )


class Team(Strict):
    block = "团队"
    name: str = key("团队", "team", "默认", description="名字，默认 默认")
    shops: tuple[Shop, ...] = key("门店", "shops", (), description="每个门店和它的部门")
    roles: dict[str, Annotated[tuple[Person, ...], one_or_more, Field(min_length=1)]] = key(
        "角色", "roles", {}, description="角色: [姓名, 姓名]"
    )
    people: dict[str, Annotated[str, Field(min_length=1, max_length=64)]] = key(
        "人员", "people", {}, description="姓名: 企业微信账号"
    )
    customer_shop: Annotated[Literal["跟进人所在门店"], word(shop_of_follower="跟进人所在门店")] = (
        key("客户门店", "customer_shop", "跟进人所在门店", description="客户算哪个门店")
    )

    console: Backstage = key(
        "后台", "console", Backstage(), description="谁能登录后台、能做什么；店长看自己门店"
    )

    def userid(self, name: str) -> str:
        """WeCom's id of a person; KeyError when the team has no such name."""
        return self.people[name]

    def name_of(self, userid: str) -> str:
        """The name in the folder, or the userid of somebody the folder does not know."""
        return next((name for name, known in self.people.items() if known == userid), userid)

    def in_role(self, role: str) -> tuple[str, ...]:
        """The userids of a role."""
        return tuple(self.people[name] for name in self.roles[role])

    def shop(self, name: str) -> Shop | None:
        return next((shop for shop in self.shops if shop.name == name), None)

    def shop_of(self, departments: Iterable[int]) -> str | None:
        """The shop to which one of these departments belongs."""
        numbers = set(departments)
        return next((shop.name for shop in self.shops if shop.department in numbers), None)

    def manager_of(self, shop: str) -> str | None:
        """The manager's userid; None: whoever leads the department in WeCom (or no such shop)."""
        found = self.shop(shop)
        return self.people.get(found.manager) if found else None
