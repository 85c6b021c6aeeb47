"""What WeCom counts in customer groups, and what it does not."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.simulator.client import Refused, Sim

STAT = "externalcontact/groupchat/statistic"
BY_DAY = "externalcontact/groupchat/statistic_group_by_day"
FIRST = datetime.fromisoformat("2026-11-02T00:00:00+08:00")


def days(first: int, last: int | None = None, **more: Any) -> dict[str, Any]:
    """Days after the first one."""
    told = {"day_begin_time": int((FIRST + timedelta(days=first)).timestamp())}
    if last is not None:
        told["day_end_time"] = int((FIRST + timedelta(days=last)).timestamp())
    return {**told, **more}


async def a_week(sim: Sim) -> None:
    """Two owners; on the first day one writes 3 messages, on the second two write 1 each."""
    made = await sim.setup()
    chat = made["groups"]["0-6月龄1群"]
    first, second = (m for m in made["members"][chat] if m.startswith("wm"))
    await sim.act("say", chat=chat, contact=first, count=3)
    await sim.act("create_group", name="另一个群", owner="limin")
    await sim.clock("2026-11-03T10:00:00+08:00")
    await sim.act("say", chat=chat, contact=first)
    await sim.act("say", chat=chat, contact=second)
    await sim.act("join_group", chat=chat, contact="wmnew")
    await sim.act("leave_group", chat=chat, contact=second)
    await sim.clock("2026-11-05T10:00:00+08:00")


async def of(sim: Sim, owner: str, **asked: Any) -> dict[str, Any]:
    items = (await sim.call(STAT, asked))["items"]
    (found,) = [item["data"] for item in items if item["owner"] == owner]
    return dict(found)


async def test_messages_and_people_count_up_to_the_day_and_by_owner(sim: Sim) -> None:
    await a_week(sim)

    first, second = [await of(sim, "zhangli", **days(n)) for n in (0, 1)]
    assert (first["msg_total"], first["member_has_msg"], first["chat_has_msg"]) == (3, 1, 1)
    assert (second["msg_total"], second["member_has_msg"]) == (5, 2)
    assert (first["member_total"], second["member_total"]) == (3, 3)
    assert second["new_member_cnt"] == 1
    assert (await of(sim, "limin", **days(1)))["msg_total"] == 0


async def test_several_days_are_their_news_and_how_the_last_one_ended(sim: Sim) -> None:
    await a_week(sim)

    both = await of(sim, "zhangli", **days(0, 1))
    assert (both["new_chat_cnt"], both["msg_total"]) == (1, 5)
    by_day = (await sim.call(BY_DAY, days(0, 1)))["items"]
    assert [item["data"]["msg_total"] for item in by_day] == [3, 5]
    assert by_day[0]["stat_time"] == int(FIRST.timestamp())


@pytest.mark.parametrize(
    ("asked", "code"),
    [(days(3), 600018), (days(-181), 600018), (days(-40, 2), 600018), (days(1, limit=0), 40058)],
)
async def test_what_cannot_be_asked_is_refused(sim: Sim, asked: dict[str, Any], code: int) -> None:
    await a_week(sim)
    with pytest.raises(Refused) as refused:
        await sim.call(STAT, asked)

    assert refused.value.code == code


async def test_owners_come_in_the_order_asked_for_and_in_pages(sim: Sim) -> None:
    await a_week(sim)

    page = await sim.call(STAT, days(1, order_by=4, order_asc=1, limit=1))
    assert [item["owner"] for item in page["items"]] == ["limin"]
    assert (page["total"], page["next_offset"]) == (2, 1)
    rest = await sim.call(STAT, days(1, order_by=4, order_asc=1, limit=1, offset=1))
    assert [item["owner"] for item in rest["items"]] == ["zhangli"]
