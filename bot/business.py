"""What the shop's own systems (orders, visits) may tell us through ``POST /api/events``."""

import hashlib
import hmac
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
)


def _iso(value: Any) -> Any:
    """pydantic alone would also take 1700000000 and "1700000000"."""
    if not isinstance(value, str):
        raise ValueError("must be ISO 8601 text, such as 2026-11-25T20:30:00+08:00")
    return datetime.fromisoformat(value)


Name = Annotated[str, StringConstraints(min_length=1, max_length=128, strict=True)]


class BadEvent(ValueError):
    """The message is one sentence for the programmer at the other end."""


class BusinessEvent(BaseModel):
    """Something a customer did outside WeCom. Told twice under one ``id``, it happened once."""

    model_config = ConfigDict(frozen=True, extra="allow")

    id: Name
    subject: Name  # external_userid
    kind: Name  # order, visit …
    at: Annotated[AwareDatetime, BeforeValidator(_iso)]


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """What stands in ``X-Qunce-Signature``."""
    signed = _raw(timestamp) + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def is_signed(secret: str, timestamp: str, signature: str, body: bytes) -> bool:
    expected = sign(secret, timestamp, body)
    return bool(timestamp) and hmac.compare_digest(expected.encode(), _raw(signature))


def _raw(header: str) -> bytes:
    """The bytes as they came: a header may hold what is no UTF-8."""
    return header.encode("utf-8", "surrogateescape")


def read(body: bytes) -> BusinessEvent:
    """Raises ``BadEvent`` naming the first field that is wrong."""
    try:
        return BusinessEvent.model_validate_json(body)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in wrong["loc"]) or "body"
        raise BadEvent(f"{where}: {wrong['msg']}") from error
