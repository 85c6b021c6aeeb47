"""Companies to live through: the example shop's SOPs, with as many shops and people as wanted."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any

SHOP = Path(__file__).parents[2] / "config" / "shop"
THEMES = ("0-6月龄", "0-6月龄", "6-12月龄", "孕期", "新手妈妈综合群", "新手妈妈综合群")
OFFICE = (("王芳", "wangfang"), ("周律", "zhoulv"))
# Those the example shop names; whoever else is needed is numbered.
NAMED = ("李敏", "张丽", "刘洋", "陈静", "赵倩", "孙悦")
ACCOUNTS = ("limin", "zhangli", "liuyang", "chenjing", "zhaoqian", "sunyue")
SHOPS = ("徐汇店", "静安店")

#: What config/shop/全局规则.yaml says, once more and by hand, for the simulator to hold us to it.
PROMISES: dict[str, Any] = {
    "quiet": {
        "single": ["21:30", "08:30"],
        "group": ["22:00", "08:00"],
        "staff": ["20:00", "09:00"],
    },
    "opted_out": ["管理/勿扰"],
    "caps": [
        {"to": "single", "days": 1, "limit": 1},
        {"to": "single", "days": 7, "limit": 3},
        {"to": "single", "days": 7, "limit": 1, "words": ["专属券"]},
        {"to": "group", "days": 1, "limit": 2},
        {"to": "group", "days": 7, "limit": 2, "words": ["会员价"]},
    ],
    "same_words_days": {"single": 90, "group": 6},
}


@dataclass(frozen=True, slots=True)
class Size:
    """``known`` of the customers were there before; the others come during the days.

    ``groups`` are spread over the shops and the six kinds of group each of them has.
    """

    shops: int
    staff: int
    customers: int
    known: int
    groups: int
    days: int
    seed: int = 8


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    account: str
    shop: int  # 0: the office

    @property
    def department(self) -> int:
        return self.shop + 1


QUARTER = Size(shops=2, staff=10, customers=2_000, known=800, groups=12, days=90)


def people(size: Size) -> list[Person]:
    """The office, then everybody else, shop after shop; the first of each shop leads it."""
    known = dict(zip(NAMED, ACCOUNTS, strict=True))
    crew = [Person(name, account, 0) for name, account in OFFICE]
    for n in range(size.staff - len(OFFICE)):
        name = NAMED[n] if n < len(NAMED) else f"店员{n}"
        shop = 1 + n * size.shops // (size.staff - len(OFFICE))
        crew.append(Person(name, known.get(name, f"staff{n}"), shop))
    return crew


def shop_name(n: int) -> str:
    return SHOPS[n - 1] if n <= len(SHOPS) else f"第{n}店"


def write_folder(size: Size, folder: Path) -> Path:
    """The example shop's folder with this company's people and channels."""
    copytree(SHOP, folder)
    (folder / "测试.yaml").unlink()
    crew = people(size)
    leaders = {p.shop: p.name for p in reversed(crew) if p.shop}
    shops = "".join(
        f"  - {{门店: {shop_name(n)}, 部门: {n + 1}, 店长: {leaders[n]}}}\n"
        for n in range(1, size.shops + 1)
    )
    accounts = "".join(f"  {person.name}: {person.account}\n" for person in crew)
    (folder / "团队.yaml").write_text(
        f"团队: 默认\n门店:\n{shops}角色:\n  私域主管: [王芳]\n  法务: [周律]\n人员:\n{accounts}"
        "客户门店: 跟进人所在门店\n"
    )
    (folder / "渠道.yaml").write_text("---\n".join(_channel(size, n) for n in _shops(size)))
    return folder


def company(size: Size, behaviour: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """For the simulator's setup: people who forget, refuse, opt out and leave.

    ``behaviour`` changes theirs.
    """
    crew = people(size)
    return {
        "seed": size.seed,
        "days": size.days,
        "departments": [
            {"id": 1, "name": "总部", "parentid": 0},
            *({"id": n + 1, "name": shop_name(n), "parentid": 1} for n in _shops(size)),
        ],
        "staff": [
            {
                "userid": person.account,
                "name": person.name,
                "department": [person.department],
                "leader": person.shop > 0 and crew[at - 1].shop != person.shop,
            }
            for at, person in enumerate(crew)
        ],
        "groups": _groups(size, crew),
        "friends": _friends(size, crew),
        "customers": size.customers - size.known,
        "behaviour": {
            "channels": [_channel_name(n) for n in _shops(size)],
            "grain_seconds": 3600,
            "confirm": 0.8,
            "tap": 0.8,
            "refuse": 0.05,
            "opt_out": 0.03,
            **(behaviour or {}),
        },
        "promises": PROMISES,
    }


def _friends(size: Size, crew: list[Person]) -> list[dict[str, Any]]:
    """Old customers, as many with each of those who serve."""
    serving = [person.account for person in crew if person.shop]
    shares = [
        size.known * (n + 1) // len(serving) - size.known * n // len(serving)
        for n in range(len(serving))
    ]
    return [
        {"staff": account, "count": share, "days": 200}
        for account, share in zip(serving, shares, strict=True)
        if share
    ]


def _groups(size: Size, crew: list[Person]) -> list[dict[str, Any]]:
    """Shop after shop gets one more group, of the next kind, led by its people in turn."""
    made = []
    for n in range(size.groups):
        shop, turn = 1 + n % size.shops, n // size.shops
        theme = THEMES[turn % len(THEMES)]
        here = [person for person in crew if person.shop == shop]
        number = 1 + sum(f"{shop_name(shop)} {theme} " in group["name"] for group in made)
        made.append(
            {
                "name": f"{shop_name(shop)} {theme} {number}群",
                "owner": here[turn % len(here)].account,
                "members": 20 + 3 * (turn % 4),
            }
        )
    return made


def _channel(size: Size, shop: int) -> str:
    here = [person.name for person in people(size) if person.shop == shop]
    return (
        f"渠道: {_channel_name(shop)}\n门店: {shop_name(shop)}\n员工: [{'，'.join(here[1:])}]\n"
        f"备用: [{here[0]}]\n每人每天最多: 60人\n标签: [来源/门口海报]\n"
    ).replace("，", ", ")


def _channel_name(shop: int) -> str:
    return f"{shop_name(shop)}-门口海报"


def _shops(size: Size) -> range:
    return range(1, size.shops + 1)
