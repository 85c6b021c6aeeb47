"""How we remember. Every query to MongoDB lives in this package, under a name."""

import asyncio

import pymongo
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from bot.store.agenda import Agenda
from bot.store.arrivals import Arrivals
from bot.store.audit import Audit
from bot.store.backlog import Backlog
from bot.store.caps import Caps
from bot.store.census import Census
from bot.store.clicks import Clicks
from bot.store.cohort import Cohort
from bot.store.contacts import Contacts
from bot.store.deliveries import Deliveries
from bot.store.drafts import Drafts
from bot.store.experiments import Experiments
from bot.store.facts import Facts
from bot.store.finding import Finding
from bot.store.funnel import Funnel
from bot.store.group_days import GroupDays
from bot.store.group_posts import GroupPosts
from bot.store.group_welcomes import GroupWelcomes
from bot.store.groups import Groups
from bot.store.inbox import Inbox
from bot.store.journeys import Journeys
from bot.store.links import Links
from bot.store.log import JourneyLog
from bot.store.marks import Marks
from bot.store.materials import Materials
from bot.store.media import Media
from bot.store.memberships import Memberships
from bot.store.occurrences import Occurrences
from bot.store.outbox import Outbox
from bot.store.paces import Paces
from bot.store.postings import Postings
from bot.store.posts import Posts
from bot.store.pushes import Pushes
from bot.store.releases import ReleaseShelf
from bot.store.rows import Row
from bot.store.seats import Seats
from bot.store.sendings import Sendings
from bot.store.sessions import Sessions
from bot.store.sign_ins import Admins, SignIns
from bot.store.staff import StaffList
from bot.store.sweeps import Sweeps
from bot.store.tags import Tags
from bot.store.tallies import Tallies
from bot.store.task_figures import TaskFigures
from bot.store.tasks import Tasks
from bot.store.together import Gathered
from bot.store.tokens import TokenShelf
from bot.store.ways import Ways
from bot.store.wishes import Wishes


class Store:
    """The collections of one corp: one corp is one database."""

    def __init__(self, client: AsyncMongoClient[Row], database: str) -> None:
        self.db: AsyncDatabase[Row] = client[database]

        def rows(name: str) -> Gathered:
            return Gathered(self.db, name)

        self.inbox = Inbox(rows("inbox"))
        self.outbox = Outbox(rows("outbox"))
        self.journeys = Journeys(rows("journeys"))
        self.log = JourneyLog(rows("journey_log"))
        waiting = (rows("journeys"), rows("tasks"), rows("seats"))
        self.facts = Facts(rows("facts"), *waiting)
        self.deliveries = Deliveries(rows("deliveries"))
        self.sendings = Sendings(rows("sendings"))
        self.posts = Posts(rows("posts"))
        self.postings = Postings(rows("postings"))
        self.tasks = Tasks(rows("tasks"))
        self.wishes = Wishes(rows("tasks"))
        self.task_figures = TaskFigures(self.db["tasks"])
        self.seats = Seats(rows("seats"))
        self.caps = Caps(rows("caps"))
        self.occurrences = Occurrences(rows("occurrences"))
        self.experiments = Experiments(rows("experiments"), rows("assignments"))
        self.tags = Tags(rows("tags"))
        self.contacts = Contacts(rows("contacts"), self.tags)
        self.finding = Finding(rows("contacts"))
        self.arrivals = Arrivals(rows("contacts"))
        self.ways = Ways(rows("ways"))
        self.links = Links(rows("links"))
        self.clicks = Clicks(rows("link_days"), rows("link_steps"))
        self.funnel = Funnel(rows("contacts"), rows("outbox"))
        self.groups = Groups(rows("groups"))
        self.memberships = Memberships(rows("groups"))
        self.group_welcomes = GroupWelcomes(rows("group_welcomes"))
        self.group_days = GroupDays(rows("group_days"))
        self.group_posts = GroupPosts(rows("deliveries"))
        self.staff = StaffList(rows("staff"))
        self.media = Media(rows("media"))
        self.materials = Materials(rows("materials"))
        self.marks = Marks(rows("marks"))
        self.releases = ReleaseShelf(rows("releases"))
        self.sweeps = Sweeps(rows("sweeps"))
        self.agenda = Agenda(self.db)
        self.backlog = Backlog(self.db)
        self.tallies = Tallies(self.db)
        self.pushes = Pushes(self.db)
        self.census = Census(self.db)
        self.cohort = Cohort(self.db)
        self.tokens = TokenShelf(rows("tokens"))
        self.paces = Paces(rows("paces"))
        self.sessions = Sessions(rows("sessions"))
        self.sign_ins = SignIns(rows("sign_ins"))
        self.admins = Admins(rows("admins"))
        self.audit = Audit(rows("audit"))
        self.drafts = Drafts(rows("drafts"))

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
