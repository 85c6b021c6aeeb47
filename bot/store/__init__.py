"""How we remember. Every query to MongoDB lives in this package, under a name."""

import asyncio

import pymongo
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from bot.store.agenda import Agenda
from bot.store.answers import Answers
from bot.store.arrivals import Arrivals
from bot.store.audit import Audit
from bot.store.backlog import Backlog
from bot.store.caps import Caps
from bot.store.census import Census
from bot.store.clicks import Clicks
from bot.store.cohort import Cohort
from bot.store.contacts import Contacts
from bot.store.day_figures import DayFigures
from bot.store.deliveries import Deliveries
from bot.store.drafts import Drafts
from bot.store.experiments import Experiments
from bot.store.facts import Facts
from bot.store.finding import Finding
from bot.store.flow_figures import Flows
from bot.store.forecasts import Forecasts
from bot.store.funnel import Funnel
from bot.store.group_days import GroupDays
from bot.store.group_lists import GroupLists
from bot.store.group_posts import GroupPosts
from bot.store.group_welcomes import GroupWelcomes
from bot.store.groups import Groups
from bot.store.inbox import Inbox
from bot.store.inbox_list import InboxList
from bot.store.journeys import Journeys
from bot.store.links import Links
from bot.store.log import JourneyLog
from bot.store.marks import Marks
from bot.store.materials import Materials
from bot.store.media import Media
from bot.store.member_links import MemberLinks
from bot.store.memberships import Memberships
from bot.store.mishaps import Mishaps
from bot.store.occurrences import Occurrences
from bot.store.outbox import Outbox
from bot.store.outbox_list import OutboxList
from bot.store.paces import Paces
from bot.store.postings import Postings
from bot.store.posts import Posts
from bot.store.pushes import Pushes
from bot.store.qr_pictures import QrPictures
from bot.store.releases import ReleaseShelf
from bot.store.rows import Row
from bot.store.seat_lists import SeatLists
from bot.store.seats import Seats
from bot.store.sendings import Sendings
from bot.store.sessions import Sessions
from bot.store.sign_ins import Admins, SignIns
from bot.store.staff import StaffList
from bot.store.stops import Stops
from bot.store.sweeps import Sweeps
from bot.store.tags import Tags
from bot.store.tallies import Tallies
from bot.store.task_figures import TaskFigures
from bot.store.task_lists import TaskLists
from bot.store.tasks import Tasks
from bot.store.together import Gathered
from bot.store.tokens import TokenShelf
from bot.store.ways import Ways
from bot.store.wishes import Wishes
from bot.store.work import WorkList
from bot.store.workers import Workers

_BUILDING_SECONDS = 3600.0


class Store:
    """The collections of one corp: one corp is one database."""

    def __init__(self, client: AsyncMongoClient[Row], database: str) -> None:
        self.db: AsyncDatabase[Row] = client[database]

        def rows(name: str) -> Gathered:
            return Gathered(self.db, name)

        self.inbox = Inbox(rows("inbox"))
        self.outbox = Outbox(rows("outbox"))
        self.inbox_list = InboxList(rows("inbox"))
        self.outbox_list = OutboxList(rows("outbox"))
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
        self.day_figures = DayFigures(self.db, rows("day_figures"))
        self.forecasts = Forecasts(rows("forecasts"))
        self.task_lists = TaskLists(rows("tasks"))
        self.seats = Seats(rows("seats"))
        self.seat_lists = SeatLists(rows("seats"))
        self.stops = Stops(rows("stops"))
        self.told = Answers(rows("answers"))
        self.member_links = MemberLinks(rows("member_keys"), rows("member_links"))
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
        self.group_lists = GroupLists(rows("groups"))
        self.memberships = Memberships(rows("groups"))
        self.group_welcomes = GroupWelcomes(rows("group_welcomes"))
        self.group_days = GroupDays(rows("group_days"))
        self.group_posts = GroupPosts(rows("deliveries"))
        self.staff = StaffList(rows("staff"))
        self.media = Media(rows("media"))
        self.materials = Materials(rows("materials"))
        self.qr_pictures = QrPictures(rows("qr_pictures"))
        self.marks = Marks(rows("marks"))
        self.releases = ReleaseShelf(rows("releases"))
        self.sweeps = Sweeps(rows("sweeps"))
        self.agenda = Agenda(self.db)
        self.backlog = Backlog(self.db)
        self.tallies = Tallies(self.db)
        self.pushes = Pushes(self.db)
        self.census = Census(self.db)
        self.flows = Flows(self.db)
        self.cohort = Cohort(self.db)
        self.mishaps = Mishaps(rows("mishaps"))
        self.workers = Workers(self.db)
        self.tokens = TokenShelf(rows("tokens"))
        self.paces = Paces(rows("paces"))
        self.sessions = Sessions(rows("sessions"))
        self.sign_ins = SignIns(rows("sign_ins"))
        self.admins = Admins(rows("admins"))
        self.audit = Audit(rows("audit"))
        self.drafts = Drafts(rows("drafts"))
        self.work = WorkList(rows("work"), self.db["work_files"])

    async def answers(self, seconds: float = 1.0) -> bool:
        """Whether MongoDB answers in time."""
        try:
            with pymongo.timeout(seconds):
                await self.db.command("ping")
        except PyMongoError:
            return False
        return True

    async def prepare(self) -> None:
        """Create what is missing of every collection's indexes.

        After an update that may take minutes where there are many rows, longer than other answers
        are waited for; whether MongoDB is there at all is found out first.
        """
        await self.db.command("ping")
        parts = (part for part in vars(self).values() if part is not self.db)
        with pymongo.timeout(_BUILDING_SECONDS):
            await asyncio.gather(*(part.prepare() for part in parts if hasattr(part, "prepare")))
