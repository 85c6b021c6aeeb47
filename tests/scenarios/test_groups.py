"""Customer groups are opened, joined, left, renamed and dismissed."""

from bot.model import Fact
from tests.world import World, moment

THEME = """
主题群: 新手妈妈
群: {名称包含: 新手妈妈}
容量: 150人
"""
READ = "externalcontact/groupchat/get"


async def test_a_group_is_known_by_its_name_as_one_of_a_theme(world: World) -> None:
    await world.publish({"theme.yaml": THEME})
    chat = await world.create_group("徐汇新手妈妈1群", "zhangli", members=["limin"])

    group = await world.store.groups.get(chat)
    assert group
    assert (group.theme, group.cap, group.owner, group.members) == ("新手妈妈", 150, "zhangli", 2)
    assert group.shop == "徐汇店"


async def test_a_join_that_follows_on_what_we_know_needs_no_reading(world: World) -> None:
    await world.publish({"theme.yaml": THEME})
    chat = await world.create_group("新手妈妈1群")
    contact = await world.add_contact("zhangli")
    reads = (await world.ledger())["calls"][READ]

    await world.act("join_group", chat=chat, contact=contact)
    group = await world.store.groups.get(chat)
    assert group
    assert (contact in group.roster, group.members, len(group.joined)) == (True, 2, 1)
    facts = await world.store.facts.about([f"入群:{contact}:新手妈妈"], moment("2026-11-23 00:00"))
    assert len(facts) == 1

    await world.act("leave_group", chat=chat, contact=contact)
    group = await world.store.groups.get(chat)
    assert group
    assert (group.members, len(group.left)) == (1, 1)
    assert (await world.ledger())["calls"][READ] == reads


async def test_a_gap_in_the_versions_is_filled_by_reading(world: World) -> None:
    await world.publish({"theme.yaml": THEME})
    chat = await world.create_group("新手妈妈1群")
    first, second = await world.add_contact("zhangli"), await world.add_contact("limin")
    async with world.deaf():
        await world.sim.act("join_group", chat=chat, contact=first)
    await world.act("join_group", chat=chat, contact=second)
    await world.later(seconds=3)

    group = await world.store.groups.get(chat)
    assert group
    assert {first, second} <= set(group.roster)
    assert (group.members, len(group.joined)) == (3, 2)
    assert len(await _joins(world, first, second)) == 2


async def test_joins_told_in_any_order_and_more_than_once_are_joins_once(world: World) -> None:
    await world.publish({"theme.yaml": THEME})
    chat = await world.create_group("新手妈妈1群")
    contacts = [await world.add_contact("zhangli", name=f"妈妈{n}") for n in range(6)]
    await world.sim.callbacks("reorder", rate=1.0)
    await world.sim.callbacks("duplicate", rate=1.0)
    for contact in contacts:
        await world.sim.act("join_group", chat=chat, contact=contact)
    await world.later(seconds=5)

    group = await world.store.groups.get(chat)
    assert group
    assert (group.members, len(group.joined)) == (7, 6)
    assert len(await _joins(world, *contacts)) == 6


async def test_members_of_a_group_first_seen_today_did_not_join_today(world: World) -> None:
    await world.publish({"theme.yaml": THEME})
    contact = await world.add_contact("zhangli")
    async with world.deaf():
        await world.sim.act("create_group", name="新手妈妈1群", owner="zhangli", members=[contact])
    await world.turn_to("2026-11-24 12:00")

    (group,) = await world.store.groups.of_theme("新手妈妈")
    assert group.members == 2
    assert await _joins(world, contact) == []


async def test_a_group_that_changes_its_name_changes_its_theme(world: World) -> None:
    await world.publish({"theme.yaml": THEME})
    chat = await world.create_group("闲聊群")
    await world.act("rename_group", chat=chat, name="新手妈妈2群")
    await world.later(seconds=3)

    group = await world.store.groups.get(chat)
    assert group
    assert (group.name, group.theme) == ("新手妈妈2群", "新手妈妈")


async def test_a_new_owner_is_noticed(world: World) -> None:
    chat = await world.create_group("新手妈妈1群", "zhangli", members=["limin"])
    await world.act("change_owner", chat=chat, owner="limin")
    await world.later(seconds=3)

    group = await world.store.groups.get(chat)
    assert group
    assert group.owner == "limin"


async def test_a_dismissed_group_is_closed(world: World) -> None:
    await world.publish({"theme.yaml": THEME})
    chat = await world.create_group("新手妈妈1群")
    await world.act("dismiss_group", chat=chat)

    group = await world.store.groups.get(chat)
    assert group
    assert not group.open
    assert await world.store.groups.of_theme("新手妈妈") == []


async def test_what_no_callback_told_is_found_by_comparing(world: World) -> None:
    """Callbacks that nobody answered are dropped by WeCom; the nightly sync finds what they said."""
    await world.publish({"theme.yaml": THEME})
    chat = await world.create_group("新手妈妈1群")
    contact = await world.add_contact("zhangli")
    async with world.deaf():
        await world.sim.act("join_group", chat=chat, contact=contact)
        await world.sim.act("delete_by_customer", staff="zhangli", contact=contact)

    await world.turn_to("2026-11-24 12:00")

    group, known = await world.store.groups.get(chat), await world.store.contacts.get(contact)
    assert group
    assert known
    assert contact in group.roster
    assert known.relations[0].lost
    facts = await world.store.facts.about(
        [f"入群:{contact}:新手妈妈", f"删除好友:{contact}:zhangli"], moment("2026-11-23 00:00")
    )
    assert len(facts) == 2


async def _joins(world: World, *contacts: str) -> list[Fact]:
    keys = [f"入群:{contact}:新手妈妈" for contact in contacts]
    return await world.store.facts.about(keys, moment("2026-11-23 00:00"))
