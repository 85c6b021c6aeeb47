"""What the shop's own systems (orders, visits, stages …) may tell us by ``POST /api/events``."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
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
    kind: Name  # order, visit, interaction, reply, stage, form, profile, or a name of their own
    at: Annotated[AwareDatetime, BeforeValidator(_iso)]


class _Details(BaseModel):
    """The further fields of one kind; any others are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")


class StageEvent(_Details):
    """阶段变化: the customer is at a stage of a KOC体系 now."""

    system: Name
    stage: Name
    score: float | None = None
    reason: Annotated[str, StringConstraints(max_length=200, strict=True)] = ""


class FormEvent(_Details):
    """表单提交."""

    form: Name


class ProfileEvent(_Details):
    """客户属性: ISO dates by name; null takes one back."""

    attributes: Annotated[Mapping[Name, Name | None], Field(min_length=1)]


_KINDS: Mapping[str, type[StageEvent | FormEvent | ProfileEvent]] = {
    "stage": StageEvent,
    "form": FormEvent,
    "profile": ProfileEvent,
}


def details(kind: str, data: Mapping[str, Any]) -> StageEvent | FormEvent | ProfileEvent | None:
    """The further fields of a kind that has some; None for one whose further fields are free.

    Raises ValidationError; of an event that came by :func:`read` it does not.
    """
    model = _KINDS.get(kind)
    return model.model_validate(data) if model else None


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
        event = BusinessEvent.model_validate_json(body)
        details(event.kind, event.model_extra or {})
        return event
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in wrong["loc"]) or "body"
        raise BadEvent(f"{where}: {wrong['msg']}") from error
