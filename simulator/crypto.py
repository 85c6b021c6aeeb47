"""Seal callbacks as WeCom does, written from WeCom's description with PyCryptodome."""

import base64
import hashlib
import json
import os
import struct
from typing import Literal

from Crypto.Cipher import AES

BLOCK = 32  # WeCom pads to 32, not to AES's 16


def encrypt(text: str, *, aes_key: str, receive_id: str) -> str:
    key = base64.b64decode(aes_key + "=")
    message = text.encode()
    plain = os.urandom(16) + struct.pack(">I", len(message)) + message + receive_id.encode()
    pad = BLOCK - len(plain) % BLOCK
    cipher = AES.new(key, AES.MODE_CBC, key[:16])
    return base64.b64encode(cipher.encrypt(plain + bytes([pad]) * pad)).decode()


def sign(token: str, timestamp: str, nonce: str, sealed: str) -> str:
    parts = sorted([token, timestamp, nonce, sealed])
    return hashlib.sha1("".join(parts).encode()).hexdigest()


def envelope(
    sealed: str, *, corp_id: str, agent_id: int | None, form: Literal["xml", "json"] = "xml"
) -> bytes:
    """``agent_id`` only for callbacks of an app."""
    if form == "json":
        body: dict[str, str] = {"tousername": corp_id, "encrypt": sealed}
        if agent_id is not None:
            body["agentid"] = str(agent_id)
        return json.dumps(body).encode()
    agent = "" if agent_id is None else f"<AgentID><![CDATA[{agent_id}]]></AgentID>"
    return (
        f"<xml><ToUserName><![CDATA[{corp_id}]]></ToUserName>{agent}"
        f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    ).encode()
