"""What every page is made with: its address, who may open it, and how it is drawn."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.context import Context
from config.settings import Settings
from console import assets, language
from console.navigation import menu_of
from console.rights import ROLE_NAMES, Reader, Right

HERE = Path(__file__).parent
Clock = Callable[[], datetime]
View = Callable[["Visit"], Awaitable[web.StreamResponse]]


class Health(Protocol):
    """What pages need of the process they run in."""

    @property
    def ready(self) -> bool: ...

    @property
    def ctx(self) -> Context | None: ...


@dataclass(frozen=True, slots=True)
class Route:
    """One address of the console. ``may`` None: whoever comes, also without having signed in."""

    method: Literal["GET", "POST"]
    path: str
    may: Right | None
    view: View
    did: str = ""
    """What stands in the audit log when it was used; every POST has one."""
    keeps: bool = True
    """False: nothing is changed by it; only who was refused is written down."""

    def __post_init__(self) -> None:
        if self.method != "GET" and not self.did:
            raise ValueError(f"{self.path} changes something: say what")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The console of one process; ``now`` is machine time, which sessions are measured by."""

    settings: Settings
    health: Health
    now: Clock
    one_click: str = ""
    """The token `demo` prints; "" everywhere else, where its page does not exist."""


@dataclass(slots=True)
class Visit:
    """One request, with who makes it; pages take this instead of aiohttp's request."""

    site: Site
    ctx: Context
    request: web.Request
    reader: Reader | None = None
    about: str = ""
    """What an unsafe request was about, for the audit log."""

    @property
    def address(self) -> str:
        """Where browsers find the console; "" when nobody said and they are not on this machine."""
        if self.site.settings.public_url:
            return self.site.settings.public_url
        origin = self.request.url.origin()
        return str(origin) if origin.host in ("127.0.0.1", "localhost", "::1") else ""

    @property
    def who(self) -> Reader:
        """Whoever signed in; routes with a right never see anybody else."""
        if self.reader is None:
            raise web.HTTPUnauthorized
        return self.reader

    async def form(self) -> Mapping[str, str]:
        """What was filled in; files are not taken here."""
        sent = await self.request.post()
        return {name: value for name, value in sent.items() if isinstance(value, str)}

    def page(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """A page, or the part of one that htmx asked for."""
        request = self.request
        html = _TEMPLATES.get_template(template).render(
            reader=self.reader,
            roles=ROLE_NAMES,
            menu=menu_of(self.reader) if self.reader else [],
            here=request.path,
            came_from=self._came_from(),
            lang=language.of(request),
            local=self._local,
            _=language.translator(request),
            **values,
        )
        return web.Response(text=html, status=status, content_type="text/html")

    def _came_from(self) -> str:
        """The page of ours whose link or form this was; "" when there is none, or it is this."""
        page = urlsplit(self.request.headers.get("Referer", ""))
        if page.netloc not in {self.request.host, urlsplit(self.address).netloc}:
            return ""
        path = f"{page.path}?{page.query}" if page.query else page.path
        return "" if path == self.request.path_qs else own_path(path)

    def _local(self, at: datetime) -> str:
        """A moment as people read it."""
        return f"{at.astimezone(self.site.settings.tz):%m-%d %H:%M}"


def go(path: str) -> web.Response:
    """See another page; after a POST, so that going back does not do it again."""
    return web.Response(status=303, headers={"Location": path})


def own_path(path: str) -> str:
    """``path`` when it is one of ours, else the first page: nobody is sent to a stranger's site."""
    parts = urlsplit(path)
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc
    return path if ours and path.isprintable() else "/console/"


_TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals["asset"] = assets.named
