"""A customer adds, changes or leaves a member of staff."""

from datetime import timedelta

from tests.world import World, moment

WELCOME = """
SOP: 新客欢迎
负责人: 王芳
状态: 启用
对象: 客户
进入:
  当: 添加好友
步骤:
  - 步骤: 欢迎语
    何时: 立即
    发欢迎语:
      文案: "{客户昵称|亲爱的}，我是{员工姓名}"
  - 步骤: 歇一天
    等待: 1天
"""


async def test_a_new_customer_is_welcomed_by_name_and_begins_the_sop(world: World) -> None:
    await world.publish({"sop.yaml": WELCOME})
    contact = await world.add_contact("zhangli", name="小雨妈妈")

    (welcome,) = (await world.ledger())["welcomes"]
    assert welcome["external_userid"] == contact
    assert welcome["text"] == "小雨妈妈，我是张丽"
    (journey,) = await world.store.journeys.of(contact)
    assert (journey.sop, journey.staff, journey.state) == ("新客欢迎", "zhangli", "active")
    known = await world.store.contacts.get(contact)
    assert known
    assert (known.name, known.shop) == ("小雨妈妈", "徐汇店")


async def test_a_welcome_does_not_wait_for_the_name_longer_than_a_second(world: World) -> None:
    await world.publish({"sop.yaml": WELCOME})
    await world.sim.fault("externalcontact/get", "hang", times=1)

    contact = await world.add_contact("zhangli", name="小雨妈妈")

    (welcome,) = (await world.ledger())["welcomes"]
    assert welcome["text"] == "亲爱的，我是张丽"
    known = await world.store.contacts.get(contact)
    assert known
    assert known.name == "小雨妈妈"


async def test_a_welcome_stands_before_a_backlog(world: World) -> None:
    await world.publish({"sop.yaml": WELCOME})
    await world.backlog(5000)

    await world.sim.act("add_contact", staff="zhangli", name="小雨妈妈")
    await world.urgent()

    assert len((await world.ledger())["welcomes"]) == 1
    assert await world.store.inbox.waiting() >= 5000


async def test_a_spent_welcome_code_is_recorded_and_not_tried_again(world: World) -> None:
    await world.publish({"sop.yaml": WELCOME})
    made = await world.act("add_contact", staff="zhangli", rival=True)
    await world.later(minutes=5)

    ledger = await world.ledger()
    assert ledger["welcomes"] == []
    assert ledger["calls"]["externalcontact/send_welcome_msg"] == 1
    (row,) = await world.store.outbox.about("新客欢迎")
    assert (row.subject, row.state) == (made["external_userid"], "failed")
    assert row.error


async def test_one_code_is_used_once_however_often_the_callback_comes(world: World) -> None:
    await world.publish({"sop.yaml": WELCOME})
    await world.sim.callbacks("duplicate", rate=1.0)
    contact = await world.add_contact("zhangli")

    ledger = await world.ledger()
    assert ledger["callbacks"]["ok"] >= 2
    assert ledger["calls"]["externalcontact/send_welcome_msg"] == 1
    assert len(await world.store.journeys.of(contact)) == 1


async def test_a_half_added_customer_is_welcomed_at_once_and_begins_when_confirmed(
    world: World,
) -> None:
    await world.publish({"sop.yaml": WELCOME})
    contact = await world.add_contact("zhangli", name="小雨妈妈", half=True)
    assert len((await world.ledger())["welcomes"]) == 1
    assert await world.store.journeys.of(contact) == []

    await world.act("confirm_half", staff="zhangli", contact=contact)
    await world.later(hours=1)

    assert len(await world.store.journeys.of(contact)) == 1
    assert len((await world.ledger())["welcomes"]) == 1


async def test_a_customer_who_was_never_confirmed_is_left_alone_after_a_day(world: World) -> None:
    await world.publish({"sop.yaml": WELCOME})
    contact = await world.add_contact("zhangli", half=True)
    await world.later(days=3)

    assert await world.store.journeys.of(contact) == []
    assert await world.store.inbox.waiting() == 0
    assert await world.store.inbox.dead() == []


async def test_two_edits_in_one_second_are_both_seen(world: World) -> None:
    await world.publish({"tags.yaml": "标签: {宝宝月龄: [孕期, 0-6月龄]}"})
    contact = await world.add_contact("zhangli")
    await world.sim.act("edit_tags", staff="zhangli", contact=contact, add=["宝宝月龄/孕期"])
    await world.settle()
    reads = (await world.ledger())["calls"]["externalcontact/get"]

    await world.sim.act("edit_tags", staff="zhangli", contact=contact, add=["宝宝月龄/0-6月龄"])
    await world.settle()
    assert (await world.ledger())["calls"]["externalcontact/get"] == reads
    await world.later(seconds=2)

    known = await world.store.contacts.get(contact)
    assert known
    assert set(known.tags) == {"宝宝月龄/孕期", "宝宝月龄/0-6月龄"}
    keys = [f"标签:{contact}:宝宝月龄/孕期", f"标签组:{contact}:宝宝月龄"]
    facts = await world.store.facts.about(keys, moment("2026-11-23 00:00"))
    assert {fact.data["tag"] for fact in facts} == set(known.tags)


async def test_an_sop_may_begin_with_a_tag(world: World) -> None:
    tagged = WELCOME.replace("当: 添加好友", "当: 打上标签\n  标签组: 宝宝月龄")
    tags = "标签: {宝宝月龄: [孕期]}"
    await world.publish(
        {
            "sop.yaml": tagged.replace("发欢迎语", "发给客户").replace(
                "      文案", "      由: 跟进人\n      文案"
            ),
            "tags.yaml": tags,
        }
    )
    contact = await world.add_contact("zhangli")
    assert await world.store.journeys.of(contact) == []

    await world.act("edit_tags", staff="zhangli", contact=contact, add=["宝宝月龄/孕期"])
    await world.later(seconds=3)

    assert [j.sop for j in await world.store.journeys.of(contact)] == ["新客欢迎"]


async def test_a_customer_who_deletes_staff_is_lost(world: World) -> None:
    await world.publish(
        {
            "sop.yaml": WELCOME.replace(
                "步骤:\n  - 步骤: 欢迎语", "退出:\n  - 当: 客户删除好友\n步骤:\n  - 步骤: 欢迎语"
            )
        }
    )
    contact = await world.add_contact("zhangli")

    await world.act("delete_by_customer", staff="zhangli", contact=contact)

    known = await world.store.contacts.get(contact)
    assert known
    assert known.relations[0].lost == "by_customer"
    (journey,) = await world.store.journeys.of(contact)
    assert journey.state == "done"


async def test_an_older_event_changes_nothing(world: World) -> None:
    """Callbacks come in any order: the deletion first, then the addition before it."""
    await world.publish({"sop.yaml": WELCOME})
    contact = await world.add_contact("zhangli")
    added = int((world.now - timedelta(seconds=3)).timestamp())
    await world.later(hours=1)
    await world.act("delete_by_staff", staff="zhangli", contact=contact)
    reads = (await world.ledger())["calls"]["externalcontact/get"]

    await world.act("raw_event", route="contact", xml=_added("zhangli", contact, added + 60))

    known = await world.store.contacts.get(contact)
    assert known
    assert known.relations[0].lost == "by_staff"
    assert len(await world.store.journeys.of(contact)) == 1
    assert (await world.ledger())["calls"]["externalcontact/get"] <= reads + 1


async def test_a_failed_transfer_is_told_to_who_was_to_take_over(world: World) -> None:
    contact = await world.add_contact("zhangli", name="小雨妈妈")

    await world.act("transfer_fails", staff="limin", contact=contact, reason="customer_refused")

    (text,) = (await world.ledger())["texts"]
    assert text["userid"] == "limin"
    assert text["content"] == "客户“小雨妈妈”转接失败：客户拒绝了转接。"


def _added(staff: str, contact: str, at: int) -> str:
    return (
        f"<xml><ToUserName>wwtestcorp12345678</ToUserName><FromUserName>sys</FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType>event</MsgType>"
        f"<Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType>"
        f"<UserID>{staff}</UserID><ExternalUserID>{contact}</ExternalUserID></xml>"
    )
