"""Phone numbers as far as people need them: enough to know one again, not to call. Pure."""

import re

_SHOWN = 4  # digits at the end, by which customers are looked for
_HIDDEN = "****"
_WITH_COUNTRY = 13  # +86 and the eleven digits of a mobile number


def masked(phone: str) -> str:
    """13812341234 → 138****1234; of a number too short for that, nothing."""
    digits = re.sub(r"\D", "", phone)
    if len(digits) == _WITH_COUNTRY and digits.startswith("86"):
        digits = digits[2:]
    if len(digits) < 2 * _SHOWN:
        return _HIDDEN
    before = digits[: min(3, len(digits) - 2 * _SHOWN)]
    return f"{before}{_HIDDEN}{digits[-_SHOWN:]}"


def ending(mask: str) -> str:
    """The digits at the end of a masked number; "" when too few of it are kept."""
    end = mask.rpartition(_HIDDEN)[2]
    return end if len(end) == _SHOWN else ""


def asked_for(text: str) -> str:
    """The ending to look for, when ``text`` is a phone number or the end of one; "" when not."""
    digits = re.sub(r"[\s-]", "", text)
    whole = re.fullmatch(rf"(?:\+?86)?1\d{{10}}|\d{{{_SHOWN}}}", digits, re.ASCII)
    return digits[-_SHOWN:] if whole else ""
