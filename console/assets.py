"""The files browsers load beside pages: read once, sent small, and kept by the browser.

A page names a file with the mark of its bytes, so that the browser need never ask for it again and
still never has an old one.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

HERE: Final = Path(__file__).parent / "static"
_FOREVER: Final = "public, max-age=31536000, immutable"
_ASK: Final = "no-cache"  # kept, but asked for each time: it was not named with its mark


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    small: bytes  # gzip
    kind: str
    mark: str


def named(path: str) -> str:
    """The address of a file of static/, with its mark; KeyError when there is no such file."""
    return f"/static/{path}?v={_asset(path).mark}"


async def serve(request: web.Request) -> web.StreamResponse:
    path = request.match_info["path"]
    try:
        asset = _asset(path)
    except KeyError:
        raise web.HTTPNotFound from None
    tag = f'"{asset.mark}"'
    headers = {
        hdrs.ETAG: tag,
        hdrs.CACHE_CONTROL: _FOREVER if request.query.get("v") == asset.mark else _ASK,
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
        hdrs.X_CONTENT_TYPE_OPTIONS: "nosniff",
    }
    if request.headers.get(hdrs.IF_NONE_MATCH) == tag:
        return web.Response(status=304, headers=headers)
    body = asset.content
    if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        body, headers[hdrs.CONTENT_ENCODING] = asset.small, "gzip"
    return web.Response(body=body, headers={**headers, hdrs.CONTENT_TYPE: asset.kind})


@cache
def _listed() -> frozenset[str]:
    return frozenset(str(one.relative_to(HERE)) for one in HERE.rglob("*") if one.is_file())


@cache
def _asset(path: str) -> Asset:
    """KeyError when static/ has no such file."""
    if path not in _listed():
        raise KeyError(path)
    content = (HERE / path).read_bytes()
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    mark = hashlib.sha256(content).hexdigest()[:12]
    return Asset(content, gzip.compress(content, 9, mtime=0), kind, mark)
