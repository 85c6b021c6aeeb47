"""Our copy follows WeCom, whatever happens between asking and remembering."""

from datetime import UTC, datetime

from bot import sync
from bot.model import Contact, Relation
from bot.sync.contacts import Reading, merged
from tests.world import World

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
MORNING = datetime(2026, 11, 23, 1, tzinfo=UTC)
NAMES = {"et1": "宝宝月龄/孕期", "et2": "新客/新客-满意"}


def _reading(*friends: Relation) -> Reading:
    return Reading("小雨妈妈", 1, friends, NAMES)


def test_a_tag_we_did_not_know_of_is_news() -> None:
    old = Contact(id="wm1", relations=(Relation(staff="zhangli", since=MORNING, tags=("et2",)),))
    now = _reading(Relation(staff="zhangli", since=MORNING, tags=("et1", "et2")))
    contact, news = merged(old, now, NAMES, at=NOON, now=NOON)

    assert set(contact.tags) == {"宝宝月龄/孕期", "新客/新客-满意"}
    assert [fact.data["tag"] for fact in news] == ["宝宝月龄/孕期"]
    assert "标签组:wm1:宝宝月龄" in news[0].keys


def test_tags_of_somebody_we_meet_for_the_first_time_are_no_news() -> None:
    now = _reading(Relation(staff="zhangli", since=MORNING, tags=("et1",)))
    contact, news = merged(Contact(id="wm1"), now, NAMES, at=NOON, now=NOON)

    assert contact.tags == ("宝宝月龄/孕期",)
    assert news == []


def test_a_friendship_of_this_minute_may_be_missing_from_the_list() -> None:
    old = Contact(id="wm1", relations=(Relation(staff="zhangli", since=NOON, version=NOON),))
    contact, news = merged(old, _reading(), NAMES, at=NOON, now=NOON)

    assert not contact.relations[0].lost
    assert news == []


def test_an_old_friendship_missing_from_the_list_is_over() -> None:
    old = Contact(id="wm1", relations=(Relation(staff="zhangli", since=MORNING),))
    contact, news = merged(old, _reading(), NAMES, at=NOON, now=NOON)

    assert contact.relations[0].lost == "by_staff"
    assert news[0].keys == ("删除好友:wm1:zhangli",)


def test_a_customer_who_deleted_staff_stays_lost_though_still_listed() -> None:
    gone = Relation(staff="zhangli", since=MORNING, version=NOON, lost="by_customer")
    old = Contact(id="wm1", relations=(gone,))
    now = _reading(Relation(staff="zhangli", since=MORNING, tags=("et1",)))
    contact, news = merged(old, now, NAMES, at=NOON, now=NOON)

    assert contact.relations[0].lost == "by_customer"
    assert contact.tags == ()
    assert news == []


async def test_a_tag_put_on_while_we_were_reading_is_not_forgotten(world: World) -> None:
    await world.publish({"tags.yaml": "标签: {新客: [新客-满意]}"})
    contact = await world.add_contact("zhangli")
    old, seen = await world.store.contacts.read(contact)
    assert old
    ids = await world.store.tags.ids_of(["新客/新客-满意"])

    await world.store.contacts.retagged(contact, "zhangli", add=ids)

    assert not await world.store.contacts.store(old, seen)
    known = await world.store.contacts.get(contact)
    assert known
    assert known.tags == ("新客/新客-满意",)


async def test_one_bad_item_does_not_stop_the_comparison(world: World) -> None:
    chats = [await world.create_group(f"群{n}") for n in range(3)]
    await world.sim.fault("externalcontact/groupchat/get", "5xx", times=1)

    counts = await sync.sync_everything(world.ctx)

    assert (counts.groups, counts.failed) == (2, 1)
    assert counts.problems[0].startswith(tuple(chats))


async def test_comparing_what_is_equal_reads_nobody(world: World) -> None:
    for n in range(30):
        await world.sim.act("add_contact", staff="zhangli", name=f"妈妈{n}")
    await world.later(seconds=3)
    reads = (await world.ledger())["calls"]["externalcontact/get"]

    counts = await sync.sync_everything(world.ctx)

    assert (counts.contacts, counts.changed) == (30, 0)
    assert (await world.ledger())["calls"]["externalcontact/get"] == reads


async def test_declared_tags_that_wecom_lacks_are_created_once(world: World) -> None:
    texts = {"tags.yaml": "标签: {宝宝月龄: [孕期, 0-6月龄], 新客: [新客-满意]}"}
    await world.publish(texts)
    await world.publish(texts)

    calls = (await world.ledger())["calls"]
    assert calls["externalcontact/add_corp_tag"] == 2
    assert len(await world.store.tags.ids_of(["宝宝月龄/孕期", "新客/新客-满意"])) == 2
