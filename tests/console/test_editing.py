"""Writing, checking, planning and publishing in the browser, and the way back."""

import json
import re

from tests.console.browser import Browser, open_browser
from tests.console.test_sign_in import PASSWORD, make_admin
from tests.world import TEAM, World

BACK = TEAM + "后台: {负责人: [王芳], 运营: [李敏]}\n"
SOP = """SOP: 关怀
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - 步骤: 问候
    何时: 当天 10:00
    发给员工: {文案: 您好, 给: 跟进人}
"""


async def open_shop(world: World, browser: Browser, more: str = "") -> None:
    await world.publish({"team.yaml": BACK, "sop.yaml": SOP, "rules.yaml": "规则: 全局\n" + more})
    await browser.sign_in("wangfang")


async def test_a_mistake_is_told_at_its_line_while_one_writes(
    world: World, browser: Browser
) -> None:
    await open_shop(world, browser)

    said = await browser.post(
        "/console/editing/check", path="sop.yaml", text=SOP.replace("当天 10:00", "当天25点")
    )

    assert re.search(r'"line": 8, "column": 9', said.html)
    assert json.loads(said.html)[0]["text"].startswith("看不懂时间")
    assert await world.store.drafts.get("wangfang") is None


async def test_a_draft_is_kept_planned_and_published(world: World, browser: Browser) -> None:
    await open_shop(world, browser)
    edited = SOP.replace("您好", "您好呀")

    page = await browser.post("/console/editing/save", path="sop.yaml", text=edited)
    assert "草稿改了 1 个文件，还没有发布。" in page.html
    assert (await world.store.releases.files(2))["sop.yaml"] == SOP

    page = await browser.open("/console/editing/plan")
    assert "您好呀" in page.html

    page = await browser.post("/console/editing/publish", note="换了说法")
    assert "线上现在是第 3 版。" in page.html
    assert (await world.store.releases.files(3))["sop.yaml"] == edited
    stored = await world.store.releases.get(3)
    assert (stored.author, stored.note) == ("王芳", "换了说法")
    assert await world.store.drafts.get("wangfang") is None


async def test_line_ends_of_browsers_do_not_count_as_changes(
    world: World, browser: Browser
) -> None:
    await open_shop(world, browser)

    page = await browser.post(
        "/console/editing/save", path="sop.yaml", text=SOP.replace("\n", "\r\n")
    )

    assert "还没有发布" not in page.html


async def test_a_draft_with_mistakes_is_not_published(world: World, browser: Browser) -> None:
    await open_shop(world, browser)
    await browser.post("/console/editing/save", path="sop.yaml", text="SOP: 关怀\n")

    for page in (
        await browser.open("/console/editing/plan"),
        await browser.post("/console/editing/publish"),
    ):
        assert page.status == 422
        assert "草稿里有错误，改好才能发布。" in page.html
    assert await world.store.releases.head() == 2


async def test_who_was_overtaken_is_told_and_loses_nothing(world: World, browser: Browser) -> None:
    await open_shop(world, browser)
    await browser.post("/console/editing/save", path="sop.yaml", text=SOP.replace("您好", "甲"))
    await world.publish({"team.yaml": BACK, "sop.yaml": SOP.replace("您好", "乙")})

    page = await browser.post("/console/editing/publish")

    assert page.status == 409
    assert "乙" in (await world.store.releases.files(3))["sop.yaml"]
    draft = await world.store.drafts.get("wangfang")
    assert draft
    assert "甲" in str(draft.changes["sop.yaml"])


async def test_whoever_is_asked_approves_by_being_signed_in(world: World, browser: Browser) -> None:
    await open_shop(world, browser, "审批: {其他内容: [李敏]}\n")
    await browser.post("/console/editing/save", path="sop.yaml", text=SOP.replace("您好", "甲"))
    assert "发布前要有人批准：李敏" in (await browser.open("/console/editing/plan")).html
    assert (await browser.post("/console/editing/publish")).status == 409
    assert (await browser.post("/console/editing/approve", of="wangfang")).status == 409

    async with open_browser(world) as approver:
        await approver.sign_in("limin")
        page = await approver.open("/console/editing")
        assert "王芳</a>" in page.html
        page = await approver.post("/console/editing/approve", of="wangfang")
        assert "发布前要有人批准" not in page.html

    page = await browser.post("/console/editing/publish")
    assert "线上现在是第 3 版。" in page.html


async def test_a_local_admin_approves_for_nobody_whatever_their_name(
    world: World, browser: Browser
) -> None:
    await open_shop(world, browser, "审批: {其他内容: [李敏]}\n")
    await browser.post("/console/editing/save", path="sop.yaml", text=SOP.replace("您好", "甲"))

    for name in ("limin", "李敏"):
        await make_admin(world, name)
        async with open_browser(world) as admin:
            await admin.post("/sign-in/local", name=name, password=PASSWORD, next="/console/")
            refused = await admin.post("/console/editing/approve", of="wangfang")
            assert refused.status == 409, name
    assert (await browser.post("/console/editing/publish")).status == 409


async def test_a_long_file_is_checked_and_kept_whole(world: World, browser: Browser) -> None:
    await open_shop(world, browser)
    long = SOP + "# 很长的说明\n" * 20_000

    checked = await browser.post("/console/editing/check", path="sop.yaml", text=long)
    await browser.post("/console/editing/save", path="sop.yaml", text=long)

    draft = await world.store.drafts.get("wangfang")
    assert (checked.status, draft and draft.changes["sop.yaml"]) == (200, long)


async def test_a_file_is_removed_and_the_draft_thrown_away(world: World, browser: Browser) -> None:
    await open_shop(world, browser)

    page = await browser.post("/console/editing/remove", path="rules.yaml")
    assert "<s>rules.yaml</s>" in page.html

    page = await browser.post("/console/editing/discard")
    assert "<s>" not in page.html


async def test_only_yaml_inside_the_folder_can_be_written(world: World, browser: Browser) -> None:
    await open_shop(world, browser)

    for path in ("../x.yaml", "/etc/x.yaml", "x.txt", ".x.yaml", "a/../b.yaml", ""):
        page = await browser.post("/console/editing/save", path=path, text="SOP: x")
        assert page.status == 404, path
    assert await world.store.drafts.get("wangfang") is None


async def test_a_release_shows_what_it_changed_and_is_gone_back_to(
    world: World, browser: Browser
) -> None:
    await open_shop(world, browser)
    await world.publish({"team.yaml": BACK, "sop.yaml": SOP.replace("您好", "您好呀")})

    page = await browser.open("/console/releases/3")
    assert '<span class="more">+    发给员工: {文案: 您好呀, 给: 跟进人}</span>' in page.html
    assert '<span class="less">-    发给员工: {文案: 您好, 给: 跟进人}</span>' in page.html

    page = await browser.post("/console/releases/2/back")
    assert "线上现在是第 4 版。" in page.html
    assert (await world.store.releases.files(4))["sop.yaml"] == SOP


async def test_releases_that_never_were_are_not_there(world: World, browser: Browser) -> None:
    await open_shop(world, browser)

    for n in ("0", "99", "x", "-1", "999999999999"):
        assert (await browser.open(f"/console/releases/{n}")).status == 404


async def test_the_words_that_fit_are_offered_at_the_cursor(world: World, browser: Browser) -> None:
    await open_shop(world, browser)
    text = SOP.replace("负责人: 王芳", "负责人: 李")
    before = len(await world.store.audit.latest(50))

    said = await browser.post(
        "/console/editing/words", path="sop.yaml", text=text, line="1", column="6"
    )

    answer = json.loads(said.html)
    assert answer["typed"] == "李"
    assert [one["text"] for one in answer["offers"]] == ["李敏"]
    assert len(await world.store.audit.latest(50)) == before, "nothing was done"


async def test_names_of_the_draft_are_offered_too(world: World, browser: Browser) -> None:
    await open_shop(world, browser)
    await browser.post("/console/editing/save", path="tags.yaml", text="标签: {意向: [高意向]}\n")

    said = await browser.post(
        "/console/editing/words",
        path="sop.yaml",
        text=SOP + "    打标签: [",
        line=str(SOP.count("\n")),
        column="11",
    )

    assert "意向/高意向" in [one["text"] for one in json.loads(said.html)["offers"]]


async def test_an_sop_leads_to_the_file_it_is_written_in(world: World, browser: Browser) -> None:
    await open_shop(world, browser)

    page = await browser.open("/console/editing/sop?name=关怀")

    assert page.url.query["path"] == "sop.yaml"
    assert (await browser.open("/console/editing/sop?name=没有")).status == 404


async def test_a_draft_is_taken_along_to_what_somebody_else_published(
    world: World, browser: Browser
) -> None:
    await open_shop(world, browser)
    edited = SOP.replace("您好", "您好呀")
    await browser.post("/console/editing/save", path="sop.yaml", text=edited)
    others = {"team.yaml": BACK, "sop.yaml": SOP, "rules.yaml": "规则: 全局\n"}
    await world.publish(others | {"tags.yaml": "标签: {意向: [高]}\n"})
    page = await browser.open("/console/editing/plan")
    assert "别人在你之后发布过：tags.yaml。" in page.html

    page = await browser.post("/console/editing/move-on")

    assert "别人在你之后发布过" not in page.html
    await browser.post("/console/editing/publish", note="")
    live = await world.store.releases.files(await world.store.releases.head())
    assert (live["sop.yaml"], "高" in live["tags.yaml"]) == (edited, True)


async def test_what_both_have_changed_is_never_taken_along(world: World, browser: Browser) -> None:
    await open_shop(world, browser)
    edited = SOP.replace("您好", "您好呀")
    await browser.post("/console/editing/save", path="sop.yaml", text=edited)
    theirs = SOP.replace("您好", "早上好")
    await world.publish({"team.yaml": BACK, "sop.yaml": theirs, "rules.yaml": "规则: 全局\n"})

    page = await browser.post("/console/editing/move-on")

    assert (page.status, "都改过：sop.yaml" in page.html) == (409, True)
    draft = await world.store.drafts.get("wangfang")
    assert draft
    assert draft.base < await world.store.releases.head()
