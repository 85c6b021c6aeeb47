"""Tags reach WeCom, and the company's own changes of its tags reach us."""

from bot.actions.tagging import tag
from tests.world import World

TAGS = """
标签:
  来源: [门口海报]
  群: [进过群]
  新客: [新客-满意, 已问候]
"""
CHANNEL = """
渠道: 徐汇店-门口海报
门店: 徐汇店
员工: [张丽]
标签: [来源/门口海报]
"""
THEME = """
主题群: 新手妈妈
群: {名称包含: 新手妈妈}
容量: 100人
入群打标签: [群/进过群]
"""
SOP = """
SOP: 问候
负责人: 王芳
状态: 启用
对象: 客户
进入:
  当: 添加好友
步骤:
  - 步骤: 打个标签
    打标签: [新客/已问候]
  - 步骤: 问满意
    派任务:
      标题: 问问{客户昵称}满不满意
      给: 跟进人
      完成依据:
        - 按钮: [满意, 不满意]
      期限: 1天
      结果打标签:
        满意: 新客-满意
"""


async def test_a_tag_rule_reaches_wecom(world: World) -> None:
    """Rules of a channel, a group, a step and an answer; WeCom has none of these tags before."""
    await world.publish({"tags.yaml": TAGS, "c.yaml": CHANNEL, "t.yaml": THEME, "s.yaml": SOP})
    chat = await world.create_group("新手妈妈1群", "zhangli")
    contact = await world.add_contact("zhangli", state="徐汇店-门口海报")
    await world.act("join_group", chat=chat, contact=contact)
    (card,) = (await world.ledger())["cards"]
    await world.act("tap", staff="zhangli", task_id=card["task_id"], key="满意")
    await world.later(minutes=2)

    put_on = {row["tag"] for row in (await world.ledger())["tags"] if row["op"] == "add"}
    assert put_on == {"来源/门口海报", "新客/已问候", "群/进过群", "新客/新客-满意"}
    assert all(row["by"] == "api" for row in (await world.ledger())["tags"])
    known = await world.store.contacts.get(contact)
    assert known
    assert set(known.tags) == put_on


async def test_tags_of_one_customer_are_put_on_one_by_one(world: World) -> None:
    """WeCom answers 45035 to two changes of the same customer at once."""
    await world.publish({"tags.yaml": TAGS})
    contact = await world.add_contact("zhangli")
    await world.sim.limits(exclusive_seconds=0.05)
    for name in ("来源/门口海报", "群/进过群", "新客/已问候"):
        await tag(world.ctx, contact, "zhangli", [name], "试一试", f"tag:{name}")
    await world.settle()

    ledger = await world.ledger()
    assert len(ledger["tags"]) == 3
    assert [error for error in ledger["errors"] if "45035" in error] == []


async def test_a_tag_renamed_in_wecom_is_renamed_here(world: World) -> None:
    await world.publish({"tags.yaml": TAGS})
    contact = await world.add_contact("zhangli")
    await world.act("edit_tags", staff="zhangli", contact=contact, add=["来源/门口海报"])
    await world.later(seconds=3)

    await world.act("rename_tag", tag="来源/门口海报", name="橱窗海报")
    await world.later(seconds=3)

    known = await world.store.contacts.get(contact)
    assert known
    assert known.tags == ("来源/橱窗海报",)


async def test_a_tag_deleted_in_wecom_is_on_nobody(world: World) -> None:
    await world.publish({"tags.yaml": TAGS})
    contact = await world.add_contact("zhangli")
    await world.act("edit_tags", staff="zhangli", contact=contact, add=["来源/门口海报"])
    await world.later(seconds=3)

    await world.act("delete_tag", tag="来源/门口海报")
    await world.later(seconds=3)

    known = await world.store.contacts.get(contact)
    assert known
    assert (known.tags, known.relations[0].tags) == ((), ())


async def test_a_burst_of_changes_of_the_tags_is_read_a_few_times(world: World) -> None:
    before = (await world.ledger())["calls"]["externalcontact/get_corp_tag_list"]
    for n in range(20):
        await world.sim.act("create_tag", group="活动", name=f"第{n}场")
    await world.later(seconds=3)

    ledger = await world.ledger()
    assert ledger["calls"]["externalcontact/get_corp_tag_list"] < before + 12
    assert len(await world.store.tags.ids_of(f"活动/第{n}场" for n in range(20))) == 20
