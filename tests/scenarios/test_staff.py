"""People join the company, move inside it and leave."""

from tests.world import World

TASK = """
SOP: 打招呼
负责人: 王芳
状态: 启用
对象: 客户
进入:
  当: 添加好友
步骤:
  - 步骤: 打招呼
    派任务:
      标题: 和{客户昵称}打个招呼
      给: 跟进人
      完成依据:
        - 按钮: 已问候
      期限: 5天
"""


async def test_a_new_colleague_is_known_by_name(world: World) -> None:
    await world.act("staff_joins", staff="zhaoyun", name="赵云", department=[12])

    member = await world.store.staff.get("zhaoyun")
    assert member
    assert (member.name, member.departments, member.active) == ("赵云", (12,), True)


async def test_somebody_who_moves_is_in_the_other_shop(world: World) -> None:
    await world.act("staff_moves", staff="limin", department=[1])

    member = await world.store.staff.get("limin")
    assert member
    assert member.departments == (1,)


async def test_the_manager_learns_what_somebody_who_left_has_not_done(world: World) -> None:
    await world.publish({"sop.yaml": TASK})
    await world.add_contact("zhangli", name="小雨妈妈")
    assert len((await world.ledger())["cards"]) == 1

    await world.act("staff_leaves", staff="zhangli")

    member = await world.store.staff.get("zhangli")
    assert member
    assert not member.active
    texts = [t for t in (await world.ledger())["texts"] if t["userid"] == "wangfang"]
    assert texts[0]["content"] == "张丽 已离职，还有 1 项任务没有完成：\n· 和小雨妈妈打个招呼"


async def handed_to(world: World, contact: str) -> tuple[str, str, bool]:
    (task,) = await world.store.tasks.about(contact)
    return task.staff, task.state, task.open


async def cards_of(world: World, staff: str) -> list[str]:
    return [c["title"] for c in (await world.ledger())["cards"] if c["userid"] == staff]


async def test_the_tasks_of_who_left_go_to_who_else_knows_the_customer(world: World) -> None:
    await world.publish({"sop.yaml": TASK})
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await world.add_contact("limin", contact=contact)
    theirs = [task for task in await world.store.tasks.about(contact) if task.staff == "zhangli"]

    await world.act("staff_leaves", staff="zhangli")
    await world.later(minutes=1)

    (task,) = [t for t in await world.store.tasks.about(contact) if t.id == theirs[0].id]
    assert (task.staff, task.state) == ("limin", "已转派")
    assert "【张丽 转来】和小雨妈妈打个招呼" in await cards_of(world, "limin")
    assert await cards_of(world, "wangfang") == []


async def test_they_follow_the_customer_when_somebody_new_takes_them_on(world: World) -> None:
    await world.publish({"sop.yaml": TASK})
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await world.act("staff_leaves", staff="zhangli")
    await world.later(minutes=1)
    first = await handed_to(world, contact)

    await world.add_contact("limin", contact=contact)
    await world.later(minutes=1)

    assert first == ("wangfang", "已转派", True)
    assert await handed_to(world, contact) == ("limin", "已转派", True)
    assert "【王芳 转来】和小雨妈妈打个招呼" in await cards_of(world, "limin")


async def test_what_who_left_had_comes_to_the_manager_on_one_card(world: World) -> None:
    await world.publish({"sop.yaml": TASK})
    for n in range(3):
        await world.add_contact("zhangli", name=f"客户{n}")
        await world.later(minutes=5)

    await world.act("staff_leaves", staff="zhangli")
    await world.later(minutes=1)

    assert await cards_of(world, "wangfang") == ["【张丽 转来】和 3 位客户打个招呼"]
