"""Every question has an answer, and every ✗ a cure that names what to change."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.app import machine_now, open_context
from bot.doctor import Finding, examine
from config.settings import Settings
from tests.world import World, open_world

APP, CONTACT = "应用的 Secret 能调用接口", "客户联系的 Secret 能调用接口"


@pytest.fixture
async def world(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(mongo_url, database, tmp_path) as world:
        yield world


async def findings(settings: Settings) -> dict[str, Finding]:
    examined = examine(settings, open_context(settings), machine_now())
    return {finding.question: finding async for finding in examined}


def settings_of(world: World, **changes: Any) -> Settings:
    return world.ctx.settings.model_copy(update=changes)


async def test_a_sound_deployment_has_only_ticks(world: World) -> None:
    await world.publish(world.ctx.settings.config_dir)

    found = await findings(world.ctx.settings)

    holidays = found.pop("放假安排已载入")  # depends on the day of this test run
    assert [finding for finding in found.values() if not finding.good] == []
    assert holidays.good or "chinesecalendar" in holidays.cure
    assert "配置文件夹和线上第 1 版一致" in found


@pytest.mark.parametrize(
    ("wrong", "asked", "cure"),
    [
        ({"agent_secret": "wrong"}, APP, "QUNCE_AGENT_SECRET"),
        ({"contact_secret": "wrong"}, CONTACT, "QUNCE_CONTACT_SECRET"),
        ({"corp_id": "wwSomebodyElse"}, APP, "QUNCE_CORP_ID"),
    ],
)
async def test_a_wrong_secret_is_named(
    world: World, wrong: dict[str, Any], asked: str, cure: str
) -> None:
    given = world.ctx.settings.model_dump() | wrong

    found = await findings(Settings.model_validate(given))

    assert not found[asked].good
    assert cure in found[asked].cure


async def test_an_address_that_is_not_trusted_is_named(world: World) -> None:
    await world.sim.fault("department/simplelist", "60020", times=1)

    found = await findings(world.ctx.settings)

    assert "企业可信IP" in found[APP].cure
    assert found[CONTACT].good


async def test_wecom_out_of_reach_is_a_finding(world: World) -> None:
    nobody = settings_of(world, api_base="http://127.0.0.1:1/cgi-bin")

    found = await findings(nobody)

    for asked in (APP, CONTACT):
        assert found[asked].cure.startswith("连不上 http://127.0.0.1:1/cgi-bin：")


async def test_a_folder_that_is_not_live_is_told_apart(world: World, tmp_path: Path) -> None:
    await world.publish(world.ctx.settings.config_dir)
    other = tmp_path / "other"
    other.mkdir()
    (other / "标签.yaml").write_text("标签: {管理: [勿扰]}")

    drifted = await findings(settings_of(world, config_dir=other))
    (other / "标签.yaml").write_text("SOP: 关怀")
    wrong = await findings(settings_of(world, config_dir=other))

    assert "qunce apply" in drifted["配置文件夹和线上第 1 版一致"].cure
    assert "运行 qunce check 查看" in wrong["配置文件夹没有错误"].cure


async def test_a_picture_that_is_missing_is_a_mistake_of_the_folder(
    world: World, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "素材.yaml").write_text("素材: 海报\n类型: 图片\n文件: 图片/没有.png\n")

    found = await findings(settings_of(world, config_dir=other))

    assert not found["配置文件夹没有错误"].good


async def test_callbacks_given_up_are_counted(world: World) -> None:
    await world.backlog(2)
    await world.store.db["inbox"].update_many({}, {"$set": {"state": "dead"}})

    found = await findings(world.ctx.settings)

    assert found["没有处理失败的回调"].cure == "有 2 条，在后台的“运行”页查看"


async def test_an_app_that_may_not_read_groups_is_told_where_to_allow_it(world: World) -> None:
    await world.sim.fault("externalcontact/groupchat/list", "48002", times=1)

    found = await findings(world.ctx.settings)

    assert not found["能读取客户群"].good
    assert "可调用接口的应用" in found["能读取客户群"].cure
    assert found[CONTACT].good


async def test_a_company_too_big_for_one_list_of_groups_may_read_them(world: World) -> None:
    await world.sim.fault("externalcontact/groupchat/list", "81017", times=1)

    found = await findings(world.ctx.settings)

    assert found["能读取客户群"].good


async def test_whether_acquisition_links_may_be_made_is_asked_where_there_are_any(
    world: World,
) -> None:
    question = "能用获客助手"
    without = await findings(settings_of(world))
    await world.publish({"a.yaml": "渠道: 抖音\n类型: 获客链接\n员工: 张丽\n"})
    allowed = await findings(settings_of(world))
    await world.sim.fault("externalcontact/customer_acquisition_quota", "48002")
    refused = await findings(settings_of(world))

    assert question not in without
    assert allowed[question].good
    assert "获客助手 → 可调用接口的应用" in refused[question].cure
