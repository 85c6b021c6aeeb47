"""What is handled by whoever receives it is kept first, once, and is nobody else's meanwhile."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.model import Incoming
from bot.store import Store
from tests.conftest import Client

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
FORM = Incoming(
    id="page:zhangli:1",
    route="page",
    envelope='{"why": "$客户电话停机"}',
    lane="urgent",
    received_at=NOW,
    due_at=NOW,
)


async def inbox(mongo: Client, database: str) -> Store:
    store = Store(mongo, database)
    await store.inbox.prepare()
    return store


async def test_the_first_to_begin_holds_it_and_a_repeat_changes_nothing(
    mongo: Client, database: str
) -> None:
    store = await inbox(mongo, database)

    owner = await store.inbox.begin(FORM)
    again = await store.inbox.begin(replace(FORM, envelope="another"))
    _, claimed = await store.inbox.claim(NOW, lane="urgent")

    assert (bool(owner), again, claimed) == (True, None, [])
    assert await store.inbox.get(FORM.id) == FORM


async def test_what_was_begun_and_finished_is_not_begun_again(mongo: Client, database: str) -> None:
    store = await inbox(mongo, database)
    owner = await store.inbox.begin(FORM)
    assert owner

    await store.inbox.finish(FORM.id, owner, "done")

    assert await store.inbox.begin(FORM) is None
    kept = await store.inbox.get(FORM.id)
    assert kept
    assert (kept.state, kept.due_at) == ("done", None)
