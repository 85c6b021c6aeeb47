"""二维码海报: what is printed leads where it says, also on a machine without a Chinese typeface."""

import io
import re

import pytest
from PIL import Image

from bot.actions.qr_pictures import picture
from console import fonts, poster
from tests.console.browser import Browser
from tests.console.conftest import TEAM
from tests.world import World

CHANNEL = "渠道: 徐汇店-门口海报\n门店: 徐汇店\n员工: [张丽]\n"
ELSEWHERE = "渠道: 总部\n员工: [王芳]\n"
LINK = "渠道: 小红书\n类型: 获客链接\n员工: [王芳]\n"
THEME = "主题群: 0-6月龄\n群: {名称包含: 0-6月龄}\n"
WAY = "/console/groups/poster?of=way:徐汇店-门口海报"


async def open_channels(world: World) -> None:
    files = {"team.yaml": TEAM, "a.yaml": CHANNEL, "b.yaml": ELSEWHERE, "c.yaml": LINK}
    await world.publish({**files, "theme.yaml": THEME})
    await world.settle()


async def taken(browser: Browser, path: str) -> bytes:
    """A file as it was sent."""
    async with browser.http.get(browser._base + path) as answer:
        assert answer.status == 200, path
        return await answer.read()


def size_of(content: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(content)).size


async def test_every_code_of_a_channel_is_listed_and_has_its_poster(
    world: World, browser: Browser
) -> None:
    await open_channels(world)
    await browser.sign_in("wangfang")

    page = (await browser.open("/console/groups/posters")).html
    found = re.findall(r'href="(/console/groups/poster\?of=[^"]+)"', page)

    assert len(found) == 3
    for path in found:
        assert 'class="sheet"' in (await browser.open(path)).html


async def test_the_picture_is_wecoms_own_and_served_by_us(world: World, browser: Browser) -> None:
    await open_channels(world)
    await browser.sign_in("wangfang")
    way = await world.store.ways.get("way:徐汇店-门口海报")
    assert way

    shown = await taken(browser, "/console/groups/poster/code?of=way:徐汇店-门口海报")

    assert shown == await picture(world.ctx, way.qr_code)
    assert size_of(shown)[0] > 100


async def test_a_poster_is_a_page_to_print_and_a_picture_to_send(
    world: World, browser: Browser
) -> None:
    await open_channels(world)
    await browser.sign_in("wangfang")
    words = "&title=徐汇店&words=扫一扫"

    for paper, points in (("A4", (595, 841)), ("A5", (419, 595))):
        pdf = await taken(browser, WAY.replace("poster?", "poster.pdf?") + f"&paper={paper}{words}")
        box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
        assert box
        assert (int(float(box[1])), int(float(box[2]))) == points
        assert b"STSong-Light" in pdf
        assert pdf.count(b"/Type /Page\n") == 1
    assert size_of(await taken(browser, WAY.replace("poster?", "poster.png?") + words)) == (
        1240,
        1754,
    )


def test_without_a_typeface_the_picture_is_the_code_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "chinese", lambda: None)
    made = poster.Poster(title="徐汇店", words="扫一扫", code=poster.of_text("https://a.example/x"))

    wide, high = size_of(poster.png(made))

    assert wide == high
    assert poster.pdf(made, "A5").startswith(b"%PDF")


def test_the_white_margin_is_there_whatever_wecom_drew() -> None:
    made = poster.Poster(title="", words="", code=poster.of_text("https://a.example/x"))
    code = poster._code(made)

    edge = code.width // 12
    assert code.crop((0, 0, code.width, edge)).getextrema() == ((255, 255),) * 3
    assert code.getextrema()[0] == (0, 255)


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "L"), ("JPEG", "RGB"), ("PNG", "P"), ("PNG", "RGBA")]
)
def test_whatever_kind_of_picture_wecom_draws_is_printed(kind: str, mode: str) -> None:
    drawn = io.BytesIO()
    code = Image.open(io.BytesIO(poster.of_text("https://a.example/x")))
    code.convert("RGB").resize((430, 430)).convert(mode).save(drawn, kind)
    made = poster.Poster(title="徐汇店", words="扫一扫", code=drawn.getvalue())

    assert poster.pdf(made, "A4").startswith(b"%PDF")
    dark, light = poster._code(made).convert("L").getextrema()
    assert dark < 60 < 200 < light


@pytest.mark.parametrize(
    "words",
    ["", "😀😀😀", "a" * 60, "字" * 60, "\u202e反过来", "x\n\ny", "<b>&amp;</b>", "مرحبا"],
)
def test_any_words_can_be_printed(words: str) -> None:
    made = poster.Poster(title=words[:24], words=words, code=poster.of_text("https://a.example/x"))

    assert poster.pdf(made, "A4").startswith(b"%PDF")
    assert poster.png(made).startswith(b"\x89PNG")


async def test_emoji_are_said_to_be_left_out(world: World, browser: Browser) -> None:
    await open_channels(world)
    await browser.sign_in("wangfang")

    assert "表情符号印不出来" in (await browser.open(WAY + "&title=新人礼🎁")).html
    assert "表情符号印不出来" not in (await browser.open(WAY + "&title=新人礼")).html


async def test_words_of_a_poster_are_only_words(world: World, browser: Browser) -> None:
    await open_channels(world)
    await browser.sign_in("wangfang")

    page = (await browser.open(WAY + '&title=<script>x</script>&words="onload=y')).html

    assert "<script>x" not in page
    assert '"onload' not in page


async def test_a_group_has_a_poster_once_wecom_made_its_code(
    world: World, browser: Browser
) -> None:
    await open_channels(world)
    chat = await world.create_group("0-6月龄 1群")
    await browser.sign_in("limin")
    path = f"/console/groups/poster?of=group:{chat}"
    before = (await browser.open(path)).html

    await browser.post(f"/console/groups/{chat}/code")
    await world.settle()

    assert 'class="sheet"' not in before
    assert 'class="sheet"' in (await browser.open(path)).html


async def test_a_lead_makes_posters_for_their_own_shop(world: World, browser: Browser) -> None:
    await open_channels(world)
    await browser.sign_in("limin")

    page = (await browser.open("/console/groups/posters")).html

    assert "徐汇店-门口海报" in page
    assert "总部" not in page
    assert (await browser.open(WAY)).status == 200
    for of in ("way:总部", "link:小红书"):
        for path in ("poster", "poster/code", "poster.pdf", "poster.png"):
            assert (await browser.open(f"/console/groups/{path}?of={of}")).status == 404


@pytest.mark.parametrize("of", ["", "x", "way:没有", "link:没有", "group:没有", "way:", "group:"])
async def test_what_is_not_there_has_no_poster(browser: Browser, of: str) -> None:
    await browser.sign_in("wangfang")

    for path in ("poster", "poster/code", "poster.pdf", "poster.png"):
        assert (await browser.open(f"/console/groups/{path}?of={of}")).status == 404


async def test_while_wecom_has_no_picture_the_page_says_so(world: World, browser: Browser) -> None:
    await open_channels(world)
    await browser.sign_in("wangfang")
    way = await world.store.ways.get("way:徐汇店-门口海报")
    assert way
    await world.ctx.wecom.call("externalcontact/del_contact_way", {"config_id": way.config_id})

    page = await browser.open(WAY)

    assert page.status == 200
    assert "读不到企业微信的二维码图片" in page.html
