"""Reports in the browser, and as files."""

import re
from urllib.parse import urlencode

import pytest

from bot.reports import REPORTS
from console.pages import figures
from tests.console.browser import Browser
from tests.world import World


async def test_every_report_is_shown_also_without_data(browser: Browser) -> None:
    await browser.sign_in("wangfang")

    for name in REPORTS:
        page = await browser.open(f"/console/figures?name={name}")
        assert page.status == 200, name
        assert f'aria-current="true">{name}</a>' in page.html


async def test_no_report_speaks_of_the_command_line(browser: Browser) -> None:
    await browser.sign_in("wangfang")

    for name in REPORTS:
        assert " --" not in (await browser.open(f"/console/figures?name={name}")).html, name


async def test_figures_stand_in_the_table_and_in_the_file(world: World, browser: Browser) -> None:
    await world.add_contact(name="小雨妈妈")
    await browser.sign_in("wangfang")

    page = await browser.open("/console/figures?name=渠道&by=员工")
    assert "<td>张丽</td>" in page.html

    file = await browser.open("/console/figures.csv?name=渠道&by=员工")
    assert file.headers["Content-Type"].startswith("text/csv")
    assert file.html.removeprefix("\ufeff").splitlines()[1].count("张丽") == 1


async def test_what_cannot_be_told_is_one_sentence(browser: Browser) -> None:
    await browser.sign_in("wangfang")

    page = await browser.open("/console/figures?name=渠道&by=没有的")

    assert page.status == 200
    assert 'class="notice bad"' in page.html


async def test_a_report_that_does_not_exist_is_not_there(browser: Browser) -> None:
    await browser.sign_in("wangfang")

    assert (await browser.open("/console/figures?name=没有")).status == 404


@pytest.mark.parametrize("sign", ["=", "＝", "@", "＋"])
async def test_a_name_is_no_formula(world: World, browser: Browser, sign: str) -> None:
    await world.act("staff_joins", staff="evil", name=f"{sign}1+1", department=[12])
    await world.later(seconds=3)
    await world.add_contact("evil")
    await browser.sign_in("wangfang")

    file = await browser.open("/console/figures.csv?name=渠道&by=员工")

    assert f"'{sign}1+1" in file.html


async def test_a_large_company_has_its_reports_counted_and_kept(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "AT_ONCE", 0)
    await world.add_contact(name="小雨妈妈")
    await browser.sign_in("wangfang")
    asked = {"name": "渠道", "days": "7", "by": "员工", "about": ""}
    before = await browser.open("/console/figures?" + urlencode(asked))
    assert "张丽" not in before.html
    assert "开始数" in before.html

    work = await browser.post("/console/figures/count", **asked)
    await world.settle()

    assert (await browser.open(work.url.path)).html.count("完成")
    after = await browser.open("/console/figures?" + urlencode(asked))
    assert "<td>张丽</td>" in after.html
    file = await browser.open(re.findall(r'href="(/console/work/[^"]+/file)"', after.html)[0])
    assert file.headers["Content-Type"].startswith("text/csv")
    assert "张丽" in file.html
    assert "张丽" not in (await browser.open("/console/figures?name=渠道&by=员工&days=30")).html


async def test_a_file_that_is_gone_is_not_offered(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "AT_ONCE", 0)
    await world.add_contact(name="小雨妈妈")
    await browser.sign_in("wangfang")
    await browser.post("/console/figures/count", name="渠道", days="7", by="员工", about="")
    await world.settle()
    await world.later(hours=25)

    page = await browser.open("/console/figures?name=渠道&days=7&by=员工")

    assert "<td>张丽</td>" in page.html
    assert "/file" not in page.html


async def test_what_cannot_be_told_fails_with_its_sentence(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "AT_ONCE", -1)
    await browser.sign_in("wangfang")

    work = await browser.post("/console/figures/count", name="渠道", days="7", by="没有的")
    await world.settle()

    assert 'class="notice bad"' in (await browser.open(work.url.path)).html
