"""Text and attachments, as welcome and mass messages share them."""

from typing import Any

from simulator.api.args import Args, maybe, part, parts
from simulator.company import Media, MediaUse
from simulator.refusal import Refusal
from simulator.simulation import Simulation

TEXT_BYTES = 4000
ATTACHMENTS = 9


def read_content(sim: Simulation, args: Args) -> tuple[str, list[dict[str, Any]]]:
    """Refuses what is empty, too long, or points to a file that is gone."""
    text, attachments = maybe(part(args, "text"), "content"), parts(args, "attachments")
    if len(text.encode()) > TEXT_BYTES:
        raise Refusal(45002, f"content exceeds {TEXT_BYTES} bytes")
    if len(attachments) > ATTACHMENTS:
        raise Refusal(41064, "too many attachments")
    if not text and not attachments:
        raise Refusal(40063, "text and attachments are both empty")
    for attachment in attachments:
        check(sim, attachment)
    return text, attachments


def media(sim: Simulation, media_id: str, kind: str = "", use: MediaUse = "message") -> Media:
    """Uploaded within three days of business time, as ``kind`` where one is meant, for ``use``."""
    found = sim.company.media.get(media_id)
    if found is None or found.use != use:
        raise Refusal(40007, "invalid media_id")
    if kind and found.kind != kind:
        raise Refusal(40007, f"invalid media_id: not a {kind}")
    if (sim.now - found.created_at).total_seconds() > sim.limits.media_days * 86400:
        raise Refusal(40007, "invalid media_id: expired")
    return found


def check(sim: Simulation, attachment: Args) -> None:
    """Refuses an attachment WeCom would refuse."""
    kind = maybe(attachment, "msgtype")
    body = part(attachment, kind) if kind else {}
    match kind:
        case "image":
            if not maybe(body, "pic_url"):
                media(sim, maybe(body, "media_id"), "image")
        case "video" | "file":
            media(sim, maybe(body, "media_id"), kind)
        case "link":
            _sized(body, title=128, url=2048)
            _fits(body, "desc", 512)
        case "miniprogram":
            _sized(body, title=64, appid=128, page=1024)
            media(sim, maybe(body, "pic_media_id"), "image")
        case _:
            raise Refusal(41065, f"invalid attachment type: {kind}")


def _sized(body: Args, **bytes_allowed: int) -> None:
    for key, most in bytes_allowed.items():
        if not maybe(body, key):
            raise Refusal(40063, f"missing {key}")
        _fits(body, key, most)


def _fits(body: Args, key: str, most: int) -> None:
    if len(maybe(body, key).encode()) > most:
        raise Refusal(45002, f"{key} exceeds {most} bytes")
