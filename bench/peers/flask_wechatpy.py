"""The usual Python stack: Flask, wechatpy and pymongo, one insert per callback."""

import contextlib
import hashlib
import os
from datetime import UTC, datetime

from flask import Flask, abort, request
from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.work import parse_message
from wechatpy.work.crypto import WeChatCrypto
from wechatpy.work.exceptions import InvalidCorpIdException

app = Flask(__name__)
crypto = WeChatCrypto(*os.environ["BENCH_KEYS"].split())
client = MongoClient(os.environ["BENCH_MONGO_URL"], w="majority")
inbox = client[os.environ["BENCH_DATABASE"]]["inbox"]


@app.post("/callback")
def callback():
    query = request.args
    try:
        xml = crypto.decrypt_message(
            request.data, query["msg_signature"], query["timestamp"], query["nonce"]
        )
    except (InvalidSignatureException, InvalidCorpIdException):
        abort(403)
    message = parse_message(xml)
    row = {
        "_id": hashlib.sha256(xml.encode()).hexdigest(),
        "xml": xml,
        "kind": message.type,
        "state": "new",
        "received_at": datetime.now(UTC),
    }
    with contextlib.suppress(DuplicateKeyError):
        inbox.insert_one(row)
    return ""
