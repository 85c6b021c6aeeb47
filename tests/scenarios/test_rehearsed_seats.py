"""A rehearsal and the real thing: who gets a place, who waits, what staff are asked about groups."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.model import Group, Staff, Task
from bot.rehearse import Prompt, Rehearsal
from config.loader import load_texts
from tests.scenarios.test_rehearsal_agrees import minute
from tests.world import TEAM, World, moment

FILES = {
    "team.yaml": TEAM,
    "rules.yaml": """
规则: 全局
免打扰: {客户: "21:30-08:30", 员工: "20:00-09:00"}
---
标签:
  月龄: [小, 大]
  管理: [会员, 同行]
""",
    "themes.yaml": """
主题群: 按月龄
选择:
  - 如果: [{有标签: 月龄/小}]
    主题: 小月龄
  - 如果: [{有标签: 月龄/大}]
    主题: 大月龄
---
主题群: 小月龄
群: {名称包含: 小月龄}
准入: [{没有标签: 同行}]
容量: 2人
占位有效: 1天
---
主题群: 大月龄
群: {名称包含: 大月龄}
邀请间隔: 2天
---
主题群: 会员
群: {名称包含: 会员}
""",
    "sop.yaml": """
SOP: 进群
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 打上标签, 标签: 小}
步骤:
  - {步骤: 进主题群, 邀请入主题群: 按月龄}
""",
    "sop2.yaml": """
SOP: 会员
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 打上标签, 标签: 会员}
步骤:
  - {步骤: 进会员群, 邀请入主题群: 会员}
""",
}
NAMES = {"小": "徐汇店 小月龄 1群", "大": "徐汇店 大月龄 1群", "员": "徐汇店 会员 1群"}
BY_THEME = {"小": "小月龄", "大": "大月龄", "员": "会员"}
END = "2026-11-28 12:00"
#: (when, who, what, with what)
STORY: Sequence[tuple[str, str, str, dict[str, str]]] = (
    ("2026-11-23 09:10", "wmA", "添加好友", {"staff": "zhangli"}),
    ("2026-11-23 09:11", "wmB", "添加好友", {"staff": "limin"}),
    ("2026-11-23 09:12", "wmC", "添加好友", {"staff": "zhangli"}),
    ("2026-11-23 09:13", "wmD", "添加好友", {"staff": "zhangli"}),
    ("2026-11-23 09:14", "wmE", "添加好友", {"staff": "limin"}),
    ("2026-11-23 09:20", "wmA", "打上标签", {"staff": "zhangli", "tag": "月龄/小"}),
    ("2026-11-23 09:30", "wmB", "打上标签", {"staff": "limin", "tag": "月龄/小"}),
    ("2026-11-23 09:40", "wmD", "打上标签", {"staff": "zhangli", "tag": "管理/同行"}),
    ("2026-11-23 09:41", "wmD", "打上标签", {"staff": "zhangli", "tag": "月龄/小"}),
    ("2026-11-23 10:00", "wmC", "入群", {"group": "员"}),
    ("2026-11-23 10:10", "wmA", "打上标签", {"staff": "zhangli", "tag": "管理/会员"}),
    ("2026-11-23 11:00", "wmE", "入群", {"group": "大"}),
    ("2026-11-23 13:00", "wmE", "打上标签", {"staff": "limin", "tag": "月龄/小"}),
    ("2026-11-24 12:00", "wmB", "入群", {"group": "小"}),
    ("2026-11-24 15:00", "wmB", "退群", {"group": "小"}),
    ("2026-11-25 10:00", "wmF", "添加好友", {"staff": "limin"}),
    ("2026-11-25 10:30", "wmF", "入群", {"group": "小"}),
    ("2026-11-25 11:00", "wmF", "打上标签", {"staff": "limin", "tag": "月龄/大"}),
    ("2026-11-25 14:00", "wmF", "点按钮", {"button": "换到大月龄群"}),
)


def in_words(task: Task) -> tuple[Any, ...]:
    log = [(minute(entry["at"]), entry["what"], entry.get("who", "")) for entry in task.log]
    about = (task.step, task.subject, task.staff, task.title, task.state, task.evidence)
    return (*about, minute(task.given_at), minute(task.deadline), log)


async def live(world: World, chats: dict[str, str]) -> None:
    """The story by people's own hands; nobody confirms anything."""
    for at, who, what, more in STORY:
        await world.turn_to(at)
        match what:
            case "添加好友":
                await world.act("add_contact", contact=who, name=who, **more)
            case "打上标签":
                await world.act("edit_tags", staff=more["staff"], contact=who, add=[more["tag"]])
            case "入群":
                await world.act("join_group", chat=chats[more["group"]], contact=who)
            case "退群":
                await world.act("leave_group", chat=chats[more["group"]], contact=who)
            case "点按钮":
                (task,) = [t for t in await world.store.tasks.about(who) if t.open]
                tap = {"task_id": task.card, "key": more["button"]}
                await world.act("tap", staff=task.staff, **tap)
    await world.turn_to(END)


def rehearse(start: datetime, groups: list[Group], chats: dict[str, str]) -> Rehearsal:
    people = (("zhangli", "张丽", False), ("limin", "李敏", False), ("wangfang", "王芳", True))
    rehearsal = Rehearsal(
        load_texts(FILES),
        now=start,
        groups=groups,
        staff=[
            Staff(id=id, name=name, departments=(12,), leads=(12,) if leads else ())
            for id, name, leads in people
        ],
        behaviour=Idle(),
    )
    for at, who, what, more in STORY:
        fields = dict(more) | ({"group": chats[more["group"]]} if "group" in more else {})
        if what == "退群":
            fields = {"theme": BY_THEME[more["group"]]}
        if what == "点按钮":
            fields["step"] = "换群"
        rehearsal.happen(moment(at), who, what, name=who, **fields)
    rehearsal.run_until(moment(END))
    return rehearsal


class Idle(Prompt):
    """Nobody confirms anything."""

    def confirms(self, sending: Any, now: datetime) -> None:
        return None


async def test_seats_rehearsed_are_the_seats_that_come(world: World) -> None:
    await world.publish(FILES)
    chats = {key: await world.create_group(name) for key, name in NAMES.items()}
    await world.turn_to("2026-11-23 09:05")
    groups = [group for id in chats.values() if (group := await world.store.groups.get(id))]

    async with asyncio.timeout(120):
        await live(world, chats)
    rehearsal = rehearse(moment("2026-11-23 09:05"), groups, chats)

    rows = await world.store.db["tasks"].find().to_list(None)
    tasks = [task for row in rows if (task := await world.store.tasks.get(row["_id"]))]
    assert rehearsal.stuck == {}
    assert sorted(map(in_words, tasks)) == sorted(map(in_words, rehearsal.tasks))
    people = sorted({who for _, who, _, _ in STORY})
    seats = [seat for who in people for seat in await world.store.seats.of(who)]
    known = [(s.theme, s.subject, s.state, s.group, minute(s.held_at)) for s in seats]
    expected = [
        (s.theme, s.subject, s.state, s.group, minute(s.held_at))
        for s in rehearsal.stage.seats.values()
    ]
    assert sorted(known) == sorted(expected)
    assert {"开群", "换群"} == {task.step for task in tasks}
    assert {"占位过期", "已占位", "已退群"} <= {state for _, _, state, _, _ in known}
