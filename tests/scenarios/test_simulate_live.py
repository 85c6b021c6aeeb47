"""`qunce simulate --live`: the people of the database, read and never written."""

from datetime import timedelta
from typing import Any

from bot.cli.simulate import live_run
from bot.rehearse.simulate import Wish
from tests.world import World

SOP = """
SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 问候
    何时: 第2天 10:00
    发给客户: {文案: 您好, 由: 跟进人, 时效: 24小时}
  - 步骤: 回访
    何时: 第3天 10:00
    派任务: {标题: 回访, 给: 跟进人, 完成依据: [{按钮: 已回访}], 期限: 1个工作日}
"""


async def everything(world: World) -> dict[str, list[dict[str, Any]]]:
    names = await world.store.db.list_collection_names()
    return {name: await world.store.db[name].find().to_list(None) for name in sorted(names)}


async def test_those_under_way_are_played_on_and_nothing_is_written(world: World) -> None:
    await world.publish({"sop.yaml": SOP})
    contact = await world.add_contact("zhangli")
    await world.later(hours=1)
    before = await everything(world)
    book = (await world.ctx.releases.head()).book
    wish = Wish(start=world.now, days=4, customers=1, contact=contact)
    played = await live_run(
        world.ctx.settings, book, wish, quiet=True, clock=lambda: world.now + timedelta(seconds=1)
    )

    assert played.known
    assert played.figures.stuck == {}
    told = "\n".join(line.what for line in played.lines)
    assert "“问候”由 zhangli 确认，已送达" in told
    assert "派任务“回访”给 zhangli" in told
    assert await everything(world) == before
