"""How we remember. Every query to MongoDB lives in this package, under a name."""

import asyncio

import pymongo
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from bot.store.agenda import Agenda
from bot.store.backlog import Backlog
from bot.store.caps import Caps
from bot.store.census import Census
from bot.store.cohort import Cohort
from bot.store.contacts import Contacts
from bot.store.deliveries import Deliveries
from bot.store.experiments import Experiments
from bot.store.facts import Facts
from bot.store.groups import Groups
from bot.store.inbox import Inbox
from bot.store.journeys import Journeys
from bot.store.log import JourneyLog
from bot.store.marks import Marks
from bot.store.media import Media
from bot.store.occurrences import Occurrences
from bot.store.outbox import Outbox
from bot.store.paces import Paces
from bot.store.releases import ReleaseShelf
from bot.store.rows import Row
from bot.store.seats import Seats
from bot.store.sendings import Sendings
from bot.store.staff import StaffList
from bot.store.sweeps import Sweeps
from bot.store.tags import Tags
from bot.store.tallies import Tallies
from bot.store.tasks import Tasks
from bot.store.tokens import TokenShelf


class Store:
    """The collections of one corp: one corp is one database."""

    def __init__(self, client: AsyncMongoClient[Row], database: str) -> None:
        self.db: AsyncDatabase[Row] = client[database]
        self.inbox = Inbox(self.db["inbox"])
        self.outbox = Outbox(self.db["outbox"])
        self.journeys = Journeys(self.db["journeys"])
        self.log = JourneyLog(self.db["journey_log"])
        self.facts = Facts(self.db["facts"], self.db["journeys"], self.db["tasks"])
        self.deliveries = Deliveries(self.db["deliveries"])
        self.sendings = Sendings(self.db["sendings"])
        self.tasks = Tasks(self.db["tasks"])
        self.seats = Seats(self.db["seats"])
        self.caps = Caps(self.db["caps"])
        self.occurrences = Occurrences(self.db["occurrences"])
        self.experiments = Experiments(self.db["experiments"], self.db["assignments"])
        self.tags = Tags(self.db["tags"])
        self.contacts = Contacts(self.db["contacts"], self.tags)
        self.groups = Groups(self.db["groups"])
        self.staff = StaffList(self.db["staff"])
        self.media = Media(self.db["media"])
        self.marks = Marks(self.db["marks"])
        self.releases = ReleaseShelf(self.db["releases"])
        self.sweeps = Sweeps(self.db["sweeps"])
        self.agenda = Agenda(self.db)
        self.backlog = Backlog(self.db)
        self.tallies = Tallies(self.db)
        self.census = Census(self.db)
        self.cohort = Cohort(self.db)
        self.tokens = TokenShelf(self.db["tokens"])
        self.paces = Paces(self.db["paces"])

    async def answers(self, seconds: float = 1.0) -> bool:
        """Whether MongoDB answers in time."""
        try:
            with pymongo.timeout(seconds):
                await self.db.command("ping")
        except PyMongoError:
            return False
        return True

    async def prepare(self) -> None:
        """Create what is missing of every collection's indexes."""
        parts = (part for part in vars(self).values() if part is not self.db)
        await asyncio.gather(*(part.prepare() for part in parts if hasattr(part, "prepare")))
