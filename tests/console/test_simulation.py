"""推演 from the console: a draft is played in a process of its own, and drawn; nothing is sent."""

from typing import Any

import pytest

from bot.work import begin
from tests.console.browser import Browser
from tests.console.conftest import TEAM
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
    发给客户: {文案: 您好, 由: 跟进人}
  - 步骤: 打电话
    何时: 第3天 10:00
    派任务: {标题: "给 {客户昵称} 打电话", 给: 跟进人, 完成依据: [按钮: 打了], 期限: 1个工作日}
"""


async def open_shop(world: World, browser: Browser) -> None:
    await world.publish({"team.yaml": TEAM, "sop.yaml": SOP})
    await browser.sign_in("chenyun")


async def played(world: World, browser: Browser, **wish: str) -> str:
    """The page of the result, once it is played."""
    page = await browser.post("/console/simulation", **wish)
    work_id = page.url.path.rpartition("/")[2]
    await world.settle()
    found = await world.store.work.get(work_id)
    assert found
    assert found.state == "完成", found.says
    assert (found.done, found.total) == (int(wish["days"]), int(wish["days"]))
    return f"/console/simulation/{work_id}"


async def test_a_made_up_shop_is_played_and_drawn(world: World, browser: Browser) -> None:
    await open_shop(world, browser)

    path = await played(world, browser, what="live", days="14", customers="1000")
    page = await browser.open(path)

    found = await world.store.work.get(path.rpartition("/")[2])
    assert found
    figures = found.result["figures"]
    assert (found.result["live"], len(figures["days"])) == (False, 14)
    assert figures["newcomers"] > 100
    (course,) = figures["courses"]
    assert course["entered"] == figures["newcomers"]
    assert f"{course['pushes']:,}" in page.html
    assert '<rect class="series-0"' in page.html
    assert path in (await browser.open("/console/simulation")).html
    assert (await world.ledger())["cards"] == []


async def test_real_customers_are_played_from_where_they_stand(
    world: World, browser: Browser
) -> None:
    await open_shop(world, browser)
    await world.add_contact("zhangli", name="小雨妈妈")

    path = await played(world, browser, what="live", days="7", customers="0")

    found = await world.store.work.get(path.rpartition("/")[2])
    assert found
    figures = found.result["figures"]
    assert (found.result["live"], figures["customers"] - figures["newcomers"]) == (True, 1)
    assert figures["courses"][0]["pushes"] >= 1
    assert await world.store.deliveries.of("x") == []


async def test_a_draft_is_played_and_a_later_change_makes_it_old(
    world: World, browser: Browser
) -> None:
    await open_shop(world, browser)
    longer = SOP.replace("第2天 10:00", "第4天 10:00").replace("第3天", "第5天")
    await browser.post("/console/editing/save", path="sop.yaml", text=longer)
    path = await played(world, browser, what="draft", days="7", customers="1000")
    assert "这之后又改过" not in (await browser.open(path)).html

    await browser.post("/console/editing/save", path="sop.yaml", text=SOP.replace("您好", "早"))

    assert "这之后又改过" in (await browser.open(path)).html


async def test_a_draft_with_a_mistake_says_where(world: World, browser: Browser) -> None:
    await open_shop(world, browser)
    wrong = SOP.replace("给: 跟进人", "给: 跟劲人")
    await browser.post("/console/editing/save", path="sop.yaml", text=wrong)

    page = await browser.post("/console/simulation", what="draft", days="7", customers="1000")
    await world.settle()
    page = await browser.open(page.url.path)

    assert "第一处：sop.yaml" in page.html


async def test_the_process_ends_when_somebody_cancels(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_shop(world, browser)
    started: list[Any] = []
    told = world.store.work.told

    async def at_the_third_day(owner: str, work_id: str, done: int, *more: Any) -> str:
        if done == 3:
            await world.store.work.cancel(work_id, world.now)
        return await told(owner, work_id, done, *more)

    import subprocess

    popen = subprocess.Popen

    def noted(*args: Any, **more: Any) -> Any:
        started.append(popen(*args, **more))
        return started[-1]

    monkeypatch.setattr(world.store.work, "told", at_the_third_day)
    monkeypatch.setattr("console.work.simulating.subprocess.Popen", noted)
    work_id = await begin(
        world.ctx, "simulate", {"draft": "", "days": 90, "customers": 5000}, "chenyun"
    )
    await world.settle()

    found = await world.store.work.get(work_id)
    assert found
    assert (found.state, found.done) == ("已取消", 3)
    (process,) = started
    assert process.returncode == -9
