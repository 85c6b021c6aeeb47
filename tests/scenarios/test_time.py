"""Time as the language says it: loops, windows, dates of a customer's own, the moon."""

from tests.scenarios.test_sop_steps import an_sop, said, say, story
from tests.world import TEAM, World

TAGS = """
标签:
  宝宝月龄: [孕期, 0-6月龄]
  管理: [勿扰]
"""
RULES = """
规则: 全局
免打扰: {客户: "21:30-08:30"}
客户属性: {预产期: 日期, 生日: 每年, 农历生日: 农历每年}
"""
LOOP = """
  - 步骤: 每周内容
    循环:
      到: 第9天
      步骤:
        - 步骤: 周五
          何时: 每周五 10:00
          发给员工: {文案: 周五, 给: 跟进人}
        - 步骤: 每天
          何时: 每天 18:00
          如果: [没有标签: 勿扰]
          发给员工: {文案: 每天, 给: 跟进人}
"""


async def publish(world: World, *sops: str) -> None:
    files = {f"sop{n}.yaml": text for n, text in enumerate(sops)}
    await world.publish({"team.yaml": TEAM, "tags.yaml": TAGS, "rules.yaml": RULES, **files})


async def profile(world: World, contact: str, **days: str | None) -> None:
    id = f"p-{world.now.timestamp()}"
    assert await world.post_event(id=id, subject=contact, kind="profile", attributes=days) == 200
    await world.later(seconds=3)


# --- 循环 ----------------------------------------------------------------------------------------


async def test_a_loop_does_each_of_its_steps_at_its_time_until_its_last_day(world: World) -> None:
    await publish(world, an_sop(LOOP, say("之后")))  # Monday 09:00; the ninth day is a Tuesday
    contact = await world.add_contact()

    await world.turn_to("2026-11-27 12:00")
    friday = await said(world)
    await world.act("edit_tags", staff="zhangli", contact=contact, add=["管理/勿扰"])
    await world.turn_to("2026-12-01 17:59")
    before = await said(world)
    await world.turn_to("2026-12-01 18:01")

    assert friday == ["每天", "每天", "每天", "每天", "周五"]
    assert before == friday  # from then on they are passed over
    assert await said(world) == [*friday, "之后"]
    (journey,) = await world.store.journeys.of(contact)
    assert (journey.state, journey.exit_reason) == ("done", "走完")
    assert "“每周内容”循环到 第9天 为止，继续往下" in "；".join(await story(world, contact))


async def test_an_exit_ends_a_loop_in_the_middle(world: World) -> None:
    await publish(world, an_sop(LOOP, more="退出:\n  - {当: 下单}"))
    contact = await world.add_contact()
    await world.turn_to("2026-11-24 19:00")

    await world.act("order", contact=contact, amount=9)
    await world.turn_to("2026-11-26 19:00")

    assert await said(world) == ["每天", "每天"]


async def test_after_a_silence_a_loop_makes_up_for_one_occurrence(world: World) -> None:
    await publish(world, an_sop(LOOP))
    await world.add_contact()
    await world.turn_to("2026-11-23 17:00")

    await world.pass_by(days=3)
    await world.later(minutes=5)
    late = await said(world)
    await world.turn_to("2026-11-26 18:05")

    assert late == ["每天"]
    assert await said(world) == ["每天", "每天"]


# --- 等完成 --------------------------------------------------------------------------------------


async def test_a_step_that_waits_for_its_task_goes_on_when_it_is_late(world: World) -> None:
    step = """
  - 步骤: 打电话
    派任务: {标题: 打电话, 给: 跟进人, 完成依据: [按钮: 打了], 期限: 2小时, 等完成: 是}
"""
    await publish(world, an_sop(step, say("之后")))
    await world.add_contact()

    await world.turn_to("2026-11-23 10:59")
    held = await said(world)
    await world.turn_to("2026-11-23 11:01")

    assert held == []
    assert await said(world) == ["之后"]


async def test_a_task_given_again_and_again_is_waited_for_each_time(world: World) -> None:
    loop = """
  - 步骤: 每天问
    循环:
      到: 第3天
      步骤:
        - 步骤: 问一句
          何时: 每天 10:00
          派任务: {标题: 问一句, 给: 跟进人, 完成依据: [按钮: 好], 期限: 5小时, 等完成: 是}
"""
    await publish(world, an_sop(loop, say("之后")))
    contact = await world.add_contact()
    for day, hour in ((23, 11), (24, 12)):
        await world.turn_to(f"2026-11-{day} {hour}:00")
        card = (await world.ledger())["cards"][-1]
        await world.act("tap", staff="zhangli", task_id=card["task_id"], key="好")
    await world.turn_to("2026-11-25 14:59")
    held = await said(world)
    await world.turn_to("2026-11-25 15:01")

    assert held == []
    assert await said(world) == ["之后"]
    tasks = await world.store.tasks.about(contact)
    assert [task.result for task in reversed(tasks)] == ["好", "好", ""]


# --- 可发时段 ------------------------------------------------------------------------------------


async def test_a_push_outside_its_windows_moves_to_the_next(world: World) -> None:
    push = """
  - 步骤: 关怀
    何时: 当天 13:30
    发给客户: {文案: 您好, 由: 跟进人, 时效: 24小时}
"""
    windows = "日历: {可发时段: [11:30-13:00, 18:00-20:00]}"
    await publish(world, an_sop(push, say("照走"), more=windows))
    contact = await world.add_contact()

    await world.turn_to("2026-11-23 17:59")
    early = (await world.ledger())["mass"]
    on_time = await said(world)
    await world.turn_to("2026-11-23 18:05")

    assert (early, on_time) == ([], ["照走"])
    (mass,) = (await world.ledger())["mass"]
    assert mass["targets"] == [contact]
    why = "“关怀”不在可发时段（11:30–13:00、18:00–20:00），顺延到 11-23 18:00"
    assert why in await story(world, contact)


# --- 客户属性 ------------------------------------------------------------------------------------

BEFORE_BIRTH = say("待产包", text="预产期 {预产期}", when='"{预产期}前7天 10:00"')


async def test_a_step_comes_at_its_distance_from_the_customers_own_date(world: World) -> None:
    await publish(world, an_sop("  - 步骤: 等\n    等待: 1小时\n", BEFORE_BIRTH))
    contact = await world.add_contact()
    await profile(world, contact, 预产期="2026-12-03")

    await world.turn_to("2026-11-26 09:59")
    early = await said(world)
    await world.turn_to("2026-11-26 10:01")

    assert early == []
    assert await said(world) == ["预产期 2026年12月3日"]


async def test_without_the_date_the_step_is_passed_over_and_said_so(world: World) -> None:
    await publish(world, an_sop(BEFORE_BIRTH, say("之后")))

    contact = await world.add_contact()

    assert await said(world) == ["之后"]
    assert any("跳过“待产包”：没有预产期" in what for what in await story(world, contact))


async def test_a_date_that_moves_takes_the_step_with_it(world: World) -> None:
    await publish(world, an_sop("  - 步骤: 等\n    等待: 1小时\n", BEFORE_BIRTH))
    contact = await world.add_contact()
    await profile(world, contact, 预产期="2026-12-20")
    await world.turn_to("2026-11-24 09:00")

    await profile(world, contact, 预产期="2026-12-02")  # earlier: the sleeper has to be woken
    await world.turn_to("2026-11-25 10:01")
    heard = await said(world)
    await world.turn_to("2026-12-14 12:00")

    assert heard == ["预产期 2026年12月2日"]
    assert await said(world) == heard


async def test_a_birthday_comes_back_by_the_sun_and_by_the_moon(world: World) -> None:
    loop = (
        """
  - 步骤: 等资料
    等待: 1小时
"""
        + say("生日", text="{生日}", when='"{生日}当天 10:00"')
        + say("农历", text="{农历生日}", when='"{农历生日}当天 10:00"')
    )
    await publish(world, an_sop(loop))
    contact = await world.add_contact()
    await profile(world, contact, 生日="1995-11-25", 农历生日="1990-01-27")

    await world.turn_to("2026-11-25 10:01")
    sun = await said(world)
    await world.turn_to("2027-02-06 09:59")
    before = await said(world)
    await world.turn_to("2027-02-06 10:01")

    assert sun == before == ["11月25日"]
    assert await said(world) == ["11月25日", "农历正月初一"]


# --- 部门、去标签 --------------------------------------------------------------------------------


async def test_a_message_to_a_department_reaches_everybody_in_it(world: World) -> None:
    step = "\n  - 步骤: 通知\n    发给员工: {文案: 店里来新客了, 给: 部门/徐汇店}\n"
    await publish(world, an_sop(step))
    await world.act("staff_leaves", staff="limin")
    await world.later(seconds=5)

    await world.add_contact()
    await world.later(seconds=5)

    heard = {who: await said(world, who) for who in ("zhangli", "wangfang", "limin")}
    assert heard == {"zhangli": ["店里来新客了"], "wangfang": ["店里来新客了"], "limin": []}


async def test_a_tag_is_taken_off_whoever_put_it_on(world: World) -> None:
    off = "  - 步骤: 去掉\n    何时: 1小时后\n    去标签: [勿扰]\n"
    heard = an_sop(say("没有勿扰了"), name="听", entry="当: 去掉标签, 标签: 勿扰")
    await publish(world, an_sop(off), heard)
    contact = await world.add_contact()
    await world.act("add_contact", staff="limin", contact=contact)
    for staff in ("zhangli", "limin"):
        await world.act("edit_tags", staff=staff, contact=contact, add=["管理/勿扰"])
        await world.later(seconds=5)

    await world.later(hours=2)

    gone = [row for row in (await world.ledger())["tags"] if row["op"] == "remove"]
    assert {(row["tag"], row["by"]) for row in gone} == {("管理/勿扰", "api")}
    assert len(gone) == 2
    known = await world.store.contacts.get(contact)
    assert known
    assert known.tags == ()
    assert sum([await said(world, who) == ["没有勿扰了"] for who in ("zhangli", "limin")]) == 1


async def test_a_tag_that_is_not_there_is_taken_off_without_a_word(world: World) -> None:
    off = "  - 步骤: 去掉\n    去标签: [勿扰]\n"
    heard = an_sop(say("没有勿扰了"), name="听", entry="当: 去掉标签, 标签: 勿扰")
    await publish(world, an_sop(off, say("之后")), heard)

    await world.add_contact()
    await world.later(seconds=5)

    assert await said(world) == ["之后"]
