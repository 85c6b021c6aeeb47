"""Temporary media."""

import hashlib

from simulator.api.args import Answer, Args, maybe
from simulator.api.endpoint import post
from simulator.company import Media
from simulator.refusal import Refusal
from simulator.simulation import Simulation

MEGABYTE = 1024 * 1024
MOST_BYTES = {
    "image": 10 * MEGABYTE,
    "voice": 2 * MEGABYTE,
    "video": 10 * MEGABYTE,
    "file": 20 * MEGABYTE,
}
LEAST_BYTES = 5


def upload(sim: Simulation, args: Args) -> Answer:
    """``content`` and ``filename`` come from the multipart field ``media``."""
    kind, content = maybe(args, "type"), args.get("content")
    if kind not in MOST_BYTES:
        raise Refusal(40004, "invalid media type")
    if not isinstance(content, bytes) or len(content) <= LEAST_BYTES:
        raise Refusal(44001, "empty media data")
    if len(content) > MOST_BYTES[kind]:
        raise Refusal(45001, "media size out of limit")
    if not maybe(args, "filename"):
        raise Refusal(40063, "missing filename")
    media = Media(
        id=sim.mint.letters("", "media", kind, hashlib.sha256(content).hexdigest(), length=64),
        kind=kind,
        filename=maybe(args, "filename"),
        created_at=sim.now,
    )
    sim.company.media[media.id] = media
    return {"type": kind, "media_id": media.id, "created_at": str(sim.clock.seconds)}


ENDPOINTS = (post("media/upload", upload),)
