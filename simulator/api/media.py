"""Files that messages and moments show: temporary media, and the pictures of links."""

import hashlib
from datetime import timedelta

from simulator.api.args import Answer, Args, maybe
from simulator.api.endpoint import post
from simulator.company import Media, MediaUse
from simulator.refusal import Refusal
from simulator.simulation import Simulation

MEGABYTE = 1024 * 1024
MOST_BYTES = {
    "image": 10 * MEGABYTE,
    "voice": 2 * MEGABYTE,
    "video": 10 * MEGABYTE,
    "file": 20 * MEGABYTE,
}
LINK_PICTURE_BYTES = 2 * MEGABYTE
LEAST_BYTES = 5
FOR_MOMENTS, FOR_PRODUCTS = 1, 2
PICTURE_ADDRESS = "https://wework.qpic.cn/wwpic3az/"


def upload(sim: Simulation, args: Args) -> Answer:
    """``content`` and ``filename`` come from the multipart field ``media``."""
    media = _kept(sim, args, maybe(args, "type"), "message")
    return {"type": media.kind, "media_id": media.id, "created_at": str(sim.clock.seconds)}


def upload_attachment(sim: Simulation, args: Args) -> Answer:
    """For moments (1) or products (2); ``created_at`` is a number here."""
    if int(maybe(args, "attachment_type") or 0) not in (FOR_MOMENTS, FOR_PRODUCTS):
        raise Refusal(40058, "attachment_type must be 1 or 2")
    media = _kept(sim, args, maybe(args, "media_type"), "moment")
    return {"type": media.kind, "media_id": media.id, "created_at": sim.clock.seconds}


def upload_picture(sim: Simulation, args: Args) -> Answer:
    """The address lasts for ever; only so many may be uploaded in a day and in a month."""
    content = _content(args, LINK_PICTURE_BYTES)
    if _format(content) != "image":
        raise Refusal(40009, "invalid image: jpg or png")
    _count(sim)
    name = sim.mint.letters("", "picture", hashlib.sha256(content).hexdigest(), length=48)
    sim.company.pictures[name] = sim.now
    return {"url": f"{PICTURE_ADDRESS}{name}/0"}


def _kept(sim: Simulation, args: Args, kind: str, use: MediaUse) -> Media:
    if kind not in MOST_BYTES or (use == "moment" and kind == "voice"):
        raise Refusal(40004, "invalid media type")
    content = _content(args, MOST_BYTES[kind])
    if kind in ("image", "video") and _format(content) != kind:
        raise Refusal(40004, f"invalid media type: not a {kind}")
    if not maybe(args, "filename"):
        raise Refusal(40063, "missing filename")
    sha = hashlib.sha256(content).hexdigest()
    media = Media(
        id=sim.mint.letters("", "media", use, kind, sha, length=64),
        kind=kind,
        filename=maybe(args, "filename"),
        created_at=sim.now,
        use=use,
        sha=sha,
    )
    sim.company.media[media.id] = media
    return media


def _content(args: Args, most: int) -> bytes:
    content = args.get("content")
    if not isinstance(content, bytes) or len(content) <= LEAST_BYTES:
        raise Refusal(44001, "empty media data")
    if len(content) > most:
        raise Refusal(45001, "media size out of limit")
    return content


def _format(content: bytes) -> str:
    """By the first bytes, whatever the name says."""
    if content.startswith((b"\xff\xd8", b"\x89PNG")):
        return "image"
    return "video" if content[4:8] == b"ftyp" else ""


def _count(sim: Simulation) -> None:
    uploads = sim.company.picture_uploads
    uploads[:] = [at for at in uploads if at > sim.now - timedelta(days=30)]
    today = sum(at > sim.now - timedelta(days=1) for at in uploads)
    if today >= sim.limits.pictures_per_day or len(uploads) >= sim.limits.pictures_per_month:
        raise Refusal(45009, "api freq out of limit")
    uploads.append(sim.now)


ENDPOINTS = (
    post("media/upload", upload),
    post("media/upload_attachment", upload_attachment),
    post("media/uploadimg", upload_picture),
)
