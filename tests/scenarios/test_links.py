"""获客链接: one for each channel, for whoever is on duty, found again, told to people."""

from typing import Any
from urllib.parse import quote

from bot.backlog import piles
from bot.story import tell
from tests.world import World

API = "externalcontact/customer_acquisition"
SHOP = """
团队: 默认
门店:
  - {{门店: 徐汇店, 部门: 12}}
人员: {{张丽: zhangli, 李敏: limin, 王芳: wangfang}}
---
渠道: 抖音广告
类型: 获客链接
门店: 徐汇店
员工: [张丽, 李敏]
{more}
"""


async def open_shop(world: World, more: str = "", rules: str = "") -> None:
    await world.publish({"shop.yaml": SHOP.format(more=more) + rules})
    await world.later(seconds=30)


async def in_wecom(world: World) -> list[dict[str, Any]]:
    """Every link WeCom has, as it shows it."""
    listed = await world.ctx.wecom.call(f"{API}/list_link", {})
    shown = [
        await world.ctx.wecom.call(f"{API}/get", {"link_id": one}) for one in listed["link_id_list"]
    ]
    return [
        {**one["link"], "users": one["range"]["user_list"], "id": id}
        for id, one in zip(listed["link_id_list"], shown, strict=True)
    ]


async def told(world: World, userid: str) -> list[str]:
    texts = (await world.ledger())["texts"]
    return [text["content"] for text in texts if text["userid"] == userid]


async def test_a_channel_gets_its_link_and_its_manager_the_address(world: World) -> None:
    await open_shop(world)

    (link,) = await in_wecom(world)
    assert (link["link_name"], link["users"]) == ("抖音广告", ["zhangli", "limin"])
    (word,) = await told(world, "wangfang")
    assert word.endswith(f"{link['url']}?customer_channel={quote('抖音广告')}")


async def test_why_tells_of_a_link_too(world: World) -> None:
    await open_shop(world)

    found = await tell(world.ctx, "抖音广告")

    assert found
    assert found.title == "渠道“抖音广告”：获客链接现在由 张丽、李敏 接"
    assert any("获客链接已照配置更新" in line.what for line in found.lines)
    assert any("生成好了" in line.what for line in found.lines)


async def test_a_link_whose_making_was_answered_to_nobody_is_found_again(world: World) -> None:
    await world.sim.fault(f"{API}/create_link", "executed_then_cut", times=1)
    await open_shop(world)

    (link,) = await in_wecom(world)
    kept = await world.store.links.get("抖音广告")
    assert kept
    assert (kept.link_id, kept.made_rev) == (link["id"], kept.rev)


async def test_who_has_had_their_share_takes_no_more_today(world: World) -> None:
    await open_shop(world, "每人每天最多: 1人")
    (link,) = await in_wecom(world)
    await world.act("add_by_link", link=link["id"], channel="抖音广告", staff="zhangli")
    await world.later(seconds=30)
    (after,) = await in_wecom(world)
    await world.turn_to("2026-11-24 01:00")
    (next_day,) = await in_wecom(world)

    assert after["users"] == ["limin"]
    assert next_day["users"] == ["zhangli", "limin"]


async def test_a_link_is_deleted_a_day_after_its_channel(world: World) -> None:
    await open_shop(world)
    (link,) = await in_wecom(world)
    await world.publish({"other.yaml": "渠道: 门口海报\n员工: 张丽\n"})
    await world.later(hours=2)
    kept = await in_wecom(world)
    await world.later(hours=23)

    assert [one["id"] for one in kept] == [link["id"]]
    assert await in_wecom(world) == []
    assert await world.store.links.all() == []


async def test_a_channel_that_comes_back_within_a_day_keeps_its_link(world: World) -> None:
    await open_shop(world)
    (link,) = await in_wecom(world)
    await world.publish({"other.yaml": "渠道: 门口海报\n员工: 张丽\n"})
    await world.later(hours=2)
    await open_shop(world)
    await world.later(hours=40)

    assert [one["id"] for one in await in_wecom(world)] == [link["id"]]


async def test_a_link_deleted_by_an_admin_is_made_again_and_told(world: World) -> None:
    await open_shop(world)
    (link,) = await in_wecom(world)
    await world.act("delete_link", link=link["id"])
    await world.later(seconds=30)

    (again,) = await in_wecom(world)
    words = await told(world, "wangfang")
    assert again["id"] != link["id"]
    assert len(words) == 3
    assert "在企业微信里被删除了" in words[1]
    assert "换了新地址" in words[2]
    assert again["url"] in words[2]


async def test_a_link_deleted_unheard_is_made_again_when_it_is_to_be_changed(world: World) -> None:
    await open_shop(world)
    (link,) = await in_wecom(world)
    async with world.deaf():
        await world.act("delete_link", link=link["id"])
    await open_shop(world, "免验证: 否")

    (again,) = await in_wecom(world)
    assert again["id"] != link["id"]
    assert again["skip_verify"] is False


async def test_what_wecom_refuses_is_told_and_tried_once_a_day(world: World) -> None:
    await world.sim.fault(f"{API}/create_link", "48002", times=2)
    await open_shop(world)
    await world.turn_to("2026-11-24 12:00")

    (pile,) = [one for one in await piles(world.ctx) if one.name == "获客链接待更新"]
    assert (pile.count, pile.bad) == (1, True)
    assert "本应用不能用获客助手" in pile.what[0]
    await world.turn_to("2026-11-25 12:00")

    calls = (await world.ledger())["calls"][f"{API}/create_link"]
    words = await told(world, "wangfang")
    assert calls == 3
    assert len(words) == 3
    assert all("获客链接没有生成成功：本应用不能用获客助手" in word for word in words[:2])
    assert "生成好了" in words[2]


async def test_one_word_a_day_about_the_quota(world: World) -> None:
    await open_shop(world)
    (link,) = await in_wecom(world)
    spent = (await world.ctx.wecom.call(f"{API}_quota"))["balance"] - 20
    await world.sim.act("buy_quota", count=-spent)
    for n in range(20):
        await world.act("add_by_link", link=link["id"], name=f"客户{n}")
    await world.later(minutes=1)

    low, empty = (await told(world, "wangfang"))[1:]
    assert "不到 20 人" in low
    assert "用完了" in empty


async def test_a_link_nobody_can_serve_is_told(world: World) -> None:
    await open_shop(world)
    (link,) = await in_wecom(world)
    await world.act("link_unavailable", link=link["id"])
    await world.act("staff_leaves", staff="zhangli")
    await world.act("staff_leaves", staff="limin")
    await world.turn_to("2026-11-24 09:30")

    words = await told(world, "wangfang")
    assert any("现在不可用" in word for word in words)
    assert sum("员工都不在职了" in word for word in words) == 1
    (kept,) = await in_wecom(world)
    assert kept["users"]
