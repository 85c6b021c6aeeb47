"""Read the parameters of an API call, refusing what WeCom refuses."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeVar

from simulator.refusal import Refusal

Args = dict[str, Any]
Answer = dict[str, Any]
T = TypeVar("T")


def text(args: Args, key: str, *, most: int | None = None) -> str:
    """A string that must be there; ``most`` counts characters."""
    value = maybe(args, key)
    if not value:
        raise Refusal(40063, f"missing {key}")
    if most is not None and len(value) > most:
        raise Refusal(40058, f"{key} exceeds {most} characters")
    return value


def maybe(args: Args, key: str) -> str:
    value = args.get(key, "")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refusal(40058, f"{key} must be a string")
    return value


def texts(args: Args, key: str, *, most: int | None = None) -> list[str]:
    value = args.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Refusal(40058, f"{key} must be a list of strings")
    if most is not None and len(value) > most:
        raise Refusal(40058, f"{key} exceeds {most} items")
    return value


def whole(args: Args, key: str, default: int) -> int:
    try:
        return int(args.get(key, default))
    except (TypeError, ValueError):
        raise Refusal(40058, f"{key} must be a number") from None


def part(args: Args, key: str) -> Args:
    """A nested object, {} if absent."""
    value = args.get(key) or {}
    if not isinstance(value, dict):
        raise Refusal(40058, f"{key} must be an object")
    return value


def parts(args: Args, key: str) -> list[Args]:
    value = args.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Refusal(40058, f"{key} must be a list of objects")
    return value


def page(rows: Sequence[T], args: Args, *, default: int, most: int) -> tuple[list[T], str]:
    """One page and the cursor of the next; over ``most`` the default holds, as WeCom documents."""
    limit = whole(args, "limit", default)
    limit = limit if 0 < limit <= most else default
    start = _place(maybe(args, "cursor"))
    cursor = base64.b64encode(f"at:{start + limit}".encode()).decode()
    return list(rows[start : start + limit]), cursor if start + limit < len(rows) else ""


def _place(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("at:"))
    except (ValueError, binascii.Error):
        raise Refusal(50100, "invalid cursor") from None
