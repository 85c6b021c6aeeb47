"""The nightly comparison with WeCom, when WeCom does not answer as it should."""

import pytest

from bot import sync
from bot.wecom.errors import Misconfigured
from scheduler import upkeep
from tests.life import differences
from tests.scenarios.test_staff import TASK, handed_to
from tests.world import World, moment

LIST = "externalcontact/groupchat/list"
GET = "externalcontact/groupchat/get"
CUSTOMERS = "externalcontact/batch/get_by_user"
LEAVERS = "externalcontact/get_unassigned_list"
FOLLOWERS = "externalcontact/get_follow_user_list"


async def test_groups_are_asked_for_by_owner_where_wecom_wants_that(world: World) -> None:
    chats = [
        await world.create_group(f"群{n}", owner) for n, owner in enumerate(("zhangli", "limin"))
    ]
    async with world.deaf():
        await world.sim.act("rename_group", chat=chats[1], name="改了名")
    await world.sim.fault(LIST, "81017", times=1)

    counts = await sync.sync_everything(world.ctx)

    assert (counts.groups, counts.failed) == (2, 0)
    assert await differences(world) == []


async def test_a_group_whose_owner_has_left_is_not_dismissed(world: World) -> None:
    chat = await world.create_group("群1", "limin", members=["zhangli"])
    await world.act("staff_leaves", staff="limin")
    await world.sim.fault(LIST, "81017", times=1)

    await sync.sync_everything(world.ctx)

    group = await world.store.groups.get(chat)
    assert group
    assert group.open
    assert await differences(world) == []


async def test_a_group_dismissed_unheard_is_closed_by_the_comparison(world: World) -> None:
    chat = await world.create_group("群1")
    async with world.deaf():
        await world.sim.act("dismiss_group", chat=chat)

    counts = await sync.sync_everything(world.ctx)

    group = await world.store.groups.get(chat)
    assert group
    assert not group.open
    assert (counts.changed, counts.failed) == (1, 0)
    assert "群已解散" in [row["what"] for row in await world.store.log.of(chat)]


@pytest.mark.parametrize("path", [LIST, CUSTOMERS, LEAVERS])
async def test_a_cursor_wecom_no_longer_takes_begins_the_list_anew(world: World, path: str) -> None:
    contact = await world.add_contact("zhangli")
    async with world.deaf():
        await world.sim.act("rename_contact", contact=contact, name="改了名")
    await world.sim.fault(path, "50100", times=2)

    counts = await sync.sync_everything(world.ctx)

    assert counts.failed == 0
    assert await differences(world) == []


async def test_a_list_that_never_works_is_one_problem_and_no_loop(world: World) -> None:
    await world.add_contact("zhangli")
    await world.sim.fault(CUSTOMERS, "50100")

    counts = await sync.sync_everything(world.ctx)

    assert counts.failed == 3  # one for each member of staff
    assert (await world.ledger())["calls"][CUSTOMERS] <= 3 * 3 + 3


async def test_somebody_without_customers_is_no_problem(world: World) -> None:
    """WeCom answers 84061 where the list of a member's customers is empty."""
    contact = await world.add_contact("zhangli")
    async with world.deaf():
        await world.sim.act("delete_by_staff", staff="zhangli", contact=contact)
    await world.pass_by(minutes=6)
    await world.sim.fault(CUSTOMERS, "84061")

    counts = await sync.sync_everything(world.ctx)

    assert counts.failed == 0
    known = await world.store.contacts.get(contact)
    assert known
    assert known.relations[0].lost == "by_staff"


async def test_without_permission_it_is_asked_once_a_night(world: World) -> None:
    await world.store.marks.start(upkeep.MARK, world.now)
    await world.sim.fault(FOLLOWERS, "48002")
    before = (await world.ledger())["calls"][FOLLOWERS]

    await world.turn_to("2026-11-25 23:00")

    assert (await world.ledger())["calls"][FOLLOWERS] == before + 2
    with pytest.raises(Misconfigured):
        await sync.sync_everything(world.ctx)


async def test_without_permission_for_groups_the_customers_are_still_compared(world: World) -> None:
    contact = await world.add_contact("zhangli")
    chats = [await world.create_group(f"群{n}") for n in range(3)]
    async with world.deaf():
        await world.sim.act("rename_contact", contact=contact, name="改了名")
    await world.sim.fault(LIST, "48002")
    reads = (await world.ledger())["calls"][GET]

    counts = await sync.sync_everything(world.ctx)

    assert counts.failed == 1
    assert (await world.ledger())["calls"][GET] == reads
    assert await differences(world) == []
    assert {g.id for g in await world.store.groups.all()} == set(chats)


async def test_a_night_wecom_is_away_is_made_up_for(world: World) -> None:
    await world.store.marks.start(upkeep.MARK, world.now)
    contact = await world.add_contact("zhangli")
    async with world.deaf():
        await world.sim.act("rename_contact", contact=contact, name="改了名")
    await world.sim.fault(FOLLOWERS, "5xx", times=1)

    await world.turn_to("2026-11-24 03:01")
    assert await differences(world) != []

    await world.turn_to("2026-11-24 08:01")
    assert await differences(world) == []


async def test_the_comparison_is_due_at_night_and_when_a_process_begins_after_an_absence(
    world: World,
) -> None:
    marks = world.store.marks
    await marks.start(upkeep.MARK, world.now)
    await upkeep.begin(world.ctx)
    assert await marks.get(upkeep.MARK) == world.now

    await world.pass_by(hours=2)
    await upkeep.begin(world.ctx)
    seen = await marks.get(upkeep.MARK)
    assert seen
    assert seen < moment("2026-11-23 03:00")

    while await upkeep.look(world.ctx):
        pass
    assert await marks.get(upkeep.MARK) == world.now


async def test_two_tags_that_swapped_their_names_unheard_are_told_apart(world: World) -> None:
    await world.publish({"tags.yaml": "标签: {月龄: [孕期, 0-6月龄]}"})
    contact = await world.add_contact("zhangli")
    await world.act("edit_tags", staff="zhangli", contact=contact, add=["月龄/孕期"])
    await world.later(seconds=3)
    async with world.deaf():
        for old, new in (("孕期", "暂时"), ("0-6月龄", "孕期"), ("暂时", "0-6月龄")):
            await world.sim.act("rename_tag", tag=f"月龄/{old}", name=new)

    await sync.sync_everything(world.ctx)

    known = await world.store.contacts.get(contact)
    assert known
    assert known.tags == ("月龄/0-6月龄",)


async def test_a_tag_deleted_and_another_that_took_its_name_are_told_apart(world: World) -> None:
    await world.publish({"tags.yaml": "标签: {月龄: [孕期, 0-6月龄]}"})
    contact = await world.add_contact("zhangli")
    await world.act("edit_tags", staff="zhangli", contact=contact, add=["月龄/孕期"])
    await world.later(seconds=3)
    async with world.deaf():
        await world.sim.act("delete_tag", tag="月龄/0-6月龄")
        await world.sim.act("rename_tag", tag="月龄/孕期", name="0-6月龄")

    await sync.sync_everything(world.ctx)

    known = await world.store.contacts.get(contact)
    assert known
    assert known.tags == ("月龄/0-6月龄",)


async def test_who_moved_to_another_shop_takes_their_customers_along(world: World) -> None:
    team = """
团队: 默认
门店: [{门店: 徐汇店, 部门: 12}, {门店: 总店, 部门: 1}]
人员: {张丽: zhangli}
"""
    await world.publish({"team.yaml": team})
    contact = await world.add_contact("zhangli")
    await world.act("staff_moves", staff="zhangli", department=[1])

    await sync.sync_everything(world.ctx)

    known = await world.store.contacts.get(contact)
    assert known
    assert known.shop == "总店"


async def test_a_customer_half_added_and_confirmed_unheard_is_a_friend(world: World) -> None:
    contact = await world.add_contact("zhangli", half=True)
    await world.later(minutes=30)
    async with world.deaf():
        await world.sim.act("confirm_half", staff="zhangli", contact=contact)

    await sync.sync_everything(world.ctx)

    known = await world.store.contacts.get(contact)
    assert known
    assert not known.relations[0].lost


async def test_a_colleague_nobody_told_us_of_is_no_customer_of_the_group(world: World) -> None:
    chat = await world.create_group("群1")
    async with world.deaf():
        await world.sim.act("staff_joins", staff="xinren", name="新人")
    await world.act("join_group", chat=chat, staff="xinren")
    await world.later(seconds=3)

    group = await world.store.groups.get(chat)
    assert group
    assert group.roster["xinren"]["type"] == 1
    assert group.joined == ()


async def test_who_deleted_a_colleague_that_has_left_is_noticed_though_nobody_lists_them(
    world: World,
) -> None:
    contact = await world.add_contact("limin")
    await world.act("staff_leaves", staff="limin")
    async with world.deaf():
        await world.sim.act("delete_by_customer", staff="limin", contact=contact)
    await world.pass_by(minutes=6)

    await sync.sync_everything(world.ctx)

    known = await world.store.contacts.get(contact)
    assert known
    assert known.relations[0].lost
    assert await differences(world) == []


async def test_who_came_unheard_to_a_colleague_that_left_unheard_is_known(world: World) -> None:
    async with world.deaf():
        made = await world.sim.act("add_contact", staff="limin", name="小雨妈妈")
        await world.sim.act("staff_leaves", staff="limin")

    await sync.sync_everything(world.ctx)

    known = await world.store.contacts.get(made["external_userid"])
    assert known
    assert known.relation("limin")
    assert await differences(world) == []


async def test_who_went_and_came_back_unheard_is_known_since_they_came_back(world: World) -> None:
    """Without tags, nothing but the time tells the new friendship from the old one."""
    contact = await world.add_contact("zhangli", state="海报")
    async with world.deaf():
        await world.sim.act("delete_by_staff", staff="zhangli", contact=contact)
        await world.pass_by(hours=1)
        await world.sim.act("add_contact", staff="zhangli", contact=contact)
        back = world.now

    await sync.sync_everything(world.ctx)

    known = await world.store.contacts.get(contact)
    assert known
    (relation,) = known.relations
    assert (relation.since, relation.state, relation.lost) == (back, "", "")


async def test_the_tasks_of_who_left_unheard_are_handed_on_the_next_morning(world: World) -> None:
    await world.publish({"sop.yaml": TASK})
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    async with world.deaf():
        await world.sim.act("staff_leaves", staff="zhangli")

    await world.turn_to("2026-11-24 10:00")

    assert await handed_to(world, contact) == ("wangfang", "已转派", True)


async def test_who_only_a_colleague_that_has_left_knows_is_read_all_the_same(world: World) -> None:
    contact = await world.add_contact("limin", name="小雨妈妈")
    await world.act("staff_leaves", staff="limin")
    await world.act("rename_contact", contact=contact, name="改了名")

    await sync.sync_everything(world.ctx)

    assert await differences(world) == []
