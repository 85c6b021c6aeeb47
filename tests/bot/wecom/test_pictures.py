"""Pictures of QR codes: read from WeCom and nowhere else, once, and kept."""

from datetime import timedelta

import pytest

from bot.actions.qr_pictures import format_of, picture
from bot.store.qr_pictures import KEPT
from bot.wecom.addresses import LARGEST_PICTURE, is_picture, of_picture
from bot.wecom.errors import Busy, Refused
from tests.bot.wecom.peer import Client, rigged
from tests.world import World, open_world

REAL = "https://qyapi.weixin.qq.com/cgi-bin"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
JPEG = b"\xff\xd8\xff" + b"0" * 100
ADDRESS = "https://wework.qpic.cn/cgi-bin/picture"  # the part of it that the peer answers


@pytest.mark.parametrize(
    ("address", "read"),
    [
        ("http://p.qpic.cn/wwhead/a/0", "https://p.qpic.cn/wwhead/a/0"),
        ("https://wework.qpic.cn/wwpic/b/0?x=1", "https://wework.qpic.cn/wwpic/b/0?x=1"),
        ("https://open.work.weixin.qq.com/q?vcode=1", "https://open.work.weixin.qq.com/q?vcode=1"),
        ("https://u:p@p.qpic.cn:8443/a", "https://p.qpic.cn/a"),
    ],
)
def test_pictures_are_read_from_wecom_over_https(address: str, read: str) -> None:
    assert of_picture(address, REAL) == read


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://qpic.cn.evil.example/a",
        "https://evilqpic.cn/a",
        "https://p.qpic.cn@evil.example/a",
        "file:///etc/passwd",
        "//p.qpic.cn/a",
        "http://127.0.0.1:27017/",
        "",
    ],
)
def test_no_other_address_is_ever_asked(address: str) -> None:
    with pytest.raises(Refused):
        of_picture(address, REAL)


def test_what_is_no_picture_is_not_taken_for_one() -> None:
    assert [is_picture(found) for found in (PNG, JPEG, b"<html>", b"", b"<svg>")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert not is_picture(PNG + b"0" * LARGEST_PICTURE)
    assert (format_of(PNG), format_of(JPEG)) == ("image/png", "image/jpeg")


async def test_an_answer_that_is_none_is_an_error_that_says_what_to_do(
    mongo: Client, database: str
) -> None:
    async with rigged(mongo[database]) as rig:
        wecom = await rig.client()
        for answer, expected in (
            (PNG, None),
            (b"<html>", Refused),
            (404, Refused),
            (302, Refused),
            (503, Busy),
            (429, Busy),
            (PNG + b"0" * LARGEST_PICTURE, Refused),
            ("cut", Busy),
        ):
            rig.peer.will("picture", *[answer] * (2 if answer == "cut" else 1))  # asked twice
            if expected is None:
                assert await wecom.picture(ADDRESS) == answer
                continue
            with pytest.raises(expected):
                await wecom.picture(ADDRESS)
        assert not [heard for heard in rig.peer.heard if heard.token]


@pytest.fixture
async def world(mongo_url: str, database: str, tmp_path):  # type: ignore[no-untyped-def]
    async with open_world(mongo_url, database, tmp_path) as world:
        yield world


async def a_code(world: World) -> dict[str, str]:
    body = {"type": 2, "scene": 2, "user": ["zhangli"], "state": "x"}
    return await world.ctx.wecom.call("externalcontact/add_contact_way", body)


async def test_a_picture_is_read_once_and_kept(world: World) -> None:
    code = await a_code(world)
    first = await picture(world.ctx, code["qr_code"])
    await world.ctx.wecom.call(
        "externalcontact/del_contact_way", {"config_id": code["config_id"]}
    )  # WeCom has it no more

    assert first
    assert await picture(world.ctx, code["qr_code"]) == first
    assert await world.store.qr_pictures.get(code["qr_code"], world.now + KEPT) is None


async def test_a_picture_that_cannot_be_had_is_asked_for_again_a_minute_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = await a_code(world)
    asked = []
    read = world.ctx.wecom.picture

    async def away(address: str) -> bytes:
        asked.append(address)
        if len(asked) == 1:
            raise Busy(-1, "away")
        return await read(address)

    monkeypatch.setattr(world.ctx.wecom, "picture", away)

    found = [await picture(world.ctx, code["qr_code"]) for _ in range(3)]
    await world.later(minutes=1)

    assert found == [None] * 3
    assert len(asked) == 1
    assert await picture(world.ctx, code["qr_code"])
    assert len(asked) == 2


async def test_one_kept_too_long_is_shown_until_another_can_be_had(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = await a_code(world)
    first = await picture(world.ctx, code["qr_code"])
    pictures, late = world.store.qr_pictures, world.now + KEPT + timedelta(hours=1)

    assert await pictures.get(code["qr_code"], late) is None
    await pictures.failed(code["qr_code"], late)

    known = await pictures.get(code["qr_code"], late)
    assert known
    assert known.content == first


async def test_without_an_address_there_is_no_picture(world: World) -> None:
    assert await picture(world.ctx, "") is None
