"""Turn the files a message names into what WeCom wants, uploading each once for each use."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

from bot.context import Context
from bot.sender.hand import Answer
from bot.store.media import File, MediaType, Use
from bot.wecom import bodies
from bot.wecom.bodies import Message, message_of
from bot.wecom.client import UPLOAD_SECONDS
from bot.wecom.errors import Refused

VALID = timedelta(days=3) - timedelta(hours=1)
"""WeCom keeps temporary media for three days."""
_FILES: Mapping[str, MediaType] = {
    "image": "image",
    "miniprogram": "image",
    "video": "video",
    "file": "file",
}
_OURS = ("asset", "sha")  # what a part says about its file, which WeCom does not want to know
_IN_MOMENTS = ("image", "video", "link")
_NO_SUCH_PICTURE = -404
_NOT_IN_MOMENTS = -405


async def message(
    ctx: Context, kept: Mapping[str, Any], timeout_seconds: float = UPLOAD_SECONDS
) -> Message:
    """The message of a row with every file uploaded; raises Refused when one is missing."""
    parts = [await _part(ctx, part, timeout_seconds) for part in kept.get("attachments", ())]
    return message_of({**kept, "attachments": parts})


async def for_moment(
    ctx: Context, kept: Mapping[str, Any], timeout_seconds: float = UPLOAD_SECONDS
) -> Answer:
    """``text`` and ``attachments`` of add_moment_task, the media uploaded for moments (P:95098).

    Raises Refused when a file is missing, for what a moment cannot show (小程序, 文件), and for a
    link without 封面.
    """
    body: Answer = {}
    if kept.get("text"):
        body["text"] = {"content": bodies.clip(str(kept["text"]), bodies.TEXT_BYTES)}
    parts = [await _moment_part(ctx, part, timeout_seconds) for part in kept.get("attachments", ())]
    return body | {"attachments": parts} if parts else body


async def in_text(ctx: Context, body: Mapping[str, Any]) -> Answer:
    """A message to staff that consists of a picture or file named by its ``asset``."""
    kind = str(body.get("msgtype", ""))
    content = body.get(kind)
    if not isinstance(content, dict) or "asset" not in content:
        return dict(body)
    media_id = await _ready(ctx, await _file(ctx, content, kind, "message"), UPLOAD_SECONDS)
    rest = {name: value for name, value in content.items() if name not in _OURS}
    return {**body, kind: {**rest, "media_id": media_id}}


async def forget(ctx: Context, sent: Mapping[str, Any]) -> None:
    """WeCom did not know a media_id in this body: upload its files again next time."""
    used = []
    for part in sent.get("attachments", ()):
        content = part.get(part["msgtype"], {})
        used += [content[name] for name in ("media_id", "pic_media_id") if content.get(name)]
    await ctx.store.media.forget(used)


async def upload(ctx: Context, file: File, timeout_seconds: float = UPLOAD_SECONDS) -> str:
    """Upload a file, whether or not WeCom has it; its media_id, or its address for a cover.

    Raises Refused when the file was never published.
    """
    content = await ctx.store.releases.picture(file.sha)
    if content is None:
        raise Refused(_NO_SUCH_PICTURE, f"发布的文件夹里没有“{file.name}”", "media/upload")
    name = PurePosixPath(file.name).name
    expires_at = ctx.now() + VALID
    match file.use:
        case "message":
            found = await ctx.wecom.upload(
                file.kind, name, content, timeout_seconds=timeout_seconds
            )
        case "moment":
            found = await ctx.wecom.upload_attachment(
                file.kind, name, content, timeout_seconds=timeout_seconds
            )
        case "cover":
            found = await ctx.wecom.upload_image(name, content, timeout_seconds=timeout_seconds)
            await ctx.store.media.put(file, found, None)
            return found
    await ctx.store.media.put(file, found, expires_at)
    return found


def without_files(kept: Mapping[str, Any]) -> Message:
    """What can be sent of a message while no file of it can be had: words and bare links."""
    parts = [
        {name: value for name, value in part.items() if name not in _OURS}
        for part in kept.get("attachments", ())
        if part["kind"] == "link" or not part.get("asset")
    ]
    return message_of({**kept, "attachments": parts})


async def _part(ctx: Context, part: Mapping[str, Any], timeout_seconds: float) -> dict[str, Any]:
    kind = str(part["kind"])
    rest = {name: v for name, v in part.items() if name not in _OURS and v is not None}
    if part.get("asset") and kind == "link" and not rest.get("picurl"):
        rest["picurl"] = await _ready(ctx, await _file(ctx, part, kind, "cover"), timeout_seconds)
    elif part.get("asset") and kind != "link" and not rest.get("media_id"):
        file = await _file(ctx, part, kind, "message")
        rest["media_id"] = await _ready(ctx, file, timeout_seconds)
    if kind in _FILES and not rest.get("media_id") and not rest.get("picurl"):
        raise Refused(_NO_SUCH_PICTURE, f"“{part.get('title') or kind}”缺图片或文件")
    return rest


async def _moment_part(
    ctx: Context, part: Mapping[str, Any], timeout_seconds: float
) -> dict[str, Any]:
    kind = str(part["kind"])
    if kind not in _IN_MOMENTS:
        shown = {"miniprogram": "小程序", "file": "文件"}.get(kind, kind)
        raise Refused(_NOT_IN_MOMENTS, f"朋友圈里不能发{shown}")
    if not part.get("asset"):
        raise Refused(_NO_SUCH_PICTURE, f"“{part.get('title') or kind}”缺图片或文件")
    media_id = await _ready(ctx, await _file(ctx, part, kind, "moment"), timeout_seconds)
    if kind != "link":
        return {"msgtype": kind, kind: {"media_id": media_id}}
    title = bodies.clip(str(part.get("title", "")), 64)
    return {"msgtype": "link", "link": {"title": title, "url": part["url"], "media_id": media_id}}


async def _file(ctx: Context, part: Mapping[str, Any], kind: str, use: Use) -> File:
    """The bytes the message was rendered with; of one without ``sha`` those that are live."""
    name = str(part["asset"])
    sha = str(part.get("sha") or "") or await ctx.store.releases.mark(name)
    if not sha:
        raise Refused(_NO_SUCH_PICTURE, f"发布的文件夹里没有“{name}”", "media/upload")
    return File(use, "image" if kind == "link" else _FILES.get(kind, "file"), sha, name)


async def _ready(ctx: Context, file: File, timeout_seconds: float) -> str:
    known = await ctx.store.media.get(file.key, ctx.now())
    return known or await upload(ctx, file, timeout_seconds)
