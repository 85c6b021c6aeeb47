"""The pages of long work: whose they are, how far it is, and the file at the end."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from bot import work
from bot.context import Context
from bot.work import CannotWork, File, Job, Result, kinds
from bot.work.kinds import KINDS, run_of
from console.pages.work import NEEDS, TITLES
from tests.console.browser import Browser
from tests.world import World


async def exporting(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
    await job.told(1, 2, "<b>第一份</b>")
    return Result(
        says="好了", file=File(name="任务 十一月.csv", content_type="text/csv", data=b"a,b")
    )


async def refusing(ctx: Context, args: Mapping[str, Any], job: Job) -> Result:
    raise CannotWork("草稿里有错误")


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = MappingProxyType({name: f"{__name__}:{name}" for name in ("exporting", "refusing")})
    monkeypatch.setattr(kinds, "KINDS", listed)
    monkeypatch.setattr("bot.work.doing.KINDS", listed)


def test_every_kind_can_be_done_and_has_a_title_and_its_right() -> None:
    assert set(KINDS) == set(TITLES) == set(NEEDS)
    for kind in KINDS:
        assert callable(run_of(kind)), kind


@pytest.mark.usefixtures("known")
async def test_the_page_shows_how_far_it_is_until_it_is_over(
    world: World, browser: Browser
) -> None:
    await browser.sign_in("chenyun")
    work_id = await work.begin(world.ctx, "exporting", {}, "chenyun")
    page = await browser.open(f"/console/work/{work_id}")
    assert "等待开始" in page.html
    assert "every 1s" in page.html
    owner, _ = await world.store.work.claim(world.now)
    await world.store.work.told(owner, work_id, 1, 3, "<b>第一份</b>")

    page = await browser.open(f"/console/work/{work_id}/part")

    assert "33%" in page.html
    assert "&lt;b&gt;第一份" in page.html
    assert "every 1s" in page.html
    await world.store.db["work"].update_one({"_id": work_id}, {"$unset": {"lease": ""}})
    await world.settle()
    page = await browser.open(f"/console/work/{work_id}")
    assert "下载 任务 十一月.csv" in page.html
    assert "every 1s" not in page.html
    assert work_id in (await browser.open("/console/work")).html


@pytest.mark.usefixtures("known")
async def test_the_file_is_downloaded_under_its_name(world: World, browser: Browser) -> None:
    await browser.sign_in("chenyun")
    work_id = await work.begin(world.ctx, "exporting", {}, "chenyun")
    assert (await browser.open(f"/console/work/{work_id}/file")).status == 404
    await world.settle()

    answer = await browser.open(f"/console/work/{work_id}/file")

    assert (answer.status, answer.html) == (200, "a,b")
    assert "%E4%BB%BB%E5%8A%A1%20" in answer.headers["Content-Disposition"]
    await world.store.db["work_files"].delete_many({})  # a day later
    assert (await browser.open(f"/console/work/{work_id}/file")).status == 404


@pytest.mark.usefixtures("known")
async def test_it_is_cancelled_by_a_click_and_that_is_written_down(
    world: World, browser: Browser
) -> None:
    await browser.sign_in("chenyun")
    work_id = await work.begin(world.ctx, "exporting", {}, "chenyun")

    page = await browser.post(f"/console/work/{work_id}/cancel")

    assert "已取消。已经做的部分不会撤回。" in page.html
    (line, *_) = await world.store.audit.latest(1)
    assert (line["did"], work_id in line["about"]) == ("取消进行中的工作", True)


@pytest.mark.usefixtures("known")
async def test_why_it_failed_is_told(world: World, browser: Browser) -> None:
    await browser.sign_in("chenyun")
    work_id = await work.begin(world.ctx, "refusing", {}, "chenyun")
    await world.settle()

    page = await browser.open(f"/console/work/{work_id}")

    assert "没有做完" in page.html
    assert "草稿里有错误" in page.html


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("reader", "status"), [("limin", 200), ("chenyun", 200), ("zhoulv", 404), ("zhangli", 404)]
)
async def test_it_is_shown_to_who_began_it_and_to_who_keeps_the_house(
    world: World, browser: Browser, reader: str, status: int
) -> None:
    work_id = await work.begin(world.ctx, "exporting", {}, "limin")
    await world.settle()
    await browser.sign_in(reader)

    for path in ("", "/part", "/file"):
        assert (await browser.open(f"/console/work/{work_id}{path}")).status == status
    assert (await browser.post(f"/console/work/{work_id}/cancel")).status == status
