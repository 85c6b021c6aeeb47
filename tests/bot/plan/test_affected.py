"""What becomes of everybody under way is counted where they stand, and is what then happens."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.model import Delivery, Journey, Task
from bot.plan.affected import Affected, Change, count
from bot.plan.changes import between
from bot.playbook.hours import Hours
from bot.playbook.moves import redirects
from bot.playbook.said import reworded
from bot.store import Store
from tests.bot.plan.shop import GIFT, MOMENTS, book, edited
from tests.conftest import Client
from tests.world import moment

NOW = moment("2026-11-25 14:00")


@pytest.fixture
async def store(mongo: Client, database: str) -> Store:
    store = Store(mongo, database)
    await store.prepare()
    return store


def entered(days_ago: int, at: str = "10:00") -> datetime:
    return moment(f"2026-11-{25 - days_ago} {at}")


async def stand(store: Store, step: str, n: int, since: datetime, **more: Any) -> None:
    """So many customers stand at ``step``."""
    for number in range(n):
        who = f"wm-{step}-{more.get('phase', '')}{since:%d%H%M}{number}"
        journey = Journey(
            id=f"新客:{who}:1",
            sop="新客",
            subject=who,
            staff="zhangli",
            step=step,
            entered_at=since,
            step_at=since,
            due_at=NOW + timedelta(days=1),
            **more,
        )
        assert await store.journeys.begin(journey)


async def affected(store: Store, *pairs: tuple[str, str], withdraw: bool = False) -> Affected:
    old, new = book(), book(edited(*pairs))
    (found,) = between(old, new).sops
    change = Change(
        before=old.sops["新客"],
        sop=new.sops[found.name],
        found=found,
        redirects=redirects(old, new, {}).get(found.name, {}),
        reworded=reworded(old, new).get("新客", frozenset()),
        withdraw=withdraw,
    )
    return await count(store.census, change, Hours.of(new), NOW)


def shown(one: Affected) -> list[tuple[str, int, tuple[str, ...]]]:
    return [(line.where, line.count, line.then) for line in one.lines]


EARLIER = ("第4天 10:00", "第3天 10:00")


async def test_everybody_is_counted_once_and_told_what_comes(store: Store) -> None:
    await stand(store, "问需求", 4, entered(0))
    await stand(store, "等月龄", 2, entered(1), phase="waiting")
    await stand(store, "育儿测评", 3, entered(2, "09:00"))  # day 3 was at 10:00 today
    await stand(store, "育儿测评", 5, entered(1))  # day 3 is tomorrow
    await stand(store, "朋友圈任务", 2, entered(4))
    await stand(store, "第7天回访", 6, entered(5))

    found = await affected(store, EARLIER, (MOMENTS, GIFT))

    assert found.total == 22
    assert shown(found) == [
        ("还没走到改动处", 6, ("照新版走",)),
        (
            "正等在“育儿测评”前",
            8,
            (
                "其中 3 位按新时间已到点 → 发布后 10 分钟内分批放行（不会一次全发）",
                "5 位改到各自的 第3天 10:00（11-26 10:00）",
            ),
        ),
        ("正等在被删的“朋友圈任务”", 2, ("跳到下一步“第7天回访”",)),
        ("已经走过", 6, ("不受影响，不会补发“到店礼”",)),
    ]
    assert sum(line.count for line in found.lines if not line.overlaps) == found.total


async def test_those_let_go_at_night_are_told_when_it_reaches_them(store: Store) -> None:
    await stand(store, "育儿测评", 1, moment("2026-11-23 09:00"))
    old, new = book(), book(edited(EARLIER))
    (found,) = between(old, new).sops
    change = Change(before=old.sops["新客"], sop=new.sops["新客"], found=found, redirects={})
    night = moment("2026-11-25 23:00")

    (line,) = (await count(store.census, change, Hours.of(new), night)).lines

    assert line.then == (
        "其中 1 位按新时间已到点 → 发布后 10 分钟内分批放行（不会一次全发），"
        "11-26 08:30 免打扰结束后才送出",
    )


async def test_a_later_time_moves_those_who_wait(store: Store) -> None:
    await stand(store, "育儿测评", 2, entered(3, "09:00"))
    await stand(store, "育儿测评", 1, entered(2))

    (line,) = (await affected(store, ("第4天 10:00", "第6天 10:00"))).lines

    assert (line.where, line.count) == ("正等在“育儿测评”前", 3)
    assert line.then == ("3 位改到各自的 第6天 10:00（11-27 10:00 到 11-28 10:00）",)


async def test_other_content_and_conditions_meet_those_who_wait(store: Store) -> None:
    await stand(store, "育儿测评", 2, entered(1))
    when = "何时: 第4天 10:00"
    condition = (when, when + "\n    如果:\n      - 有门店: 是")

    (line,) = (await affected(store, condition, ("图文-护肤知识, 由", "图文-育儿测评, 由"))).lines

    assert line.then == ("到时按新条件判断", "都发新内容")


async def test_a_date_of_their_own_is_not_guessed(store: Store) -> None:
    await stand(store, "育儿测评", 2, entered(1))
    known = ("免打扰: {客户", "客户属性: {预产期: 日期}\n免打扰: {客户")

    (line,) = (await affected(store, known, ("第4天 10:00", '"{预产期}前7天 10:00"'))).lines

    assert line.then == (
        "改到各自的 {预产期}前7天 10:00，已经过了的发布后放行，没有这个日期的跳过",
    )


async def test_a_wait_is_counted_anew(store: Store) -> None:
    await stand(store, "等月龄", 2, entered(1), phase="waiting")
    await stand(store, "等月龄", 1, entered(0))

    found = await affected(store, ("最多等: 2天", "最多等: 1天"))

    assert ("正在“等月龄”里等", 2, ("按新的等法重新算",)) in shown(found)


async def test_a_dead_end_is_said(store: Store) -> None:
    await stand(store, "第7天回访", 2, entered(6))
    last = """  - 步骤: 第7天回访
    何时: 第7天 15:00
    遇非工作日: 顺延
    派任务: {标题: 回访客户, 给: 跟进人, 完成依据: [按钮: 满意], 期限: 1个工作日}
"""

    (line,) = (await affected(store, (last, ""))).lines

    assert line.then == ("后面没有步骤了，以“SOP已调整”结束",)


async def test_a_renamed_step_moves_nobody(store: Store) -> None:
    await stand(store, "育儿测评", 2, entered(1))

    found = await affected(store, ("- 步骤: 育儿测评\n", "- 步骤: 测评\n    曾用名: 育儿测评\n"))

    assert shown(found) == [("已经走过", 2, ("不受影响",))]


async def test_who_is_pinned_keeps_the_old_release(store: Store) -> None:
    await stand(store, "育儿测评", 2, entered(1), pinned=True)
    await stand(store, "育儿测评", 1, entered(1, "11:00"))

    found = await affected(store, EARLIER)

    assert shown(found)[0] == ("按进入时的版本走完", 2, ("不受这次改动影响",))
    assert shown(found)[1][:2] == ("正等在“育儿测评”前", 1)


async def test_what_staff_have_in_their_hands_is_counted(store: Store) -> None:
    await stand(store, "第7天回访", 2, entered(4))
    delivery = Delivery(
        id="d1",
        journey="新客:wm1:1",
        sop="新客",
        step="育儿测评",
        subject="wm1",
        staff="zhangli",
        message={},
        content_hash="",
        planned_at=NOW,
        expires_at=NOW,
        state="created",
    )
    await store.deliveries.put([delivery])
    content = ("图文-护肤知识, 由", "图文-育儿测评, 由")

    kept, withdrawn = await affected(store, content), await affected(store, content, withdraw=True)

    where = "已生成、等员工点发送"
    assert shown(kept)[-1] == (where, 1, ("仍按旧内容（要撤回请加 --撤回未发）",))
    assert shown(withdrawn)[-1] == (where, 1, ("都撤回，不再发",))
    assert kept.lines[-1].overlaps


async def test_stopping_ends_everybody_and_their_tasks(store: Store) -> None:
    await stand(store, "育儿测评", 2, entered(1))
    task = Task(
        id="t1",
        journey="新客:wm1:1",
        sop="新客",
        step="问需求",
        subject="wm1",
        staff="zhangli",
        title="打个招呼",
        created_at=NOW,
    )
    await store.tasks.put([task])

    (line,) = (await affected(store, ("状态: 启用", "状态: 停用"))).lines

    assert (line.where, line.count) == ("还在半路上", 2)
    assert line.then == (
        "以“SOP已停用”退出，还没发出的都不再发",
        "还没完成的 1 个员工任务取消，并告知员工",
    )


async def test_pausing_lets_everybody_stand(store: Store) -> None:
    await stand(store, "育儿测评", 2, entered(1))

    (line,) = (await affected(store, ("状态: 启用", "状态: 暂停"))).lines

    assert line.then == ("SOP 暂停，先停在原处；重新启用后，过了时效的不再补发",)


async def test_nobody_under_way_is_nothing_to_say(store: Store) -> None:
    assert (await affected(store, EARLIER)).lines == ()


@pytest.mark.parametrize(
    "pairs",
    [
        (EARLIER,),
        (EARLIER, (MOMENTS, GIFT)),
        ((MOMENTS, ""),),
        ((MOMENTS, MOMENTS + GIFT),),
        (("最多等: 2天", "最多等: 1天"),),
        (("何时: 当天 19:30", "何时: 当天 20:30"), ("第7天 15:00", "第8天 15:00")),
        (("打标签: [同行]", "打标签: [勿扰]"),),
        (("期限: 1个工作日", "期限: 2个工作日"),),
        (("每天最多: 800人", "每天最多: 500人"),),
    ],
    ids=range(9),
)
async def test_whatever_is_edited_everybody_is_counted_once(
    store: Store, pairs: tuple[tuple[str, str], ...]
) -> None:
    for number, step in enumerate(book().sops["新客"].flow().nodes):
        await stand(store, step, number + 1, entered(number % 6))
        await stand(store, step, 1, entered(number % 6, "11:00"), phase="inside")
        await stand(store, step, 2, entered(number % 6, "12:00"), phase="waiting")

    found = await affected(store, *pairs)

    assert sum(line.count for line in found.lines if not line.overlaps) == found.total
