"""Which addresses WeCom may have given us: nothing else is ever fetched because a text names it."""

from typing import Final
from urllib.parse import urlsplit

from bot.wecom.errors import Refused

LARGEST_PICTURE: Final = 2 * 1024 * 1024
_BEGINS: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")  # PNG, JPEG
_HOSTS: Final = (".qpic.cn", ".qlogo.cn", ".qq.com")


def is_local(base: str) -> bool:
    """Whether somebody on this machine plays WeCom."""
    return base.startswith(("http://127.", "http://localhost"))


def of_picture(address: str, base: str) -> str:
    """Where the picture is read; a WeCom on this machine serves its own.

    Raises Refused for an address that is not WeCom's. WeCom still writes http:// here and there.
    """
    found = urlsplit(address)
    if is_local(base):
        return urlsplit(base)._replace(path=found.path, query=found.query).geturl()
    named = found.hostname or ""
    if found.scheme not in ("http", "https") or not named.endswith(_HOSTS):
        raise Refused(-1, f"not an address of WeCom's: {address}", "picture")
    return found._replace(scheme="https", netloc=named).geturl()


def is_picture(content: bytes) -> bool:
    """A whole PNG or JPEG as far as its size and its first bytes say."""
    return len(content) <= LARGEST_PICTURE and content.startswith(_BEGINS)
