"""The shipped recall of silent customers: its experiment to the verdict, small enough for a test."""

import shutil
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo import SHOP
from bot.playbook.split import CONTROL, WAITING, draw, experiment_in
from config.loader import load_folder, load_texts
from config.promotion import promoted, with_arm
from tests.scenarios.test_shipped_sops import DEPARTMENTS, PEOPLE
from tests.scenarios.test_tasks import cards_of, tap
from tests.world import World, open_world

NAME = "召回文案2026Q4"
CARE, COUPON = "A-关怀", "B-专属券"
CUSTOMERS = 48


@pytest.fixture
async def shop(mongo_url: str, database: str, tmp_path: Path) -> AsyncIterator[World]:
    """Customers who bought a hundred days ago and were never seen since; then the SOP goes live."""
    folder = tmp_path / "shop"
    shutil.copytree(SHOP, folder)
    file = folder / "04-沉默召回AB.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in (("每组至少: 200人", "每组至少: 6人"), ("样本: 20%", "样本: 50%")):
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    async with open_world(
        mongo_url, database, tmp_path, departments=DEPARTMENTS, staff=PEOPLE
    ) as world:
        bought = (world.now - timedelta(days=100)).isoformat()
        for number in range(CUSTOMERS):
            who = (await world.sim.act("add_contact", staff="zhangli", name=f"客户{number}"))[
                "external_userid"
            ]
            await world.later(seconds=3)
            event = {"id": f"old{number}", "subject": who, "kind": "order", "at": bought}
            assert await world.post_event(**event) == 200
        await world.turn_to("2026-11-23 10:00")
        await world.publish(folder)
        yield world


async def confirm_all(world: World) -> None:
    """Staff press the button on everything they were given to send; again does no harm."""
    for row in (await world.ledger())["mass"]:
        await world.act("confirm", staff=row["sender"], msgid=row["msgid"])
    await world.later(hours=3)


async def received(world: World, step: str) -> Counter[str]:
    rows = world.store.db["deliveries"].find({"step": step, "state": "delivered"})
    return Counter([row["subject"] async for row in rows])


async def test_the_recall_runs_to_its_verdict_and_everybody_gets_the_winner(shop: World) -> None:
    found = experiment_in((await shop.ctx.releases.head()).book, NAME)
    assert found
    arms: dict[str, set[str]] = defaultdict(set)
    for who in [row["_id"] async for row in shop.store.db["contacts"].find()]:
        arms[draw(found[1], who)].add(who)
    assert min(len(arms[arm]) for arm in (CARE, COUPON)) >= 6

    await shop.turn_to("2026-11-24 10:40")
    await confirm_all(shop)
    for who in arms[COUPON]:
        assert await shop.post_event(id=f"new-{who}", subject=who, kind="order") == 200
    await shop.turn_to("2026-12-01 12:00")
    (card,) = await cards_of(shop, "wangfang")
    await tap(shop, card, "promote", staff="wangfang")
    await shop.turn_to("2026-12-02 10:40")
    await confirm_all(shop)
    await shop.turn_to("2026-12-14 12:00")

    assert await received(shop, "发关怀") == Counter(arms[CARE])
    assert await received(shop, "发专属券") == Counter(arms[COUPON] | arms[WAITING])
    assert await shop.store.releases.head() == 2
    for who in arms[CONTROL]:
        (journey,) = await shop.store.journeys.of(who)
        assert journey.exit_reason == "已召回一次，120天内不再打扰"
        assert not await shop.store.deliveries.of(who)


@pytest.mark.parametrize("arm", [CARE, COUPON])
def test_the_shipped_file_can_be_promoted(arm: str) -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in SHOP.glob("*.yaml")}
    sop = load_folder(SHOP).sops["沉默客户召回"]
    files = promoted(texts, NAME, arm)
    assert load_texts(files).sops[sop.name] == with_arm(sop, NAME, arm)
    assert [name for name in files if files[name] != texts[name]] == ["04-沉默召回AB.yaml"]
