"""What the page 运行 and the monitors are told."""

from tests.console.browser import Browser
from tests.world import World


async def kill(world: World) -> None:
    """A callback nobody could handle."""
    await world.backlog(1)
    dead = {"$set": {"state": "dead", "why": "看不懂"}, "$unset": {"due_at": ""}}
    await world.store.db["inbox"].update_one({"_id": "backlog-0"}, dead)


async def test_the_page_says_that_all_is_well(world: World, browser: Browser) -> None:
    await world.add_contact()

    page = await browser.sign_in("wangfang", "/console/running")

    assert "一切正常，正在接收回调。" in page.html
    assert "线上是第 1 版。" in page.html
    assert 'class="pile bad"' not in page.html


async def test_a_dead_callback_is_shown_with_its_cause_and_tried_again(
    world: World, browser: Browser
) -> None:
    await kill(world)
    page = await browser.sign_in("wangfang", "/console/running")
    assert 'class="pile bad"' in page.html
    assert "<td>看不懂</td>" in page.html

    page = await browser.post("/console/running/replay", id="backlog-0")
    await world.settle()

    assert "放回了 1 条，马上重新处理。" in page.html
    assert await world.store.inbox.dead() == []


async def test_all_dead_callbacks_are_tried_again_at_once(world: World, browser: Browser) -> None:
    await kill(world)
    await browser.sign_in("chenyun")

    page = await browser.post("/console/running/replay")

    assert "放回了 1 条" in page.html
    (line, *_) = await world.store.audit.latest(1)
    assert (line["who"], line["did"]) == ("陈云（chenyun）", "重新处理失败的回调")


async def test_a_working_process_is_live_ready_and_counted(world: World, browser: Browser) -> None:
    await world.add_contact()

    assert (await browser.open("/livez")).html == '{"live": true}'
    assert (await browser.open("/readyz")).html == '{"ready": true, "callbacks": "stored"}'
    metrics = (await browser.open("/metrics")).html
    assert 'qunce_callbacks_total{outcome="stored",route="contact"}' in metrics
    assert "qunce_wecom_calls_total" in metrics
