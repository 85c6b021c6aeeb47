"""When somebody clicks: the console for admins, and what monitors ask."""

from aiohttp import web

from console import assets, demo, gate, monitors, sign_in
from console.pages import (
    answering,
    calendar,
    customer,
    customers,
    doctor,
    editing,
    figures,
    group,
    groups,
    importing,
    inbox,
    joining,
    languages,
    member_links,
    mishaps,
    my,
    my_forms,
    outbox,
    overlap,
    posters,
    privacy,
    releases,
    running,
    settings,
    simulation,
    sops,
    task,
    tasks,
    today,
    trail,
    work,
    workers,
)
from console.site import Route, Site, Visit, go

__all__ = ["PAGES", "Site", "routes"]


async def _home(_: Visit) -> web.StreamResponse:
    return go("/console/")


PAGES: tuple[Route, ...] = (
    Route("GET", "/", None, _home),
    *sign_in.ROUTES,
    *languages.ROUTES,
    *today.ROUTES,
    *calendar.ROUTES,
    *my.ROUTES,
    *my_forms.ROUTES,
    *sops.ROUTES,
    *customers.ROUTES,
    *customer.ROUTES,
    *tasks.ROUTES,
    *task.ROUTES,
    *groups.ROUTES,
    *overlap.ROUTES,
    *posters.ROUTES,
    *group.ROUTES,
    *figures.ROUTES,
    *editing.ROUTES,
    *releases.ROUTES,
    *simulation.ROUTES,
    *importing.ROUTES,
    *running.ROUTES,
    *inbox.ROUTES,
    *outbox.ROUTES,
    *workers.ROUTES,
    *mishaps.ROUTES,
    *doctor.ROUTES,
    *settings.ROUTES,
    *trail.ROUTES,
    *work.ROUTES,
    *joining.ROUTES,
    *answering.ROUTES,
    *member_links.ROUTES,
    *privacy.ROUTES,
)


def routes(site: Site) -> list[web.AbstractRouteDef]:
    """Everything a browser or a monitor may ask for."""
    listed = (*PAGES, *demo.ROUTES) if site.one_click else PAGES
    pages = [web.route(page.method, page.path, gate.guarded(site, page)) for page in listed]
    return [*monitors.routes(site.health), *pages, web.get("/static/{path:.+}", assets.serve)]
