"""A phone number is kept as far as people need it, and no further."""

import pytest

from bot.playbook.masking import asked_for, ending, masked


@pytest.mark.parametrize(
    ("phone", "kept"),
    [
        ("13812341234", "138****1234"),
        ("138-1234-1234", "138****1234"),
        ("+86 138 1234 1234", "138****1234"),
        ("021-61234567", "021****4567"),
        ("61234567", "****4567"),
        ("123456", "****"),
        ("", "****"),
    ],
)
def test_half_of_a_number_is_never_kept(phone: str, kept: str) -> None:
    assert masked(phone) == kept


@pytest.mark.parametrize(
    ("mask", "end"), [("138****1234", "1234"), ("****1234", "1234"), ("****", "")]
)
def test_it_is_looked_for_by_its_end(mask: str, end: str) -> None:
    assert ending(mask) == end


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("1234", "1234"),
        ("13812341234", "1234"),
        ("138 1234 1234", "1234"),
        ("+8613812341234", "1234"),
        ("12345", ""),
        ("１２３４", ""),
        ("小雨1234", ""),
        ("", ""),
    ],
)
def test_what_looks_like_no_phone_is_a_name(text: str, end: str) -> None:
    assert asked_for(text) == end
