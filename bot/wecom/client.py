"""Call WeCom's API. The only file that makes outgoing HTTP requests."""

import io
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal

import aiohttp
from prometheus_client import Counter, Histogram

from bot.wecom.addresses import LARGEST_PICTURE, is_local, is_picture, of_picture
from bot.wecom.errors import (
    Busy,
    Misconfigured,
    OutcomeUnknown,
    OverLimit,
    Paced,
    Refused,
    TokenExpired,
    Unreachable,
    WeComError,
    from_answer,
)
from bot.wecom.pace import UNDER_WAY, Budget, Paces
from bot.wecom.tokens import FETCH_SECONDS, Shelf, Tokens
from config.settings import Settings

MediaKind = Literal["image", "voice", "video", "file"]

TIMEOUT_SECONDS = 10.0  # less than half a lease of 30 s
UPLOAD_SECONDS = 14.0
PICTURE_SECONDS = 5.0

# POST requests that change nothing: a lost answer is only a reason to ask again.
_READS = frozenset(
    {
        "externalcontact/batch/get_by_user",
        "externalcontact/contact_list",
        "externalcontact/customer_acquisition/customer",
        "externalcontact/customer_acquisition/get",
        "externalcontact/customer_acquisition/get_chat_info",
        "externalcontact/customer_acquisition/list_link",
        "externalcontact/customer_acquisition/statistic",
        "externalcontact/get_contact_way",
        "externalcontact/get_corp_tag_list",
        "externalcontact/get_groupmsg_list_v2",
        "externalcontact/get_groupmsg_send_result",
        "externalcontact/get_groupmsg_task",
        "externalcontact/get_moment_comments",
        "externalcontact/get_moment_list",
        "externalcontact/get_moment_send_result",
        "externalcontact/get_moment_task",
        "externalcontact/get_unassigned_list",
        "externalcontact/get_user_behavior_data",
        "externalcontact/group_welcome_template/get",
        "externalcontact/groupchat/get",
        "externalcontact/groupchat/get_join_way",
        "externalcontact/groupchat/list",
        "externalcontact/groupchat/statistic",
        "externalcontact/list_contact_way",
        "externalcontact/transfer_result",
        "media/upload",  # a second copy of a file nobody points to
        "media/upload_attachment",
        "media/uploadimg",
        "user/list_id",
    }
)

_NOT_CONNECTED = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ConnectionTimeoutError,
)

_CALLS = Counter("qunce_wecom_calls", "Calls to WeCom and how they ended", ["path", "outcome"])
_SECONDS = Histogram("qunce_wecom_call_seconds", "Seconds a call to WeCom took", ["path"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    path: str
    params: Mapping[str, Any]
    data: Callable[[], bytes | aiohttp.FormData] | None  # None: a GET
    members: tuple[str, ...] = ()
    deadline: float  # monotonic: no HTTP is under way after it

    @property
    def secret(self) -> str:
        """获客助手 is not to be had with the secret of 客户联系 (P:97297)."""
        if self.path.startswith("externalcontact/customer_acquisition"):
            return "agent"
        return "contact" if self.path.startswith("externalcontact/") else "agent"

    @property
    def seconds_left(self) -> float:
        return self.deadline - time.monotonic()

    def lost(self, why: str) -> WeComError:
        """What to make of an answer that never came, or not whole."""
        if self.data is None or self.path in _READS:
            return Busy(-1, why, self.path)
        return OutcomeUnknown(-1, why, self.path)


def open_session(api_base: str) -> aiohttp.ClientSession:
    """A session for :class:`WeCom`; it goes through HTTPS_PROXY unless WeCom is on this machine."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=10),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=not is_local(api_base),
    )


class WeCom:
    """WeCom's API at WeCom's pace, with the shared access tokens.

    ``heard`` is told of every call that WeCom did not do, or did not answer.
    """

    def __init__(
        self,
        settings: Settings,
        session: aiohttp.ClientSession,
        tokens_shelf: Shelf,
        paces: Paces,
        now: Callable[[], datetime],
        heard: Callable[[WeComError], None] = lambda error: None,
    ) -> None:
        self._base = settings.api_base.rstrip("/")
        self._corp_id = settings.corp_id
        self._session = session
        self._now = now
        self._heard = heard
        self._budget = Budget(paces, f"{os.getpid()}-{secrets.token_hex(8)}")
        agent = settings.agent_secret.get_secret_value()
        contact = settings.contact_secret.get_secret_value()
        # One secret has one token: under two names each fetch could void the other's.
        self._name_of = {"agent": "agent", "contact": "agent" if contact == agent else "contact"}
        secret_of = {self._name_of["contact"]: contact, "agent": agent}
        self._tokens = Tokens(settings.corp_id, secret_of, tokens_shelf, self._fetch_token)

    async def call(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        staff: Sequence[str] = (),
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> dict[str, Any]:
        """GET ``path``, or POST ``body`` to it; raise the :class:`WeComError` that says what to do.

        Nothing is under way after ``timeout_seconds``. ``staff`` are those a message reaches.
        """
        members = _members(path, body, staff)
        if members:
            timeout_seconds = min(timeout_seconds, UNDER_WAY.total_seconds())
        request = _Request(
            path=path,
            params=params or {},
            data=None if body is None else partial(_encoded, body),
            members=members,
            deadline=time.monotonic() + timeout_seconds,
        )
        with self._counted(path):
            return await self._with_token(request)

    async def upload(
        self,
        kind: MediaKind,
        filename: str,
        content: bytes,
        *,
        timeout_seconds: float = UPLOAD_SECONDS,
    ) -> str:
        """Upload temporary media (P:90253); its media_id is valid for 3 days."""
        answer = await self._upload(
            "media/upload", {"type": kind}, filename, content, timeout_seconds
        )
        return str(answer["media_id"])

    async def upload_attachment(
        self,
        kind: MediaKind,
        filename: str,
        content: bytes,
        *,
        timeout_seconds: float = UPLOAD_SECONDS,
    ) -> str:
        """Upload what a moment (朋友圈) shows (P:95098); its media_id is valid for 3 days."""
        params = {"media_type": kind, "attachment_type": 1}
        answer = await self._upload(
            "media/upload_attachment", params, filename, content, timeout_seconds
        )
        return str(answer["media_id"])

    async def upload_image(
        self, filename: str, content: bytes, *, timeout_seconds: float = UPLOAD_SECONDS
    ) -> str:
        """Upload the picture of a link (P:90256); its address lasts for ever."""
        answer = await self._upload("media/uploadimg", {}, filename, content, timeout_seconds)
        return str(answer["url"])

    async def picture(self, address: str, *, timeout_seconds: float = PICTURE_SECONDS) -> bytes:
        """A picture WeCom named, such as ``qr_code`` (P:92228, P:92229): a PNG or JPEG.

        Raises Refused for an address that is not WeCom's and for what is no picture, Busy when it
        cannot be had now. It needs no token and uses no budget.
        """
        path, content = "picture", b""
        with self._counted(path):
            try:
                async with self._session.get(
                    of_picture(address, self._base),
                    timeout=aiohttp.ClientTimeout(total=timeout_seconds),
                    allow_redirects=False,
                ) as response:
                    async for piece in response.content.iter_any():
                        content += piece
                        if len(content) > LARGEST_PICTURE:
                            break
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise Busy(-1, type(error).__name__, path) from None
            if response.status == 429 or response.status >= 500:
                raise Busy(response.status, f"HTTP {response.status}", path)
            if response.status != 200 or not is_picture(content):
                raise Refused(response.status, f"no picture at {address}", path)
        return content

    async def _upload(
        self,
        path: str,
        params: Mapping[str, Any],
        filename: str,
        content: bytes,
        timeout_seconds: float,
    ) -> dict[str, Any]:
        def form() -> aiohttp.FormData:
            data = aiohttp.FormData(quote_fields=False)
            data.add_field("media", io.BytesIO(content), filename=filename)  # read in pieces
            return data

        request = _Request(
            path=path,
            params=params,
            data=form,
            deadline=time.monotonic() + timeout_seconds,
        )
        with self._counted(request.path):
            return await self._with_token(request)

    async def _with_token(self, request: _Request) -> dict[str, Any]:
        """Repeat once, with the next token: more often would turn a revoked secret into a loop."""
        name = self._name_of[request.secret]
        token = await self._tokens.get(name, request.seconds_left)
        try:
            return await self._at_pace(request, token)
        except TokenExpired:
            token = await self._tokens.renew(name, token, request.seconds_left)
            return await self._at_pace(request, token)

    async def _at_pace(self, request: _Request, token: str) -> dict[str, Any]:
        path = request.path
        is_probe = await self._budget.take(path, request.members, self._now())
        answered = False
        try:
            answer = await self._send(request, {**request.params, "access_token": token})
            answered = True
            return answer
        except OverLimit as error:
            until = await self._budget.over_limit(path, error.code, self._now())
            raise Paced(until, path, error.code) from error
        except WeComError as error:
            answered = not isinstance(error, Busy | OutcomeUnknown)
            raise
        finally:
            if is_probe:
                await self._budget.probed(path, answered=answered)

    async def _send(self, request: _Request, params: Mapping[str, Any]) -> dict[str, Any]:
        seconds = request.seconds_left
        if seconds <= 0:
            raise Busy(-1, "no time left to send it", request.path)
        data = request.data() if request.data else None
        try:
            async with self._session.request(
                "GET" if data is None else "POST",
                f"{self._base}/{request.path}",
                params=params,
                data=data,
                headers={"Content-Type": "application/json"} if isinstance(data, bytes) else None,
                timeout=aiohttp.ClientTimeout(total=seconds, connect=seconds / 2),
                allow_redirects=False,
            ) as response:
                return _checked(request, response.status, await response.read())
        except _NOT_CONNECTED as error:
            raise Unreachable(-1, type(error).__name__, request.path) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # Not chained: aiohttp's errors may show the URL, and the token is in it.
            raise request.lost(type(error).__name__) from None

    async def _fetch_token(self, secret: str) -> tuple[str, float]:
        request = _Request(
            path="gettoken", params={}, data=None, deadline=time.monotonic() + FETCH_SECONDS
        )
        with self._counted(request.path):
            answer = await self._send(request, {"corpid": self._corp_id, "corpsecret": secret})
        return str(answer["access_token"]), float(answer["expires_in"])

    @contextmanager
    def _counted(self, path: str) -> Iterator[None]:
        started, outcome = time.monotonic(), "error"
        try:
            yield
            outcome = "ok"
        except WeComError as error:
            outcome = type(error).__name__
            held_back = isinstance(error, Paced) and not isinstance(error.__cause__, OverLimit)
            if error.path == path and not held_back:  # a token's trouble was heard as its own
                self._heard(error)
            raise
        finally:
            _CALLS.labels(path, outcome).inc()
            _SECONDS.labels(path).observe(time.monotonic() - started)


def _members(path: str, body: Mapping[str, Any] | None, staff: Sequence[str]) -> tuple[str, ...]:
    """Whose budget a call uses; those reached through a department or tag must be in ``staff``."""
    if path != "message/send" or body is None:
        return ()
    named = str(body.get("touser", "")).split("|")
    return tuple(sorted({m.lower() for m in (*staff, *named) if m and m != "@all"}))


def _encoded(body: Mapping[str, Any]) -> bytes:
    """The same bytes for the same body: WeCom's duplicate check compares them."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _checked(request: _Request, status: int, content: bytes) -> dict[str, Any]:
    if status == 429:
        raise Busy(status, "HTTP 429", request.path)
    if status >= 500:
        raise request.lost(f"HTTP {status}")
    if status != 200:
        raise Misconfigured(status, f"HTTP {status}", request.path)
    try:
        answer = json.loads(content.decode("utf-8"))
        code = int(answer.get("errcode") or 0)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise request.lost("the answer is not a JSON object in UTF-8") from None
    if code:
        raise from_answer(code, str(answer.get("errmsg", "")), request.path)
    return dict(answer)
