"""Links of member pages need an address browsers can find: who forgets it is told in time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.plan.make import make
from bot.plan.render import render
from bot.publish import Contents
from tests.bot.test_doctor import findings, settings_of
from tests.world import TEAM, World, open_world

SOP = """SOP: 隐私
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 告知
    何时: 当天 10:00
    发给客户: {文案: "停止推送点 {隐私页}", 由: 跟进人}
"""
QUESTION = "发给客户的页面有公网地址"
REMARK = "文案里有 {隐私页}，但没有设置 QUNCE_PUBLIC_URL"


@pytest.fixture
async def world(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(mongo_url, database, tmp_path) as world:
        yield world


async def test_the_doctor_asks_for_an_address_where_pages_are_linked(world: World) -> None:
    without = await findings(settings_of(world))
    await world.publish({"sop.yaml": SOP})
    missing = await findings(settings_of(world))
    there = await findings(settings_of(world, public_url="https://qunce.example.com"))

    assert QUESTION not in without
    assert "QUNCE_PUBLIC_URL" in missing[QUESTION].cure
    assert there[QUESTION].good


@pytest.mark.parametrize("address", ["", "https://qunce.example.com"])
async def test_the_plan_says_that_links_would_lead_nowhere(world: World, address: str) -> None:
    known = world.ctx.settings.model_copy(update={"public_url": address or None})
    object.__setattr__(world.ctx, "settings", known)

    text = render(
        await make(
            world.ctx, Contents({"sop.yaml": SOP, "team.yaml": TEAM}, {}), None, author="王芳"
        )
    )

    assert (REMARK in text) == (not address)
