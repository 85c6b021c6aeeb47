"""Nothing that can be opened is left out where every page is looked at."""

import re

import pytest

from console import PAGES as ROUTES
from tests.browser.pages import LISTS, OF_A_LEAD, PAGES

#: What no picture is taken of, and why.
NO_PAGES = {
    r"/": "leads on",
    r"/console/": "leads on",
    r"/language": "leads on",
    r"/sign-in/.+": "leads on, to WeCom and back",
    r"/m/.+": "needs a link of its own; tests/browser/test_member.py opens it",
    r"/console/work/\{id\}(/.*)?": "needs something that was done; tests/console/test_work.py",
    r"/console/(simulation|import)/\{id\}": "needs something that was done",
    r"/console/doctor/\{name\}": "a part of a page",
    r"/console/groups/theme/.+": "a part of a page",
    r"/console/groups/\{id\}/members": "a part of a page",
    r"/console/groups/poster([/.].+)": "a file",
    r"/console/figures\.csv": "a file",
    r"/console/editing/sop": "leads on",
    r"/my/file": "a file",
}


def _pages() -> list[str]:
    return sorted({route.path for route in ROUTES if route.method == "GET"})


@pytest.mark.parametrize("route", _pages())
def test_every_page_is_listed_or_said_to_be_none(route: str) -> None:
    listed = [path.partition("?")[0] for path in PAGES.values()]
    shape = re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(route)))
    is_listed = any(shape.fullmatch(path) for path in listed)
    is_none = any(re.fullmatch(pattern, route) for pattern in NO_PAGES)
    assert is_listed != is_none, f"{route}: a line in tests/browser/pages.py, or in NO_PAGES"


def test_no_name_is_used_twice() -> None:
    names = [*PAGES, *LISTS, *OF_A_LEAD]
    assert len(names) == len(set(names))
