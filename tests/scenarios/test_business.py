"""Orders and visits the shop's own systems tell of."""

from tests.world import World, moment

ORDERED = """
SOP: 下单关怀
负责人: 王芳
状态: 启用
对象: 客户
进入:
  当: 下单
步骤:
  - 步骤: 等一周
    等待: 7天
"""


async def test_an_order_is_counted_once_however_often_it_is_told(world: World) -> None:
    await world.publish({"sop.yaml": ORDERED})
    contact = await world.add_contact("zhangli")
    order = (await world.act("order", contact=contact, amount=99))["id"]
    for _ in range(2):
        assert await world.post_event(id=order, subject=contact, kind="order") == 200
    await world.settle()

    await world.store.contacts.happened(contact, "order", order, world.now)  # a handler's retry

    known = await world.store.contacts.get(contact)
    assert known
    assert len(known.happened["order"]) == 1
    facts = await world.store.facts.about([f"order:{contact}"], moment("2026-11-23 00:00"))
    assert [fact.id for fact in facts] == [f"order:{order}"]
    (journey,) = await world.store.journeys.of(contact)
    assert (journey.sop, journey.staff) == ("下单关怀", "zhangli")


async def test_the_last_twenty_visits_are_remembered(world: World) -> None:
    contact = await world.add_contact("zhangli")
    for n in range(25):
        await world.post_event(id=f"visit-{n}", subject=contact, kind="visit")
    await world.settle()

    known = await world.store.contacts.get(contact)
    assert known
    assert len(known.happened["visit"]) == 20


async def test_an_event_about_nobody_we_know_is_kept_as_ignored(world: World) -> None:
    await world.post_event(id="o-1", subject="wmNOBODY", kind="order")
    await world.later(minutes=11)  # their adding may only be late

    kept = await world.store.inbox.get("event:o-1")
    assert kept
    assert (kept.state, kept.why) == ("ignored", "没有这位客户")
