"""Read a list of WeCom to its end: a page may be short or empty and still not be the last."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from bot.wecom.client import WeCom
from bot.wecom.errors import Refused

BAD_CURSOR = 50100
_FRESH_STARTS = 2


async def pages(
    wecom: WeCom, path: str, body: Mapping[str, Any], rows: str
) -> AsyncIterator[dict[str, Any]]:
    """Every item under ``rows``, until ``next_cursor`` is empty.

    A list begun anew gives again what it gave before.
    """
    async for batch in batches(wecom, path, body, rows):
        for row in batch:
            yield row


async def batches(
    wecom: WeCom, path: str, body: Mapping[str, Any], rows: str
) -> AsyncIterator[list[dict[str, Any]]]:
    """The pages as they come; one whose cursor WeCom no longer takes is the first again.

    Raises what a call raises, and Refused when even fresh cursors are not taken (50100).
    """
    cursor, fresh_starts = "", 0
    while True:
        try:
            answer = await wecom.call(path, {**body, "cursor": cursor} if cursor else body)
        except Refused as error:
            if error.code != BAD_CURSOR or fresh_starts == _FRESH_STARTS:
                raise
            cursor, fresh_starts = "", fresh_starts + 1
            continue
        yield list(answer.get(rows) or ())
        following = str(answer.get("next_cursor") or "")
        if not following or following == cursor:
            return
        cursor = following
