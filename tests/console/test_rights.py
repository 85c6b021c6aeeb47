"""Whose rights somebody has: of several roles, of a local admin, and after one was taken away."""

import asyncio

import pytest
from typer.testing import CliRunner

from bot import work
from bot.cli import application
from bot.store.work import Work
from config import settings as deployment
from tests.console.browser import Browser, open_browser
from tests.console.conftest import TEAM
from tests.console.test_sign_in import PASSWORD, make_admin
from tests.world import World

AUDITING_LEAD = TEAM.replace("审计: [周律]", "审计: [周律, 李敏]")


async def the_work(world: World, kind: str) -> Work:
    (row,) = await world.store.db["work"].find({"kind": kind}).to_list(None)
    found = await world.store.work.get(row["_id"])
    assert found is not None
    return found


async def test_a_lead_who_audits_sees_everybody_and_changes_only_their_own(
    world: World, browser: Browser
) -> None:
    await world.publish({"team.yaml": AUDITING_LEAD})
    foreign = await world.add_contact("chenyun", name="乙")
    own = await world.add_contact("zhangli", name="甲")
    await browser.sign_in("limin")

    assert (await browser.open(f"/console/customers/{foreign}")).status == 200
    refused = await browser.post(f"/console/customers/{foreign}/stop", why="试试")
    allowed = await browser.post(f"/console/customers/{own}/stop", why="客户说不要")

    assert (refused.status, allowed.status) == (404, 200)
    assert await world.store.stops.get(foreign) is None
    assert await world.store.stops.get(own) is not None


async def test_a_local_admin_is_nobody_of_the_staff_whatever_their_name(
    world: World, browser: Browser
) -> None:
    await make_admin(world, "zhangli")
    await browser.post("/sign-in/local", name="zhangli", password=PASSWORD, next="/console/")
    await browser.post("/console/sync")
    made = await the_work(world, "sync")
    await browser.post("/sign-out")

    await browser.sign_in("zhangli")

    assert (await browser.open(f"/console/work/{made.id}")).status == 404
    assert "和企业微信核对" not in (await browser.open("/console/work")).html


async def test_a_local_admin_stays_signed_in_when_somebody_of_their_name_leaves(
    world: World, browser: Browser
) -> None:
    await make_admin(world, "zhangli")
    await browser.post("/sign-in/local", name="zhangli", password=PASSWORD, next="/console/")

    await world.sim.act("staff_leaves", staff="zhangli")
    await world.settle()

    assert (await browser.open("/console/today")).url.path == "/console/today"


async def test_a_new_password_signs_the_local_admin_out_and_nobody_else(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployment, "load", lambda: world.ctx.settings)
    await make_admin(world, "zhangli")
    await browser.post("/sign-in/local", name="zhangli", password=PASSWORD, next="/console/")
    async with open_browser(world) as namesake:
        await namesake.sign_in("zhangli")

        typed = {"input": "another good password\n"}
        told = await asyncio.to_thread(
            CliRunner().invoke, application("init-admin"), ["init-admin", "zhangli"], **typed
        )

        assert told.exit_code == 0, told.output
        assert (await browser.open("/console/today")).url.path == "/sign-in"
        assert (await namesake.open("/my")).url.path == "/my"


async def test_what_was_begun_is_not_shown_to_who_lost_the_right_to_it(
    world: World, browser: Browser
) -> None:
    args = {"pile": "all", "staff": ["zhangli"], "sop": "", "as": "csv"}
    id = await work.begin(world.ctx, "export tasks", args, "limin")
    await world.settle()
    await browser.sign_in("limin")
    assert (await browser.open(f"/console/work/{id}/file")).status == 200

    row = {"$set": {"leads": []}}
    await world.store.db["staff"].update_one({"_id": "limin"}, row)

    assert (await browser.open(f"/console/work/{id}/file")).status == 404
    assert (await browser.open(f"/console/work/{id}")).status == 404
