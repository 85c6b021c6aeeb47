"""Staff write to the app and are answered at once."""

from tests.scenarios.test_staff import TASK
from tests.world import World


async def test_a_list_of_open_tasks_on_request(world: World) -> None:
    await world.publish({"sop.yaml": TASK})
    await world.add_contact("zhangli", name="小雨妈妈")

    await world.act("text", staff="zhangli", content=" 任务 ")
    await world.act("text", staff="limin", content="任务")

    mine, none = (await world.ledger())["texts"]
    assert mine["content"] == ("你有 1 项待办任务：\n1. 和小雨妈妈打个招呼（11-28 09:00 前）")
    assert none["content"] == "现在没有待办任务，辛苦了！"


async def test_help_for_those_who_ask_and_a_hint_for_everything_else(world: World) -> None:
    await world.act("text", staff="zhangli", content="帮助")
    await world.act("text", staff="zhangli", content="在吗")

    help_, hint = [text["content"] for text in (await world.ledger())["texts"]]
    assert "任务：看看我还有哪些任务没完成" in help_
    assert "帮助" in hint


async def test_an_answer_does_not_wait_behind_a_backlog(world: World) -> None:
    await world.backlog(500)
    await world.sim.act("text", staff="zhangli", content="帮助")
    await world.urgent()

    assert len((await world.ledger())["texts"]) == 1
    assert await world.store.inbox.waiting() >= 500
