"""Long work: begun once, seen through, cancelled, and begun again when its process died."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from bot import work
from bot.context import Context
from bot.work import CannotWork, File, Job, Result, kinds
from tests.world import World

HERE = "tests.scenarios.test_work"
ran: list[str] = []
gates: dict[str, asyncio.Event] = {}


async def counting(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
    for n in range(3):
        await job.told(n, 3, f"第 {n} 个")
        if gate := gates.get(f"{n}"):
            gates[f"{n} came"].set()
            await gate.wait()
    ran.append(job.id)
    return Result(says="数完了", figures={"n": 3}, see="/console/work")


async def exporting(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
    data = b"\xef\xbb\xbf" + b"x" * 9_000_000
    return Result(file=File(name="任务 11月.csv", content_type="text/csv", data=data))


async def refusing(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
    raise CannotWork("草稿里有错误")


async def breaking(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
    raise ZeroDivisionError


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    ran.clear()
    gates.clear()
    listed = {name: f"{HERE}:{name}" for name in ("counting", "exporting", "refusing", "breaking")}
    monkeypatch.setattr(kinds, "KINDS", MappingProxyType(listed))
    monkeypatch.setattr("bot.work.doing.KINDS", MappingProxyType(listed))


def hold(at: int) -> asyncio.Event:
    """The counting stops at this number; what is returned is set when it has come there."""
    gates[f"{at}"] = asyncio.Event()
    came = gates[f"{at} came"] = asyncio.Event()
    return came


async def state_of(world: World, work_id: str) -> tuple[str, int, int, str]:
    found = await world.store.work.get(work_id)
    assert found
    return found.state, found.done, found.total, found.says


async def test_work_is_done_and_what_came_of_it_is_kept(world: World) -> None:
    work_id = await work.begin(world.ctx, "counting", {}, "wangfang")
    assert await state_of(world, work_id) == ("等待", 0, 0, "")

    await world.settle()

    found = await world.store.work.get(work_id)
    assert found
    assert (found.state, found.says, found.due_at) == ("完成", "数完了", None)
    assert found.result == {"n": 3, "see": "/console/work"}


async def test_the_same_wish_is_one_piece_of_work_while_it_is_under_way(world: World) -> None:
    first = await work.begin(world.ctx, "counting", {"days": 7}, "wangfang")

    assert await work.begin(world.ctx, "counting", {"days": 7}, "wangfang") == first
    assert await work.begin(world.ctx, "counting", {"days": 8}, "wangfang") != first
    assert await work.begin(world.ctx, "counting", {"days": 7}, "chenyun") != first
    await world.settle()
    assert await work.begin(world.ctx, "counting", {"days": 7}, "wangfang") != first


async def test_two_who_ask_at_once_get_the_same_work(world: World) -> None:
    asked = [work.begin(world.ctx, "counting", {}, "wangfang") for _ in range(8)]

    assert len(set(await asyncio.gather(*asked))) == 1


async def test_it_says_how_far_it_is_and_stops_when_it_is_told_to(world: World) -> None:
    came = hold(1)
    work_id = await work.begin(world.ctx, "counting", {}, "wangfang")
    doing = asyncio.create_task(work.do_next(world.ctx))
    await came.wait()
    assert await state_of(world, work_id) == ("进行", 1, 3, "第 1 个")

    await world.store.work.cancel(work_id, world.now)
    gates["1"].set()
    await doing

    assert (await state_of(world, work_id))[0] == "已取消"
    assert ran == []


async def test_what_nobody_has_begun_is_cancelled_at_once(world: World) -> None:
    work_id = await work.begin(world.ctx, "counting", {}, "wangfang")

    await world.store.work.cancel(work_id, world.now)
    await world.store.work.cancel(work_id, world.now)

    assert (await state_of(world, work_id))[0] == "已取消"
    assert not await work.do_next(world.ctx)


async def test_what_is_over_cannot_be_cancelled(world: World) -> None:
    work_id = await work.begin(world.ctx, "counting", {}, "wangfang")
    await world.settle()

    await world.store.work.cancel(work_id, world.now)

    assert (await state_of(world, work_id))[0] == "完成"


@pytest.mark.parametrize(
    ("kind", "says"), [("refusing", "草稿里有错误"), ("breaking", "程序出错（ZeroDivisionError）")]
)
async def test_what_cannot_be_done_says_why(world: World, kind: str, says: str) -> None:
    work_id = await work.begin(world.ctx, kind, {}, "wangfang")
    await world.settle()

    state, _, _, told = await state_of(world, work_id)
    assert state == "失败"
    assert told.startswith(says)


async def test_a_file_larger_than_a_document_comes_back_whole(world: World) -> None:
    work_id = await work.begin(world.ctx, "exporting", {}, "wangfang")
    await world.settle()

    found = await world.store.work.get(work_id)
    assert found
    assert found.file == {"name": "任务 11月.csv", "type": "text/csv", "size": 9_000_003}
    data = b"".join([chunk async for chunk in world.store.work.file(work_id)])
    assert data == b"\xef\xbb\xbf" + b"x" * 9_000_000


async def test_a_smaller_file_leaves_nothing_of_a_larger_one(world: World) -> None:
    await world.store.work.keep_file("w", "a", "text/csv", b"x" * 9_000_000)
    await world.store.work.keep_file("w", "a", "text/csv", b"y")

    assert [chunk async for chunk in world.store.work.file("w")] == [b"y"]


async def died(world: World, work_id: str) -> None:
    """Whoever had it in hand is gone, and their lease with them."""
    over = {"$unset": {"lease": ""}}
    await world.store.db["work"].update_one({"_id": work_id}, over)


async def test_it_is_begun_again_when_its_process_dies(world: World) -> None:
    work_id = await work.begin(world.ctx, "counting", {}, "wangfang")
    owner, found = await world.store.work.claim(world.now)
    assert found
    await world.store.work.told(owner, work_id, 2, 3, "第 2 个")
    assert not await work.do_next(world.ctx), "it is in somebody's hand"
    await died(world, work_id)

    await world.settle()

    assert ran == [work_id]
    assert (await state_of(world, work_id))[0] == "完成"


async def test_who_was_overtaken_leaves_it_and_writes_nothing(world: World) -> None:
    came = hold(1)
    work_id = await work.begin(world.ctx, "counting", {}, "wangfang")
    frozen = asyncio.create_task(work.do_next(world.ctx))
    await came.wait()
    await died(world, work_id)
    owner, again = await world.store.work.claim(world.now)
    assert again

    gates["1"].set()
    await frozen

    assert ran == []
    assert await world.store.work.told(owner, work_id, 2, 3, "") == "go on"
    assert await world.store.work.finish(owner, work_id, "完成", world.now, "")


async def test_what_takes_its_process_down_each_time_is_given_up(world: World) -> None:
    work_id = await work.begin(world.ctx, "counting", {}, "wangfang")
    for _ in range(3):
        assert (await world.store.work.claim(world.now))[1]
        await died(world, work_id)

    await world.settle()

    state, _, _, says = await state_of(world, work_id)
    assert (state, ran) == ("失败", [])
    assert "3 次" in says


async def test_cancelled_while_its_process_was_dead_it_is_not_begun_again(world: World) -> None:
    work_id = await work.begin(world.ctx, "exporting", {}, "wangfang")
    assert (await world.store.work.claim(world.now))[1]
    await world.store.work.cancel(work_id, world.now)
    await died(world, work_id)

    await world.settle()

    assert (await state_of(world, work_id))[0] == "已取消"
    assert [chunk async for chunk in world.store.work.file(work_id)] == []


async def test_a_process_that_is_told_to_stop_leaves_it_to_another(world: World) -> None:
    came = hold(1)
    work_id = await work.begin(world.ctx, "counting", {}, "wangfang")
    for _ in range(5):  # however often that happens
        doing = asyncio.create_task(work.do_next(world.ctx))
        await came.wait()
        world.ctx.hints.stopping = True
        gates["1"].set()
        await doing
        assert not await work.do_next(world.ctx)
        world.ctx.hints.stopping = False
        came = hold(1)
    gates.clear()

    await world.settle()

    assert ran == [work_id]
    assert (await state_of(world, work_id))[0] == "完成"


async def test_the_lease_lasts_as_long_as_the_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed = asyncio.Event()
    renew = world.store.work.due.renew

    async def noted(owner: str, ids: list[str]) -> None:
        await renew(owner, ids)
        renewed.set()

    monkeypatch.setattr("bot.work.doing.LEASE_SECONDS", 0.03)
    monkeypatch.setattr(world.store.work.due, "renew", noted)
    came = hold(1)
    work_id = await work.begin(world.ctx, "counting", {}, "wangfang")
    doing = asyncio.create_task(work.do_next(world.ctx))
    await came.wait()
    before = await world.store.db["work"].find_one({"_id": work_id})
    renewed.clear()
    await renewed.wait()
    after = await world.store.db["work"].find_one({"_id": work_id})

    assert before
    assert after
    assert after["lease"]["until"] > before["lease"]["until"]
    gates["1"].set()
    await doing
