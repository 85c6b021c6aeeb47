"""Read a list of WeCom to its end: a page may be short or empty and still not be the last."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from bot.wecom.client import WeCom


async def pages(
    wecom: WeCom, path: str, body: Mapping[str, Any], rows: str
) -> AsyncIterator[dict[str, Any]]:
    """Every item under ``rows``, until ``next_cursor`` is empty."""
    cursor = ""
    while True:
        answer = await wecom.call(path, {**body, "cursor": cursor} if cursor else body)
        for row in answer.get(rows) or ():
            yield row
        following = str(answer.get("next_cursor") or "")
        if not following or following == cursor:
            return
        cursor = following
