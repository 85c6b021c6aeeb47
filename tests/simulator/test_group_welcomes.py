"""The library of group welcomes, and what newcomers read once an owner has selected one."""

from typing import Any

import pytest

from tests.simulator.client import Refused, Sim

API = "externalcontact/group_welcome_template"
HELLO = {"text": {"content": "欢迎%NICKNAME%"}}


async def refusal(sim: Sim, path: str, body: dict[str, Any]) -> int:
    with pytest.raises(Refused) as refused:
        await sim.call(path, body)
    return int(refused.value.code)


async def test_newcomers_read_what_the_owner_selected_and_as_it_was_edited(sim: Sim) -> None:
    chat = (await sim.setup())["groups"]["0-6月龄1群"]
    made = (await sim.call(f"{API}/add", {**HELLO, "notify": 0}))["template_id"]
    await sim.act("join_group", chat=chat, contact="wm1")
    await sim.act("select_welcome", chat=chat, template=made)
    await sim.act("join_group", chat=chat, contact="wm2")
    await sim.call(f"{API}/edit", {"template_id": made, "text": {"content": "换了一句"}})
    await sim.act("join_group", chat=chat, contact="wm3")
    await sim.call(f"{API}/del", {"template_id": made})
    await sim.act("join_group", chat=chat, contact="wm4")

    greeted = (await sim.ledger())["greeted"]
    assert [(row["external_userid"], row["text"]) for row in greeted] == [
        ("wm2", "欢迎%NICKNAME%"),
        ("wm3", "换了一句"),
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 40063),
        ({"text": {"content": "欢" * 1001}}, 45002),
        ({"image": {"media_id": "unknown"}}, 40007),
        ({"link": {"title": "没有网址"}}, 40063),
    ],
)
async def test_what_wecom_would_not_keep_is_refused(
    sim: Sim, body: dict[str, Any], code: int
) -> None:
    await sim.setup()

    assert await refusal(sim, f"{API}/add", body) == code


async def test_of_several_attachments_the_first_kind_is_kept(sim: Sim) -> None:
    await sim.setup()
    link = {"title": "群主", "url": "https://example.com/1"}
    made = await sim.call(f"{API}/add", {**HELLO, "link": link, "video": {"media_id": "unknown"}})

    kept = await sim.call(f"{API}/get", {"template_id": made["template_id"]})
    assert kept["link"] == link
    assert "video" not in kept


async def test_the_library_is_full_at_a_hundred_and_the_same_words_are_another_one(
    sim: Sim,
) -> None:
    await sim.setup(limits={"group_welcomes_total": 2})
    first, second = [(await sim.call(f"{API}/add", HELLO))["template_id"] for _ in range(2)]

    assert first != second
    assert await refusal(sim, f"{API}/add", HELLO) == 40058
    assert await refusal(sim, f"{API}/get", {"template_id": "unknown"}) == 40058


async def test_customers_of_who_has_left_wait_for_somebody(sim: Sim) -> None:
    await sim.setup()
    made = await sim.act("add_contact", staff="limin", name="小雨妈妈")
    path = "externalcontact/get_unassigned_list"
    assert (await sim.call(path, {"page_size": 1000}))["info"] == []

    await sim.act("staff_leaves", staff="limin")

    (row,) = (await sim.call(path, {"page_size": 1000}))["info"]
    assert (row["handover_userid"], row["external_userid"]) == ("limin", made["external_userid"])
    assert row["dimission_time"] > 0
