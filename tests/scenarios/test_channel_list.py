"""`qunce list 渠道`: the codes to print, and who stands behind them now."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.story import tell
from tests.bot.commands import SETTINGS, Commands, free_port
from tests.scenarios.test_channels import CHANNEL, SHIFTS, code
from tests.world import TEAM, World


@pytest.fixture
def qunce(tmp_path: Path, mongo_url: str, database: str) -> Iterator[Commands]:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shop.yaml").write_text(f"{TEAM}---{SHIFTS}每人一码: 是\n", "utf-8")
    settings = {
        **SETTINGS,
        "QUNCE_MONGO_URL": mongo_url,
        "QUNCE_DATABASE": database,
        "QUNCE_CONFIG_DIR": str(folder),
        "QUNCE_DATA_DIR": str(tmp_path / "commands"),
    }
    commands = Commands(tmp_path, settings)
    yield commands
    commands.close()


async def test_the_codes_are_listed_with_who_takes_the_customers(
    world: World, qunce: Commands
) -> None:
    await world.publish({"channels.yaml": SHIFTS + "每人一码: 是\n"})
    await world.settle()

    done = await asyncio.to_thread(qunce.run, "list", "渠道")

    lines = done.stdout.splitlines()
    assert lines[0].startswith(CHANNEL)
    shared, own = await code(world), await code(world, "limin")
    assert lines[1] == f"  二维码（当班：张丽）：{shared.qr_code}"
    assert f"  李敏自己的码：{own.qr_code}" in lines
    as_json = await asyncio.to_thread(qunce.run, "list", "渠道", "--json")
    (told,) = json.loads(as_json.stdout)
    assert told["name"] == CHANNEL
    assert told["codes"][0]["url"] == shared.qr_code


async def test_who_left_keeps_their_name_and_an_empty_channel_is_called_one(
    world: World, qunce: Commands
) -> None:
    await world.publish({"channels.yaml": SHIFTS + "每人一码: 是\n"})
    await world.settle()
    await world.act("staff_leaves", staff="limin")
    await world.later(minutes=5)
    one = await asyncio.to_thread(qunce.run, "list", "渠道")
    await world.act("staff_leaves", staff="zhangli")
    await world.later(minutes=5)

    none = await asyncio.to_thread(qunce.run, "list", "渠道")

    assert "  李敏自己的码（现在由张丽接）：" in one.stdout
    assert "  二维码（员工和备用都不在职，扫码加不到人）：" in none.stdout
    found = await tell(world.ctx, CHANNEL)
    assert found
    assert found.title == f"渠道“{CHANNEL}”：员工和备用都不在职，扫码加不到人"


async def test_without_the_database_the_names_are_listed_and_why_not_more(
    qunce: Commands,
) -> None:
    away = f"mongodb://127.0.0.1:{free_port()}/?serverSelectionTimeoutMS=500"

    done = await asyncio.to_thread(qunce.run, "list", "渠道", QUNCE_MONGO_URL=away)

    assert done.returncode == 0
    assert done.stdout.startswith(CHANNEL)
    assert "看不到二维码和链接" in done.stdout


async def test_a_folder_alone_has_names_and_no_codes(qunce: Commands) -> None:
    nothing = dict.fromkeys((name for name in SETTINGS), "")

    done = await asyncio.to_thread(qunce.run, "list", "渠道", **nothing)

    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)
