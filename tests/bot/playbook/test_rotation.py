"""Whose turn it is in a 栏目."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bot.playbook.rotation import fresh_left, next_piece

ORDER = ("甲", "乙", "丙")


@given(st.permutations(ORDER), st.integers(min_value=1, max_value=12))
def test_no_piece_comes_twice_before_every_other_came_once(order: list[str], times: int) -> None:
    used = Counter[str]()
    for _ in range(times):
        used[order[next_piece(order, used)]] += 1

        assert max(used.values()) - min(used.get(name, 0) for name in order) <= 1


@given(st.dictionaries(st.sampled_from(ORDER), st.integers(min_value=0, max_value=3)))
def test_the_next_piece_is_one_of_those_used_least(used: dict[str, int]) -> None:
    chosen = ORDER[next_piece(ORDER, used)]

    assert used.get(chosen, 0) == min(used.get(name, 0) for name in ORDER)


def test_how_many_new_pieces_are_left_counts_without_the_next_one() -> None:
    assert fresh_left(ORDER, {}) == 2
    assert fresh_left(ORDER, {"甲": 1, "乙": 4}) == 0
    assert fresh_left(ORDER, dict.fromkeys(ORDER, 1)) is None
