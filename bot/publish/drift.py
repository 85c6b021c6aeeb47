"""Where a folder and what is live have gone apart since the release both come from. Pure."""

from collections.abc import Mapping
from typing import Literal

#: Who changed a file since the base; ``both`` only when they did not change it to the same.
Side = Literal["only-folder", "only-live", "both"]


def drift(
    folder: Mapping[str, str], base: Mapping[str, str], head: Mapping[str, str]
) -> dict[str, Side]:
    """Per file that differs, who changed it; each side is path → mark of the content.

    Without a known base pass an empty one: then what only live has counts as changed there, what
    both have differently as changed by both.
    """
    found: dict[str, Side] = {}
    for path in sorted({*folder, *base, *head}):
        here, before, live = folder.get(path), base.get(path), head.get(path)
        if here == live:
            continue
        if live == before:
            found[path] = "only-folder"
        else:
            found[path] = "only-live" if here == before else "both"
    return found
