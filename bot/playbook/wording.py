"""Put names into texts: ``{变量|默认}`` from a closed list, and nothing cleverer than that."""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

_SLOT = re.compile(r"\{([^{}|]+)(?:\|([^{}]*))?\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Every ``{变量}`` replaced by its value, else its default, else nothing."""
    return _SLOT.sub(lambda found: values.get(found[1].strip()) or found[2] or "", text)


def link_pages(text: str, names: Collection[str], link: Callable[[str, str], str]) -> str:
    """Every ``{page|which}`` of ``names`` replaced by its address."""

    def linked(found: re.Match[str]) -> str:
        name = found[1].strip()
        return link(name, (found[2] or "").strip()) if name in names else found[0]

    return _SLOT.sub(linked, text)


def fingerprint(message: Mapping[str, Any]) -> str:
    """The same for equal messages; only equal messages can be gathered into one 群发."""
    frozen = json.dumps(message, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(frozen.encode()).hexdigest()[:24]
