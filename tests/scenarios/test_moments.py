"""发朋友圈: one post for each person, believed only when WeCom says that it is published."""

from typing import Any

import pytest

from bot.model import Post
from scheduler import occurrences
from tests.world import World, moment

RULES = """
规则: 全局
免打扰: {客户: "21:30-08:30", 客户群: "22:00-08:00", 员工: "20:00-09:00"}
"""
THEME = """
主题群: 新手妈妈
群: {名称包含: 新手妈妈}
"""
TAGS = """
标签:
  宝宝月龄: [孕期, 0-6月龄]
"""
PICTURE = b"\xff\xd8\xff\xe0 a picture of some bytes"
MAKE = "externalcontact/add_moment_task"
RESULT = "externalcontact/get_moment_task_result"


def calendar(
    body: str = "{文案: 秋冬新品到店, 由: 群主, 时效: 8小时}",
    *,
    when: str = "每周一 10:00",
    state: str = "启用",
    more: str = "",
) -> str:
    return f"""
SOP: 门店朋友圈
负责人: 王芳
状态: {state}
对象: 客户群
进入: {{当: 群属于主题, 主题: 新手妈妈}}
{more}
步骤:
  - 步骤: 周一朋友圈
    何时: {when}
    发朋友圈: {body}
"""


async def open_shop(world: World, sop: str, *groups: tuple[str, str], **files: str) -> list[str]:
    """A shop with these (name, owner) groups; their ids."""
    shop = {"rules.yaml": RULES, "theme.yaml": THEME, "tags.yaml": TAGS, "sop.yaml": sop}
    await world.publish({**shop, **files})
    return [await world.create_group(name, owner) for name, owner in groups]


async def moments_of(world: World) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = (await world.ledger())["moments"]
    return made


async def posts_of(world: World) -> dict[str, Post]:
    return {post.staff: post for post in await world.store.posts.all()}


async def publish(world: World, staff: str, made: dict[str, Any]) -> None:
    assert (await world.act("publish", staff=staff, moment_id=made["moment_id"]))["published"]


TWO_OWNERS = (("新手妈妈1群", "zhangli"), ("新手妈妈2群", "zhangli"), ("新手妈妈3群", "limin"))


# ---- from the step to what is published ---------------------------------------------------------


async def test_one_person_publishes_once_however_many_groups_ask(world: World) -> None:
    await open_shop(world, calendar(), *TWO_OWNERS)
    await world.turn_to("2026-11-23 10:05")

    (made,) = await moments_of(world)
    assert sorted(made["senders"]) == ["limin", "zhangli"]
    assert made["text"] == "秋冬新品到店"
    assert {staff: post.state for staff, post in (await posts_of(world)).items()} == {
        "limin": "created",
        "zhangli": "created",
    }
    await world.turn_to("2026-11-23 18:30")
    assert len(await moments_of(world)) == 1
    assert len(await world.store.posts.all()) == 2


async def test_only_wecom_says_that_somebody_published(world: World) -> None:
    first, *_ = await open_shop(world, calendar(), *TWO_OWNERS)
    await world.turn_to("2026-11-23 10:05")
    (made,) = await moments_of(world)
    await publish(world, "zhangli", made)
    await world.turn_to("2026-11-23 10:20")

    posts = await posts_of(world)
    assert (posts["zhangli"].state, posts["limin"].state) == ("published", "created")
    assert posts["zhangli"].published_at == moment("2026-11-23 10:06")  # when we asked
    told = [row["what"] for row in await world.store.log.of(first)]
    assert "“周一朋友圈”（zhangli）朋友圈已由员工发表" in told


async def test_what_nobody_published_in_time_is_withdrawn_and_counts_as_forgotten(
    world: World,
) -> None:
    await open_shop(world, calendar(), *TWO_OWNERS)
    await world.turn_to("2026-11-23 10:05")
    (made,) = await moments_of(world)
    await publish(world, "zhangli", made)
    await world.turn_to("2026-11-23 18:05")

    posts = await posts_of(world)
    assert (posts["limin"].state, posts["limin"].reason) == ("expired", "员工未发表")
    assert posts["zhangli"].state == "published"
    assert [row["moment_id"] for row in (await world.ledger())["moments_cancelled"]] == [
        made["moment_id"]
    ]
    late = await world.act("publish", staff="limin", moment_id=made["moment_id"])
    assert late == {"published": False}


async def test_who_has_not_published_is_reminded_twice_and_nobody_else(world: World) -> None:
    body = "{文案: 秋冬新品到店, 由: 群主, 时效: 8小时, 为什么发: 换季第一周}"
    await open_shop(world, calendar(body), *TWO_OWNERS)
    await world.turn_to("2026-11-23 10:05")
    (made,) = await moments_of(world)
    await publish(world, "zhangli", made)
    await world.turn_to("2026-11-23 18:30")

    texts = (await world.ledger())["texts"]
    assert [(row["userid"], row["at"][11:16]) for row in texts] == [
        ("limin", "03:01"),
        ("limin", "05:01"),
    ]
    assert texts[0]["content"] == (
        "【朋友圈还没发】“周一朋友圈”请在 11-23 18:00 前发表：秋冬新品到店\n"
        "在企业微信里打开“客户朋友圈”，找到企业发来的这一条，点“发表”。\n"
        "为什么发：换季第一周"
    )


async def test_who_has_left_is_not_reminded(world: World) -> None:
    await open_shop(world, calendar(), *TWO_OWNERS)
    await world.turn_to("2026-11-23 10:05")
    await world.act("staff_leaves", staff="limin")

    await world.turn_to("2026-11-23 18:30")

    texts = (await world.ledger())["texts"]
    assert {row["userid"] for row in texts if "朋友圈还没发" in row["content"]} == {"zhangli"}
    failed = {"kind": "text", "state": "failed"}
    assert await world.store.db["outbox"].count_documents(failed) == 0


async def test_only_customers_with_one_of_the_tags_see_it(world: World) -> None:
    body = "{文案: 孕期课, 由: 群主, 可见: [孕期], 时效: 8小时}"
    await open_shop(world, calendar(body), ("新手妈妈1群", "zhangli"))
    pregnant, other = await world.add_contact(), await world.add_contact()
    await world.act("edit_tags", staff="zhangli", contact=pregnant, add=["宝宝月龄/孕期"])
    await world.turn_to("2026-11-23 10:05")
    (made,) = await moments_of(world)
    await publish(world, "zhangli", made)
    likes = [
        (await world.act("like", staff="zhangli", contact=who, moment_id=made["moment_id"]))[
            "liked"
        ]
        for who in (pregnant, other)
    ]
    await world.turn_to("2026-11-23 12:00")

    post = (await posts_of(world))["zhangli"]
    assert likes == [True, False]
    assert (post.tags, post.audience, post.likes, post.comments) == (("宝宝月龄/孕期",), 1, 1, 0)


async def test_the_echo_is_read_again_for_a_week(world: World) -> None:
    await open_shop(world, calendar(when="2026-11-23 10:00"), ("新手妈妈1群", "zhangli"))
    contact = await world.add_contact()
    await world.turn_to("2026-11-23 10:05")
    (made,) = await moments_of(world)
    await publish(world, "zhangli", made)
    await world.turn_to("2026-11-23 12:00")
    early = (await posts_of(world))["zhangli"]
    about = {"staff": "zhangli", "contact": contact, "moment_id": made["moment_id"]}
    await world.act("comment", **about)
    await world.turn_to("2026-12-01 10:00")

    post = (await posts_of(world))["zhangli"]
    assert (early.audience, early.comments, early.looks) == (1, 0, 1)
    assert (post.comments, post.looks, post.due_at) == (1, 4, None)


async def test_everybody_of_a_role_or_a_department_publishes(world: World) -> None:
    body = "{文案: 新品, 由: 部门/徐汇店, 时效: 8小时}"
    await open_shop(world, calendar(body), ("新手妈妈1群", "zhangli"))
    await world.turn_to("2026-11-23 10:05")
    role = "{文案: 主管说, 由: 角色/私域主管, 时效: 8小时}"
    await open_shop(world, calendar(role, when="每周二 10:00"))
    await world.turn_to("2026-11-24 10:05")

    everybody, managers = await moments_of(world)
    assert sorted(everybody["senders"]) == ["limin", "wangfang", "zhangli"]
    assert managers["senders"] == ["wangfang"]


async def test_a_column_shows_everybody_the_same_piece_and_the_next_one_next_time(
    world: World,
) -> None:
    body = "{素材轮播: 故事, 由: 群主, 时效: 8小时}"
    pieces = "".join(f"---\n素材: 故事{n}\n类型: 文字\n文案: 第{n}个故事\n" for n in (1, 2, 3))
    column = "栏目: 故事\n顺序: [故事1, 故事2, 故事3]\n剩余少于: 2篇\n"
    files = {"pieces.yaml": pieces.removeprefix("---\n"), "column.yaml": column}
    sop = calendar(body, when="每天 10:00")
    await open_shop(world, sop, *TWO_OWNERS, **files)
    for day, reader in ((23, "limin"), (24, "zhangli"), (25, ""), (26, "")):
        await world.turn_to(f"2026-11-{day} 10:05")
        if reader:
            await publish(world, reader, (await moments_of(world))[-1])

    made = await moments_of(world)
    assert [(m["text"], sorted(m["senders"])) for m in made] == [
        (f"第{n}个故事", ["limin", "zhangli"])
        for n in (1, 2, 3, 3)  # what nobody has published is still to come
    ]
    warned = [row["content"] for row in (await world.ledger())["texts"]]
    assert sum("栏目“故事”在朋友圈里只剩 1 篇" in text for text in warned) == 1


async def test_who_is_walked_later_publishes_the_same_piece(world: World) -> None:
    sop = calendar("{素材轮播: 故事, 由: 群主, 时效: 8小时}")
    pieces = "素材: 故事1\n类型: 文字\n文案: 一\n---\n素材: 故事2\n类型: 文字\n文案: 二\n"
    column = "栏目: 故事\n顺序: [故事1, 故事2]\n"
    *_, last = await open_shop(
        world, sop, *TWO_OWNERS, **{"pieces.yaml": pieces, "column.yaml": column}
    )
    await world.turn_to("2026-11-23 09:59")
    await world.pass_by(minutes=1)
    while await occurrences.look(world.ctx):
        pass
    later = {"$set": {"due_at": moment("2026-11-23 10:00:30")}}
    await world.store.db["journeys"].update_many({"subject": last}, later)
    await world.turn_to("2026-11-23 10:05")

    posts = await posts_of(world)
    assert {staff: post.message["text"] for staff, post in posts.items()} == {
        "zhangli": "一",
        "limin": "一",
    }
    (made,) = await moments_of(world)
    assert sorted(made["senders"]) == ["limin", "zhangli"]


async def test_pictures_are_uploaded_for_moments(world: World, tmp_path: Any) -> None:
    folder = tmp_path / "folder"
    (folder / "图片").mkdir(parents=True)
    (folder / "图片" / "新品.jpg").write_bytes(PICTURE)
    body = "{文案: 新品, 附件: [图A], 由: 群主, 时效: 8小时}"
    texts = {
        "rules.yaml": RULES,
        "theme.yaml": THEME,
        "sop.yaml": calendar(body),
        "material.yaml": "素材: 图A\n类型: 图片\n文件: 图片/新品.jpg\n",
        "team.yaml": "团队: 默认\n门店:\n  - {门店: 徐汇店, 部门: 12}\n人员: {王芳: wangfang}\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    await world.publish(folder)
    await world.create_group("新手妈妈1群", "zhangli")
    await world.turn_to("2026-11-23 10:05")

    (made,) = await moments_of(world)
    assert (made["text"], made["attachments"]) == ("新品", ["image"])
    assert (await world.ledger())["calls"]["media/upload_attachment"] == 1


# ---- when it has to wait, or is not wanted any more ---------------------------------------------


async def test_customers_have_quiet_hours_from_moments_too(world: World) -> None:
    sop = calendar("{文案: 晚安, 由: 群主, 时效: 24小时}", when="每周一 20:00")
    await open_shop(world, sop, ("新手妈妈1群", "zhangli"))
    await world.turn_to("2026-11-23 21:35")
    withdrawn = (await world.ledger())["moments_cancelled"]
    waiting = (await posts_of(world))["zhangli"]
    await world.turn_to("2026-11-24 08:35")

    first, again = await moments_of(world)
    assert [row["moment_id"] for row in withdrawn] == [first["moment_id"]]
    assert (waiting.state, waiting.due_at) == ("ready", moment("2026-11-24 08:30"))
    await publish(world, "zhangli", again)
    await world.turn_to("2026-11-24 09:00")
    assert (await posts_of(world))["zhangli"].state == "published"


async def test_a_moment_planned_in_the_quiet_hours_waits_for_the_morning(world: World) -> None:
    sop = calendar("{文案: 早, 由: 群主, 时效: 24小时}", when="每周一 22:00")
    await open_shop(world, sop, ("新手妈妈1群", "zhangli"))
    await world.turn_to("2026-11-24 08:00")
    before = await moments_of(world)
    await world.turn_to("2026-11-24 08:35")

    assert (before, len(await moments_of(world))) == ([], 1)


async def test_put_off_past_midnight_it_does_not_come_on_a_day_off(world: World) -> None:
    sop = calendar(
        "{文案: 周末见, 由: 群主, 时效: 72小时}",
        when="每周五 22:00",
        more="日历: {遇非工作日: 顺延}",
    )
    await open_shop(world, sop, ("新手妈妈1群", "zhangli"))
    await world.turn_to("2026-11-29 20:00")  # a Sunday
    before = await moments_of(world)
    await world.turn_to("2026-11-30 08:35")

    assert (before, len(await moments_of(world))) == ([], 1)


async def test_a_paused_sop_publishes_nothing(world: World) -> None:
    late = "{文案: 晚安, 由: 群主, 时效: 24小时}"
    sop = calendar(late, when="每周一 22:00")
    (chat,) = await open_shop(world, sop, ("新手妈妈1群", "zhangli"))
    await world.turn_to("2026-11-23 22:05")
    await open_shop(world, sop.replace("启用", "暂停"))
    await world.turn_to("2026-11-24 10:00")

    post = (await posts_of(world))["zhangli"]
    assert (post.state, post.reason) == ("suppressed", "已暂停")
    assert await moments_of(world) == []
    assert any("朋友圈" in row["what"] for row in await world.store.log.of(chat))


async def test_who_has_left_is_not_asked(world: World) -> None:
    body = "{文案: 新品, 由: 部门/徐汇店, 时效: 12小时}"
    await open_shop(world, calendar(body, when="每周一 22:00"), ("新手妈妈1群", "zhangli"))
    await open_shop(world, calendar(body.replace("12", "24"), when="每周一 22:00"))
    await world.turn_to("2026-11-23 22:05")
    await world.act("staff_leaves", staff="limin")
    await world.turn_to("2026-11-24 08:35")

    (made,) = await moments_of(world)
    assert sorted(made["senders"]) == ["wangfang", "zhangli"]
    assert (await posts_of(world))["limin"].reason == "员工已离职"


async def test_withdrawn_words_are_taken_back_from_staff(world: World) -> None:
    await open_shop(world, calendar(), *TWO_OWNERS)
    await world.turn_to("2026-11-23 10:05")
    (made,) = await moments_of(world)
    await publish(world, "zhangli", made)
    await world.turn_to("2026-11-23 10:20")
    await open_shop(world, calendar(state="停用"))
    await world.turn_to("2026-11-23 11:00")

    posts = await posts_of(world)
    assert (posts["zhangli"].state, posts["limin"].state) == ("published", "cancelled")
    assert len((await world.ledger())["moments_cancelled"]) == 1
    assert len(await moments_of(world)) == 1


async def test_what_is_recalled_while_wecom_makes_it_does_not_stay_with_staff(
    world: World,
) -> None:
    await world.sim.limits(moment_job_seconds=120)
    await open_shop(world, calendar(), ("新手妈妈1群", "zhangli"))
    await world.turn_to("2026-11-23 10:02")
    (posting,) = await world.store.postings.all()
    await open_shop(world, calendar(state="停用"))
    await world.turn_to("2026-11-23 10:30")

    (made,) = await moments_of(world)
    assert posting.state == "asked"
    assert [row["moment_id"] for row in (await world.ledger())["moments_cancelled"]] == [
        made["moment_id"]
    ]
    assert (await posts_of(world))["zhangli"].state == "cancelled"


# ---- what WeCom answers -------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["executed_then_timeout", "executed_then_cut", "cut", "5xx"])
async def test_a_lost_answer_makes_no_second_moment(world: World, fault: str) -> None:
    await world.sim.limits(hang_seconds=0.3)
    await open_shop(world, calendar(), *TWO_OWNERS)
    await world.sim.fault(MAKE, fault, times=1)
    await world.turn_to("2026-11-23 10:40")

    (made,) = await moments_of(world)
    await publish(world, "limin", made)
    await world.turn_to("2026-11-23 14:40")
    assert (await posts_of(world))["limin"].state == "published"


async def test_two_lost_answers_with_the_same_words_are_told_apart(world: World) -> None:
    """The same people publish the same words for two kinds of customers; both answers are lost."""
    two = calendar("{文案: 新品, 由: 群主, 可见: [孕期], 时效: 8小时}") + (
        "  - 步骤: 也是周一\n    何时: 每周一 10:00\n"
        "    发朋友圈: {文案: 新品, 由: 群主, 可见: [0-6月龄], 时效: 8小时}\n"
    )
    await open_shop(world, two, ("新手妈妈1群", "zhangli"))
    await world.sim.fault(MAKE, "executed_then_cut", times=2)
    await world.turn_to("2026-11-23 11:00")

    await every_posting_has_its_own(world)


async def every_posting_has_its_own(world: World) -> None:
    made, postings = await moments_of(world), await world.store.postings.all()
    assert (len(made), len(postings)) == (2, 2)
    by_tag = {tuple(row["tags"]): row["moment_id"] for row in made}
    for posting in postings:
        ids = await world.store.tags.ids_of(posting.tags)
        assert by_tag[tuple(ids.values())] == posting.moment_id


async def test_a_moment_still_being_made_is_not_taken_for_the_one_that_was_lost(
    world: World,
) -> None:
    """The first is in WeCom's list before we know its number; the second never reached WeCom."""
    await world.sim.limits(moment_job_seconds=90)
    two = calendar("{文案: 新品, 由: 群主, 可见: [孕期], 时效: 8小时}") + (
        "  - 步骤: 也是周一\n    何时: 每周一 10:01\n"
        "    发朋友圈: {文案: 新品, 由: 群主, 可见: [0-6月龄], 时效: 8小时}\n"
    )
    await open_shop(world, two, ("新手妈妈1群", "zhangli"))
    await world.turn_to("2026-11-23 10:01:30")
    await world.sim.fault(MAKE, "cut", times=1)
    await world.turn_to("2026-11-23 10:30")

    await every_posting_has_its_own(world)


async def test_a_job_wecom_has_forgotten_is_found_in_its_list(world: World) -> None:
    await open_shop(world, calendar(), ("新手妈妈1群", "zhangli"))
    await world.sim.fault(RESULT, "40058", times=None)
    await world.turn_to("2026-11-23 10:05")

    (made,) = await moments_of(world)
    (posting,) = await world.store.postings.all()
    assert (posting.state, posting.moment_id) == ("created", made["moment_id"])


async def test_a_moment_wecom_tells_nothing_about_is_not_asked_for_ever(world: World) -> None:
    await open_shop(world, calendar(when="2026-11-23 10:00"), ("新手妈妈1群", "zhangli"))
    await world.sim.fault("externalcontact/get_moment_task", "48002", times=None)
    await world.turn_to("2026-11-24 10:00")

    post = (await posts_of(world))["zhangli"]
    assert (post.state, post.reason) == ("failed", "结果不明：企业微信不再告诉")
    assert (await world.ledger())["calls"]["externalcontact/get_moment_task"] < 12


async def test_whom_wecom_does_not_let_publish_is_told_apart(world: World) -> None:
    body = "{文案: 新品, 由: 部门/徐汇店, 时效: 8小时}"
    await open_shop(world, calendar(body), ("新手妈妈1群", "zhangli"))
    await world.turn_to("2026-11-23 10:00")
    async with world.deaf():  # nobody tells us that she has left
        await world.sim.act("staff_leaves", staff="limin")
    await world.turn_to("2026-11-23 10:05")

    posts = await posts_of(world)
    assert (posts["limin"].state, posts["zhangli"].state) == ("failed", "created")
    assert posts["limin"].reason == "员工不在企业微信“客户联系”的使用范围里"


async def test_tags_deleted_in_wecom_never_make_it_visible_to_everybody(world: World) -> None:
    body = "{文案: 孕期课, 由: 群主, 可见: [孕期], 时效: 8小时}"
    await open_shop(world, calendar(body), ("新手妈妈1群", "zhangli"))
    await world.turn_to("2026-11-23 10:00")
    async with world.deaf():
        await world.sim.act("delete_tag", tag="宝宝月龄/孕期")
    await world.turn_to("2026-11-23 10:10")

    post = (await posts_of(world))["zhangli"]
    assert (post.state, await moments_of(world)) == ("failed", [])
    assert post.reason == "标签在企业微信里不存在"


async def test_more_moments_than_wecom_takes_in_a_minute_come_one_after_another(
    world: World,
) -> None:
    steps = "".join(
        f"  - 步骤: 第{n}条\n    何时: 每周一 10:00\n"
        f"    发朋友圈: {{文案: 第{n}条, 由: 群主, 时效: 8小时}}\n"
        for n in range(1, 24)
    )
    await open_shop(world, calendar() + steps, ("新手妈妈1群", "zhangli"))
    await world.turn_to("2026-11-23 10:10")

    ledger = await world.ledger()
    assert len(ledger["moments"]) == 24
    assert not [error for error in ledger["errors"] if error.startswith(MAKE)]
