"""What every event has in common, and how WeCom's tags become its attributes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.wecom.xml import Fields

_IN_KIND = {"msgtype", "event", "changetype", "infotype"}

UNDATED = datetime.fromtimestamp(0, UTC)


def tag(name: str, default: Any = "") -> Any:
    """An attribute and the tag it comes from; ``Outer.Inner`` for a nested one."""
    return Field(default, alias=name)


def every(value: Any) -> Iterator[str]:
    """All texts inside ``value``, however many elements WeCom wrapped them in."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from every(part)
    elif value != "":
        yield str(value)


def _list(value: Any) -> Any:
    """One element, many, or the older comma-joined text."""
    if isinstance(value, tuple):
        return value
    return tuple(part for text in every(value) for part in text.split(",") if part)


Texts = Annotated[tuple[str, ...], BeforeValidator(_list)]
Numbers = Annotated[tuple[int, ...], BeforeValidator(_list)]


class Event(BaseModel):
    """Something WeCom told us. ``raw`` keeps what this version has no attribute for."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    kind: str = ""
    corp_id: str = tag("ToUserName")
    from_user: str = tag("FromUserName")
    at: datetime = tag("CreateTime", UNDATED)  # UNDATED where WeCom sent none
    agent_id: int | None = tag("AgentID", None)
    raw: Fields = Field(default_factory=dict)

    @classmethod
    def of(cls, kind: str, fields: Fields) -> Self:
        """The event in ``fields``. What does not fit its attribute stays in ``raw``."""
        known, raw = _sorted_out(fields, _attributes(cls))
        raw = {
            name: value
            for name, value in raw.items()
            if name.lower() not in _IN_KIND or not isinstance(value, str)
        }
        try:
            return cls.model_validate({**known, "kind": kind, "raw": raw})
        except ValidationError as error:
            odd = {str(wrong["loc"][0]) for wrong in error.errors()}
            fitting = {name: value for name, value in known.items() if name not in odd}
            misfits = {name: known[name] for name in odd & known.keys()}
            return cls.model_validate({**fitting, "kind": kind, "raw": raw | misfits})


class UnknownEvent(Event):
    """A kind this version does not know: kept, never refused."""


@cache
def _attributes(cls: type[Event]) -> dict[str, str]:
    """Tags by their lower-case form: WeCom writes UserID, UserId and Userid."""
    names = (field.alias for field in cls.model_fields.values())
    return {name.lower(): name for name in names if name}


def _sorted_out(
    fields: Fields, attributes: dict[str, str], path: str = ""
) -> tuple[Fields, Fields]:
    """What has an attribute, by its tag; and the rest, nested as it came."""
    known: Fields = {}
    rest: Fields = {}
    for name, value in fields.items():
        dotted = f"{path}{name}".lower()
        attribute = attributes.get(dotted)
        if attribute and attribute not in known:
            if value != "":
                known[attribute] = value
        elif isinstance(value, dict):
            inner, left = _sorted_out(value, attributes, f"{dotted}.")
            known = {**inner, **known}
            if left or not inner:
                rest[name] = left
        else:
            rest[name] = value
    return known, rest
