"""The newest rehearsal of the coming days, kept for the calendar until the next one replaces it."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Literal

from bot.store.due import Rows
from bot.store.rows import Row

_ONLY: Row = {"_id": "newest"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """So many of one step are expected on one day, the first of them at ``first``."""

    day: date
    kind: Literal["customers", "groups", "moments", "tasks"]
    sop: str
    step: str
    count: int
    first: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """``rehearsed`` of ``population`` customers were walked; of more than fit a part stands in."""

    at: datetime
    release: int
    rehearsed: int
    population: int
    newcomers_per_day: float
    expected: tuple[Expected, ...]


class Forecasts:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def newest(self) -> Forecast | None:
        """None: nobody has asked for one yet."""
        row = await self._rows.find_one(_ONLY)
        if row is None:
            return None
        listed = row.pop("expected")
        del row["_id"]
        expected = (Expected(**one | {"day": date.fromisoformat(one["day"])}) for one in listed)
        return Forecast(**row, expected=tuple(expected))

    async def keep(self, forecast: Forecast) -> None:
        """In place of the one before; an older one than is there is not kept."""
        row = asdict(forecast)
        row["expected"] = [asdict(one) | {"day": one.day.isoformat()} for one in forecast.expected]
        newer = {"$lt": [{"$ifNull": ["$at", forecast.at]}, forecast.at]}
        first = {"$not": ["$at"]}
        kept = {
            name: {"$cond": [{"$or": [first, newer]}, {"$literal": value}, f"${name}"]}
            for name, value in row.items()
        }
        await self._rows.update_one(_ONLY, [{"$set": kept}], upsert=True)
