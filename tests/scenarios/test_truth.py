"""Callbacks get lost; whatever they said, one comparison with WeCom sets our copy right."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import sync
from bot.actions.news import tell_news
from scheduler.upkeep import MARK
from tests.life import Life, differences
from tests.world import TEAM, World, open_world

BOOK = {
    "theme.yaml": """
主题群: 新手妈妈
群: {名称包含: 新手妈妈}
入群打标签: [来源/入群]
---
主题群: 0-6月龄
群: {名称包含: 0-6月龄}
""",
    "tags.yaml": "标签: {来源: [入群, 海报], 宝宝月龄: [孕期, 0-6月龄]}",
    "channel.yaml": """
渠道: 门口海报
门店: 静安店
员工: [张丽]
标签: [来源/海报]
""",
    "team.yaml": TEAM.replace(
        "{门店: 徐汇店, 部门: 12}", "{门店: 徐汇店, 部门: 12}\n  - {门店: 静安店, 部门: 13}"
    ),
}
COMPANY = {
    "departments": [
        {"id": 1, "name": "总部", "parentid": 0},
        {"id": 12, "name": "徐汇店", "parentid": 1},
        {"id": 13, "name": "静安店", "parentid": 1},
    ],
    "friends": [{"staff": staff, "count": 12} for staff in ("zhangli", "limin", "wangfang")],
    "groups": [{"name": f"新手妈妈{n}群", "owner": "limin", "members": 4} for n in (101, 102, 103)],
    "tag_groups": [{"name": "宝宝月龄", "tags": ["孕期", "0-6月龄", "6-12月龄"]}],
}
LIVES = 100


@pytest.fixture
async def company(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(mongo_url, database, tmp_path, **COMPANY) as world:
        await world.publish(BOOK)
        await world.store.marks.start(MARK, world.now)  # no other comparison than the test's own
        yield world


@pytest.mark.parametrize("seed", range(6))
async def test_with_a_fifth_of_the_events_lost_one_comparison_leaves_no_difference(
    company: World, seed: int
) -> None:
    await company.sim.callbacks("drop", rate=0.2)
    await Life(company, seed).live(LIVES)
    lost = (await company.ledger())["callbacks"]["dropped"]
    before = await differences(company)

    counts = await sync.sync_everything(company.ctx)

    assert lost > 10
    assert before, "nothing was lost that mattered: the test shows nothing"
    assert await differences(company) == []
    assert (counts.failed, counts.problems) == (0, [])


@pytest.mark.parametrize("seed", [11, 12])
async def test_events_lost_doubled_and_out_of_turn_leave_no_difference_either(
    company: World, seed: int
) -> None:
    await company.sim.callbacks("drop", rate=0.2)
    await company.sim.callbacks("duplicate", rate=0.3)
    await company.sim.callbacks("reorder", rate=0.3)
    await Life(company, seed).live(LIVES)

    await sync.sync_everything(company.ctx)

    assert await differences(company) == []


async def test_nothing_lost_nothing_differs_before_any_comparison(company: World) -> None:
    """But for what no event says: how members joined, new names, and who was added only half."""
    await Life(company, 21).live(LIVES)

    unlike = await differences(company, how_joined=False)
    untold = ("改名", "ours {'name': ''")
    assert [line for line in unlike if not any(part in line for part in untold)] == []


async def test_what_follows_from_a_comparison_leaves_no_difference_either(company: World) -> None:
    """Tags for joining a group are our own calls, of which WeCom tells us nothing."""
    await company.sim.callbacks("drop", rate=0.2)
    await Life(company, 31).live(LIVES)
    await sync.sync_everything(company.ctx)

    await tell_news(company.ctx)
    await company.settle()

    assert await differences(company) == []
