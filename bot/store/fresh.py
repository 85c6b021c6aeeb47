"""Insert what is not there yet: the ids say what a row is about, so a repeat changes nothing."""

from collections.abc import Sequence

from pymongo.errors import BulkWriteError

from bot.store.due import Rows
from bot.store.rows import Row

ALREADY_THERE = 11000


async def insert_new(rows: Rows, fresh: Sequence[Row]) -> list[Row]:
    """Add rows; those already there, which are left alone, are answered.

    Raises when any other was not made durable.
    """
    if not fresh:
        return []
    try:
        await rows.insert_many(fresh, ordered=False)
    except BulkWriteError as error:
        refused = error.details["writeErrors"]
        others = any(e["code"] != ALREADY_THERE for e in refused)
        if others or error.details["writeConcernErrors"]:
            raise
        return [fresh[e["index"]] for e in refused]
    return []
