"""Every page there is, under the name of its picture; and what to fill its address with.

Read by the tests that look at every page, by the query plans and by `make screenshots`. A new page
is one line in PAGES, and one in `there` when it is about something of its own.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from bot.context import Releases
from bot.store import Store

PAGES: Final[Mapping[str, str]] = {
    "sign-in": "/sign-in",
    "today": "/console/today",
    "calendar-month": "/console/calendar",
    "calendar-week": "/console/calendar?view=week",
    "calendar-list": "/console/calendar?view=list",
    "tasks": "/console/tasks",
    "tasks-all": "/console/tasks?pile=all",
    "task": "/console/tasks/{task}",
    "customers": "/console/customers",
    "customer": "/console/customers/{contact}",
    "customer-links": "/console/customers/{contact}/links",
    "groups": "/console/groups",
    "theme": "/console/groups/theme?name={theme}",
    "group": "/console/groups/{group}",
    "overlap": "/console/groups/overlap",
    "posters": "/console/groups/posters",
    "poster": "/console/groups/poster?of=group:{group}",
    "figures": "/console/figures",
    "figures-tasks": "/console/figures?name=任务",
    "my": "/my",
    "my-team": "/my/team",
    "sops": "/console/sops",
    "sop": "/console/sops/{sop}",
    "editing": "/console/editing",
    "file": "/console/editing/file?path={file}",
    "plan": "/console/editing/plan",
    "import": "/console/import",
    "simulation": "/console/simulation",
    "releases": "/console/releases",
    "release": "/console/releases/{release}",
    "rollback": "/console/releases/1/back",
    "running": "/console/running",
    "inbox-dead": "/console/running/inbox?which=dead",
    "inbox": "/console/running/inbox",
    "callback": "/console/running/inbox/{callback}",
    "outbox": "/console/running/outbox",
    "outbox-sent": "/console/running/outbox?which=sent",
    "call": "/console/running/outbox/row?id={call}",
    "errors": "/console/running/errors",
    "workers": "/console/running/workers",
    "doctor": "/console/doctor",
    "settings": "/console/settings",
    "work": "/console/work",
    "trail": "/console/trail",
}
#: Pages that only mean something to a member of staff with tasks.
AS_STAFF: Final = frozenset({"my"})
OPEN_TO_ALL: Final = frozenset({"sign-in"})  # who is signed in sees something else there
#: The same with something asked for; all the combinations people make. {tag} is 组/名.
LISTS: Final[Mapping[str, str]] = {
    "customers by name": "/console/customers?q=豆豆",
    "customers by a letter": "/console/customers?q=豆",
    "customers by tag": "/console/customers?tag={tag}",
    "customers of one": "/console/customers?staff={staff}",
    "customers by name and tag": "/console/customers?q=豆&tag={tag}",
    "customers by name and staff": "/console/customers?q=豆&staff={staff}",
    "customers by tag and staff": "/console/customers?tag={tag}&staff={staff}",
    "customers nobody has": "/console/customers?q=没有这个人",
    "customers by phone": "/console/customers?q=1234",
    "tasks overdue": "/console/tasks?pile=overdue",
    "tasks verified": "/console/tasks?pile=verified",
    "tasks of one": "/console/tasks?pile=all&staff={staff}",
    "tasks of a SOP": "/console/tasks?pile=all&sop={sop}",
    "tasks of one and a SOP": "/console/tasks?staff={staff}&sop={sop}",
    "calendar of one": "/console/calendar?staff={staff}",
    "calendar of a SOP": "/console/calendar?sop={sop}",
    "calendar of a group": "/console/calendar?about=group:{group}",
    "calendar of a theme": "/console/calendar?about=theme:{theme}",
    "inbox, dead": "/console/running/inbox?which=dead",
    "inbox, waiting": "/console/running/inbox?which=waiting",
    "inbox about one": "/console/running/inbox?q={contact}",
    "outbox, waiting": "/console/running/outbox?which=waiting",
    "outbox of a kind": "/console/running/outbox?which=sent&kind=card",
    "outbox of one": "/console/running/outbox?which=sent&staff={staff}",
    "outbox about one": "/console/running/outbox?q={contact}",
    "trail, further back": "/console/trail?after=2026-10-01T00:00:00%2B00:00|x",
}
#: What the lead of one shop looks at: their people's alone.
OF_A_LEAD: Final[Mapping[str, str]] = {
    "lead: today": "/console/today",
    "lead: customers": "/console/customers",
    "lead: customers by name": "/console/customers?q=豆豆",
    "lead: customers by tag": "/console/customers?tag={tag}",
    "lead: customers by a letter": "/console/customers?q=豆",
    "lead: sops": "/console/sops",
    "lead: my": "/my",
    "lead: my team": "/my/team",
    "lead: calendar": "/console/calendar",
    "lead: tasks": "/console/tasks",
    "lead: all tasks": "/console/tasks?pile=all",
    "lead: groups": "/console/groups",
    "lead: a theme": "/console/groups/theme?name={theme}",
}
_NEWEST: Final = {"task": "tasks", "group": "groups", "callback": "inbox", "call": "outbox"}


async def paths(store: Store, releases: Releases) -> dict[str, str]:
    """Every page by its name, each about something that is really there."""
    found = await there(store, releases)
    return {name: path.format_map(found) for name, path in PAGES.items()}


async def there(store: Store, releases: Releases) -> dict[str, str]:
    """One of everything a page can be about. What the company has none of is missing."""
    db = store.db
    live = await releases.head()
    files = (await store.releases.get(live.n)).files
    found = {
        "sop": next(iter(live.book.sops)),
        "file": next(path for path in sorted(files) if "SOP:" in files[path]),
        "release": str(live.n),
    }
    if book_themes := list(live.book.themes):
        found["theme"] = book_themes[0]
    for name, collection in _NEWEST.items():
        if newest := await db[collection].find_one({}, {"_id": 1}, sort=[("_id", -1)]):
            found[name] = newest["_id"]
    if walked := await db["journeys"].find_one({"subject_type": "contact"}, sort=[("_id", 1)]):
        found["contact"] = walked["subject"]
    return {name: quote(value) for name, value in found.items()}
