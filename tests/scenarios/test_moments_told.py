"""What people read about moments: why, queue, the plan and the report."""

from datetime import timedelta

import pytest

from bot import reports, story
from bot.backlog import piles
from bot.model import Sending
from bot.rehearse import Rehearsal
from bot.rehearse.figures import figures_of
from bot.rehearse.people import Prompt
from bot.reports.report import Asked, CannotReport, Report
from config.loader import load_texts
from tests.scenarios.test_moments import (
    RULES,
    TAGS,
    THEME,
    TWO_OWNERS,
    calendar,
    moments_of,
    open_shop,
    publish,
)
from tests.world import TEAM, World, moment

FILES = {
    "rules.yaml": RULES,
    "theme.yaml": THEME,
    "tags.yaml": TAGS,
    "team.yaml": TEAM,
    "sop.yaml": calendar(),
}


async def one_published_one_forgotten(world: World) -> list[str]:
    """Of two owners one publishes, and a customer likes it; the other forgets."""
    chats = await open_shop(world, calendar(), *TWO_OWNERS)
    contact = await world.add_contact("zhangli")
    await world.turn_to("2026-11-23 10:05")
    (made,) = await moments_of(world)
    await publish(world, "zhangli", made)
    await world.act("like", staff="zhangli", contact=contact, moment_id=made["moment_id"])
    await world.turn_to("2026-11-23 19:00")
    return chats


async def made(world: World, **asked: str) -> Report:
    until = world.now + timedelta(days=1)
    about = Asked(since=world.now - timedelta(days=7), until=until, **asked)
    return await reports.report("朋友圈")(world.ctx, about)


async def test_the_report_tells_published_from_forgotten_with_their_denominators(
    world: World,
) -> None:
    await one_published_one_forgotten(world)
    told = await made(world)

    (row,) = told.rows
    assert {column.name for column in told.columns} == set(row)
    assert (row["sop"], row["step"]) == ("门店朋友圈", "周一朋友圈")
    counts = ("due", "created", "published", "forgotten", "recalled", "dropped", "open", "heard")
    assert [row[name] for name in counts] == [2, 2, 1, 1, 0, 0, 0, 1]
    assert (row["audience"], row["likes"], row["comments"]) == (1, 1, 0)
    assert {c.name: c.of for c in told.columns if c.of} == {
        "created": "due",
        "published": "created",
        "forgotten": "created",
        "unknown": "created",
        "dropped": "due",
        "heard": "published",
    }
    assert told.notes[-1] == "没有发表的原因：员工未发表 1 条。"


async def test_what_nobody_has_read_is_not_known_rather_than_nothing(world: World) -> None:
    await one_published_one_forgotten(world)
    rows = {row["staff"]: row for row in (await made(world, by="员工", about="门店朋友圈")).rows}

    assert (rows["张丽"]["published"], rows["张丽"]["likes"]) == (1, 1)
    assert (rows["李敏"]["forgotten"], rows["李敏"]["likes"]) == (1, None)


async def test_a_report_about_what_does_not_exist_says_so(world: World) -> None:
    await open_shop(world, calendar())
    with pytest.raises(CannotReport, match="门店朋友圈"):
        await made(world, about="门店朋友")
    with pytest.raises(CannotReport, match="员工"):
        await made(world, by="天气")
    assert (await made(world)).rows == []


async def test_why_tells_a_moment_by_group_post_and_wecoms_number(world: World) -> None:
    first, second, _ = await one_published_one_forgotten(world)
    (row,) = await moments_of(world)
    by_number = await story.tell(world.ctx, row["moment_id"])
    by_post = await story.tell(world.ctx, f"moment:{await occasion(world)}:limin")
    by_group = await story.tell(world.ctx, second)

    assert by_number
    assert by_number.title == "朋友圈【秋冬新品到店】，2 位员工：已收回"
    shown = [line.what for line in by_number.lines]
    assert any(
        what.startswith("朋友圈“周一朋友圈”由 张丽 发【秋冬新品到店】 → 已发表")
        and what.endswith("1 位客户看得到，1 个赞，0 条评论")
        for what in shown
    )
    assert by_post
    assert by_post.title == "李敏 的朋友圈“周一朋友圈”：过期，没有发"
    assert by_group
    assert any("请 张丽 发一条朋友圈" in line.what for line in by_group.lines)
    assert first != second


async def occasion(world: World) -> str:
    return (await world.store.posts.all())[0].occasion


async def test_the_queue_tells_who_has_yet_to_publish(world: World) -> None:
    sop = calendar(when="每周一 22:00").replace("8小时", "24小时")
    await open_shop(world, sop, *TWO_OWNERS)
    await world.turn_to("2026-11-23 22:05")
    held = {pile.name: pile for pile in await piles(world.ctx)}["朋友圈待发"]
    await world.turn_to("2026-11-24 08:35")
    asked = {pile.name: pile for pile in await piles(world.ctx)}["朋友圈等员工发表"]

    assert held.what == ("2 条等到 10小时后：“周一朋友圈”免打扰，顺延到 11-24 08:30",)
    assert (held.bad, asked.count) == (False, 2)
    assert asked.what[0].startswith("张丽 1 个、李敏 1 个") or asked.what[0].startswith(
        "李敏 1 个、张丽 1 个"
    )


class Forgets(Prompt):
    def confirms(self, sending: Sending, now: object) -> None:
        return None


@pytest.mark.parametrize(("behaviour", "published"), [(Prompt(), 2), (Forgets(), 0)])
async def test_a_rehearsal_counts_moments_on_their_own(
    world: World, behaviour: Prompt, published: int
) -> None:
    chats = await open_shop(world, calendar(), *TWO_OWNERS)
    groups = (await world.store.groups.many(chats)).values()
    begin = moment("2026-11-23 09:05")
    staff = await world.store.staff.active()
    rehearsal = Rehearsal(
        load_texts(FILES), now=begin, groups=groups, staff=staff, behaviour=behaviour
    )
    rehearsal.run_until(moment("2026-11-24 09:00"))
    figures = figures_of(rehearsal, begin)

    assert sum(day.moments for day in figures.days) == published
    assert sum(day.service + day.groups for day in figures.days) == 0
    assert figures.most_in_a_month == 0
    assert figures.not_sent == ({} if published else {"员工未发表": 2})
