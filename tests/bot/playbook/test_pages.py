"""Links of member pages: the same link for the same thing, and nobody else can make one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playbook.pages import (
    LIVES,
    PURPOSES,
    LinkMaker,
    MemberLink,
    Purpose,
    is_genuine,
    month_of,
    months_from,
    signed,
    unsigned,
)

NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
KEY = bytes(32)
_TEXT = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=30)


def a_maker(now: datetime = NOW) -> LinkMaker:
    keys = {month: month.encode() for month in months_from(now)}
    return LinkMaker(address="https://qunce.example.com", now=now, keys=keys)


@given(st.sampled_from(PURPOSES), _TEXT, _TEXT, st.integers(0, 60_000_000))
def test_what_is_signed_is_read_back_and_genuine(
    purpose: Purpose, contact: str, about: str, minutes: int
) -> None:
    ends = datetime.fromtimestamp(minutes * 60, UTC)
    link = MemberLink(purpose=purpose, contact=contact, about=about, expires_at=ends)
    token = signed(link, KEY)

    assert unsigned(purpose, token) == link
    assert is_genuine(link, token, KEY)
    assert not is_genuine(link, token, b"another key")


@given(st.binary(max_size=80), st.text(max_size=40))
def test_gibberish_is_nobodys(raw: bytes, text: str) -> None:
    for token in (text, raw.hex(), raw.decode("latin-1")):
        claimed = unsigned("join", token)
        assert claimed is None or not is_genuine(claimed, token, KEY)


@pytest.mark.parametrize("other", [p for p in PURPOSES if p != "join"])
def test_a_link_of_one_purpose_is_none_of_another(other: Purpose) -> None:
    link = MemberLink(purpose="join", contact="wm1", expires_at=NOW)
    token = signed(link, KEY)

    claimed = unsigned(other, token)

    assert claimed
    assert not is_genuine(claimed, token, KEY)


def test_a_longer_life_cannot_be_written_into_a_link() -> None:
    link = MemberLink(purpose="join", contact="wm1", expires_at=NOW)
    longer = replace(link, expires_at=NOW + timedelta(days=300))
    mac_of_the_first = signed(link, KEY)[:20]
    forged = mac_of_the_first + signed(longer, b"guess")[20:]

    claimed = unsigned("join", forged)

    assert claimed is None or not is_genuine(claimed, forged, KEY)


def test_links_made_on_one_day_are_the_same_and_the_next_day_others() -> None:
    first = a_maker().of("wm1", "旅程:1")("打卡页", "每日打卡")
    later = a_maker(NOW + timedelta(hours=9)).of("wm1", "旅程:1")("打卡页", "每日打卡")
    tomorrow = a_maker(NOW + timedelta(days=1)).of("wm1", "旅程:1")("打卡页", "每日打卡")

    assert first == later
    assert first != tomorrow


def test_another_step_has_another_link_only_where_it_counts_once() -> None:
    one, two = a_maker().of("wm1", "旅程:1"), a_maker().of("wm1", "旅程:2")

    assert one("打卡页", "每日打卡") != two("打卡页", "每日打卡")
    assert one("选群页", "") == two("选群页", "")


@given(st.integers(0, 14 * 365 * 24))
def test_every_key_a_day_needs_is_asked_for(hours: int) -> None:
    now = NOW + timedelta(hours=hours)
    maker = a_maker(now)

    for purpose in LIVES:
        token = maker.to(purpose, "wm1").rpartition("/")[2]
        link = unsigned(purpose, token)
        assert link
        assert is_genuine(link, token, month_of(link.expires_at).encode())
        assert link.expires_at > now + LIVES[purpose]
