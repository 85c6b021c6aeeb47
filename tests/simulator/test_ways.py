"""联系我 codes: WeCom's limits, and who is added by whoever scans one."""

from typing import Any

import pytest

from tests.simulator.client import Refused, Sim

PATH = "externalcontact/"


async def make(sim: Sim, **more: Any) -> dict[str, Any]:
    body = {"type": 2, "scene": 2, "state": "门口海报", "user": ["zhangli", "limin"], **more}
    return await sim.call(PATH + "add_contact_way", body)


async def shown(sim: Sim, config_id: str) -> dict[str, Any]:
    answer = await sim.call(PATH + "get_contact_way", {"config_id": config_id})
    return dict(answer["contact_way"])


async def code_of(sim: Sim, path: str, body: dict[str, Any]) -> int:
    with pytest.raises(Refused) as refusal:
        await sim.call(PATH + path, body)
    return int(refusal.value.code)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": 3}, 41039),
        ({"scene": 0}, 41040),
        ({"type": 1}, 41041),
        ({"user": [f"u{n}" for n in range(101)]}, 41041),
        ({"user": ["nobody"]}, 40003),
        ({"user": []}, 40063),
        ({"state": "字" * 31}, 40058),
        ({"remark": "字" * 31}, 40058),
    ],
)
async def test_what_wecom_refuses(sim: Sim, change: dict[str, Any], code: int) -> None:
    await sim.setup()
    body = {"type": 2, "scene": 2, "user": ["zhangli", "limin"], **change}

    assert await code_of(sim, "add_contact_way", body) == code


async def test_whoever_scans_adds_one_of_its_people(sim: Sim) -> None:
    await sim.setup()
    made = await make(sim)

    scans = [await sim.act("scan", way=made["qr_code"], name=f"客户{n}") for n in range(30)]

    assert {scan["staff"] for scan in scans} == {"zhangli", "limin"}
    assert all(scan["welcome_code"] for scan in scans)
    assert {row["state"] for row in (await sim.ledger())["customers"]} == {"门口海报"}


async def test_an_update_replaces_the_people_and_nothing_else(sim: Sim) -> None:
    await sim.setup()
    made = await make(sim, remark="记号")
    change = {"config_id": made["config_id"], "user": ["wangfang"], "type": 1}
    await sim.call(PATH + "update_contact_way", change)

    there = await shown(sim, made["config_id"])
    assert (there["type"], there["user"]) == (2, ["wangfang"])
    assert (there["state"], there["remark"]) == ("门口海报", "记号")
    assert (await sim.act("scan", way=made["qr_code"], name="客户"))["staff"] == "wangfang"
    wrong = {"config_id": made["config_id"], "user": ["nobody"]}
    assert await code_of(sim, "update_contact_way", wrong) == 40003


async def test_nobody_is_added_who_has_left(sim: Sim) -> None:
    await sim.setup()
    made = await make(sim)
    await sim.act("staff_leaves", staff="zhangli")
    await sim.act("staff_leaves", staff="limin")

    with pytest.raises(ValueError, match="nobody of this code works here"):
        await sim.act("scan", way=made["qr_code"], name="客户")


async def test_a_friend_who_scans_again_finds_who_they_know(sim: Sim) -> None:
    await sim.setup()
    made = await make(sim)
    first = await sim.act("scan", way=made["qr_code"], name="客户")

    again = await sim.act("scan", way=made["qr_code"], contact=first["external_userid"])

    assert again == {"staff": first["staff"]}
    assert len((await sim.ledger())["customers"]) == 1


async def test_without_skip_verify_staff_let_them_in(sim: Sim) -> None:
    await sim.setup()
    made = await make(sim, skip_verify=False)
    asked = await sim.act("scan", way=made["qr_code"], contact="wm1")
    assert (await sim.ledger())["customers"] == []

    added = await sim.act("accept", staff=asked["staff"], contact="wm1")

    assert added["external_userid"] == "wm1"
    with pytest.raises(ValueError, match="has not asked"):
        await sim.act("accept", staff=asked["staff"], contact="wm1")


async def test_a_list_shows_the_last_90_days_and_what_is_permanent(sim: Sim) -> None:
    await sim.setup()
    old = (await make(sim))["config_id"]
    await sim.clock("2027-02-10T08:00:00+08:00")
    new = (await make(sim))["config_id"]
    await make(sim, is_temp=True)

    async def listed(**more: Any) -> set[str]:
        answer = await sim.call(PATH + "list_contact_way", more)
        return {row["config_id"] for row in answer["contact_way"]}

    assert await listed() == {new}
    assert await listed(start_time=0) == {old, new}


async def test_a_deleted_code_is_gone(sim: Sim) -> None:
    await sim.setup()
    made = await make(sim)
    await sim.call(PATH + "del_contact_way", {"config_id": made["config_id"]})

    assert await code_of(sim, "get_contact_way", {"config_id": made["config_id"]}) == 41044
    with pytest.raises(ValueError, match="invalid config_id"):
        await sim.act("scan", way=made["qr_code"], name="客户")


async def test_customers_of_a_channel_scan_its_code_once_there_is_one(sim: Sim) -> None:
    await sim.setup(customers=40, days=2, behaviour={"channels": ["门口海报"], "channel_share": 1})
    await make(sim, user=["limin"])

    await sim.clock("2026-11-05T08:00:00+08:00")

    customers = (await sim.ledger())["customers"]
    assert len(customers) == 40
    assert {row["staff"] for row in customers} == {"limin"}
