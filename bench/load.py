"""Send callbacks as fast as they are answered, and see what that costs whom."""

import asyncio
import base64
import hashlib
import os
import struct
import time
from dataclasses import dataclass
from pathlib import Path

from Crypto.Cipher import AES

CONNECTIONS = 64
_TICKS = os.sysconf("SC_CLK_TCK")

# What WeCom posts when a customer is added, filled up to a usual size.
_MESSAGE = (
    "<xml><ToUserName><![CDATA[{corp}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
    "<CreateTime>1763700000</CreateTime><MsgType><![CDATA[event]]></MsgType>"
    "<Event><![CDATA[change_external_contact]]></Event>"
    "<ChangeType><![CDATA[add_external_contact]]></ChangeType>"
    "<UserID><![CDATA[zhangsan]]></UserID><ExternalUserID><![CDATA[wmAJ2GCAAA{number:022d}]]>"
    "</ExternalUserID><State><![CDATA[storefront]]></State>"
    "<WelcomeCode><![CDATA[{code}]]></WelcomeCode></xml>"
)


@dataclass(frozen=True)
class Keys:
    token: str
    aes_key: str
    corp: str


def requests(keys: Keys, count: int) -> list[bytes]:
    """``count`` different callbacks as HTTP requests, sealed the way WeCom seals them."""
    return [_request(keys, number) for number in range(count)]


def _request(keys: Keys, number: int) -> bytes:
    key = base64.b64decode(keys.aes_key + "=")
    code = hashlib.sha256(str(number).encode()).hexdigest()
    message = _MESSAGE.format(corp=keys.corp, number=number, code=code).encode()
    plain = os.urandom(16) + struct.pack(">I", len(message)) + message + keys.corp.encode()
    pad = 32 - len(plain) % 32
    cipher = AES.new(key, AES.MODE_CBC, key[:16])
    sealed = base64.b64encode(cipher.encrypt(plain + bytes([pad]) * pad)).decode()
    timestamp, nonce = "1763700000", f"n{number}"
    signed = "".join(sorted([keys.token, timestamp, nonce, sealed]))
    signature = hashlib.sha1(signed.encode()).hexdigest()
    body = (
        f"<xml><ToUserName><![CDATA[{keys.corp}]]></ToUserName><Encrypt><![CDATA[{sealed}]]>"
        "</Encrypt><AgentID><![CDATA[]]></AgentID></xml>"
    )
    return (
        f"POST /callback?msg_signature={signature}&timestamp={timestamp}&nonce={nonce} HTTP/1.1\r\n"
        "Host: bot.example.com\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\n"
        f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


@dataclass(frozen=True)
class Round:
    """One stretch of load on one server."""

    answered: int
    seconds: float
    latencies: list[float]
    failed: int

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds

    def percentile(self, part: float) -> float:
        """Milliseconds within which this part of the requests was answered."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000


class _Run:
    def __init__(self, requests: list[bytes], seconds: float) -> None:
        self._requests = iter(requests)
        self._end = time.perf_counter() + seconds
        self.latencies: list[float] = []
        self.failed = 0
        self.open = 0
        self.over = asyncio.get_running_loop().create_future()

    def next(self) -> bytes | None:
        return None if time.perf_counter() > self._end else next(self._requests, None)

    def closed(self) -> None:
        self.open -= 1
        if not self.open and not self.over.done():
            self.over.set_result(None)


class _Connection(asyncio.Protocol):
    """Sends the next request when the last one is answered."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._buffer = b""
        self._since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._run.open += 1
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._buffer.endswith(b"\r\n\r\n"):  # every answer has an empty body
            return
        self._run.latencies.append(time.perf_counter() - self._since)
        self._run.failed += not self._buffer.startswith(b"HTTP/1.1 200")
        self._buffer = b""
        self._send()

    def connection_lost(self, _error: Exception | None) -> None:
        self._run.closed()

    def _send(self) -> None:
        request = self._run.next()
        if request is None:
            self._transport.close()
            return
        self._since = time.perf_counter()
        self._transport.write(request)  # type: ignore[attr-defined]


async def load(port: int, requests: list[bytes], seconds: float) -> Round:
    """Keep every connection busy for ``seconds`` (or until there are no more requests)."""
    loop = asyncio.get_running_loop()
    run = _Run(requests, seconds)
    since = time.perf_counter()
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: _Connection(run), "127.0.0.1", port)
    await run.over
    lasted = time.perf_counter() - since
    return Round(len(run.latencies), lasted, run.latencies, run.failed)


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and its children so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / _TICKS
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(cpu_seconds(int(child)) for child in children)
