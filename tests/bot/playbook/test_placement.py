"""Which group a customer is offered."""

from bot.model import Group
from bot.playbook.placement import choices, has_room, room


def a_group(id: str, *, shop: str = "", members: int = 0, held: int = 0, cap: int = 10) -> Group:
    return Group(
        id=id,
        name=id,
        shop=shop,
        members=members,
        cap=cap,
        held=tuple(f"s{n}" for n in range(held)),
    )


def test_the_customers_own_shop_comes_first_then_nobodys() -> None:
    groups = [a_group("a", shop="静安店"), a_group("b"), a_group("c", shop="徐汇店")]

    assert [g.id for g in choices(groups, "徐汇店")] == ["c", "b", "a"]


def test_without_a_shop_groups_come_in_order() -> None:
    groups = [a_group("2群"), a_group("1群")]

    assert [g.id for g in choices(groups, "")] == ["1群", "2群"]


def test_a_held_place_is_not_free() -> None:
    assert not has_room(a_group("a", members=8, held=2))
    assert room(a_group("a", members=8, held=1)) == 1


def test_a_group_people_overran_has_no_room() -> None:
    assert room(a_group("a", members=12)) == 0


def test_full_groups_are_passed_over() -> None:
    groups = [a_group("1群", members=10), a_group("2群")]

    assert [g.id for g in choices(groups, "")] == ["2群"]
    assert choices(groups, "", only_first=True) == []


def test_a_dismissed_group_is_no_choice() -> None:
    gone = Group(id="a", open=False, cap=10)

    assert choices([gone], "") == []
    assert room(gone) == 0
