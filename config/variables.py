"""What {变量|默认} in texts may name: a closed list, and what the folder declares of customers."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_PATTERN = re.compile(r"\{([^{}\n|]*)(?:\|([^{}\n]*))?\}")


@dataclass(frozen=True, slots=True)
class Variable:
    """``per_customer``: differs from customer to customer of one member of staff."""

    name: str
    per_customer: bool = False
    of_group: bool = False
    says: str = ""
    """For docs/sop-language.md."""


VARIABLES: Final[dict[str, Variable]] = {
    variable.name: variable
    for variable in (
        Variable("客户昵称", per_customer=True, says="客户在企业微信里的昵称"),
        Variable("员工姓名", says="发消息或做任务的员工"),
        Variable("门店名", says="客户或群所在的门店"),
        Variable("群名", of_group=True, says="客户群的名字"),
        Variable("本月入群人数", of_group=True, says="这个群这个月进了多少人"),
        Variable("本月退群人数", of_group=True, says="这个群这个月走了多少人"),
        Variable("评分理由", per_customer=True, says="最近一次阶段变化的理由，业务系统传来"),
        Variable("选群页", per_customer=True, says="客户选群的链接；竖线后写主题名就只给这一个"),
        Variable("打卡页", per_customer=True, says="打卡的链接，竖线后写名字；打了就是“表单提交”"),
        Variable("答题页", per_customer=True, says="问卷的链接，竖线后写名字；交了就是“表单提交”"),
        Variable("隐私页", per_customer=True, says="记着什么、停止推送的链接"),
    )
}

#: Links to pages of ours; what stands behind the bar says which one, and is no default.
PAGES: Final = ("选群页", "打卡页", "答题页", "隐私页")


def with_declared(names: Iterable[str]) -> Mapping[str, Variable]:
    """The variables of a folder: ``names`` are its tag groups and 客户属性; pages come last."""
    declared = {name: Variable(name, per_customer=True) for name in names}
    words = {name: one for name, one in VARIABLES.items() if name not in PAGES}
    return words | declared | {name: VARIABLES[name] for name in PAGES if name not in declared}


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One {变量|默认} as written."""

    name: str
    default: str
    written: str


def placeholders(text: str) -> Iterator[Placeholder]:
    for found in _PATTERN.finditer(text):
        yield Placeholder(found[1].strip(), found[2] or "", found[0])


def per_customer(text: str, known: Mapping[str, Variable] = VARIABLES) -> tuple[str, ...]:
    """The placeholders that make the text another one for every customer."""
    return tuple(
        one.written
        for one in placeholders(text)
        if one.name in known and known[one.name].per_customer
    )


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled; what has no value takes its default."""
    return _PATTERN.sub(lambda m: values.get(m[1].strip()) or (m[2] or ""), text)
