"""Uploading as WeCom takes it: by type, by size, for one use, and only so often."""

import pytest

from tests.simulator.client import Refused, Sim

PNG = b"\x89PNG\r\n\x1a\n and more"
MP4 = b"\0\0\0\x20ftypisom and more"
MASS = "externalcontact/add_msg_template"


async def code_of(sim: Sim, content: bytes, kind: str, path: str = "media/upload") -> int:
    with pytest.raises(Refused) as refusal:
        await sim.upload(content, kind=kind, path=path)
    return int(refusal.value.code)


async def test_a_file_is_taken_for_what_it_is(sim: Sim) -> None:
    await sim.setup()
    megabyte = 1024 * 1024

    assert await sim.upload(PNG)
    assert await sim.upload(MP4, kind="video")
    assert await sim.upload(b"anything", kind="file")
    assert await code_of(sim, b"GIF89a not a picture", "image") == 40004
    assert await code_of(sim, PNG, "video") == 40004
    assert await code_of(sim, PNG + bytes(10 * megabyte), "image") == 45001
    assert await code_of(sim, PNG + bytes(2 * megabyte), "", "media/uploadimg") == 45001
    assert await code_of(sim, b"GIF89a not a picture", "", "media/uploadimg") == 40009


async def test_a_media_id_is_good_for_one_type_and_one_use(sim: Sim) -> None:
    await sim.setup()
    customer = (await sim.act("add_contact", staff="zhangli", name="客户"))["external_userid"]
    picture = await sim.upload(PNG)
    for_moments = await sim.upload(PNG, path="media/upload_attachment", attachment_type="1")

    async def send(kind: str, media_id: str) -> int:
        part = {"msgtype": kind, kind: {"media_id": media_id}}
        body = {"sender": "zhangli", "external_userid": [customer], "attachments": [part]}
        try:
            await sim.call(MASS, body)
        except Refused as refusal:
            return int(refusal.code)
        return 0

    assert await send("image", picture) == 0
    assert await send("video", picture) == 40007
    assert await send("image", for_moments) == 40007


async def test_pictures_of_links_are_counted_by_day_and_by_month(sim: Sim) -> None:
    await sim.setup(limits={"pictures_per_day": 2, "pictures_per_month": 3})
    for _ in range(2):
        assert (await sim.upload(PNG, path="media/uploadimg")).startswith("https://")
    assert await code_of(sim, PNG, "", "media/uploadimg") == 45009

    await sim.clock("2026-11-03T09:00:00+08:00")
    await sim.upload(PNG, path="media/uploadimg")
    assert await code_of(sim, PNG, "", "media/uploadimg") == 45009
