"""Insert what is not there yet: the ids say what a row is about, so a repeat changes nothing."""

from collections.abc import Sequence

from pymongo.errors import BulkWriteError

from bot.store.due import Rows
from bot.store.rows import Row

ALREADY_THERE = 11000


async def insert_new(rows: Rows, fresh: Sequence[Row]) -> None:
    """Add rows; one already there is left alone. Raises when any other was not made durable."""
    if not fresh:
        return
    try:
        await rows.insert_many(fresh, ordered=False)
    except BulkWriteError as error:
        refused = any(e["code"] != ALREADY_THERE for e in error.details["writeErrors"])
        if refused or error.details["writeConcernErrors"]:
            raise
