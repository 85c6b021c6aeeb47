"""客户朋友圈: nobody sees anything before staff publish it."""

from typing import Any

import pytest

from tests.simulator.client import Refused, Sim

PATH = "externalcontact/"
SOON = "2026-11-02T08:00:05+08:00"


async def ask(sim: Sim, *staff: str, tags: tuple[str, ...] = (), **more: Any) -> str:
    seen: dict[str, Any] = {"sender_list": {"user_list": list(staff)}}
    if tags:
        seen["external_contact_list"] = {"tag_list": list(tags)}
    body = {"text": {"content": "秋冬新品到店"}, "visible_range": seen, **more}
    return str((await sim.call(PATH + "add_moment_task", body))["jobid"])


async def made(sim: Sim, jobid: str) -> dict[str, Any]:
    answer = await sim.call(PATH + "get_moment_task_result", jobid=jobid)
    return dict(answer)


async def a_moment(sim: Sim, *staff: str, **more: Any) -> str:
    jobid = await ask(sim, *staff, **more)
    await sim.clock(SOON)
    return str((await made(sim, jobid))["result"]["moment_id"])


async def code_of(sim: Sim, path: str, body: dict[str, Any]) -> int:
    with pytest.raises(Refused) as refusal:
        await sim.call(PATH + path, body)
    return int(refusal.value.code)


async def rows(sim: Sim, path: str, name: str, **body: Any) -> list[dict[str, Any]]:
    answer = await sim.call(PATH + path, body)
    found: list[dict[str, Any]] = answer[name]
    return found


async def test_it_is_made_in_wecoms_own_time(sim: Sim) -> None:
    await sim.setup()
    jobid = await ask(sim, "zhangli", "nobody")
    early = await made(sim, jobid)
    listed = {"start_time": 1793577600, "end_time": 1793664000}
    before = await rows(sim, "get_moment_list", "moment_list", **listed)
    await sim.clock(SOON)
    done = await made(sim, jobid)
    after = await rows(sim, "get_moment_list", "moment_list", **listed)

    assert (early["status"], done["status"]) == (2, 3)
    assert done["result"]["invalid_sender_list"]["user_list"] == ["nobody"]
    assert before == []
    assert [row["moment_id"] for row in after] == [done["result"]["moment_id"]]
    assert "creator" not in after[0]
    await sim.clock("2026-11-03T08:00:06+08:00")
    with pytest.raises(Refused):
        await made(sim, jobid)


async def test_each_publishes_to_his_own_customers_with_one_of_the_tags(sim: Sim) -> None:
    company = await sim.setup()
    pregnant = company["tags"]["宝宝月龄/孕期"]
    ours = [
        (await sim.act("add_contact", staff="zhangli", name=f"客户{n}"))["external_userid"]
        for n in range(2)
    ]
    theirs = (await sim.act("add_contact", staff="limin", name="别人的"))["external_userid"]
    await sim.act("edit_tags", staff="zhangli", contact=ours[0], add=[pregnant])
    moment = await a_moment(sim, "zhangli", "limin", tags=(pregnant,))
    about = {"moment_id": moment, "userid": "zhangli"}
    unseen = await rows(sim, "get_moment_send_result", "customer_list", **about)
    published = await sim.act("publish", staff="zhangli", moment_id=moment)
    again = await sim.act("publish", staff="zhangli", moment_id=moment)
    liked = [
        (await sim.act("like", staff="zhangli", moment_id=moment, contact=who))["liked"]
        for who in (ours[0], ours[0], ours[1], theirs)
    ]
    await sim.act("comment", staff="zhangli", moment_id=moment, contact=ours[0])

    tasks = await rows(sim, "get_moment_task", "task_list", moment_id=moment)
    seen = await rows(sim, "get_moment_send_result", "customer_list", **about)
    chosen = await rows(sim, "get_moment_customer_list", "customer_list", **about)
    echo = await sim.call(PATH + "get_moment_comments", about)
    assert (unseen, published["published"], again["published"]) == ([], True, False)
    assert {row["userid"]: row["publish_status"] for row in tasks} == {"zhangli": 1, "limin": 0}
    assert seen == [{"external_userid": ours[0]}]
    assert chosen == [{"userid": "zhangli", "external_userid": ours[0]}]
    assert liked == [True, True, False, False]
    assert (len(echo["like_list"]), len(echo["comment_list"])) == (1, 1)
    (row,) = (await sim.ledger())["published"]
    assert (row["userid"], row["customers"]) == ("zhangli", 1)


async def test_what_is_cancelled_stays_unpublished(sim: Sim) -> None:
    await sim.setup()
    moment = await a_moment(sim, "zhangli", "limin")
    await sim.act("publish", staff="zhangli", moment_id=moment)
    for _ in range(2):
        await sim.call(PATH + "cancel_moment_task", {"moment_id": moment})

    assert not (await sim.act("publish", staff="limin", moment_id=moment))["published"]
    books = await sim.ledger()
    assert ([row["userid"] for row in books["published"]], len(books["moments_cancelled"])) == (
        ["zhangli"],
        1,
    )


async def test_tags_nobody_knows_make_no_moment_for_everybody(sim: Sim) -> None:
    await sim.setup()
    jobid = await ask(sim, "zhangli", tags=("etGone",))
    await sim.clock(SOON)

    told = (await made(sim, jobid))["result"]
    assert (told["errcode"], "moment_id" in told) == (40068, False)
    assert told["invalid_external_contact_list"]["tag_list"] == ["etGone"]
    assert (await sim.ledger())["moments"] == []


async def test_more_than_ten_a_minute_are_refused(sim: Sim) -> None:
    await sim.setup()
    for _ in range(10):
        await ask(sim, "zhangli")
    with pytest.raises(Refused) as refusal:
        await ask(sim, "zhangli")
    await sim.clock("2026-11-02T08:01:01+08:00")
    await ask(sim, "zhangli")

    assert refusal.value.code == 45009


@pytest.mark.parametrize(
    ("attachments", "code"),
    [
        ([{"msgtype": "file", "file": {"media_id": "m"}}], 41065),
        ([{"msgtype": "image", "image": {"media_id": "m"}}], 40007),
        ([{"msgtype": "link", "link": {"title": "a" * 65, "url": "https://a.cn"}}], 45002),
        ([{"msgtype": "image"}] * 10, 41064),
        ([{"msgtype": "image"}, {"msgtype": "link"}], 41064),
    ],
)
async def test_a_moment_takes_less_than_a_message(
    sim: Sim, attachments: list[dict[str, Any]], code: int
) -> None:
    await sim.setup()
    seen = {"sender_list": {"user_list": ["zhangli"]}}
    body = {"text": {"content": "a"}, "attachments": attachments, "visible_range": seen}

    assert await code_of(sim, "add_moment_task", body) == code


async def test_media_of_messages_are_no_media_of_moments(sim: Sim) -> None:
    await sim.setup()
    media_id = await sim.upload(b"\xff\xd8\xff\xe0 a picture")
    image = [{"msgtype": "image", "image": {"media_id": media_id}}]
    seen = {"sender_list": {"user_list": ["zhangli"]}}
    body = {"attachments": image, "visible_range": seen}

    assert await code_of(sim, "add_moment_task", body) == 40007


@pytest.mark.parametrize("chance", [0.0, 1.0])
async def test_staff_publish_by_themselves_or_forget(sim: Sim, chance: float) -> None:
    await sim.setup(customers=6, behaviour={"publish": chance, "nudged": 0.0, "like": 1.0})
    await sim.clock("2026-11-03T12:00:00+08:00")
    jobid = await ask(sim, "zhangli")
    await sim.clock("2026-11-03T12:00:05+08:00")
    moment = (await made(sim, jobid))["result"]["moment_id"]
    await sim.clock("2026-11-07T12:00:00+08:00")

    published = (await sim.ledger())["published"]
    about = {"moment_id": moment, "userid": "zhangli"}
    echo = await sim.call(PATH + "get_moment_comments", about)
    assert len(published) == int(chance)
    seen = published[0]["customers"] if published else 0
    assert 0 <= seen - len(echo["like_list"]) <= 1, "all but those who never answer"
    assert bool(echo["like_list"]) == bool(seen)
