"""However large the company, a page reads about as many rows as it shows.

Twenty thousand rows of everything; each page is opened, and MongoDB tells what it did for it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from bench import crowd
from bot.app import machine_now
from bot.demo import SHOP
from bot.store import flow_figures
from console.gate import COOKIE
from tests.browser.pages import LISTS, OF_A_LEAD, PAGES, there
from tests.console.plans import Look, wasteful, watched
from tests.world import World, open_world

pytestmark = pytest.mark.timeout(300)  # making the company takes its time

ROWS = 20_000
SHOWN = 50  # the longest page of a list
COUNTED = 4_000  # of 20,000: what is open, or of one month, may be added up
#: As many as the company has of something it arranges by hand, and not more.
SMALL = frozenset({"staff", "tags", "experiments"})


@dataclass(slots=True)
class Company:
    world: World
    found: dict[str, str]
    boss: str
    lead: str

    async def opened(self, path: str, session: str) -> list[Look]:
        """What MongoDB did for the page, which was shown."""
        url = URL(self.world.address + path.format_map(self.found))
        headers = {"Cookie": f"{COOKIE}={session}"}
        async with (
            aiohttp.ClientSession() as http,
            watched(self.world.store.db) as looks,
            http.get(url, headers=headers) as answer,
        ):
            assert answer.status == 200, await answer.text()
        return looks


@pytest.fixture(scope="module")
async def company(
    mongo_url: str, worker: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Company]:
    """Pictures of many are drawn after a sample; here a smaller one, since there are fewer."""
    folder = tmp_path_factory.mktemp("large")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flow_figures, "MOST", COUNTED // 2)
        async with _company(mongo_url, worker, folder) as company:
            yield company


@asynccontextmanager
async def _company(mongo_url: str, worker: str, folder: Path) -> AsyncIterator[Company]:
    async with open_world(mongo_url, f"plans_{worker}", folder) as world:
        await world.publish(SHOP)
        tags = await world.store.tags.names()
        firm = crowd.Firm(
            customers=ROWS,
            now=world.now,
            steps=await _steps(world),
            themes=("0-6月龄", "孕期"),
            tags=tags,
            envelope=crowd.envelope(world.ctx.settings),
        )
        for collection in crowd.SHARES:
            rows = list(crowd.rows(firm, collection, 0, _rows(collection)))
            await world.store.db[collection].drop_indexes()  # to build them at once is quicker
            await world.store.db[collection].insert_many(rows, ordered=False)
        await world.store.db["staff"].insert_many(list(crowd.people(firm)))
        await world.store.prepare()
        begin, now = world.store.sessions.begin, machine_now()
        boss, lead = await begin("boss", "local", now), await begin("shop03-00", "wecom", now)
        found = await there(world.store, world.ctx.releases)
        found |= {"tag": quote(sorted(tags.values())[0]), "staff": "shop03-02"}
        yield Company(world, found, boss, lead)
        await world.store.db.client.drop_database(world.store.db.name)


def _rows(collection: str) -> int:
    """There are never so many groups, and each is large."""
    return 400 if collection == "groups" else ROWS


async def _steps(world: World) -> list[tuple[str, str]]:
    book = (await world.ctx.releases.head()).book
    return [(sop.name, step.name) for sop in book.sops.values() for step in sop.steps]


async def test_a_page_reads_about_what_it_shows(company: Company) -> None:
    """One test for all, since the company is made anew in every process that has one of them."""
    asked = [
        *((path, company.boss) for path in (*PAGES.values(), *LISTS.values())),
        *((path, company.lead) for path in OF_A_LEAD.values()),
    ]
    found = {}
    for path, session in asked:
        looks = await company.opened(path, session)
        found[path] = wasteful(looks, shown=SHOWN, counted=COUNTED, small=SMALL)
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
