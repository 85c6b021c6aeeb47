"""When somebody clicks: the console for admins, and what monitors ask."""

from aiohttp import web

from console import gate, monitors, sign_in
from console.pages import (
    customers,
    editing,
    figures,
    languages,
    mine,
    releases,
    running,
    sops,
    today,
    trail,
)
from console.site import HERE, Route, Site, Visit, go

__all__ = ["PAGES", "Site", "routes"]


async def _home(_: Visit) -> web.StreamResponse:
    return go("/console/")


PAGES: tuple[Route, ...] = (
    Route("GET", "/", None, _home),
    *sign_in.ROUTES,
    *languages.ROUTES,
    *today.ROUTES,
    *mine.ROUTES,
    *sops.ROUTES,
    *customers.ROUTES,
    *figures.ROUTES,
    *editing.ROUTES,
    *releases.ROUTES,
    *running.ROUTES,
    *trail.ROUTES,
)


def routes(site: Site) -> list[web.AbstractRouteDef]:
    """Everything a browser or a monitor may ask for."""
    pages = [web.route(page.method, page.path, gate.guarded(site, page)) for page in PAGES]
    return [*monitors.routes(site.health), *pages, web.static("/static", HERE / "static")]
