"""Moments in a rehearsal and in the real thing: the same posts, published at the same minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.model import Seat, Sending, Staff, Task
from bot.rehearse import Act, Rehearsal
from config.loader import load_texts
from tests.scenarios.test_moments import RULES, TAGS, THEME, TWO_OWNERS, moments_of
from tests.world import SHANGHAI, TEAM, World, moment

PIECES = "".join(f"---\n素材: 故事{n}\n类型: 文字\n文案: 第{n}个故事\n" for n in (1, 2, 3))
SOP = """
SOP: 门店朋友圈
负责人: 王芳
状态: 启用
对象: 客户群
进入: {当: 群属于主题, 主题: 新手妈妈}
日历:
  可发时段: ["09:00-12:00", "18:00-21:00"]
步骤:
  - 步骤: 上午
    何时: 每天 10:00
    发朋友圈: {素材轮播: 故事, 由: 群主, 可见: [孕期], 时效: 8小时}
  - 步骤: 下午
    何时: 每周二 13:00
    发朋友圈: {文案: "{员工姓名}在{门店名}等您", 由: 部门/徐汇店, 类型: 营销, 为什么发: 周二, 时效: 24小时}
  - 步骤: 晚上
    何时: 每周三 20:00
    发朋友圈: {文案: 晚安, 由: 群主, 时效: 24小时}
"""
FILES = {
    "rules.yaml": RULES,
    "theme.yaml": THEME,
    "tags.yaml": TAGS,
    "team.yaml": TEAM,
    "sop.yaml": SOP,
    "pieces.yaml": PIECES.removeprefix("---\n"),
    "column.yaml": "栏目: 故事\n顺序: [故事1, 故事2, 故事3]\n",
}
BEGIN, END = "2026-11-23 09:05", "2026-11-28 09:00"


def publishes_after(staff: str, text: str) -> timedelta | None:
    """When staff publish it, by whom they are and what it says."""
    if staff == "limin":
        return None if "故事" in text else timedelta(hours=3)
    return timedelta(minutes=20) if staff == "zhangli" else timedelta(hours=9, minutes=3)


@dataclass(frozen=True, slots=True)
class Crew:
    def confirms(self, sending: Sending, now: datetime) -> datetime | None:
        after = publishes_after(sending.staff, sending.message["text"])
        return now + after if after else None

    def does(self, task: Task, now: datetime) -> Sequence[Act]:
        return []

    def joins(self, seat: Seat, now: datetime) -> datetime | None:
        return None


def minute(at: datetime | None) -> str:
    return f"{at.astimezone(SHANGHAI):%m-%d %H:%M}" if at else ""


async def lived(world: World) -> dict[str, tuple[str, ...]]:
    """Staff publish at their very moment; the posts as they stand in the end, by id."""
    planned: list[tuple[datetime, str, str]] = []
    seen: set[str] = set()

    async def watch(at: datetime) -> None:
        for made in await moments_of(world):
            if made["moment_id"] not in seen:
                seen.add(made["moment_id"])
                begun = datetime.fromisoformat(made["at"]) - timedelta(seconds=5)
                for staff in made["senders"]:
                    if after := publishes_after(staff, made["text"]):
                        planned.append((begun + after, staff, made["moment_id"]))
                        when = (begun + after).isoformat()
                        what = {"staff": staff, "moment_id": made["moment_id"], "at": when}
                        await world.sim.act("publish", **what)

    await world.live_until(moment(END), watch)
    found = {}
    for post in await world.store.posts.all():
        ended = post.state not in ("ready", "gathered", "created")
        text = post.message["text"]
        reason = post.reason if ended else ""
        state = post.state if ended else "waiting"
        found[post.id] = (post.staff, text, state, reason, minute(post.published_at))
    return found


def rehearsed(groups: Any) -> dict[str, tuple[str, ...]]:
    people = (("zhangli", "张丽", False), ("limin", "李敏", False), ("wangfang", "王芳", True))
    rehearsal = Rehearsal(
        load_texts(FILES),
        now=moment(BEGIN),
        groups=groups,
        staff=[
            Staff(id=id, name=name, departments=(12,), leads=(12,) if leads else ())
            for id, name, leads in people
        ],
        behaviour=Crew(),
    )
    rehearsal.run_until(moment(END))
    assert rehearsal.stuck == {}
    posts = rehearsal.stage.posts
    return {
        push.id: (
            push.staff,
            posts[push.id].message["text"],
            {"delivered": "published"}.get(push.state, push.state),
            push.reason if push.state != "waiting" else "",
            minute(posts[push.id].published_at),
        )
        for push in rehearsal.pushes
    }


async def test_the_moments_of_a_week_are_those_that_were_rehearsed(world: World) -> None:
    await world.publish(FILES)
    chats = [await world.create_group(name, owner) for name, owner in TWO_OWNERS]
    await world.turn_to(BEGIN)
    groups = list((await world.store.groups.many(chats)).values())
    expected = rehearsed(groups)

    real = await lived(world)

    assert real == expected
    states = {state for _, _, state, _, _ in real.values()}
    assert {"published", "expired"} <= states
    texts = {text for _, text, _, _, _ in real.values()}
    assert {"第3个故事", "张丽在徐汇店等您", "晚安"} <= texts
