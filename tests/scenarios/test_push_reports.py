"""The reports about pushes and materials: every figure with its denominator, every loss a reason."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.reports import report
from bot.reports.report import Asked, CannotReport, Report
from tests.scenarios.test_mass_messages import CARE, LONGER, RULES, confirm, mass_of, open_shop
from tests.scenarios.test_mass_truth import deleted_unheard
from tests.scenarios.test_materials import MATERIALS, POSTER, folder_of
from tests.world import TEAM, World, moment

START = moment("2026-11-23 00:00")
WHOLE = ("delivered", "failed", "suppressed", "expired", "cancelled", "waiting")


async def made(world: World, name: str, **how: Any) -> Report:
    return await report(name)(world.ctx, Asked(since=START, until=world.now, **how))


def row(found: Report, **about: Any) -> dict[str, Any]:
    (one,) = [r for r in found.rows if all(r[k] == v for k, v in about.items())]
    return dict(one)


async def a_morning(world: World) -> dict[str, str]:
    """One of each fate: delivered, no friend, left before, not confirmed, still to come."""
    await open_shop(world, LONGER.replace("24小时", "8小时"))
    people = {name: await world.add_contact("zhangli") for name in ("got", "gone", "left")}
    people["ignored"] = await world.add_contact("limin")
    await world.turn_to("2026-11-23 10:00")
    await world.act("order", contact=people["left"], amount=9900)
    await world.turn_to("2026-11-23 10:02")
    await deleted_unheard(world, people["gone"])
    mass = next(m for m in await mass_of(world) if m["sender"] == "zhangli")
    await confirm(world, mass)
    await world.turn_to("2026-11-23 10:30")
    return people


async def test_every_push_that_was_due_is_told_what_became_of_it(world: World) -> None:
    await a_morning(world)
    early = row(await made(world, "推送"), step="育儿测评")
    await world.turn_to("2026-11-23 19:00")
    late = row(await made(world, "推送"), step="育儿测评")

    assert (early["due"], early["created"], early["confirmed"]) == (4, 3, 2)
    assert (early["delivered"], early["failed"], early["suppressed"], early["waiting"]) == (
        1,
        1,
        1,
        1,
    )
    assert early["failed_why"] == ["不是好友 1"]
    assert early["suppressed_why"] == ["已退出 1"]
    assert (late["expired"], late["waiting"], late["confirmed"]) == (1, 0, 2)
    for figures in (early, late):
        assert figures["due"] == sum(figures[fate] for fate in WHOLE)


async def test_pushes_are_split_by_whom_and_where(world: World) -> None:
    await a_morning(world)

    by_staff = await made(world, "推送", by="员工")
    by_shop = await made(world, "推送", by="门店")
    by_sop = await made(world, "推送", by="SOP", about="关怀")

    assert {(r["staff"], r["due"], r["delivered"]) for r in by_staff.rows} == {
        ("张丽", 3, 1),
        ("李敏", 1, 0),
    }
    assert [(r["shop"], r["due"]) for r in by_shop.rows] == [("徐汇店", 4)]
    assert [(r["sop"], r["due"]) for r in by_sop.rows] == [("关怀", 4)]


async def test_what_is_offered_again_is_still_one_push(world: World) -> None:
    await open_shop(world, CARE)
    await world.add_contact()
    await world.turn_to("2026-11-24 08:40")

    figures = row(await made(world, "推送"), step="育儿测评")
    assert len(await mass_of(world)) == 2
    assert (figures["due"], figures["created"], figures["waiting"]) == (1, 1, 1)


async def test_what_was_planned_at_another_time_is_not_counted(world: World) -> None:
    await open_shop(world, LONGER)
    await world.add_contact()
    await world.turn_to("2026-11-25 10:05")
    later = Asked(since=moment("2026-11-25 00:00"), until=world.now)

    found = await report("推送")(world.ctx, later)

    assert [(r["step"], r["due"]) for r in found.rows] == [("回访", 1)]


async def test_nothing_due_says_what_to_look_at(world: World) -> None:
    await open_shop(world, CARE)

    found = await made(world, "推送")

    assert found.rows == []
    assert "启用" in found.empty


@pytest.mark.parametrize(
    ("name", "how", "said"),
    [
        ("推送", {"by": "天气"}, "推送不能按“天气”拆开"),
        ("推送", {"about": "没有的"}, "没有 SOP“没有的”"),
        ("素材", {"about": "没有的"}, "没有素材“没有的”"),
    ],
)
async def test_what_does_not_exist_is_said_in_one_sentence(
    world: World, name: str, how: dict[str, str], said: str
) -> None:
    await open_shop(world, CARE)

    with pytest.raises(CannotReport, match=said):
        await made(world, name, **how)


# ---- materials ----------------------------------------------------------------------------------


async def delivered_to(world: World, count: int, day: str) -> list[str]:
    people = [await world.add_contact() for _ in range(count)]
    await world.turn_to(f"2026-11-{day} 10:02")
    await confirm(world, (await mass_of(world))[-1])
    await world.turn_to(f"2026-11-{day} 10:20")
    return people


async def test_each_version_is_counted_for_itself(world: World, tmp_path: Path) -> None:
    texts = {"sop": POSTER.replace("图-海报", "链接-测评")}
    await world.publish(folder_of(tmp_path, **texts))
    buys, parts, _ = await delivered_to(world, 3, "23")
    await world.act("order", contact=buys, amount=9900)
    await world.act("order", contact=buys, amount=9900)
    await world.act("delete_by_customer", staff="zhangli", contact=parts)
    newer = MATERIALS.replace("3分钟测评", "2分钟测评")
    await world.publish(folder_of(tmp_path, materials=newer, **texts))
    await world.turn_to("2026-11-24 09:00")
    (late,) = await delivered_to(world, 1, "24")
    await world.turn_to("2026-12-02 12:00")
    await world.act("order", contact=late, amount=9900)  # eight days later

    found = await made(world, "素材", about="链接-测评")
    first, second = row(found, ver=1), row(found, ver=2)

    assert (first["due"], first["delivered"], first["customers"]) == (3, 3, 3)
    assert (first["ordered"], first["deleted"]) == (1, 1)
    assert (second["customers"], second["ordered"], second["deleted"]) == (1, 0, 0)
    assert first["replied"] is None, "nothing tells of replies"
    assert any("回复" in note for note in found.notes)
    assert second["since"] - first["since"] >= timedelta(minutes=20)


async def test_welcomes_and_materials_of_groups_are_counted_apart(world: World) -> None:
    welcome = """
SOP: 新客
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - {步骤: 欢迎, 发欢迎语: {素材: 话术-欢迎}}
"""
    group = """
SOP: 群周历
负责人: 王芳
状态: 启用
对象: 客户群
进入: {当: 群属于主题, 主题: 新手妈妈}
步骤:
  - {步骤: 早安, 何时: 每天 10:00, 发到群: {素材: 话术-早安, 由: 群主}}
"""
    texts = "素材: 话术-欢迎\n类型: 文字\n文案: 欢迎\n---\n素材: 话术-早安\n类型: 文字\n文案: 早\n"
    theme = "主题群: 新手妈妈\n群: {名称包含: 新手妈妈}\n"
    files = {"a.yaml": welcome, "b.yaml": group, "m.yaml": texts, "t.yaml": theme}
    await world.publish({**files, "rules.yaml": RULES, "team.yaml": TEAM})
    await world.create_group("新手妈妈1群")
    await world.add_contact()
    await world.turn_to("2026-11-23 10:02")
    await confirm(world, (await mass_of(world))[0])
    await world.turn_to("2026-11-23 10:20")

    found = await made(world, "素材")

    assert row(found, material="话术-欢迎")["welcomes"] == 1
    morning = row(found, material="话术-早安")
    assert (morning["due"], morning["delivered"], morning["customers"]) == (1, 1, 0)
    assert (morning["ordered"], morning["deleted"]) == (None, None)
