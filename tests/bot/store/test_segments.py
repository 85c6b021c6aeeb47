"""One selection, two ways to make it, and a third, written apart from both, to compare with."""

import random
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter
from pymongo import AsyncMongoClient

from bot.model import Contact, Relation
from bot.playbook import situation
from bot.playbook.audience import all_hold
from bot.store import Store, segments, selections
from bot.store.tags import Tag
from config.book import Book
from config.conditions import Condition

NOW = datetime(2026, 11, 23, 2, 0, 0, 500, tzinfo=UTC)
STAFF = ("limin", "wangfang", "zhangli")
SHOPS = ("徐汇店", "静安店", "浦东店")
CHANNELS = ("徐汇店-门口海报", "静安店-收银台")
SYSTEMS = {"母婴KOC": ("活跃", "表达分享", "专属感"), "护肤.KOC": ("活跃", "带群")}
DECLARED = {
    "宝宝月龄": ("孕期", "0-6月龄", "6-12月龄"),
    "管理": ("勿扰", "员工", "同行"),
    "喜好": ("奶粉", "辅食/米粉"),
}
BOOK = Book(tags=DECLARED)
IN_WECOM = {
    **{
        f"et{g}{n}": f"{group}/{name}"
        for g, (group, names) in enumerate(DECLARED.items())
        for n, name in enumerate(names)
    },
    "etold": "从前/员工",  # the folder does not speak of it
}
HAPPENINGS = {"下单": "order", "到店": "visit", "互动": "interaction", "客户回复": "reply"}
READ: TypeAdapter[Any] = TypeAdapter(Condition)

Written = dict[str, Any]


@pytest.fixture
async def store(mongo: AsyncMongoClient[dict[str, Any]], database: str) -> Store:
    store = Store(mongo, database)
    await store.prepare()
    parts = ((id, *full.split("/", 1)) for id, full in IN_WECOM.items())
    await store.tags.learn(Tag(id=id, group_id=g, group=g, name=name) for id, g, name in parts)
    return store


def read(written: Iterable[Written]) -> list[Any]:
    return [READ.validate_python(one) for one in written]


async def selected(store: Store, *written: Written, after: str = "") -> list[str]:
    found = store.contacts.matching(read(written), BOOK, NOW, after)
    return [contact_id async for contact_id in found]


async def decided(store: Store, contacts: Iterable[Contact], *written: Written) -> list[str]:
    """By looking at each customer in hand."""
    names, conditions = await store.tags.names(), read(written)
    return sorted(
        contact.id
        for contact in contacts
        if all_hold(conditions, situation.of_customer(contact, names), NOW)
    )


def friend(staff: str, *tags: str, days: float = 10, **more: Any) -> Relation:
    ids = {full: id for id, full in IN_WECOM.items()}
    given = tuple(ids[tag] for tag in tags)
    return Relation(staff=staff, since=NOW - timedelta(days=days), tags=given, **more)


def customer(id: str, *relations: Relation, **more: Any) -> Contact:
    tags = [IN_WECOM[tag] for r in relations if not r.lost for tag in r.tags]
    return Contact(id=id, relations=relations, tags=tuple(dict.fromkeys(tags)), **more)


async def both(store: Store, contacts: Sequence[Contact], *written: Written) -> list[str]:
    """The selection, which both ways make the same."""
    for contact in contacts:
        assert await store.contacts.store(contact, 0)
    by_query = await selected(store, *written)
    assert by_query == await decided(store, contacts, *written)
    return by_query


# --- what other systems get wrong ----------------------------------------------------------------


async def test_two_tags_must_both_be_there_and_may_be(store: Store) -> None:
    people = [
        customer("wm1", friend("zhangli", "喜好/奶粉", "管理/员工")),
        customer("wm2", friend("zhangli", "喜好/奶粉")),
        customer("wm3", friend("zhangli", "喜好/奶粉"), friend("limin", "管理/员工")),
    ]

    assert await both(store, people, {"有标签": ["奶粉", "管理/员工"]}) == ["wm1", "wm3"]


async def test_who_carries_an_excluded_tag_is_out_whatever_else_they_carry(store: Store) -> None:
    people = [
        customer("wm1", friend("zhangli", "喜好/奶粉", "管理/勿扰")),
        customer("wm2", friend("zhangli", "喜好/奶粉")),
        customer("wm3", friend("zhangli", "喜好/奶粉"), friend("limin", "管理/勿扰")),
        customer("wm4", friend("zhangli")),
    ]

    assert await both(store, people, {"没有标签": ["勿扰"]}) == ["wm2", "wm4"]


async def test_a_first_condition_nobody_fulfils_leaves_nobody(store: Store) -> None:
    people = [customer("wm1", friend("zhangli", "喜好/奶粉"))]

    assert await both(store, people, {"有标签": ["孕期"]}, {"有标签": ["奶粉"]}) == []


async def test_a_tag_of_somebody_else_is_not_the_followers(store: Store) -> None:
    by_follower = {"有标签": {"标签": ["勿扰"], "谁打的": "跟进人"}}
    people = [
        customer("wm1", friend("limin", "管理/勿扰", days=9), friend("zhangli", days=3)),
        customer("wm2", friend("limin", days=9), friend("zhangli", "管理/勿扰", days=3)),
        customer(
            "wm3",
            friend("limin", "管理/勿扰", days=9),
            friend("zhangli", days=3, lost="by_customer"),
        ),
    ]

    assert await both(store, people, by_follower) == ["wm2", "wm3"]


# --- every write keeps what selections ask -------------------------------------------------------


async def test_selections_follow_whoever_befriends_tags_and_parts(store: Store) -> None:
    contacts = store.contacts
    by_follower = {"有标签": {"标签": ["奶粉"], "谁打的": "跟进人"}}
    await contacts.met("wm1", "limin", NOW - timedelta(days=5), CHANNELS[0])
    await contacts.retagged("wm1", "limin", add={"喜好/奶粉": "et20"})
    tagged = await selected(store, by_follower)
    await contacts.met("wm1", "zhangli", NOW - timedelta(days=1), "")
    befriended = await selected(store, by_follower)
    await contacts.lost("wm1", "zhangli", "by_customer", NOW)
    parted = await selected(store, by_follower)
    await contacts.tag_gone("et20", "喜好/奶粉")
    gone = await selected(store, by_follower)

    assert (tagged, befriended, parted, gone) == (["wm1"], [], ["wm1"], [])


async def test_a_renamed_tag_is_asked_for_by_its_new_name(store: Store) -> None:
    await store.contacts.store(customer("wm1", friend("limin", "喜好/奶粉")), 0)
    await store.contacts.tags_renamed({"et20": "喜好/羊奶粉"}, ["喜好/奶粉"])
    await store.tags.learn([Tag(id="et20", group_id="喜好", group="喜好", name="羊奶粉")])

    new = [
        await selected(store, {"有标签": {"标签": ["羊奶粉"], "谁打的": by}})
        for by in ("任何人", "跟进人")
    ]
    old = await selected(store, {"有标签": {"标签": ["喜好/奶粉"], "谁打的": "跟进人"}})

    assert (new, old) == ([["wm1"], ["wm1"]], [])


async def test_two_tags_that_swap_their_names_are_told_apart_however_often_it_is_told(
    store: Store,
) -> None:
    worn = customer("wm1", friend("limin", "喜好/奶粉"))
    (tag,) = worn.relations[0].tags
    await store.contacts.store(worn, 0)
    swapped = {tag: "喜好/尿裤", "et-other": "喜好/奶粉"}

    for _ in range(2):
        await store.contacts.tags_renamed(swapped, ["喜好/奶粉", "喜好/尿裤"])

    known = await store.contacts.get("wm1")
    assert known
    assert known.tags == ("喜好/尿裤",)


async def test_rows_of_older_versions_are_completed_before_anybody_is_selected(
    store: Store,
) -> None:
    older = await _older_rows(store, 2300)
    follower = {"有标签": {"标签": ["奶粉"], "谁打的": "跟进人"}}

    found = await selected(store, follower, {"近30天下单": "不少于2次"})

    assert found == [id for id in older if int(id[2:]) % 2]
    assert not await store.contacts.complete()


async def test_a_visit_counted_while_its_row_is_completed_is_kept(store: Store) -> None:
    await _older_rows(store, 1)
    rows = store.db["contacts"]
    read_before = await rows.find_one({"_id": "wm00000"})
    await store.contacts.happened("wm00000", "order", "e9", NOW - timedelta(days=3))
    fill = selections._fill(read_before or {}, lambda row: customer("wm00000"))
    await rows.update_one({"_id": "wm00000"}, fill)

    known = await store.contacts.get("wm00000")

    assert known
    assert [(NOW - at).days for at in known.happened["order"]] == [25, 5, 3]


async def _older_rows(store: Store, count: int) -> list[str]:
    """Two orders each, oldest first, and every second one's follower tagged them 奶粉."""
    orders = [NOW - timedelta(days=days) for days in (25, 5)]
    relation = {"staff": "limin", "since": NOW - timedelta(days=9), "state": "", "lost": ""}
    ids = [f"wm{n:05}" for n in range(count)]
    await store.db["contacts"].insert_many(
        {
            "_id": id,
            "relations": [{**relation, "tags": ["et20"] if n % 2 else []}],
            "tags": ["喜好/奶粉"] if n % 2 else [],
            "shop": "",
            "happened": {"order": orders},
            "rev": 1,
        }
        for n, id in enumerate(ids)
    )
    return ids


# --- streaming -----------------------------------------------------------------------------------


async def test_a_selection_goes_on_behind_the_last_customer(store: Store) -> None:
    for n in (3, 1, 2, 4):
        await store.contacts.store(customer(f"wm{n}", friend("limin")), 0)

    assert await selected(store, {"没有标签": "勿扰"}) == ["wm1", "wm2", "wm3", "wm4"]
    assert await selected(store, {"没有标签": "勿扰"}, after="wm2") == ["wm3", "wm4"]


async def test_a_selection_by_tags_looks_into_no_document_and_at_the_rarest_first(
    store: Store,
) -> None:
    for n in range(30):
        tags = ["喜好/奶粉", *(["管理/员工"] if n % 10 == 0 else []), *(["管理/勿扰"] if n else [])]
        await store.contacts.store(customer(f"wm{n:02}", friend("limin", *tags)), 0)
    rows, names = store.db["contacts"], await store.tags.names()
    conditions = read([{"有标签": ["奶粉", "管理/员工"]}, {"没有标签": "勿扰"}])
    asked = segments.query(conditions, book=BOOK, now=NOW, names=names)

    plan = await selections.planned(rows, asked)
    explained = await rows.find(plan.first, {"_id": 1}, hint=plan.hint).sort("_id").explain()

    assert [plan.first, *plan.checks] == [
        {"tags": {"$in": ["管理/员工"]}},
        ({"tags": {"$in": ["喜好/奶粉"]}}, True),
        ({"tags": {"$in": ["管理/勿扰"]}}, False),
    ]
    assert explained["executionStats"]["totalKeysExamined"] <= 4
    assert explained["executionStats"]["totalDocsExamined"] == 0
    found = store.contacts.matching(conditions, BOOK, NOW)
    assert [contact_id async for contact_id in found] == ["wm00"]


async def test_a_cursor_that_was_forgotten_is_opened_again(
    store: Store, mongo: AsyncMongoClient[dict[str, Any]]
) -> None:
    ids = await _older_rows(store, 2300)

    found: list[str] = []
    async with aclosing(store.contacts.matching([], BOOK, NOW)) as customers:
        async for contact_id in customers:
            found.append(contact_id)
            if len(found) == 500:  # of the first 1,000; the rest are still with MongoDB
                await _forget_cursors(mongo, store.db.name)

    assert found == ids


async def _forget_cursors(mongo: AsyncMongoClient[dict[str, Any]], database: str) -> None:
    idle = {"$match": {"type": "idleCursor", "ns": f"{database}.contacts"}}
    ops = await mongo.admin.aggregate([{"$currentOp": {"idleCursors": True}}, idle])
    cursors = [op["cursor"]["cursorId"] async for op in ops]
    assert cursors
    await mongo[database].command("killCursors", "contacts", cursors=cursors)


@pytest.mark.parametrize(
    "written",
    [
        {"群人数": "不少于20人"},
        {"本群近7天营销消息": "少于2条"},
        {"任务结果": {"步骤": "问需求", "是": "已问到"}},
        {"本旅程内互动": "少于1次"},
        {"任一": [{"都不": [{"群人数": "不少于20人"}]}]},
    ],
    ids=str,
)
async def test_what_no_customer_can_answer_is_refused_by_name(
    store: Store, written: Written
) -> None:
    with pytest.raises(ValueError, match=r"“(群人数|本群营销|任务结果|本旅程)”不能用来挑选客户"):
        await selected(store, written)


# --- random selections ---------------------------------------------------------------------------

POPULATIONS, CUSTOMERS, ASKED = 20, 50, 100


async def test_2000_random_selections_are_what_the_book_says(store: Store) -> None:
    hit = 0
    for seed in range(POPULATIONS):
        dice = random.Random(seed)
        people = [_somebody(dice, f"wm{n:03}") for n in range(CUSTOMERS)]
        await _keep(store, people, as_older=seed % 5 > 0)
        if seed % 5 == 0:
            people = [_interactions_counted(person) for person in people]
        known = (await store.contacts.many(p.id for p in people)).values()
        for _ in range(ASKED):
            written = [_asked(dice) for _ in range(dice.choice((1, 1, 2, 3)))]
            oracle = [p.id for p in people if all(_fulfils(p, one) for one in written)]
            assert await selected(store, *written) == oracle, (seed, written)
            assert await decided(store, known, *written) == oracle, (seed, written)
            hit += 0 < len(oracle) < CUSTOMERS

    assert hit > POPULATIONS * ASKED / 2  # selections that take all or nobody show little


async def _keep(store: Store, people: Sequence[Contact], *, as_older: bool) -> None:
    """By our own writes, or as an older version left them."""
    await store.db["contacts"].delete_many({})
    for person in people:
        await store.contacts.store(person, 0)
    times = [(p, kind, at) for p in people for kind, all in p.happened.items() for at in all]
    if not as_older:
        for n, (person, kind, at) in enumerate(times):
            await store.contacts.happened(person.id, kind, f"e{n}", at)
        return
    for person in people:
        left = {"$set": {"happened": person.happened}}
        gone = dict.fromkeys(("own", "channel", "friends_since", "kept"), "")
        await store.db["contacts"].update_one({"_id": person.id}, {**left, "$unset": gone})


def _interactions_counted(person: Contact) -> Contact:
    """Whatever a customer does is 互动 too."""
    times = sorted(at for times in person.happened.values() for at in times)
    if not times:
        return person
    return replace(person, happened={**person.happened, "interaction": times[-20:]})


def _somebody(dice: random.Random, id: str) -> Contact:
    relations = [
        Relation(
            staff=staff,
            since=_some_days_ago(dice, 60),
            state=dice.choice(("", *CHANNELS)),
            tags=tuple(dice.sample(sorted(IN_WECOM), dice.randrange(4))),
            lost=dice.choice(("", "", "", "by_staff", "by_customer")),
        )
        for staff in dice.sample(STAFF, dice.choice((0, 1, 1, 2, 3)))
    ]
    return customer(
        id,
        *relations,
        shop=dice.choice(("", *SHOPS)),
        happened={
            kind: sorted(_some_days_ago(dice, 40) for _ in range(dice.choice((1, 2, 3, 20))))
            for kind in HAPPENINGS.values()
            if dice.random() < 0.6
        },
        scores={system: dice.randrange(600) / 10 for system in SYSTEMS if dice.random() < 0.5},
        stages={
            system: dice.choice(stages) for system, stages in SYSTEMS.items() if dice.random() < 0.5
        },
    )


def _some_days_ago(dice: random.Random, most: int) -> datetime:
    """Whole days now and then, where a bound is crossed; and now and then it is still to come."""
    days = dice.choice((dice.randrange(most), dice.random() * most, -dice.random()))
    at = NOW - timedelta(days=days)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)  # as MongoDB keeps it


def _asked(dice: random.Random, depth: int = 0) -> Written:
    """One condition as an admin writes it."""
    kinds = list(_WRITERS)
    if depth < 2:
        kinds += ["任一", "都不"]
    kind = dice.choice(kinds)
    if kind in ("任一", "都不"):
        return {kind: [_asked(dice, depth + 1) for _ in range(dice.choice((1, 2, 3)))]}
    return _WRITERS[kind](dice)


def _write_tags(dice: random.Random) -> Written:
    every = [*IN_WECOM.values(), "奶粉", "员工", "勿扰", "辅食/米粉", "管理/同行"]
    tags = dice.sample(every, dice.choice((1, 1, 2, 3)))
    by = dice.choice(("任何人", "跟进人"))
    return {dice.choice(("有标签", "没有标签")): {"标签": tags, "谁打的": by}}


def _write_bound(dice: random.Random, most: int, unit: str) -> str:
    return (
        f"{dice.choice(('少于', '不少于'))}{dice.choice((1, 1, 2, dice.randrange(most + 1)))}{unit}"
    )


def _write_happened(dice: random.Random) -> Written:
    name = f"近{dice.choice((1, 7, 30, 366))}天{dice.choice(sorted(HAPPENINGS))}"
    return {name: _write_bound(dice, 20, "次")}


_WRITERS: Mapping[str, Any] = {
    "标签": _write_tags,
    "近期": _write_happened,
    "门店": lambda dice: {"门店": dice.choice(("全部", [SHOPS[0]], list(SHOPS[:2])))},
    "添加好友": lambda dice: {"添加好友": _write_bound(dice, 60, "天")},
    "渠道": lambda dice: {"渠道": dice.sample(CHANNELS, dice.choice((1, 2)))},
    "KOC分": lambda dice: {
        "KOC分": {
            "体系": dice.choice(sorted(SYSTEMS)),
            dice.choice(("不低于", "低于")): dice.choice((0, 30, dice.randrange(60))),
        }
    },
    "阶段": lambda dice: {
        "阶段": {
            "体系": (system := dice.choice(sorted(SYSTEMS))),
            "是": dice.sample(SYSTEMS[system], dice.choice((1, 2))),
        }
    },
    "有门店": lambda dice: {"有门店": dice.choice(("是", "否"))},
}


def _fulfils(person: Contact, written: Written) -> bool:
    """The book, read aloud: nothing of the product decides here."""
    ((name, value),) = written.items()
    match name:
        case "任一":
            return any(_fulfils(person, one) for one in value)
        case "都不":
            return all(not _fulfils(person, one) for one in value)
        case "有标签":
            return set() == {
                tag for tag in value["标签"] if not _wears(person, tag, value["谁打的"])
            }
        case "没有标签":
            return set() == {tag for tag in value["标签"] if _wears(person, tag, value["谁打的"])}
        case "门店":
            return value == "全部" or person.shop in value
        case "有门店":
            return (value == "是") is bool(person.shop)
        case "KOC分":
            score = person.scores.get(value["体系"]) or 0
            return score >= value["不低于"] if "不低于" in value else score < value["低于"]
        case "阶段":
            return person.stages.get(value["体系"]) in value["是"]
        case "渠道":
            return any(r.state in value for r in _follower(person))
        case "添加好友":
            return any(_reaches(value, (NOW - r.since).days) for r in _follower(person))
    days, what = name.removeprefix("近").split("天")
    first = NOW - timedelta(days=int(days))
    times = person.happened.get(HAPPENINGS[what], [])
    return _reaches(value, len([at for at in times if at <= NOW and not at <= first]))


def _reaches(bound: str, count: float) -> bool:
    number = int("".join(c for c in bound if c.isdigit()))
    return count >= number if bound.startswith("不少于") else count < number


def _wears(person: Contact, tag: str, by: str) -> bool:
    friends = _follower(person) if by == "跟进人" else [r for r in person.relations if not r.lost]
    worn = [IN_WECOM[id].split("/", 1) for r in friends for id in r.tags]
    return any(tag in (name, f"{group}/{name}") for group, name in worn)


def _follower(person: Contact) -> list[Relation]:
    friends = [r for r in person.relations if not r.lost]
    return sorted(friends, key=lambda r: (r.since, r.staff))[-1:]
