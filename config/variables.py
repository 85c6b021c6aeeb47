"""The closed list of {变量|默认} in texts."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_PATTERN = re.compile(r"\{([^{}\n|]*)(?:\|([^{}\n]*))?\}")


@dataclass(frozen=True, slots=True)
class Variable:
    """``per_customer``: differs from customer to customer of one member of staff."""

    name: str
    per_customer: bool = False


VARIABLES: Final[Mapping[str, Variable]] = {
    variable.name: variable
    for variable in (
        Variable("客户昵称", per_customer=True),
        Variable("员工姓名"),
        Variable("门店名"),
        Variable("群名"),
        Variable("本月入群人数"),
        Variable("本月退群人数"),
        Variable("宝宝月龄", per_customer=True),
    )
}


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One {变量|默认} as written."""

    name: str
    default: str
    written: str


def placeholders(text: str) -> Iterator[Placeholder]:
    for found in _PATTERN.finditer(text):
        yield Placeholder(found[1].strip(), found[2] or "", found[0])


def per_customer(text: str) -> tuple[str, ...]:
    """The placeholders that make the text another one for every customer."""
    return tuple(
        one.written
        for one in placeholders(text)
        if one.name in VARIABLES and VARIABLES[one.name].per_customer
    )


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled; what has no value takes its default."""
    return _PATTERN.sub(lambda m: values.get(m[1].strip()) or (m[2] or ""), text)
