"""A poster, made as people do: type what it is to say, see it at once, take it away."""

import re

from playwright.async_api import expect

from tests.browser.conftest import Window
from tests.console.test_posters import open_channels
from tests.world import World


async def test_a_poster_is_seen_as_it_is_typed_and_printed_alone(
    world: World, window: Window
) -> None:
    await open_channels(world)
    await window.sign_in("王芳")
    page = window.page
    await page.get_by_role("link", name="主题群").first.click()
    await page.get_by_role("link", name="二维码海报").click()
    await page.get_by_role("row", name="大家共用").first.get_by_role("link", name="海报").click()

    await page.get_by_label("标题").fill("徐汇店 <b>新人礼</b>")
    await page.get_by_label("纸张").select_option("A5")

    sheet = page.locator(".sheet")
    await expect(sheet.locator(".title")).to_have_text("徐汇店 <b>新人礼</b>")
    shown = await sheet.locator("img").evaluate("one => one.decode().then(() => one.naturalWidth)")
    assert shown > 100
    async with page.expect_download() as download:
        await page.get_by_role("button", name="下载 PDF（A5）").click()
    taken = await download.value
    assert taken.suggested_filename.endswith(".pdf")
    assert (await taken.path()).read_bytes().startswith(b"%PDF")

    await page.emulate_media(media="print")
    for rest in ("header.bar", "nav.menu", "h1", "form.screen", ".actions.screen"):
        await expect(page.locator(rest).first).to_be_hidden()
    await expect(sheet).to_be_visible()
    printed = await page.pdf(prefer_css_page_size=True)
    assert re.search(rb"/MediaBox ?\[0 0 (419|420)[\d.]* 59[\d.]*\]", printed)  # A5, one page
    assert printed.count(b"/Type /Page\n") == 1
