"""Turn the pictures a message names into the media_ids WeCom wants, uploading each once."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

from bot.context import Context
from bot.sender.hand import Answer
from bot.wecom.bodies import Message, message_of
from bot.wecom.client import UPLOAD_SECONDS
from bot.wecom.errors import Refused

VALID = timedelta(days=3) - timedelta(hours=1)
"""WeCom keeps temporary media for three days."""
_FILES = {"image": "image", "miniprogram": "image", "video": "video", "file": "file"}
_NO_SUCH_PICTURE = -404


async def message(
    ctx: Context, kept: Mapping[str, Any], timeout_seconds: float = UPLOAD_SECONDS
) -> Message:
    """The message of a row with every picture uploaded; raises Refused when one is missing."""
    parts = [await _part(ctx, part, timeout_seconds) for part in kept.get("attachments", ())]
    return message_of({**kept, "attachments": parts})


async def in_text(ctx: Context, body: Mapping[str, Any]) -> Answer:
    """A message to staff that consists of a picture or file named by its ``asset``."""
    kind = str(body.get("msgtype", ""))
    content = body.get(kind)
    if not isinstance(content, dict) or "asset" not in content:
        return dict(body)
    media_id = await _media_id(ctx, str(content["asset"]), kind, UPLOAD_SECONDS)
    rest = {name: value for name, value in content.items() if name != "asset"}
    return {**body, kind: {**rest, "media_id": media_id}}


async def forget(ctx: Context, sent: Mapping[str, Any]) -> None:
    """WeCom did not know a media_id in this body: upload its pictures again next time."""
    used = []
    for part in sent.get("attachments", ()):
        content = part.get(part["msgtype"], {})
        used += [content[name] for name in ("media_id", "pic_media_id") if content.get(name)]
    await ctx.store.media.forget(used)


async def _part(ctx: Context, part: Mapping[str, Any], timeout_seconds: float) -> dict[str, Any]:
    rest = {name: value for name, value in part.items() if name != "asset" and value is not None}
    asset = str(part.get("asset") or "")
    if asset and not rest.get("media_id"):
        rest["media_id"] = await _media_id(ctx, asset, str(part["kind"]), timeout_seconds)
    if part["kind"] in _FILES and not rest.get("media_id") and not rest.get("picurl"):
        raise Refused(_NO_SUCH_PICTURE, f"“{part.get('title') or part['kind']}”缺图片或文件")
    return rest


async def _media_id(ctx: Context, asset: str, kind: str, timeout_seconds: float) -> str:
    content = await ctx.store.releases.asset(asset)
    if content is None:
        raise Refused(_NO_SUCH_PICTURE, f"发布的文件夹里没有“{asset}”", "media/upload")
    sha = hashlib.sha256(content).hexdigest()
    now = ctx.now()
    known = await ctx.store.media.get(sha, now)
    if known:
        return known
    name = PurePosixPath(asset).name
    media_id = await ctx.wecom.upload(
        _FILES.get(kind, "file"),  # type: ignore[arg-type]  # one of WeCom's four
        name,
        content,
        timeout_seconds=timeout_seconds,
    )
    await ctx.store.media.put(sha, media_id, now + VALID)
    return media_id
