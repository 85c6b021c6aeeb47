"""A rehearsal and the real thing: the same fortnight, and the same pushes and tasks to the minute.

Left out of the comparison is what only WeCom knows: seconds (callbacks settle within two, calls
take none here), its message ids, and the words of texts.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.model import Group, Seat, Sending, Staff, Task
from bot.playbook.moves import redirects
from bot.rehearse import Act, Rehearsal
from config.loader import load_texts
from tests.world import SHANGHAI, TEAM, World, moment

RULES = """
规则: 全局
免打扰: {客户: "21:30-08:30", 客户群: "22:00-08:00", 员工: "20:00-09:00"}
频控:
  每位客户: {每天: 1条, 每7天: 3条, 其中营销每7天: 1条}
  每个群: {每天: 2条, 其中营销每7天: 2条}
  每位员工: {每天新任务: 2个}
催办:
  标准三级:
    - {过了: 2小时, 提醒: 本人}
    - {到期: , 提醒: [本人, 店长]}
    - {逾期: 1个工作日, 转派: 店长}
---
标签:
  宝宝月龄: [孕期, 0-6月龄]
  状态: [活跃, 勿扰, 回访满意]
---
主题群: 新手妈妈
群: {名称包含: 新手妈妈}
入群打标签: [活跃]
"""
WELCOME = """
SOP: 新客
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
退出:
  - {当: 下单, 记为: 达成}
  - {当: 客户删除好友, 记为: 负面}
  - {当: 打上标签, 标签: 勿扰}
步骤:
  - 步骤: 问需求
    何时: 当天 19:30
    错过时: 顺延到下个可发时段
    派任务:
      标题: 和 {客户昵称} 打个招呼
      给: 跟进人
      完成依据: [{按钮: 已问到}, {客户被打上标签组: 宝宝月龄}]
      期限: 1个工作日
      催办: 标准三级
  - 步骤: 等月龄
    等事件:
      当: 打上标签
      标签组: 宝宝月龄
      最多等: 2天
      等到了:
        - {步骤: 进群, 邀请入主题群: 新手妈妈}
      超时:
        - {步骤: 说一声, 发给员工: {文案: 还没问到月龄, 给: 跟进人}}
  - 步骤: 测评
    何时: 第3天 10:00
    发给客户: {文案: 给您一份测评, 由: 跟进人, 时效: 24小时}
  - 步骤: 优惠
    何时: 第4天 21:15
    发给客户: {文案: 优惠来了, 由: 跟进人, 类型: 营销, 时效: 13小时}
  - 步骤: 回访
    何时: 第7天 15:00
    遇非工作日: 顺延
    派任务:
      标题: 回访 {客户昵称}
      给: 跟进人
      完成依据: [{按钮: [满意, 一般]}]
      期限: 1个工作日
      催办: 标准三级
      结果打标签: {满意: 回访满意}
  - 步骤: 看结果
    分支:
      - 如果: [{任务结果: {步骤: 回访, 是: 满意}}]
        则:
          - {步骤: 道谢, 发给客户: {文案: 谢谢您, 由: 跟进人, 时效: 3天}}
      - 否则:
          - {步骤: 算了, 结束: 不再打扰}
"""
TAGGED = """
SOP: 活跃客户
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 打上标签, 标签: 活跃}
步骤:
  - 步骤: 邀请分享
    何时: 1天后 10:00
    发给客户: {文案: 愿意分享吗, 由: 跟进人, 时效: 3天}
"""
CALENDAR = """
SOP: 群周历
负责人: 王芳
状态: 启用
对象: 客户群
进入: {当: 群属于主题, 主题: 新手妈妈}
步骤:
  - 步骤: 周一知识
    何时: 每周一 10:00
    发到群: {文案: 小知识, 由: 群主, 类型: 营销, 时效: 6小时}
  - 步骤: 周三收集
    何时: 每周三 12:00
    派任务: {标题: 收集问题, 给: 群主, 完成依据: [{按钮: 已收集}], 期限: 6小时, 催办: 标准三级}
"""
SILENT = """
SOP: 买过的
负责人: 王芳
状态: 启用
对象: 客户
进入:
  当: 每天 09:00 检查人群
  条件: [{近30天下单: 不少于1次}, {没有标签: [勿扰]}]
步骤:
  - 步骤: 会员礼
    何时: 当天 11:00
    发给客户: {文案: 会员礼, 由: 跟进人, 类型: 营销, 时效: 8小时}
"""
FILES = {
    "rules.yaml": RULES,
    "01.yaml": WELCOME,
    "02.yaml": TAGGED,
    "03.yaml": CALENDAR,
    "04.yaml": SILENT,
    "team.yaml": TEAM,
}
END = "2026-12-07 09:00"
EDITED_AT = "2026-11-27 12:00"
#: 优惠 is gone, 回访 has another name and comes a day earlier, something new comes before it.
EDITED = FILES | {
    "01.yaml": WELCOME.replace(
        """  - 步骤: 优惠
    何时: 第4天 21:15
    发给客户: {文案: 优惠来了, 由: 跟进人, 类型: 营销, 时效: 13小时}
  - 步骤: 回访
    何时: 第7天 15:00
""",
        """  - 步骤: 小贴士
    何时: 第5天 10:00
    发给客户: {文案: 小贴士, 由: 跟进人, 时效: 24小时}
  - 步骤: 电话回访
    曾用名: 回访
    何时: 第6天 15:00
""",
    ).replace("{步骤: 回访, 是: 满意}", "{步骤: 电话回访, 是: 满意}")
}
#: (when, who, what, with what), by the names a rehearsal uses.
STORY: Sequence[tuple[str, str, str, dict[str, str]]] = (
    ("2026-11-23 09:10", "wmA", "添加好友", {"staff": "zhangli"}),
    ("2026-11-23 22:05", "wmB", "添加好友", {"staff": "limin"}),
    ("2026-11-24 11:00", "wmA", "打上标签", {"staff": "zhangli", "tag": "宝宝月龄/0-6月龄"}),
    ("2026-11-24 12:00", "wmC", "添加好友", {"staff": "zhangli"}),
    ("2026-11-25 12:07", "wmA", "入群", {}),
    ("2026-11-25 20:40", "wmD", "添加好友", {"staff": "limin"}),
    ("2026-11-26 16:30", "wmC", "客户删除好友", {"staff": "zhangli"}),
    ("2026-11-26 18:00", "wmD", "打上标签", {"staff": "limin", "tag": "状态/勿扰"}),
    ("2026-11-27 10:00", "wmE", "添加好友", {"staff": "zhangli"}),
    ("2026-11-27 10:30", "wmG", "添加好友", {"staff": "zhangli"}),
    ("2026-11-27 10:45", "wmH", "添加好友", {"staff": "zhangli"}),
    ("2026-11-27 13:00", "wmB", "下单", {}),
    ("2026-11-28 09:30", "wmE", "打上标签", {"staff": "zhangli", "tag": "宝宝月龄/孕期"}),
    ("2026-11-28 15:00", "wmF", "添加好友", {"staff": "limin"}),
    ("2026-11-30 18:20", "wmF", "下单", {}),
    ("2026-12-01 10:05", "wmG", "下单", {}),
)


def confirms_after(staff: str, text: str) -> timedelta | None:
    """When staff press the button, by whom they are and what it says."""
    if staff == "limin" and "测评" in text:
        return None
    return timedelta(minutes=20) if staff == "zhangli" else timedelta(hours=4, minutes=3)


def taps_after(staff: str, title: str) -> timedelta | None:
    """When a person taps the first button of a task's first card."""
    if staff == "zhangli":
        return timedelta(minutes=45)
    return timedelta(hours=3) if "回访" in title else None


@dataclass(frozen=True, slots=True)
class Crew:
    """The same people in a rehearsal."""

    def confirms(self, sending: Sending, now: datetime) -> datetime | None:
        after = confirms_after(sending.staff, sending.message["text"])
        return now + after if after else None

    def does(self, task: Task, now: datetime) -> Sequence[Act]:
        after = taps_after(task.staff, task.title)
        return [Act(now + after, "点按钮", {"button": task.buttons[0]})] if after else []

    def joins(self, seat: Seat, now: datetime) -> datetime | None:
        return None


class _Sooner(Exception):
    """Somebody has made up their mind to act before the moment we were going to."""


@dataclass(slots=True)
class _Live:
    """The company of the world, moved by the story and by the rules above."""

    world: World
    group: str
    acts: list[tuple[datetime, str, dict[str, Any]]]
    seen: set[str] = field(default_factory=set)
    target: datetime = field(default_factory=lambda: moment(END))

    async def through(self) -> None:
        """Every act at its very moment."""
        while self.world.now < moment(END):
            self.acts.sort(key=lambda act: act[0])
            self.target = self.acts[0][0] if self.acts else moment(END)
            try:
                await self.world.live_until(min(self.target, moment(END)), self._watch)
            except _Sooner:
                continue
            if self.acts and self.acts[0][0] <= self.world.now:
                _, do, what = self.acts.pop(0)
                if do == "publish":
                    await self.world.publish(EDITED)
                    await self.world.settle()
                else:
                    await self.world.act(do, **what)

    async def _watch(self, at: datetime) -> None:
        ledger = await self.world.ledger()
        for mass in ledger["mass"]:
            after = confirms_after(mass["sender"], mass["text"])
            if self._is_new(mass["msgid"]) and after:
                self._plan(at + after, "confirm", staff=mass["sender"], msgid=mass["msgid"])
        for card in ledger["cards"]:
            if self._is_new(card["task_id"]):
                await self._card(card["task_id"], at)
        if any(act[0] < self.target for act in self.acts):
            raise _Sooner

    async def _card(self, card: str, at: datetime) -> None:
        task = await self.world.store.tasks.of_card(card)
        if task is None or (task.cards > 1 and task.state != "已转派"):
            return
        if after := taps_after(task.staff, task.title):
            key = task.buttons[0]
            self._plan(at + after, "tap", staff=task.staff, task_id=card, key=key)

    def _plan(self, at: datetime, do: str, **what: Any) -> None:
        self.acts.append((at, do, what))

    def _is_new(self, id: str) -> bool:
        new = id not in self.seen
        self.seen.add(id)
        return new


def in_wecom(who: str, kind: str, more: dict[str, str], group: str) -> tuple[str, dict[str, Any]]:
    """A happening of the story as an act of the simulated company."""
    match kind:
        case "添加好友":
            return "add_contact", {"contact": who, "name": who, **more}
        case "打上标签":
            what = {"staff": more["staff"], "contact": who, "add": [more["tag"]]}
            return "edit_tags", what
        case "下单":
            return "order", {"contact": who, "amount": 100}
        case "客户删除好友":
            return "delete_by_customer", {"staff": more["staff"], "contact": who}
        case "入群":
            return "join_group", {"chat": group, "contact": who}
    raise ValueError(kind)


def minute(at: datetime | None) -> str:
    return f"{at.astimezone(SHANGHAI):%m-%d %H:%M}" if at else ""


async def lived(world: World, group: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The pushes and tasks of the real thing, by id."""
    pushes = {}
    for subject in [*{who for _, who, _, _ in STORY}, group]:
        told = await world.store.log.of(subject)
        for d in await world.store.deliveries.of(subject):
            ended = [row["at"] for row in told if row["_id"].startswith(f"{d.id}:")]
            waiting = d.state in ("ready", "gathered", "created")
            pushes[d.id] = (
                d.sop,
                d.step,
                d.subject,
                d.staff,
                "waiting" if waiting else d.state,
                "" if waiting else d.reason if d.state != "delivered" else "",
                minute(d.delivered_at or (None if waiting else max(ended, default=None))),
            )
    rows = world.store.db["tasks"].find()
    tasks = {}
    async for row in rows:
        task = await world.store.tasks.get(row["_id"])
        assert task
        tasks[task.id] = of_task(task)
    return pushes, tasks


def of_task(task: Task) -> tuple[Any, ...]:
    log = [(minute(entry["at"]), entry["what"], entry.get("who", "")) for entry in task.log]
    about = (task.sop, task.step, task.subject, task.staff, task.state, task.result, task.evidence)
    return (*about, minute(task.given_at), minute(task.deadline), log)


def rehearsed(group: Group, *, edit: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same by a rehearsal."""
    people = (("zhangli", "张丽", False), ("limin", "李敏", False), ("wangfang", "王芳", True))
    rehearsal = Rehearsal(
        load_texts(FILES),
        now=moment("2026-11-23 09:05"),
        groups=[group],
        staff=[
            Staff(id=id, name=name, departments=(12,), leads=(12,) if leads else ())
            for id, name, leads in people
        ],
        behaviour=Crew(),
    )
    for at, who, kind, more in STORY:
        fields = {"group": group.id} if kind == "入群" else more
        rehearsal.happen(moment(at), who, kind, name=who, **fields)
    if edit:
        rehearsal.run_until(moment(EDITED_AT))
        old, new = load_texts(FILES), load_texts(EDITED)
        rehearsal.publish(new, redirects(old, new, {}))
    rehearsal.run_until(moment(END))
    assert rehearsal.stuck == {}
    pushes = {
        p.id: (
            p.sop,
            p.step,
            p.subject,
            p.staff,
            p.state,
            p.reason if p.state not in ("waiting", "delivered") else "",
            "" if p.state == "waiting" else minute(p.at),
        )
        for p in rehearsal.pushes
        if p.cls not in ("欢迎语", "员工")
    }
    return pushes, {task.id: of_task(task) for task in rehearsal.tasks}


@pytest.mark.parametrize("edit", [False, True], ids=["as published", "edited on the way"])
async def test_a_rehearsed_fortnight_is_the_fortnight_that_comes(world: World, edit: bool) -> None:
    await world.publish(FILES)
    chat = await world.create_group("新手妈妈1群", owner="zhangli")
    await world.turn_to("2026-11-23 09:05")
    group = await world.store.groups.get(chat)
    assert group
    acts = [(moment(at), *in_wecom(who, kind, more, chat)) for at, who, kind, more in STORY]
    if edit:
        acts.append((moment(EDITED_AT), "publish", {}))

    async with asyncio.timeout(240):
        await _Live(world, chat, acts).through()
    pushes, tasks = await lived(world, chat)
    expected_pushes, expected_tasks = rehearsed(group, edit=edit)

    assert sorted(tasks.items()) == sorted(expected_tasks.items())
    assert sorted(pushes.items()) == sorted(expected_pushes.items())
    states = {state for *_, state, _, _ in pushes.values()}
    assert {"delivered", "expired", "suppressed"} <= states
