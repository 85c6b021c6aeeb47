"""Put names into texts: ``{变量|默认}`` from a closed list, and nothing cleverer than that."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

_SLOT = re.compile(r"\{([^{}|]+)(?:\|([^{}]*))?\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Every ``{变量}`` replaced by its value, else its default, else nothing."""
    return _SLOT.sub(lambda found: values.get(found[1].strip()) or found[2] or "", text)


def fingerprint(message: Mapping[str, Any]) -> str:
    """The same for equal messages; only equal messages can be gathered into one 群发."""
    frozen = json.dumps(message, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(frozen.encode()).hexdigest()[:24]
