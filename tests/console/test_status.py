"""What the status page and the monitors are told."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.model import Outgoing
from console.status import figures
from tests.world import World, open_world


@pytest.fixture
async def world(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(mongo_url, database, tmp_path) as world:
        yield world


async def page(address: str, path: str = "/") -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(address + path) as answer:
        return answer.status, await answer.text()


def marked(html: str) -> dict[str, str]:
    """The figures that are marked as bad."""
    return dict(re.findall(r'<td>([^<]*)</td><td class="bad">(\d+)</td>', html))


async def test_the_page_shows_what_an_admin_looks_at_first(world: World) -> None:
    await world.publish({})
    await world.add_contact()

    status, html = await page(world.address)

    assert status == 200
    assert "一切正常，正在接收回调。" in html
    shown = await figures(world.ctx)
    assert shown["线上版本"] == 1
    for name, count in shown.items():
        assert f"<td>{name}</td>" in html
        assert f">{count}</td>" in html
    assert marked(html) == {}


async def test_what_should_be_nothing_is_marked_when_it_is_something(world: World) -> None:
    row = Outgoing(id="card:t:1", kind="card", body={}, state="unknown")
    await world.store.outbox.put([row])
    await world.backlog(1)
    await world.store.db["inbox"].update_one(
        {"_id": "backlog-0"}, {"$set": {"state": "dead"}, "$unset": {"due_at": ""}}
    )

    _, html = await page(world.address)

    assert marked(html) == {"处理失败的回调（要看）": "1", "结果不明的消息（要看）": "1"}


async def test_a_working_process_is_live_ready_and_counted(world: World) -> None:
    await world.add_contact()

    assert await page(world.address, "/livez") == (200, '{"live": true}')
    assert await page(world.address, "/readyz") == (
        200,
        '{"ready": true, "callbacks": "stored"}',
    )
    status, metrics = await page(world.address, "/metrics")
    assert status == 200
    assert 'qunce_callbacks_total{outcome="stored",route="contact"}' in metrics
    assert "qunce_wecom_calls_total" in metrics
