"""A small company in a pretend WeCom, the whole bot on a real mongod, and a clock one can turn.

async def test_something(world: World) -> None:
    await world.publish({"sop.yaml": "SOP: …"})
    contact = await world.add_contact("zhangli", name="小雨妈妈")   # acts, then settles
    await world.turn_to("2026-11-25 10:00")                        # Shanghai time
    assert (await world.ledger())["welcomes"] …
"""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from aiohttp.test_utils import TestServer

from bot import callback, publish, sync
from bot.app import open_context, open_door
from bot.context import Context
from bot.director import BusinessClock, Director, Simulated
from bot.dispatcher import Dispatcher
from bot.model import Incoming
from bot.sender import Sender
from bot.store import Store
from config.settings import Settings
from handlers import router
from simulator import crypto
from simulator.server import build

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = "2026-11-23 09:00"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
SECRET = "shop-secret-of-at-least-32-characters"
_IDLE = "<xml><MsgType>event</MsgType><Event>low_active</Event><CreateTime>{}</CreateTime></xml>"

COMPANY: dict[str, Any] = {
    "departments": [
        {"id": 1, "name": "总部", "parentid": 0},
        {"id": 12, "name": "徐汇店", "parentid": 1},
    ],
    "staff": [
        {"userid": "zhangli", "name": "张丽", "department": [12]},
        {"userid": "limin", "name": "李敏", "department": [12]},
        {"userid": "wangfang", "name": "王芳", "department": [12], "leader": True},
    ],
}

TEAM = """
团队: 默认
门店:
  - {门店: 徐汇店, 部门: 12}
角色:
  私域主管: [王芳]
人员: {张丽: zhangli, 李敏: limin, 王芳: wangfang}
"""


def moment(text: str) -> datetime:
    """2026-11-23 10:00 in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


class Sim(Simulated):
    """The pretend WeCom, by its control API."""

    def __init__(self, base: str, session: aiohttp.ClientSession) -> None:
        super().__init__(base, session)
        self.base = base
        self._http = session

    async def act(self, do: str, **what: Any) -> dict[str, Any]:
        """Somebody does something now: add_contact, edit_tags, join_group, tap, confirm …"""
        return await self._tell("act", {"do": do, **what})

    async def fault(self, api: str, fault: str, **how: Any) -> None:
        """What the next calls meet: fault("message/send", "cut", times=1)."""
        await self._tell("faults", {"api": api, "fault": fault, **how})

    async def truth(self) -> dict[str, Any]:
        """The whole company as it really is: staff, tags, customers and groups."""
        return await self._get("truth")

    async def callbacks(self, fault: str, *, rate: float) -> None:
        """Callbacks come ``duplicate``, in another order (``reorder``) or never (``drop``)."""
        await self._tell("faults", {"callbacks": fault, "rate": rate})

    async def limits(self, **limits: Any) -> None:
        """Change WeCom's figures, by their name in simulator/setup.py."""
        await self._tell("limits", limits)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        async with self._http.post(url, data=body, headers=headers) as answer:
            return answer.status

    async def _tell(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        async with self._http.post(f"{self.base}/_sim/{path}", json=body) as answer:
            assert answer.status == 200, f"{path} {body}: {await answer.text()}"
            return dict(await answer.json())


class World:
    def __init__(self, ctx: Context, sim: Sim, clock: BusinessClock, address: str) -> None:
        self.ctx = ctx
        self.sim = sim
        self.address = address  # where the bot listens
        self._clock = clock
        self._director = Director(ctx, sim, clock)

    @property
    def now(self) -> datetime:
        return self._clock.now

    @property
    def store(self) -> Store:
        return self.ctx.store

    async def publish(self, texts: Mapping[str, str] | Path) -> None:
        """Make a folder, or texts by file name, the live release. Without a 团队, TEAM is added."""
        files = {}
        pictures: dict[str, bytes] = {}
        if isinstance(texts, Path):
            raw, pictures = publish.read_folder(texts)
            files = {name: content.decode() for name, content in raw.items()}
        else:
            files = dict(texts)
            if not any("团队:" in text for text in files.values()):
                files["team.yaml"] = TEAM
        base = await self.store.releases.head()
        _, book = await publish.publish(
            self.store, files, pictures, base=base, author="test", note="", now=self.now
        )
        self.ctx.releases.forget()  # type: ignore[attr-defined]
        await sync.create_missing_tags(self.ctx, book)
        await sync.place_groups(self.ctx)

    async def act(self, do: str, **what: Any) -> dict[str, Any]:
        """Somebody acts, and everything that follows at once has happened."""
        made = await self.sim.act(do, **what)
        await self.settle()
        return made

    async def add_contact(self, staff: str = "zhangli", **more: Any) -> str:
        """A customer adds a member of staff; the customer's id, three seconds later."""
        made = await self.act("add_contact", staff=staff, **more)
        await self.later(seconds=3)
        return str(made["external_userid"])

    async def create_group(self, name: str, owner: str = "zhangli", **more: Any) -> str:
        """A member of staff opens a group; its id, three seconds later."""
        made = await self.act("create_group", name=name, owner=owner, **more)
        await self.later(seconds=3)
        return str(made["chat_id"])

    async def ledger(self) -> dict[str, Any]:
        """What really reached whom."""
        return await self.sim.ledger()

    async def backlog(self, count: int) -> None:
        """So many callbacks of no importance wait in the normal lane."""
        settings = self.ctx.settings
        _, key = settings.keys("contact")
        rows = [
            Incoming(
                id=f"backlog-{n}",
                route="contact",
                envelope=crypto.encrypt(_IDLE.format(n), aes_key=key, receive_id=settings.corp_id),
                received_at=self.now,
                due_at=self.now,
            )
            for n in range(count)
        ]
        await self.store.inbox.put_many(rows, 60)

    @asynccontextmanager
    async def deaf(self) -> AsyncIterator[None]:
        """Meanwhile WeCom's callbacks find nobody there, and are given up."""
        await self.sim.limits(callback_attempts=0)
        yield
        await self.quiet()
        await self.sim.limits(callback_attempts=3)

    async def post_event(self, **event: Any) -> int:
        """The shop's own system tells of an order or a visit; the status it is answered with."""
        body = json.dumps({"at": self.now.isoformat(), **event}).encode()
        stamp = str(int(self.now.timestamp()))
        signature = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()
        headers = {"X-Qunce-Timestamp": stamp, "X-Qunce-Signature": signature}
        return await self.sim.post(f"{self.address}/api/events", body, headers)

    async def later(self, **span: float) -> None:
        """``seconds=3``, ``hours=2`` … pass."""
        await self._go(self.now + timedelta(**span))

    async def pass_by(self, **span: float) -> None:
        """Time passes while the bot's workers are down; it only keeps what comes."""
        await self.quiet()
        self._clock.now += timedelta(**span)
        await self.sim.turn_to(self.now)
        await self.quiet()

    async def turn_to(self, local: str) -> None:
        """Everything due until then happens in its order; "2026-11-25 10:00" is Shanghai time."""
        await self._go(moment(local))

    async def live_until(
        self, target: datetime, watch: Callable[[datetime], Awaitable[None]]
    ) -> None:
        """As :meth:`turn_to`; ``watch`` is told of every moment, and may raise to stop there."""
        await self._director.play(target, watch)

    async def settle(self) -> None:
        """Until nothing is due, in hand or under way, and nobody has anything to say."""
        async with asyncio.timeout(60):
            await self._director.rest()

    async def urgent(self) -> None:
        """Until the urgent lane is empty; the rest waits."""
        await self.quiet()
        for work in (Dispatcher(self.ctx, router, "urgent").work, Sender(self.ctx, "urgent").work):
            while await work():
                pass

    async def until(self, true: Callable[[], Any], seconds: float = 10) -> None:
        """Wait for something to become true."""
        async with asyncio.timeout(seconds):
            while not (await r if asyncio.iscoroutine(r := true()) else r):
                await asyncio.sleep(0.01)

    async def _go(self, target: datetime) -> None:
        assert target >= self.now, "time only goes forward"
        await self._director.play(target, _unwatched)

    async def quiet(self) -> None:
        """Until everything WeCom has said has been acknowledged."""
        await self.until(self._is_quiet, 30)

    async def _is_quiet(self) -> bool:
        state = await self.sim.glance()
        return not (state["callbacks_in_flight"] or state["calls_in_flight"])


async def _unwatched(at: datetime) -> None: ...


_PREPARED: set[tuple[str, str]] = set()  # databases whose indexes a world of this process has made


@asynccontextmanager
async def open_world(
    mongo_url: str, database: str, data_dir: Path, **company: Any
) -> AsyncIterator[World]:
    """A world of its own; its company is COMPANY, changed by ``company``, and nobody there acts
    by himself."""
    async with TestServer(build()) as wecom, aiohttp.ClientSession() as session:
        sim = Sim(str(wecom.make_url("")).rstrip("/"), session)
        clock = BusinessClock(moment(MONDAY))
        settings = _settings(sim.base, mongo_url, database, data_dir)
        fresh = (mongo_url, database) not in _PREPARED
        async with (
            open_door(settings, now=clock) as (door, address),
            open_context(settings, now=clock, hints=door.hints, prepare=fresh) as ctx,
        ):
            _PREPARED.add((mongo_url, database))
            door.connect(ctx)
            await sim.setup(_company(settings, address, clock.now) | company)
            await sync.sync_everything(ctx)
            yield World(ctx, sim, clock, address)
            asked = (await sim.ledger())["unknown_calls"]
            assert asked == {}, f"outside simulator/README.md's table: {asked}"


def _settings(wecom: str, mongo_url: str, database: str, data_dir: Path) -> Settings:
    return Settings(
        corp_id="wwtestcorp12345678",
        agent_id=1000002,
        agent_secret="a" * 43,
        contact_secret="c" * 43,
        callback_token="callbacktoken",
        callback_aes_key=AES_KEY,
        events_secret=SECRET,
        api_base=f"{wecom}/cgi-bin",
        authorize_url=f"{wecom}/connect/oauth2/authorize",
        login_url=f"{wecom}/wwlogin/sso/login",
        mongo_url=mongo_url,
        database=database,
        data_dir=data_dir,
        host="127.0.0.1",
        port=0,
    )


def _company(settings: Settings, door: str, start: datetime) -> dict[str, Any]:
    def route(name: str, path: str) -> dict[str, str]:
        token, key = settings.keys(name)
        return {"url": f"{door}{path}", "token": token, "aes_key": key}

    return {
        "corp_id": settings.corp_id,
        "agent_id": settings.agent_id,
        "agent_secret": settings.agent_secret.get_secret_value(),
        "contact_secret": settings.contact_secret.get_secret_value(),
        "callbacks": {name: route(name, path) for name, path in callback.PATHS.items()},
        "events": {"url": f"{door}/api/events", "secret": SECRET},
        "start": start.isoformat(),
        "seed": 1,
        "days": 30,
        "customers": 0,
        **COMPANY,
    }
