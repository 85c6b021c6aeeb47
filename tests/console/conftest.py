"""A shop with people of every role, and a browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.console.browser import Browser, open_browser
from tests.world import World, open_world

STAFF = [
    {"userid": "wangfang", "name": "王芳", "department": [1]},
    {"userid": "zhoulv", "name": "周律", "department": [1]},
    {"userid": "chenyun", "name": "陈云", "department": [1]},
    {"userid": "limin", "name": "李敏", "department": [12], "leader": True},
    {"userid": "zhangli", "name": "张丽", "department": [12]},
]
TEAM = """
团队: 默认
门店:
  - {门店: 徐汇店, 部门: 12}
人员: {张丽: zhangli, 李敏: limin, 王芳: wangfang, 周律: zhoulv, 陈云: chenyun}
后台: {负责人: [王芳], 运营: [陈云], 审计: [周律]}
"""


@pytest.fixture
async def world(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(mongo_url, database, tmp_path, staff=STAFF) as world:
        await world.publish({"team.yaml": TEAM})
        yield world


@pytest.fixture
async def browser(world: World) -> AsyncIterator[Browser]:
    async with open_browser(world) as browser:
        yield browser
