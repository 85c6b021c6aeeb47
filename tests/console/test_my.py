"""The phone page: what staff have to do, done there as on the card, and done once."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from bot.actions import by_page, colleagues, excuses, tapping
from bot.actions.faces import face
from bot.dispatcher import Dispatcher
from bot.model import Task
from bot.wecom.events import StaffText
from handlers import router
from handlers.messages import wrote
from tests.console.browser import Answer, Browser
from tests.console.conftest import TEAM
from tests.console.test_sign_in import PASSWORD, make_admin
from tests.scenarios.test_materials import folder_of
from tests.scenarios.test_tasks import ENTRY, RULES, SCRIPT, TAGS, asking, cards_of, shown_on, tap
from tests.world import World

BUTTON = "[按钮: 已问到]"
BOTH = "[按钮: 已问到, 客户被打上标签组: 宝宝月龄]"


async def open_shop(world: World, sop: str, **more: str) -> None:
    files = {"rules.yaml": RULES, "tags.yaml": TAGS, "sop.yaml": sop, "script.yaml": SCRIPT}
    await world.publish({**files, "team.yaml": TEAM, **more})


async def a_task(world: World, evidence: str = BUTTON, more: str = "") -> tuple[str, Task]:
    await open_shop(world, asking(evidence, more))
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    return contact, await the_task(world, contact)


async def the_task(world: World, contact: str) -> Task:
    (task,) = await world.store.tasks.about(contact)
    return task


async def send(browser: Browser, page: Answer, wish: str, *tasks: Task, **fields: str) -> Answer:
    """Press a button of the page as it was shown."""
    token = re.findall(r'name="token" value="([^"]+)"', page.html)[0]
    data: list[tuple[str, str]] = [("token", token), *(("task", task.id) for task in tasks)]
    for name, value in fields.items():
        data += [(name, one) for one in value.split("|")] if value else []
    return await browser.send(f"/my/{wish}", data)


def said(page: Answer) -> str:
    """What the page answers to what was sent off."""
    found = re.findall(r'<p class="notice[^"]*"[^>]*>([^<]+)</p>', page.html)
    return unescape(found[0]) if found else ""


async def test_staff_see_their_own_tasks_with_words_to_copy_and_nobody_elses(
    world: World, browser: Browser
) -> None:
    await a_task(world)
    await world.add_contact("limin", name="别人")

    page = await browser.sign_in("zhangli")

    assert page.url.path == "/my"
    assert "和 小雨妈妈 打个招呼，问清宝宝月龄" in page.html
    assert "您好，我是您的专属顾问，宝宝多大啦？" in page.html
    assert "别人" not in page.html


async def test_who_has_nothing_to_do_is_told_so(browser: Browser) -> None:
    page = await browser.sign_in("zhangli")

    assert "现在没有待办任务，辛苦了！" in page.html


async def test_a_task_is_done_here_as_on_its_card_which_says_so(
    world: World, browser: Browser
) -> None:
    contact, task = await a_task(world)
    (card,) = await cards_of(world)
    page = await browser.sign_in("zhangli")

    answer = await send(browser, page, "done", task, result="已问到")
    await world.settle()

    assert said(answer) == "已记下，辛苦了！"
    now = await the_task(world, contact)
    assert (now.state, now.evidence, now.result) == ("已完成", "self_reported", "已问到")
    assert await shown_on(world, card) == "已完成 · 张丽 11-23 09:00"


async def test_a_page_sent_twice_does_it_once(world: World, browser: Browser) -> None:
    contact, task = await a_task(world)
    page = await browser.sign_in("zhangli")

    first = await send(browser, page, "done", task, result="已问到")
    again = await send(browser, page, "done", task, result="已问到")

    assert said(first) == said(again) == "已记下，辛苦了！"
    log = [entry["what"] for entry in (await the_task(world, contact)).log]
    assert log == ["送达", "点了已问到", "已完成：已问到"]


async def test_what_was_tapped_on_the_card_is_not_done_again(
    world: World, browser: Browser
) -> None:
    contact, task = await a_task(world)
    page = await browser.sign_in("zhangli")
    (card,) = await cards_of(world)
    await tap(world, card)

    answer = await send(browser, page, "done", task, result="已问到")

    assert said(answer) == "已完成 · 张丽 11-23 09:00"
    assert (await the_task(world, contact)).evidence == "acknowledged"


async def test_what_was_done_here_is_not_done_again_on_the_card(
    world: World, browser: Browser
) -> None:
    contact, task = await a_task(world, BOTH)
    page = await browser.sign_in("zhangli")
    (card,) = await cards_of(world)
    await send(browser, page, "done", task, result="已问到")
    await world.settle()
    shown = await shown_on(world, card)

    await tap(world, card)

    assert shown == "已在任务页提交 · 11-23 09:00"
    now = await the_task(world, contact)
    assert (now.state, now.evidence, now.open) == ("已完成", "self_reported", True)
    assert [e["what"] for e in now.log] == ["送达", "点了已问到", "已完成 · 等系统核实"]
    page = await browser.open("/my")
    assert "做完了，等系统核实" in page.html
    assert "等系统看到：给客户打上“宝宝月龄”的标签" in page.html
    await world.act("edit_tags", staff="zhangli", contact=contact, add=["宝宝月龄/0-6月龄"])
    await world.later(seconds=3)
    assert (await the_task(world, contact)).evidence == "verified"


async def test_the_tag_of_the_button_follows(world: World, browser: Browser) -> None:
    more = "      结果打标签: {满意: 新客-满意, 再聊: 新客-待跟进}\n"
    contact, task = await a_task(world, "[按钮: [满意, 再聊]]", more)
    page = await browser.sign_in("zhangli")
    assert "客户会被打上标签：新客/新客-满意" in page.html

    await send(browser, page, "done", task, result="再聊")
    await world.later(seconds=5)

    known = await world.store.contacts.get(contact)
    assert known
    assert "新客/新客-待跟进" in known.tags


async def test_a_button_nobody_offered_does_nothing(world: World, browser: Browser) -> None:
    contact, task = await a_task(world)
    page = await browser.sign_in("zhangli")

    answer = await send(browser, page, "done", task, result="别的")

    assert answer.status == 404
    assert (await the_task(world, contact)).open


async def test_a_checklist_is_done_when_every_item_is_ticked(
    world: World, browser: Browser
) -> None:
    more = "      检查清单: [问月龄, 记备注, 发资料]\n"
    contact, task = await a_task(world, "[清单全部勾选]", more)
    page = await browser.sign_in("zhangli")

    half = await send(browser, page, "done", task, tick="0|2", result="提交")
    whole = await send(browser, half, "done", task, tick="0|1|2", result="提交")

    assert (half.status, said(half)) == (422, "还差 1 项没有勾。")
    assert half.html.count("checked") == 2
    assert said(whole) == "已记下，辛苦了！"
    now = await the_task(world, contact)
    assert (now.state, now.evidence) == ("已完成", "self_reported")
    assert now.proofs["清单"]["answer"] == ["0", "1", "2"]


async def test_one_button_answers_only_for_tasks_that_ask_for_nothing_else(
    world: World, browser: Browser
) -> None:
    """Whoever writes their own form gets no checklist past it."""
    more = "      检查清单: [问月龄, 记备注, 发资料]\n"
    listed = asking("[清单全部勾选]", more)
    other = ENTRY.replace("问月龄", "别的") + listed[len(ENTRY) :]
    await open_shop(world, asking(BUTTON), **{"other.yaml": other})
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    tasks = sorted(await world.store.tasks.about(contact), key=lambda one: bool(one.checklist))
    page = await browser.sign_in("zhangli")

    answer = await send(browser, page, "done", *tasks, result="已问到")

    assert [bool(task.checklist) for task in tasks] == [False, True]
    assert answer.status == 404
    assert all(task.open for task in await world.store.tasks.about(contact))


async def test_the_answers_are_given_with_the_button(world: World, browser: Browser) -> None:
    contact, task = await a_task(world, "[按钮: 已寄出, 填写: 快递单号]")
    page = await browser.sign_in("zhangli")
    assert "快递单号" in page.html

    without = await send(browser, page, "done", task, result="已寄出")
    done = await send(
        browser, without, "done", task, result="已寄出", **{"answer:快递单号": "SF1 <b>"}
    )
    await world.settle()

    assert (without.status, said(without)) == (422, "请填写：快递单号")
    assert said(done) == "已记下，辛苦了！"
    now = await the_task(world, contact)
    assert (now.state, now.proofs["填写:快递单号"]["answer"]) == ("已完成", "SF1 <b>")
    (card,) = await cards_of(world)
    assert "已完成 · 张丽" in await shown_on(world, card)
    texts = [text["content"] for text in (await world.ledger())["texts"]]
    assert not [text for text in texts if "请直接回复" in text]


async def test_after_the_tap_on_the_card_the_answer_may_be_given_here(
    world: World, browser: Browser
) -> None:
    contact, task = await a_task(world, "[按钮: 已寄出, 填写: 快递单号]")
    (card,) = await cards_of(world)
    await tap(world, card, "已寄出")
    page = await browser.sign_in("zhangli")
    assert "已寄出</button>" not in page.html

    await send(browser, page, "done", task, result="提交", **{"answer:快递单号": "SF1"})

    now = await the_task(world, contact)
    assert (now.state, now.result, now.evidence) == ("已完成", "已寄出", "self_reported")


async def test_of_several_on_one_card_those_ticked_are_done_with_one_button(
    world: World, browser: Browser
) -> None:
    await open_shop(world, asking(BUTTON))
    await world.turn_to("2026-11-23 21:30")
    contacts = [await world.add_contact("zhangli", name=f"客户{n}") for n in range(3)]
    await world.turn_to("2026-11-24 09:10")
    tasks = [await the_task(world, contact) for contact in contacts]
    page = await browser.sign_in("zhangli")
    assert "和 3 位客户 打个招呼" in page.html
    assert page.html.count('name="result"') == 1

    await send(browser, page, "done", *tasks[:2], result="已问到")
    await world.settle()
    two = [(await the_task(world, contact)).open for contact in contacts]
    (card,) = await cards_of(world)
    before = await shown_on(world, card)
    await send(browser, await browser.open("/my"), "done", tasks[2], result="已问到")
    await world.settle()

    assert (two, before) == ([False, False, True], "")
    assert not (await the_task(world, contacts[2])).open
    assert "已完成" in await shown_on(world, card)


async def test_who_puts_a_task_off_here_is_reminded_then(world: World, browser: Browser) -> None:
    _, task = await a_task(world)
    page = await browser.sign_in("zhangli")
    first = re.findall(r'name="until" value="(\d+)"', page.html)[0]

    answer = await send(browser, page, "later", task, until=first)
    await world.turn_to("2026-11-23 10:01")

    assert said(answer) == "好的，到时再提醒您。"
    assert "11-23 10:00 再提醒" in answer.html
    assert [card["title"][:4] for card in await cards_of(world)] == ["和 小雨", "【提醒】"]


async def test_a_reason_cancels_the_task_and_whoever_answers_hears_of_it_once(
    world: World, browser: Browser
) -> None:
    contact, task = await a_task(world)
    page = await browser.sign_in("zhangli")

    for _ in range(2):
        answer = await send(browser, page, "cannot", task, why="客户电话停机")
    await world.later(minutes=1)

    assert said(answer) == "已记下做不了的原因：任务取消了，也告诉了负责的人。"
    now = await the_task(world, contact)
    assert (now.state, now.cannot) == ("已取消", "客户电话停机")
    told = [t for t in (await world.ledger())["texts"] if "做不了：客户电话停机" in t["content"]]
    assert [t["userid"] for t in told] == ["limin"]


async def test_no_reason_is_no_reason(world: World, browser: Browser) -> None:
    contact, task = await a_task(world)
    page = await browser.sign_in("zhangli")

    answer = await send(browser, page, "cannot", task, why=" ")

    assert (answer.status, said(answer)) == (422, "请用一两句话写明做不了的原因（500 字以内）。")
    assert (await the_task(world, contact)).open


async def test_whoever_answers_is_asked_who_else_could_do_it(
    world: World, browser: Browser
) -> None:
    contact, task = await a_task(world)
    page = await browser.sign_in("zhangli")

    answer = await send(browser, page, "pass", task)
    await world.later(seconds=5)

    assert said(answer) == "已请负责的人安排，定下来之前还是您的任务。"
    (choice,) = await cards_of(world, "limin")
    assert choice["title"] == "张丽 想转给同事：和 小雨妈妈 打个招呼，问清宝宝月龄"
    assert (await the_task(world, contact)).staff == "zhangli"


async def overdue(world: World) -> tuple[str, Task]:
    contact, task = await a_task(world)
    await world.turn_to("2026-11-24 18:00")
    return contact, task


async def test_a_lead_confirms_what_they_know_to_be_done(world: World, browser: Browser) -> None:
    contact, task = await overdue(world)
    await browser.sign_in("limin")
    page = await browser.open("/my/team")
    assert "和 小雨妈妈 打个招呼" in page.html

    answer = await send(browser, page, "vouch", task)

    assert said(answer) == "已代为确认，会记成您的确认，不算系统核实。"
    now = await the_task(world, contact)
    assert (now.state, now.evidence, now.done_by) == ("已完成", "manager_override", "limin")


async def test_nobody_confirms_what_they_do_not_answer_for(world: World, browser: Browser) -> None:
    contact, task = await overdue(world)
    page = await browser.sign_in("zhangli", "/my")

    answer = await send(browser, page, "vouch", task)

    assert said(answer) == "没有可确认的任务"
    assert (await the_task(world, contact)).open


@pytest.mark.parametrize("wish", ["done", "later", "cannot", "pass"])
async def test_nobody_does_anything_to_tasks_of_others(
    world: World, browser: Browser, wish: str
) -> None:
    contact, task = await a_task(world)
    await world.add_contact("limin", name="自己的")
    page = await browser.sign_in("limin", "/my")

    answer = await send(browser, page, wish, task, result="已问到", until="1795500000", why="不想")

    assert answer.status == 404
    now = await the_task(world, contact)
    assert (now.open, now.later_until, now.choices) == (True, None, ())


async def test_a_local_admin_of_the_same_name_is_nobodys_colleague(
    world: World, browser: Browser
) -> None:
    _, task = await a_task(world)
    page = await browser.sign_in("zhangli")
    await browser.post("/sign-out")
    await make_admin(world, "zhangli")
    await browser.post("/sign-in/local", name="zhangli", password=PASSWORD, next="/my")

    seen = await browser.open("/my")
    answer = await send(browser, page, "done", task, result="已问到")

    assert "现在没有待办任务" in seen.html
    assert answer.status == 404


async def test_pictures_and_files_of_the_material_can_be_fetched_by_who_has_the_task(
    world: World, browser: Browser, tmp_path: Path
) -> None:
    picture = "素材: 话术-问月龄\n类型: 图片\n文件: 图片/海报.png\n"
    sop = asking(BUTTON)
    await world.publish(
        folder_of(tmp_path, rules=RULES, tags=TAGS, team=TEAM, sop=sop, script=picture)
    )
    contact = await world.add_contact("zhangli", name="小雨妈妈")
    await world.later(seconds=3)
    page = await browser.sign_in("zhangli")
    where = unescape(re.findall(r'<img src="([^"]+)"', page.html)[0])

    async with browser.http.get(URL(world.address + where, encoded=True)) as own:
        shown = (own.status, own.headers["Content-Type"], (await own.read())[:4])
    await browser.post("/sign-out")
    await browser.sign_in("limin")
    other = await browser.open(where)

    assert (await the_task(world, contact)).files[0]["asset"] == "图片/海报.png"
    assert shown == (200, "image/png", b"\x89PNG")
    assert other.status == 404


async def test_own_figures_tell_own_word_from_verified(world: World, browser: Browser) -> None:
    contact, task = await a_task(world, BOTH)
    other = await world.add_contact("zhangli", name="第二位")
    page = await browser.sign_in("zhangli")
    await send(browser, page, "done", task, result="已问到")
    await world.act("edit_tags", staff="zhangli", contact=contact, add=["宝宝月龄/0-6月龄"])
    await world.later(seconds=3)
    (second,) = await world.store.tasks.about(other)
    await send(browser, await browser.open("/my"), "done", second, result="已问到")

    page = await browser.open("/my")

    week = re.findall(r"<dt>([^<]+)</dt><dd>(\d+)</dd>", page.html)
    assert dict(week) == {"收到": "2", "自己确认": "1", "系统核实": "1", "逾期": "0"}


async def leases_end(world: World) -> None:
    long_ago = {"$set": {"lease.until": datetime(2020, 1, 1, tzinfo=UTC)}}
    await world.store.db["inbox"].update_many({"lease": {"$exists": True}}, long_ago)


async def test_a_card_and_the_app_lead_to_the_page_when_it_has_an_address(
    world: World, browser: Browser
) -> None:
    _, task = await a_task(world)
    address = {"public_url": "https://qunce.example.com"}
    ctx = replace(world.ctx, settings=world.ctx.settings.model_copy(update=address))
    book = (await ctx.releases.head()).book
    asked = {"ToUserName": "w", "FromUserName": "zhangli", "CreateTime": "1", "MsgType": "text"}

    bare = await face(world.ctx, book, [task], "card")
    card = await face(ctx, book, [task], "card")
    await wrote(StaffText.model_validate({**asked, "Content": "任务", "MsgId": "7"}), ctx)

    assert "card_action" not in bare
    assert card["card_action"] == {"type": 1, "url": "https://qunce.example.com/my"}
    row = await world.store.outbox.get("text:answer:7")
    assert row
    assert "在任务页里做：https://qunce.example.com/my" in row.body["text"]["content"]


# ---- whoever dies half-way ----------------------------------------------------------------------


def dies_once(monkeypatch: pytest.MonkeyPatch, module: Any) -> None:
    """The next crash point of ``module`` raises; those after it do not."""
    left = [RuntimeError("the process is gone")]

    def point(_: str) -> None:
        if left:
            raise left.pop()

    monkeypatch.setattr(module, "crash_point", point)


async def test_a_word_kept_but_not_acted_on_is_acted_on_once(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = "      结果打标签: {满意: 新客-满意}\n"
    contact, task = await a_task(world, "[按钮: 满意]", more)
    page = await browser.sign_in("zhangli")
    dies_once(monkeypatch, tapping)

    answer = await send(browser, page, "done", task, result="满意")
    half = await the_task(world, contact)
    await world.later(minutes=1)

    assert said(answer) == "已收到，稍后自动处理，不用再点。"
    assert (half.result, half.open) == ("满意", True)
    now = await the_task(world, contact)
    assert (now.state, now.evidence) == ("已完成", "self_reported")
    known = await world.store.contacts.get(contact)
    assert known
    assert "新客/新客-满意" in known.tags


async def test_a_form_whose_holder_died_is_taken_up_when_the_lease_ends(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact, task = await a_task(world)
    page = await browser.sign_in("zhangli")

    async def dies(*_: object) -> None: ...

    monkeypatch.setattr("bot.dispatcher.Dispatcher.handle", dies)
    await send(browser, page, "done", task, result="已问到")
    monkeypatch.undo()
    before = (await the_task(world, contact)).open
    claimed = await Dispatcher(world.ctx, router, "urgent").work()
    await leases_end(world)
    await world.settle()

    assert (before, claimed) == (True, False)
    assert (await the_task(world, contact)).evidence == "self_reported"


async def test_a_reason_kept_but_not_acted_on_is_told_once(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact, task = await a_task(world)
    page = await browser.sign_in("zhangli")
    dies_once(monkeypatch, excuses)

    await send(browser, page, "cannot", task, why="客户电话停机")
    half = await the_task(world, contact)
    await world.later(minutes=1)

    assert (half.cannot, half.open) == ("客户电话停机", True)
    assert (await the_task(world, contact)).state == "已取消"
    told = [t for t in (await world.ledger())["texts"] if "做不了：客户电话停机" in t["content"]]
    assert len(told) == 1


async def test_a_card_that_was_not_told_is_told_by_the_next(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact, task = await a_task(world, BOTH)
    (card,) = await cards_of(world)
    page = await browser.sign_in("zhangli")
    dies_once(monkeypatch, by_page)

    await send(browser, page, "done", task, result="已问到")
    await world.settle()
    before = await shown_on(world, card)
    await world.later(minutes=1)

    assert (before, await shown_on(world, card)) == ("", "已在任务页提交 · 11-23 09:00")
    log = [entry["what"] for entry in (await the_task(world, contact)).log]
    assert log == ["送达", "点了已问到", "已完成 · 等系统核实"]


async def test_a_colleague_is_asked_for_once_though_who_asked_died(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, task = await a_task(world)
    page = await browser.sign_in("zhangli")
    dies_once(monkeypatch, colleagues)

    await send(browser, page, "pass", task)
    before = await cards_of(world, "limin")
    await world.later(minutes=1)

    assert (before, len(await cards_of(world, "limin"))) == ([], 1)
