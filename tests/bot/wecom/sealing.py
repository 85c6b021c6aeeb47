"""Seal envelopes as WeCom does, written from the protocol and not from our codec."""

import base64
import hashlib
import os
import struct
from urllib.parse import urlencode

from Crypto.Cipher import AES


def encrypt(message: bytes, aes_key: str, receive_id: str, prefix: bytes | None = None) -> str:
    key = base64.b64decode(aes_key + "=")
    plain = (prefix or os.urandom(16)) + struct.pack(">I", len(message)) + message
    plain += receive_id.encode()
    pad = 32 - len(plain) % 32
    return encrypt_raw(plain + bytes([pad]) * pad, key)


def encrypt_raw(plain: bytes, key: bytes) -> str:
    """Encrypt without asking whether length, padding or layout are right."""
    return base64.b64encode(AES.new(key, AES.MODE_CBC, key[:16]).encrypt(plain)).decode()


def sign(token: str, timestamp: str, nonce: str, sealed: str) -> str:
    return hashlib.sha1("".join(sorted([token, timestamp, nonce, sealed])).encode()).hexdigest()


def query(token: str, sealed: str, timestamp: str = "1763700000", nonce: str = "abc123") -> str:
    signature = sign(token, timestamp, nonce, sealed)
    return urlencode({"msg_signature": signature, "timestamp": timestamp, "nonce": nonce})


def envelope(sealed: str, to: str = "wwcorp") -> bytes:
    return (
        f"<xml><ToUserName><![CDATA[{to}]]></ToUserName>"
        f"<Encrypt><![CDATA[{sealed}]]></Encrypt><AgentID><![CDATA[]]></AgentID></xml>"
    ).encode()
