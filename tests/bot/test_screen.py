"""The demo's screen fits a terminal of 24 × 80, in words a shop understands."""

import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from bot.figures import tally
from bot.screen import WIDTH, Screen, _picture
from tests.world import World, open_world


@pytest.fixture
async def world(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(mongo_url, database, tmp_path) as world:
        await world.publish(world.ctx.settings.config_dir)
        yield world


async def drawn(world: World) -> list[str]:
    screen = Screen(world.ctx, world.now, world.now + timedelta(days=14), plain=False)
    happenings = await screen._happenings()
    paper = io.StringIO()
    picture = _picture(screen._heading(world.now), await tally(world.ctx), happenings)
    Console(file=paper, width=WIDTH).print(picture)
    return [line.rstrip() for line in paper.getvalue().splitlines()]


async def test_sixteen_lines_of_at_most_eighty_cells(world: World) -> None:
    for n in range(3):
        await world.add_contact(name=f"名字特别特别特别特别特别特别特别特别特别长的妈妈{n}")

    lines = await drawn(world)

    assert len(lines) == 16
    assert max(map(cell_len, lines)) <= 80
    assert lines[0].startswith("群策演示  第1天 11-23 周一 09:00")


async def test_the_counters_stand_in_columns(world: World) -> None:
    await world.add_contact()

    counters = (await drawn(world))[2:7]

    for name in ("已发欢迎语", "已邀请", "员工已确认", "催办", "已创建群发"):
        (line,) = [line for line in counters if name in line]
        assert cell_len(line[: line.index(name)]) == 27


async def test_happenings_name_people_not_accounts(world: World) -> None:
    contact = await world.add_contact(name="小雨妈妈")
    await world.act("edit_tags", staff="zhangli", contact=contact, add=["宝宝月龄/0-6月龄"])
    await world.later(seconds=3)

    told = "\n".join((await drawn(world))[8:])

    assert "小雨妈妈：张丽 在企业微信打上标签“宝宝月龄/0-6月龄”" in told
    assert "zhangli" not in told
    assert contact not in told
