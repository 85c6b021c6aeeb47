"""Of two rehearsals of the same days the newer one stays, whichever is written last."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.store.forecasts import Expected, Forecast, Forecasts
from tests.conftest import Client

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
ONE = Expected(
    day=date(2026, 11, 25), kind="customers", sop="$关怀", step="a.b", count=3, first=NOW
)
FORECAST = Forecast(
    at=NOW, release=2, rehearsed=10, population=100, newcomers_per_day=1.5, expected=(ONE,)
)


async def test_it_is_kept_as_it_was_and_replaced_by_a_newer_one(
    mongo: Client, database: str
) -> None:
    forecasts = Forecasts(mongo[database]["forecasts"])
    assert await forecasts.newest() is None

    await forecasts.keep(FORECAST)
    assert await forecasts.newest() == FORECAST

    newer = replace(FORECAST, at=NOW + timedelta(minutes=1), expected=())
    await forecasts.keep(newer)
    await forecasts.keep(FORECAST)
    assert await forecasts.newest() == newer
