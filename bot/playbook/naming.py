"""How a name is found by a part of it: by its letters and its pairs of letters. Pure."""

_LONGEST = 40


def parts_of(name: str) -> list[str]:
    """Everything of one or two letters that ``name`` contains, small letters only."""
    text = _plain(name)[:_LONGEST]
    pairs = {text[i : i + 2] for i in range(len(text) - 1)}
    return sorted({*text, *pairs} - {""})


def parts_to_find(asked: str) -> list[str]:
    """The parts that a name containing ``asked`` has for certain; empty when nothing is asked."""
    text = _plain(asked)[:_LONGEST]
    if len(text) < 2:
        return [text] if text else []
    return sorted({text[i : i + 2] for i in range(len(text) - 1)})


def contains(name: str, asked: str) -> bool:
    """Whether ``asked`` stands in ``name``, whatever the case and the blanks."""
    return _plain(asked) in _plain(name)


def _plain(text: str) -> str:
    return "".join(text.casefold().split())
