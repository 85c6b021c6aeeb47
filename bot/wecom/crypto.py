"""Open the envelopes of WeCom's callbacks; the only file that imports pycryptodome."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from hashlib import sha1
from hmac import compare_digest

from Crypto.Cipher import AES

from bot.wecom.xml import Malformed, read

_BLOCK = 32  # WeCom pads to 32 bytes, not to AES's 16
_KEY = re.compile(r"[A-Za-z0-9+/]{43}")
_SIGNATURE = re.compile(r"[0-9a-f]{40}")
_TIMESTAMP = re.compile(r"[0-9]{10}")
_NONCE = re.compile(r"[0-9A-Za-z]{1,64}")

# The usual envelope at a glance. What it does not match, the strict parser decides.
_VALUE = rb"(?:<!\[CDATA\[[\w.-]*\]\]>|[\w.-]*)"
_OTHERS = rb"(?:<(?:ToUserName|AgentID)>" + _VALUE + rb"</(?:ToUserName|AgentID)>\s*)*"
_USUAL = re.compile(
    rb"\s*<xml>\s*"
    + _OTHERS
    + rb"<Encrypt>(?:<!\[CDATA\[([A-Za-z0-9+/=]+)\]\]>|([A-Za-z0-9+/=]+))</Encrypt>\s*"
    + _OTHERS
    + rb"</xml>\s*"
)


class BadEnvelope(Exception):
    """Not signed and encrypted for us. Whatever was wrong, the answer is the same 403."""


def sealed_in(body: bytes) -> str:
    """The base64 text inside an outer envelope, XML or JSON; nothing else in there is signed."""
    if usual := _USUAL.fullmatch(body):
        return (usual[1] or usual[2]).decode("ascii")
    try:
        fields = read(body)
    except Malformed as error:
        raise BadEnvelope(str(error)) from error
    sealed = fields.get("Encrypt", fields.get("encrypt"))
    if not isinstance(sealed, str) or not sealed:
        raise BadEnvelope("no single Encrypt")
    return sealed


class Crypto:
    """The keys of one callback URL. Not for use by two threads at once."""

    def __init__(self, token: str, aes_key: str, receive_id: str) -> None:
        if not _KEY.fullmatch(aes_key):
            raise ValueError("EncodingAESKey must be 43 letters and digits")
        # 43 characters carry 258 bits: the last two mean nothing and may be anything.
        key = b64decode(aes_key + "=")
        self._token = token
        self._receive_id = receive_id.encode()
        self._iv = key[:16]
        self._cipher = AES.new(key, AES.MODE_CBC, self._iv)

    def open(self, encrypt: str, signature: str, timestamp: str, nonce: str) -> bytes:
        """The message inside an envelope that WeCom signed."""
        if not (_TIMESTAMP.fullmatch(timestamp) and _NONCE.fullmatch(nonce)):
            raise BadEnvelope("timestamp or nonce is not in WeCom's form")
        if not _SIGNATURE.fullmatch(signature):
            raise BadEnvelope("signature is not in WeCom's form")
        signed = "".join(sorted((self._token, timestamp, nonce, encrypt)))
        digest = sha1(signed.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
        if not compare_digest(digest, signature):
            raise BadEnvelope("signature")
        return self.decrypt_stored(encrypt)

    def decrypt_stored(self, encrypt: str) -> bytes:
        """The message inside an envelope whose signature was checked when it came."""
        try:
            sealed = b64decode(encrypt, validate=True)
        except (NotBase64, ValueError) as error:
            raise BadEnvelope("not base64") from error
        if not sealed or len(sealed) % _BLOCK:
            raise BadEnvelope("ciphertext length")
        return self._message(self._unpad(self._decrypt(sealed)))

    def _decrypt(self, sealed: bytes) -> bytes:
        # CBC depends on the block before only. Putting the IV in front as a block (its own
        # plaintext is thrown away) lets one cipher serve every message: a new one costs 8 µs.
        return self._cipher.decrypt(self._iv + sealed)[16:]

    @staticmethod
    def _unpad(padded: bytes) -> bytes:
        size = padded[-1]
        if not 1 <= size <= _BLOCK or padded[-size:] != bytes((size,)) * size:
            raise BadEnvelope("padding")
        return padded[:-size]

    def _message(self, plain: bytes) -> bytes:
        """``16 random bytes | length of the message, 4 bytes | message | receiveid``."""
        end = 20 + int.from_bytes(plain[16:20], "big")
        if len(plain) < 20 or end > len(plain):
            raise BadEnvelope("message length")
        if not compare_digest(plain[end:], self._receive_id):
            raise BadEnvelope("receiveid")
        return plain[20:end]
