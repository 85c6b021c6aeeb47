"""Reports in the browser, and as files."""

from bot.reports import REPORTS
from tests.console.browser import Browser
from tests.world import World


async def test_every_report_is_shown_also_without_data(browser: Browser) -> None:
    await browser.sign_in("wangfang")

    for name in REPORTS:
        page = await browser.open(f"/console/figures?name={name}")
        assert page.status == 200, name
        assert f'aria-current="true">{name}</a>' in page.html


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


async def test_a_name_is_no_formula(world: World, browser: Browser) -> None:
    await world.act("staff_joins", staff="evil", name="=1+1", department=[12])
    await world.later(seconds=3)
    await world.add_contact("evil")
    await browser.sign_in("wangfang")

    file = await browser.open("/console/figures.csv?name=渠道&by=员工")

    assert "'=1+1" in file.html
