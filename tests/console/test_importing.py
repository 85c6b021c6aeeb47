"""导入: a spreadsheet becomes files of the reader's draft, once, and says what it did not get."""

import io

import aiohttp
import openpyxl
import pytest

from bot.store.drafts import Drafts
from tests.console.browser import Browser
from tests.console.conftest import TEAM
from tests.world import World


def sheet(*rows: tuple[str, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


CALENDAR = sheet(
    ("天数", "时间", "内容", "负责人"),
    ("第2天", "10:00", "您好，欢迎来到门店", "王芳"),
    ("第3天", "10:00", "今天给您准备了育儿小贴士", "王芳"),
    ("随便哪天", "10:00", "这一行看不懂", "王芳"),
)


class Died(BaseException):
    """The process is gone: nothing of ours may catch this."""


async def upload(
    world: World, browser: Browser, content: bytes, name: str = "十一月.xlsx"
) -> tuple[int, str, str]:
    """Status, page and path after the upload."""
    form = aiohttp.FormData(quote_fields=False)  # as browsers do
    form.add_field("calendar", io.BytesIO(content), filename=name)
    url, site = world.address + "/console/import", {"Sec-Fetch-Site": "same-origin"}
    async with browser.http.post(url, data=form, headers=site) as answer:
        return answer.status, await answer.text(), answer.url.path


async def open_shop(world: World, browser: Browser) -> None:
    await world.publish({"team.yaml": TEAM})
    await browser.sign_in("chenyun")


async def test_a_calendar_becomes_files_of_the_draft(world: World, browser: Browser) -> None:
    await open_shop(world, browser)

    status, _, path = await upload(world, browser, CALENDAR)
    assert status == 200
    await world.settle()
    work = await browser.open(path)
    page = await browser.open("/console/import/" + path.rpartition("/")[2])

    assert "写了 1 个文件到草稿" in work.html
    assert "3 行里读懂了 2 行。" in page.html
    assert "随便哪天" in page.html
    draft = await world.store.drafts.get("chenyun")
    assert draft
    (text,) = draft.changes.values()
    assert "您好，欢迎来到门店" in str(text)
    assert "草稿改了 1 个文件" in (await browser.open("/console/editing")).html


async def test_the_same_file_again_adds_nothing(world: World, browser: Browser) -> None:
    await open_shop(world, browser)
    await upload(world, browser, CALENDAR)
    await world.settle()
    before = await world.store.drafts.get("chenyun")

    _, _, path = await upload(world, browser, CALENDAR)
    await world.settle()

    assert await world.store.drafts.get("chenyun") == before
    page = await browser.open("/console/import/" + path.rpartition("/")[2])
    assert "十一月.yaml" in page.html


async def test_who_dies_after_the_draft_was_written_writes_it_once(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_shop(world, browser)
    keep, died = Drafts.keep, []

    async def and_die(self: Drafts, draft: object) -> None:
        await keep(self, draft)  # type: ignore[arg-type]
        if not died:
            died.append(True)
            await world.store.db["work"].update_one({"state": "进行"}, {"$unset": {"lease": ""}})
            raise Died

    monkeypatch.setattr(Drafts, "keep", and_die)
    _, _, path = await upload(world, browser, CALENDAR)
    with pytest.raises(Died):
        await world.settle()
    first = await world.store.drafts.get("chenyun")

    await world.settle()

    assert first
    assert await world.store.drafts.get("chenyun") == first
    found = await world.store.work.get(path.rpartition("/")[2])
    assert found
    assert (found.state, found.result["files"]) == ("完成", list(first.changes))


async def test_a_file_of_the_same_name_is_never_written_over(
    world: World, browser: Browser
) -> None:
    await world.publish({"team.yaml": TEAM, "十一月.yaml": "标签: {意向: [高]}\n"})
    await browser.sign_in("chenyun")

    await upload(world, browser, CALENDAR)
    await world.settle()

    draft = await world.store.drafts.get("chenyun")
    assert draft
    assert list(draft.changes) == ["十一月（2）.yaml"]


async def test_what_is_no_calendar_is_told_in_a_sentence(world: World, browser: Browser) -> None:
    await open_shop(world, browser)

    _, _, path = await upload(world, browser, b"no zip at all")
    await world.settle()

    page = await browser.open(path)
    assert "没有做完" in page.html
    assert "十一月.xlsx：" in page.html


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("a.pdf", b"x", 400),
        ("a.xlsx", b"", 400),
        ("a.xlsx", b"x" * (10 * 1024 * 1024 + 1), 413),
    ],
)
async def test_what_cannot_be_taken_is_refused_with_the_reason(
    world: World, browser: Browser, name: str, content: bytes, status: int
) -> None:
    await open_shop(world, browser)

    answered, page, _ = await upload(world, browser, content, name)

    assert answered == status
    assert "文件" in page


async def test_comparing_with_wecom_now_says_what_it_found(world: World, browser: Browser) -> None:
    await open_shop(world, browser)
    await world.add_contact("zhangli")

    page = await browser.post("/console/sync")
    assert (await browser.post("/console/sync")).url.path == page.url.path
    await world.settle()
    page = await browser.open(page.url.path)

    assert "客户 1：更正了" in page.html
