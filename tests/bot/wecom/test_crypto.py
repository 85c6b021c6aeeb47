import base64
import json
import os
import random
import struct
from pathlib import Path
from typing import Any

import pytest
from wechatpy.work.crypto import WeChatCrypto

from bot.wecom.crypto import BadEnvelope, Crypto, sealed_in
from tests.bot.wecom import sealing

DATA = json.loads((Path(__file__).parents[2] / "data" / "crypto.json").read_text())
TOKEN, KEY, CORP = "token", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wwcorp"
RAW_KEY = base64.b64decode(KEY + "=")
WHEN, NONCE = "1763700000", "n0nce"


@pytest.fixture
def crypto() -> Crypto:
    return Crypto(TOKEN, KEY, CORP)


def opened(crypto: Crypto, sealed: str) -> bytes:
    return crypto.open(sealed, sealing.sign(TOKEN, WHEN, NONCE, sealed), WHEN, NONCE)


@pytest.mark.parametrize("vector", DATA["vectors"], ids=lambda vector: f"vector-{vector['id']}")
def test_published_vectors_open_to_their_plaintext(vector: dict[str, Any]) -> None:
    crypto = Crypto(vector["token"], vector["encoding_aes_key"], vector["receive_id"])
    signed = vector["msg_signature"], vector["timestamp"], vector["nonce"]

    assert crypto.open(vector["encrypt"], *signed).decode() == vector["plaintext"]


@pytest.mark.parametrize("vector", DATA["negative"], ids=lambda vector: vector["case"])
def test_published_negative_vectors_are_refused(vector: dict[str, str]) -> None:
    sealed = vector.get("echostr", "E" * 43 + "=")
    signature = vector.get("msg_signature", "d728d2be" + "0" * 32)

    with pytest.raises(BadEnvelope):
        Crypto(vector["token"], KEY, CORP).open(
            sealed, signature, vector["timestamp"], vector["nonce"]
        )


def test_our_test_sealing_makes_the_published_ciphertexts() -> None:
    for vector in DATA["vectors"]:
        prefix = bytes.fromhex(vector["random_prefix_hex"])
        message, key = vector["plaintext"].encode(), vector["encoding_aes_key"]

        assert sealing.encrypt(message, key, vector["receive_id"], prefix) == vector["encrypt"]


def test_ten_thousand_random_messages_agree_with_wechatpy_both_ways(crypto: Crypto) -> None:
    oracle = WeChatCrypto(TOKEN, KEY, CORP)
    chance = random.Random(7)
    alphabet = "ab<>&]\n 群策🎉\u0000"
    for number in range(10_000):
        message = "".join(chance.choices(alphabet, k=chance.randrange(1, 90)))
        if number % 2:
            theirs = oracle.encrypt_message(message, NONCE, WHEN)
            sealed = sealed_in(theirs.encode())

            assert opened(crypto, sealed).decode() == message
        else:
            sealed = sealing.encrypt(message.encode(), KEY, CORP)
            signature = sealing.sign(TOKEN, WHEN, NONCE, sealed)
            envelope = {"Encrypt": sealed}

            assert (
                oracle.decrypt_message(
                    f"<xml><Encrypt>{sealed}</Encrypt></xml>", signature, WHEN, NONCE
                )
                == message
            ), envelope
            assert opened(crypto, sealed).decode() == message


def test_every_length_of_padding_opens(crypto: Crypto) -> None:
    for length in range(70):
        message = b"x" * length

        assert opened(crypto, sealing.encrypt(message, KEY, CORP)) == message


def test_the_last_two_bits_of_the_key_mean_nothing() -> None:
    assert KEY[-1] == "G"
    sealed = sealing.encrypt(b"hello", KEY[:-1] + "E", CORP)  # E = 000100, G = 000110

    assert opened(Crypto(TOKEN, KEY, CORP), sealed) == b"hello"


@pytest.mark.parametrize("key", ["", "a" * 42, "a" * 44, "a" * 42 + "=", "键" * 43])
def test_a_key_of_another_form_is_an_error_at_once(key: str) -> None:
    with pytest.raises(ValueError, match="43"):
        Crypto(TOKEN, key, CORP)


def padded(message: bytes, pad: bytes) -> str:
    return sealing.encrypt_raw(message + pad, RAW_KEY)


def framed(message: bytes, length: int, receive_id: bytes = CORP.encode()) -> str:
    plain = os.urandom(16) + struct.pack(">I", length) + message + receive_id
    pad = 32 - len(plain) % 32
    return padded(plain, bytes([pad]) * pad)


HEAD = b"r" * 16 + struct.pack(">I", 2) + b"hi" + CORP.encode()  # 28 bytes
BAD = {
    "a pad byte that differs": padded(HEAD, b"\4\3\4\4"),
    "no padding": padded(HEAD + b"....", b"\0" * 32),
    "a pad of 33": padded(HEAD + b"...", bytes([33]) * 33),
    "half a block": sealing.encrypt_raw(HEAD + b"\4" * 4 + b"\x10" * 16, RAW_KEY),
    "a length beyond the end": framed(b"hi", 2**31),
    "a length over the receiveid": framed(b"hi", 5),
    "a shorter length": framed(b"hi", 1),
    "another receiveid": framed(b"hi", 2, b"wwother"),
    "no receiveid": framed(b"hi", 2, b""),
    "only padding": sealing.encrypt_raw(bytes([32]) * 32, RAW_KEY),
    "nothing": "",
    "another key": sealing.encrypt(b"hi", KEY[::-1], CORP),
    "a line break": sealing.encrypt(b"hi", KEY, CORP)[:20] + "\n" + "A" * 20,
    "a foreign letter": sealing.encrypt(b"hi", KEY, CORP)[:-2] + "é=",
    "text after the padding": sealing.encrypt(b"hi", KEY, CORP) + "AAAA",
    "url-safe base64": "_-" * 32,
}


@pytest.mark.parametrize("sealed", BAD.values(), ids=BAD.keys())
def test_what_is_not_exactly_an_envelope_is_refused_though_signed(
    crypto: Crypto, sealed: str
) -> None:
    with pytest.raises(BadEnvelope):
        opened(crypto, sealed)


def test_ten_thousand_mutilated_envelopes_raise_one_error(crypto: Crypto) -> None:
    chance = random.Random(11)
    accepted = 0
    for _ in range(10_000):
        sealed = bytearray(base64.b64decode(sealing.encrypt(b"<xml>hi</xml>", KEY, CORP)))
        sealed[chance.randrange(16, len(sealed))] ^= chance.randrange(1, 256)
        try:
            message = opened(crypto, base64.b64encode(bytes(sealed)).decode())
        except BadEnvelope:
            continue
        accepted += message != b"<xml>hi</xml>"

    # The cipher protects nothing but secrecy: a bit flipped in the message shows only in the
    # signature, which the forger cannot make.
    assert accepted < 5_000


@pytest.mark.parametrize(
    "timestamp", ["", "176370000", "17637000000", "١٧٦٣٧٠٠٠٠٠", "1763700000\n"]
)
def test_a_timestamp_of_another_form_is_refused(crypto: Crypto, timestamp: str) -> None:
    sealed = sealing.encrypt(b"hi", KEY, CORP)
    signature = sealing.sign(TOKEN, timestamp, NONCE, sealed)

    with pytest.raises(BadEnvelope):
        crypto.open(sealed, signature, timestamp, NONCE)


@pytest.mark.parametrize("nonce", ["", "n" * 65, "n-1", "随机", "n\n"])
def test_a_nonce_of_another_form_is_refused(crypto: Crypto, nonce: str) -> None:
    sealed = sealing.encrypt(b"hi", KEY, CORP)
    signature = sealing.sign(TOKEN, WHEN, nonce, sealed)

    with pytest.raises(BadEnvelope):
        crypto.open(sealed, signature, WHEN, nonce)


@pytest.mark.parametrize(
    "change", [str.upper, lambda s: s[:-1], lambda s: s + "0", lambda s: "签" * 40]
)
def test_a_signature_of_another_form_is_refused(crypto: Crypto, change: Any) -> None:
    sealed = sealing.encrypt(b"hi", KEY, CORP)

    with pytest.raises(BadEnvelope):
        crypto.open(sealed, change(sealing.sign(TOKEN, WHEN, NONCE, sealed)), WHEN, NONCE)


@pytest.mark.parametrize(
    "body",
    [
        b"<xml><Encrypt>QUJD</Encrypt></xml>",
        b"<xml><Encrypt><![CDATA[QUJD]]></Encrypt></xml>",
        b"\xef\xbb\xbf\n <xml>\n<AgentID></AgentID><Encrypt >QUJD</Encrypt>\n</xml>\n",
        b'<?xml version="1.0"?><xml><New><Thing>1</Thing></New><Encrypt>QUJD</Encrypt></xml>',
        b"<xml><ToUserName>ww1</ToUserName><Encrypt> QUJD </Encrypt><AgentID>1</AgentID></xml>",
        b'{"tousername": "ww1", "encrypt": "QUJD", "agentid": "1"}',
        b'{"encrypt": "QUJD"}',
        b'{"ToUserName": "ww1", "Encrypt": "QUJD", "AgentID": 1}',
    ],
)
def test_outer_envelopes_of_all_forms_give_their_sealed_text(body: bytes) -> None:
    assert sealed_in(body) == "QUJD"


DTD = b'<!DOCTYPE xml [<!ENTITY a "QUJD">]>'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"<xml></xml>",
        b"<xml><Encrypt></Encrypt></xml>",
        b"<xml><Encrypt>QUJD</Encrypt><Encrypt>QUJD</Encrypt></xml>",
        b"<xml><Encrypt><b>QUJD</b></Encrypt></xml>",
        b"<xml><Encrypt>QUJD</Encrypt>",
        b"<xml><Encrypt>QUJD</Encrypt></xml><xml></xml>",
        b"<xml>" + b"<a>" * 8 + b"</a>" * 8 + b"<Encrypt>QUJD</Encrypt></xml>",
        b"<a>" * 9000,
        DTD + b"<xml><Encrypt>&a;</Encrypt></xml>",
        DTD + b"<xml><Encrypt>QUJD</Encrypt></xml>",
        b'{"encrypt": 5}',
        b'{"encrypt": ["QUJD"]}',
        b'{"encrypt": ',
        b"{" + b'"a":{' * 9000,
        b"[" * 60000,
        b"\xff\xfe<",
    ],
)
def test_outer_envelopes_of_no_form_are_refused(body: bytes) -> None:
    with pytest.raises(BadEnvelope):
        sealed_in(body)
