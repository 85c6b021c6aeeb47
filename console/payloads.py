"""What a callback or a call carries, as people may see it: laid out, and without what is secret."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bot.router import Known, PageForm, Posted

HIDDEN: Final = "●●●"
#: One-time keys and the like, by the last part of their name however it is spelt.
_SECRET: Final = ("code", "token", "secret", "ticket", "aeskey", "key", "password")
_NOT_SECRET: Final = frozenset(
    {"errcode", "qrcode", "eventkey", "choosekey", "answerkey", "openkey"}
)
_LONGEST = 20_000


def fields_of(event: Known) -> list[tuple[str, str]]:
    """Name and value of everything the event says."""
    if isinstance(event, Posted):
        said: Mapping[str, Any] = {"subject": event.subject, "at": event.at, **event.data}
    elif isinstance(event, PageForm):
        said = {"by": event.by, "at": event.at, "wish": event.wish, "tasks": event.tasks}
        said = {**said, **event.data}
    else:
        said = event.model_dump(exclude={"kind", "raw"}) | {"raw": event.raw}
    return [(name, _text(name, value)) for name, value in said.items() if value not in _NOTHING]


def pretty(body: Mapping[str, Any]) -> str:
    """A body as lines of JSON."""
    return json.dumps(_masked(body), ensure_ascii=False, indent=2, default=str)[:_LONGEST]


_NOTHING: Final[tuple[Any, ...]] = ("", None, (), {}, [])


def _text(name: str, value: Any) -> str:
    if _is_secret(name) and isinstance(value, str | bytes):
        return HIDDEN
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(_masked(value), ensure_ascii=False, default=str)
    return str(value)


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(_each(value))
    if isinstance(value, list | tuple):
        return [_masked(one) for one in value]
    return value


def _each(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in body.items():
        hidden = isinstance(value, str) and value and _is_secret(name)
        yield name, HIDDEN if hidden else _masked(value)


def _is_secret(name: str) -> bool:
    plain = name.lower().replace("_", "")
    return plain.endswith(_SECRET) and plain not in _NOT_SECRET
