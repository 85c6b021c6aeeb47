"""The table of tasks: found by state, person, shop and SOP, given to others, taken away as files."""

import csv
import io
import re
from dataclasses import replace

import openpyxl
import pytest

from bot.playbook.regrouping import theme_subject
from bot.store.task_lists import PILES, STATES, Wanted, hint, order, question
from tests.console.browser import Answer, Browser
from tests.scenarios.test_tasks import BUTTON, ENTRY, RULES, SCRIPT, TAGS, asking, cards_of, tap
from tests.world import World

PEOPLE = """
团队: 默认
门店:
  - {门店: 徐汇店, 部门: 12}
人员: {张丽: zhangli, 李敏: limin, 王芳: wangfang, 周律: zhoulv, 陈云: chenyun}
后台: {负责人: [王芳], 运营: [陈云], 审计: [周律]}
"""
GREETING = asking(BUTTON)


async def open_shop(world: World, **more: str) -> None:
    files = {"rules.yaml": RULES, "tags.yaml": TAGS, "sop.yaml": GREETING, "script.yaml": SCRIPT}
    await world.publish({**files, "team.yaml": PEOPLE, **more})


def titles(page: Answer) -> list[str]:
    return re.findall(r'<td class="what"><a href="/console/tasks/[^"]+">([^<]*)</a>', page.html)


def ids(page: Answer) -> list[str]:
    return re.findall(r'name="id" value="([^"]+)"', page.html)


async def staff_of(world: World, *contacts: str) -> list[str]:
    return [task.staff for one in contacts for task in await world.store.tasks.about(one)]


# ---- finding ------------------------------------------------------------------------------------


async def test_tasks_are_found_by_how_far_they_are(world: World, browser: Browser) -> None:
    await open_shop(world)
    await world.add_contact("zhangli", name="甲")
    (card,) = await cards_of(world)
    await tap(world, card)
    await world.turn_to("2026-11-23 10:00")
    await world.add_contact("zhangli", name="乙")
    await world.turn_to("2026-11-25 09:30")
    await world.add_contact("limin", name="丙")
    await browser.sign_in("wangfang")

    async def found(pile: str) -> list[str]:
        page = await browser.open(f"/console/tasks?pile={pile}")
        return [title[2] for title in titles(page)]

    assert await found("undone") == ["丙", "乙"]
    assert await found("overdue") == ["乙"]
    assert await found("told") == ["甲"]
    assert await found("verified") == []
    assert await found("all") == ["丙", "乙", "甲"]
    overdue = await browser.open("/console/tasks?pile=overdue")
    assert "升级 1" in overdue.html
    assert "员工自己确认" in (await browser.open("/console/tasks?pile=told")).html


async def test_and_by_person_shop_and_sop(world: World, browser: Browser) -> None:
    other = ENTRY.replace("问月龄", "别的") + GREETING[len(ENTRY) :]
    await open_shop(world, **{"other.yaml": other})
    await world.add_contact("zhangli", name="甲")
    await world.add_contact("chenyun", name="乙")
    await browser.sign_in("wangfang")

    async def found(asked: str) -> list[str]:
        return sorted(title[2] for title in titles(await browser.open(f"/console/tasks?{asked}")))

    assert await found("") == ["乙", "乙", "甲", "甲"]
    assert await found("staff=chenyun") == ["乙", "乙"]
    assert await found("shop=徐汇店") == ["甲", "甲"]
    assert await found("sop=别的") == ["乙", "甲"]
    assert await found("sop=别的&shop=徐汇店") == ["甲"]
    assert await found("shop=徐汇店&staff=chenyun") == []


async def test_a_lead_sees_and_changes_the_tasks_of_their_own_people(
    world: World, browser: Browser
) -> None:
    await open_shop(world)
    ours = await world.add_contact("zhangli", name="甲")
    theirs = await world.add_contact("chenyun", name="乙")
    (foreign,) = await world.store.tasks.about(theirs)
    (own,) = await world.store.tasks.about(ours)
    await browser.sign_in("limin")

    assert [title[2] for title in titles(await browser.open("/console/tasks?pile=all"))] == ["甲"]
    assert (await browser.open(f"/console/tasks/{own.id}")).status == 200
    assert (await browser.open(f"/console/tasks/{foreign.id}")).status == 404
    await browser.post("/console/tasks/reassign", which="chosen", id=foreign.id, to="limin")
    refused = await browser.post("/console/tasks/reassign", which="chosen", id=own.id, to="chenyun")
    await browser.post(f"/console/tasks/{foreign.id}/cancel", why="不要了")

    assert refused.status == 409
    assert await staff_of(world, ours, theirs) == ["zhangli", "chenyun"]
    assert (await world.store.tasks.about(theirs))[0].open


async def test_a_long_list_comes_page_by_page_also_when_all_were_made_at_once(
    world: World, browser: Browser
) -> None:
    await open_shop(world)
    contact = await world.add_contact("zhangli", name="甲")
    (task,) = await world.store.db["tasks"].find({"subject": contact}).to_list(None)
    many = [{**task, "_id": f"t{n:03}", "title": f"任务{n:03}"} for n in range(70)]
    await world.store.db["tasks"].insert_many(many)
    await browser.sign_in("wangfang")

    seen: list[str] = []
    path = "/console/tasks"
    while path:
        page = await browser.open(path, **{"HX-Request": "true"})
        seen += titles(page)
        more = re.search(r'hx-get="([^"]+)"', page.html)
        path = more[1].replace("&amp;", "&") if more else ""

    assert len(seen) == len(set(seen)) == 71


async def test_every_list_is_answered_by_an_index(world: World) -> None:
    rows, states = world.store.db["tasks"], STATES["all"]
    moment = world.now.replace(second=0, microsecond=0)
    await rows.insert_many(
        {
            "_id": f"t{n:05}",
            "sop": f"sop{n % 7 % 2}",
            "staff": f"s{n % 11}",
            "state": states[n % 13 % 9],
            "created_at": moment.replace(microsecond=n // 50 * 1000),
        }
        for n in range(20_000)
    )
    before = {"created_at": {"$lt": moment.replace(microsecond=200_000)}}
    asked = [
        (Wanted(pile=pile, staff=staff, sop=sop), behind)
        for pile in PILES
        for staff in (None, ("s3",), tuple(f"s{n}" for n in range(11)))
        for sop in ("", "sop0")
        for behind in ({}, before)
    ]

    for wanted, behind in asked:
        found = rows.find({**question(wanted), **behind}).hint(hint(wanted))
        plan = await found.sort(order(wanted)).limit(30).explain()
        stats, way = plan["executionStats"], str(plan["queryPlanner"]["winningPlan"])
        beginnings = len(STATES[wanted.pile]) * len(wanted.staff or ("",))
        assert stats["nReturned"] == 30, wanted
        assert stats["totalDocsExamined"] <= 60, wanted
        assert stats["totalKeysExamined"] <= 60 + beginnings, wanted
        assert "COLLSCAN" not in way, wanted
        assert "'SORT'" not in way, wanted


async def test_a_shop_with_more_people_than_are_merged_at_once_is_listed_in_order(
    world: World,
) -> None:
    people = tuple(f"s{n:03}" for n in range(130))
    rows = [
        {
            "_id": f"t{n:03}",
            "journey": "j",
            "sop": "S",
            "step": "s",
            "subject": "wm1",
            "staff": people[n],
            "title": "t",
            "created_at": world.now.replace(microsecond=n * 37 % 130 * 1000),
            "state": "已送达",
        }
        for n in range(130)
    ]
    await world.store.db["tasks"].insert_many(rows)
    wanted = Wanted(pile="all", staff=people)

    seen, after = [], None
    while True:
        page = await world.store.task_lists.page(wanted, 30, after)
        seen += [task.id for task in page.tasks]
        if (after := page.after) is None:
            break

    newest = sorted(rows, key=lambda row: row["created_at"], reverse=True)
    assert seen == [row["_id"] for row in newest]
    assert await world.store.task_lists.count(wanted) == 130
    assert await world.store.task_lists.count(wanted, 100) == 100


# ---- giving to others ---------------------------------------------------------------------------


async def overdue(world: World, *names: str) -> list[str]:
    await open_shop(world)
    contacts = [await world.add_contact("zhangli", name=name) for name in names]
    await world.turn_to("2026-11-24 14:00")
    return contacts


async def test_the_ticked_tasks_go_to_a_colleague(world: World, browser: Browser) -> None:
    first, second = await overdue(world, "甲", "乙")
    await browser.sign_in("wangfang")
    page = await browser.open("/console/tasks?pile=overdue")

    answer = await browser.post(
        "/console/tasks/reassign", pile="overdue", which="chosen", id=ids(page)[0], to="limin"
    )
    await world.settle()

    assert "改派了 1 项。" in answer.html
    assert await staff_of(world, first, second) == ["limin", "zhangli"]
    (card,) = await cards_of(world, "limin")
    assert card["title"].startswith("【张丽 转来】和")
    (moved,) = await world.store.tasks.about(first)
    assert moved.deadline
    assert moved.deadline > world.now
    (line, *_) = await world.store.audit.latest(1)
    assert (line["did"], line["about"], line["who"]) == (
        "改派任务",
        "1 → limin",
        "王芳（wangfang）",
    )


async def test_sent_twice_nobody_is_told_twice(world: World, browser: Browser) -> None:
    (contact,) = await overdue(world, "甲")
    await browser.sign_in("wangfang")
    (id,) = ids(await browser.open("/console/tasks?pile=overdue"))
    form = {"pile": "overdue", "which": "chosen", "id": id, "to": "limin"}

    await browser.post("/console/tasks/reassign", **form)
    again = await browser.post("/console/tasks/reassign", **form)
    await world.settle()

    assert "改派了 0 项。" in again.html
    assert "1 项没有动" in again.html
    assert await staff_of(world, contact) == ["limin"]
    assert len(await cards_of(world, "limin")) == 1


async def test_all_of_a_list_go_to_whoever_answers_for_each(world: World, browser: Browser) -> None:
    contacts = await overdue(world, "甲", "乙")
    other = await world.add_contact("chenyun", name="丙")
    await browser.sign_in("wangfang")

    page = await browser.post(
        "/console/tasks/reassign", pile="overdue", which="all", to="qunce:manager"
    )
    await world.settle()
    done = await browser.open(page.url.path)

    assert page.url.path.startswith("/console/work/")
    assert "改派了 2 项。" in done.html
    assert await staff_of(world, *contacts, other) == ["limin", "limin", "chenyun"]


async def test_without_somebody_who_answers_nothing_is_cancelled(
    world: World, browser: Browser
) -> None:
    sop = GREETING.replace("负责人: 王芳", "负责人: 陈云")
    await open_shop(world, **{"sop.yaml": sop})
    contact = await world.add_contact("chenyun", name="甲")
    await browser.sign_in("wangfang")
    (id,) = ids(await browser.open("/console/tasks"))

    answer = await browser.post(
        "/console/tasks/reassign", which="chosen", id=id, to="qunce:manager"
    )

    assert "1 项没有动" in answer.html
    (task,) = await world.store.tasks.about(contact)
    assert (task.staff, task.open) == ("chenyun", True)


@pytest.mark.parametrize("to", ["", "nobody", "qunce:owner"])
async def test_nobody_gets_a_task_who_does_not_work_here(
    world: World, browser: Browser, to: str
) -> None:
    (contact,) = await overdue(world, "甲")
    await browser.sign_in("wangfang")
    (id,) = ids(await browser.open("/console/tasks"))

    answer = await browser.post("/console/tasks/reassign", which="chosen", id=id, to=to)

    assert answer.status == 409
    assert await staff_of(world, contact) == ["zhangli"]


async def test_at_night_the_card_waits_for_the_morning(world: World, browser: Browser) -> None:
    (contact,) = await overdue(world, "甲")
    await world.turn_to("2026-11-24 21:00")
    await browser.sign_in("wangfang")
    (id,) = ids(await browser.open("/console/tasks"))

    await browser.post("/console/tasks/reassign", which="chosen", id=id, to="chenyun")
    await world.settle()
    at_night = await cards_of(world, "chenyun")
    await world.turn_to("2026-11-25 09:01")

    assert at_night == []
    assert len(await cards_of(world, "chenyun")) == 1
    assert await staff_of(world, contact) == ["chenyun"]


# ---- files --------------------------------------------------------------------------------------


async def file_of(world: World, browser: Browser, kind: str) -> bytes:
    url = world.address + "/console/tasks/export"
    site = {"Sec-Fetch-Site": "same-origin"}
    async with browser.http.post(url, data={"pile": "all", "as": kind}, headers=site) as answer:
        assert answer.status == 200
        return await answer.read()


async def test_a_list_is_a_file_for_spreadsheets(world: World, browser: Browser) -> None:
    await open_shop(world)
    evil = "=HYPERLINK(1)"
    await world.add_contact("zhangli", name=evil)
    (card,) = await cards_of(world)
    await tap(world, card)
    await browser.sign_in("wangfang")

    as_csv = await file_of(world, browser, "csv")
    (head, line) = csv.reader(io.StringIO(as_csv.decode("utf-8-sig")))
    sheet = openpyxl.load_workbook(io.BytesIO(await file_of(world, browser, "xlsx"))).active

    assert as_csv.startswith(b"\xef\xbb\xbf")
    told = dict(zip(head, line, strict=True))
    assert (told["客户或群"], told["员工"], told["门店"]) == (f"'{evil}", "张丽", "徐汇店")
    assert (told["状态"], told["怎么知道做了"], told["结果"]) == (
        "已完成",
        "员工自己确认",
        "已问到",
    )
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == head
    assert rows[1][1] == evil
    assert sheet["B2"].data_type == "s"


async def test_a_long_list_is_made_meanwhile(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_shop(world)
    for name in "甲乙":
        await world.add_contact("zhangli", name=name)
    monkeypatch.setattr("console.pages.tasks._AT_ONCE", 1)
    await browser.sign_in("wangfang")

    page = await browser.post("/console/tasks/export", **{"as": "csv"})
    await world.settle()
    done = await browser.open(page.url.path)
    (link,) = re.findall(r'href="(/console/work/[^"]+/file)"', done.html)
    text = (await browser.open(link)).html

    assert len(list(csv.reader(io.StringIO(text)))) == 3


# ---- one task -----------------------------------------------------------------------------------


async def test_the_page_of_a_task_tells_what_happened_and_what_proves_it(
    world: World, browser: Browser
) -> None:
    (contact,) = await overdue(world, "甲")
    (task,) = await world.store.tasks.about(contact)
    await browser.sign_in("zhoulv")

    before = await browser.open(f"/console/tasks/{task.id}")
    (card, *_) = await cards_of(world)
    await tap(world, card)
    after = await browser.open(f"/console/tasks/{task.id}")

    assert "逾期" in before.html
    assert "○ 在卡片上点按钮" in before.html
    assert "提醒 张丽" in before.html
    assert '<strong class="seen">✓</strong> 在卡片上点按钮' in after.html
    assert "员工自己确认 · 已问到" in after.html
    assert "/reassign" not in before.html  # an auditor only looks


async def test_what_wecom_showed_proves_it_without_an_answer_and_without_a_name(
    world: World, browser: Browser
) -> None:
    (contact,) = await overdue(world, "甲")
    (task,) = await world.store.tasks.about(contact)
    seen = {f"proofs.{name}": {"at": world.now, "by": "wecom"} for name in task.proofs_wanted}
    await world.store.db["tasks"].update_one({"_id": task.id}, {"$set": seen})

    await browser.sign_in("wangfang")
    page = await browser.open(f"/console/tasks/{task.id}")

    (proof,) = re.findall(r'<li><strong class="seen">✓</strong>.*', page.html)
    assert "wecom" not in proof


async def test_a_task_nobody_needs_is_cancelled_with_a_reason(
    world: World, browser: Browser
) -> None:
    (contact,) = await overdue(world, "甲")
    (task,) = await world.store.tasks.about(contact)
    await browser.sign_in("wangfang")

    without = await browser.post(f"/console/tasks/{task.id}/cancel", why=" ")
    await browser.post(f"/console/tasks/{task.id}/cancel", why="客户已搬走")
    page = await browser.open(f"/console/tasks/{task.id}")

    assert without.status == 409
    assert "已取消：王芳：客户已搬走" in page.html
    assert (await world.store.tasks.about(contact))[0].state == "已取消"


async def test_and_given_to_somebody_else(world: World, browser: Browser) -> None:
    (contact,) = await overdue(world, "甲")
    (task,) = await world.store.tasks.about(contact)
    await browser.sign_in("wangfang")

    page = await browser.post(f"/console/tasks/{task.id}/reassign", to="qunce:manager")

    assert await staff_of(world, contact) == ["limin"]
    assert "后台改派" in page.html
    assert "李敏" in page.html


async def test_its_page_keeps_who_had_it_first(world: World, browser: Browser) -> None:
    await open_shop(world)
    contact = await world.add_contact("zhangli", name="甲")
    (task,) = await world.store.tasks.about(contact)
    await browser.sign_in("wangfang")

    page = await browser.post(f"/console/tasks/{task.id}/reassign", to="limin")

    assert await staff_of(world, contact) == ["limin"]
    assert "给 张丽 派" in page.html
    assert "给 李敏 派" not in page.html


async def test_a_task_about_a_theme_names_it(world: World, browser: Browser) -> None:
    (contact,) = await overdue(world, "甲")
    (task,) = await world.store.tasks.about(contact)
    other = replace(task, id="selecting", title="选上入群欢迎语", subject=theme_subject("孕期"))
    await world.store.tasks.put([other])
    await browser.sign_in("wangfang")

    page = await browser.open("/console/tasks?pile=all")

    assert '<span class="under">孕期</span>' in page.html
    assert "theme:" not in page.html
