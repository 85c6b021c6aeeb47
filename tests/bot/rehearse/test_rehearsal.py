"""A rehearsal keeps every rule production keeps, and always comes out the same."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bot.model import Contact, Group, Relation
from bot.playbook.moves import redirects
from bot.rehearse import Rehearsal
from bot.rehearse.figures import figures_of
from bot.rehearse.paper import sheet, table, wide, wrapped
from bot.rehearse.simulate import Played, Wish, play, synthetic
from config.book import Book
from config.loader import load_folder, load_texts
from tests.world import SHANGHAI, TEAM, moment

CONFIG = Path(__file__).parents[3] / "config"
SHOP = load_folder(CONFIG / "shop")
START = datetime(2026, 9, 21, tzinfo=SHANGHAI).astimezone(UTC)  # National Day lies ahead
DAY = timedelta(days=1)


def played(book: Book, *, days: int = 20, customers: int = 400, seed: int = 1) -> Rehearsal:
    wish = Wish(start=START, days=days, customers=customers, seed=seed)
    rehearsal = synthetic(book, wish)
    play(rehearsal, book, wish)
    return rehearsal


@pytest.fixture(scope="module")
def weeks() -> Rehearsal:
    """A shop in which a good deal happens."""
    return played(SHOP)


def test_the_same_seed_comes_out_the_same_and_another_does_not() -> None:
    first, second = played(SHOP, days=8, customers=120), played(SHOP, days=8, customers=120)
    other = played(SHOP, days=8, customers=120, seed=2)

    assert first.hash() == second.hash()
    assert first.hash() != other.hash()
    assert figures_of(first, START) == figures_of(second, START)


def test_nobody_receives_more_than_the_caps_allow(weeks: Rehearsal) -> None:
    received: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for push in weeks.pushes:
        if push.state == "delivered" and push.cls in ("服务", "营销"):
            received[push.subject].append((push.at, push.cls))
    customers = [times for id, times in received.items() if not id.startswith("wr")]

    assert sum(len(times) > 2 for times in customers) > 10, "hardly anybody came near a cap"
    for times in customers:
        days = [at.astimezone(SHANGHAI).date() for at, _ in times]
        assert len(set(days)) == len(days)
        moments = [at for at, _ in times]
        assert all(b - a > 7 * DAY for a, b in zip(moments, moments[3:], strict=False))
        marketing = [at for at, cls in times if cls == "营销"]
        assert all(b - a > 7 * DAY for a, b in pairwise(marketing))


def test_nothing_reaches_anybody_in_their_quiet_hours(weeks: Rehearsal) -> None:
    quiet = weeks.stage.hours.quiet
    for push in weeks.pushes:
        if push.state == "delivered" and push.cls != "欢迎语":
            assert not quiet[push.to].contains(push.at), push
    for task in weeks.tasks:
        if task.given_at:
            assert not quiet["员工"].contains(task.given_at)


def test_no_member_of_staff_is_given_more_tasks_than_a_day_holds(weeks: Rehearsal) -> None:
    given: defaultdict[tuple[str, object], int] = defaultdict(int)
    for task in weeks.tasks:
        if task.given_at:
            first = next((entry["from"] for entry in task.log if "from" in entry), task.staff)
            given[first, task.given_at.astimezone(SHANGHAI).date()] += 1

    assert max(given.values()) == 8
    assert any("每天新任务8个" in later.why for later in weeks.later)


def test_a_theme_takes_no_more_than_its_groups_hold(weeks: Rehearsal) -> None:
    assert weeks.stage.sitting
    for group in weeks.stage.groups.values():
        assert group.members + len(group.held) <= group.cap


@pytest.mark.parametrize("folder", ["shop", "clinic"])
def test_every_shipped_folder_runs_for_a_month(folder: str) -> None:
    """No exception, nobody forgotten: whoever is under way has a next moment."""
    book = load_folder(CONFIG / folder)
    rehearsal = played(book, days=30, customers=150)

    assert rehearsal.stuck == {}
    begun = {journey.sop for journey in rehearsal.journeys.values()}
    assert begun == {sop.name for sop in book.sops.values() if sop.state == "启用"}
    for journey in rehearsal.journeys.values():
        if journey.state == "active":
            due = rehearsal.stage.agenda.due_of("journeys", journey.id)
            assert due is not None, journey
            assert due > rehearsal.now, journey


def test_a_clinic_group_is_led_through_its_thirty_days() -> None:
    """Every step in its phase, in its window, by the role that is to do it."""
    book = load_folder(CONFIG / "clinic")
    staff = [(id, name) for name, id in book.team.people.items()]
    group = Group(id="wr1", name="种植术后 1群", owner=staff[1][0], members=12)
    rehearsal = Rehearsal(book, now=moment("2026-11-23 08:00"), groups=[group])
    rehearsal.run_until(moment("2026-12-25 00:00"))
    done = [
        (deed.step, f"{deed.at.astimezone(SHANGHAI):%m-%d %H:%M}")
        for deed in rehearsal.stage.deeds
        if deed.action
    ]

    assert rehearsal.stuck == {}
    assert done[:2] == [("术后须知", "11-23 11:30"), ("核对用药", "11-23 17:00")]
    assert ("周二饮食答疑", "11-24 17:30") in done
    assert ("满月复查", "12-22 11:30") in done
    (journey,) = rehearsal.journeys.values()
    assert journey.exit_reason == "走完"


SOP = """
SOP: 三步
负责人: 王芳
状态: 启用
对象: 客户
进入: {当: 添加好友}
步骤:
  - {步骤: 第一, 何时: 当天 10:00, 发给客户: {文案: 一, 由: 跟进人, 时效: 24小时}}
  - {步骤: 第二, 何时: 第3天 10:00, 发给客户: {文案: 二, 由: 跟进人, 时效: 24小时}}
  - {步骤: 第三, 何时: 第5天 10:00, 发给客户: {文案: 三, 由: 跟进人, 时效: 24小时}}
"""


def test_who_is_under_way_follows_what_is_published_meanwhile() -> None:
    old = load_texts({"a.yaml": SOP, "team.yaml": TEAM})
    texts = {"a.yaml": SOP.replace("第3天 10:00", "第4天 11:00"), "team.yaml": TEAM}
    new = load_texts(texts)
    rehearsal = Rehearsal(old, now=moment("2026-11-23 09:00"))
    rehearsal.happen(moment("2026-11-23 09:00"), "wm1", "添加好友", staff="zhangli")
    rehearsal.run_until(moment("2026-11-24 12:00"))
    rehearsal.publish(new, redirects(old, new, {}))
    rehearsal.run_until(moment("2026-11-30 00:00"))

    at = [(p.step, f"{p.at.astimezone(SHANGHAI):%m-%d %H:%M}") for p in rehearsal.pushes]
    assert at == [("第一", "11-23 10:02"), ("第二", "11-26 11:02"), ("第三", "11-27 10:02")]


def test_what_staff_had_in_hand_before_the_rehearsal_is_still_confirmed() -> None:
    book = load_texts({"a.yaml": SOP, "team.yaml": TEAM})
    before = Rehearsal(book, now=moment("2026-11-23 09:00"))
    before.happen(moment("2026-11-23 09:00"), "wm1", "添加好友", staff="zhangli")
    before.run_until(moment("2026-11-23 10:01"))
    after = Rehearsal(
        book,
        now=moment("2026-11-23 10:01"),
        contacts=before.stage.contacts.values(),
        journeys=before.journeys.values(),
        deliveries=before.stage.deliveries.values(),
    )
    after.run_until(moment("2026-11-23 11:00"))

    (push,) = after.pushes
    assert (push.step, push.state) == ("第一", "delivered")


def test_a_happening_nobody_knows_is_refused() -> None:
    rehearsal = Rehearsal(SHOP, now=START, contacts=[Contact(id="wm1")])
    with pytest.raises(KeyError, match="打喷嚏"):
        rehearsal.happen(START, "wm1", "打喷嚏")


def test_somebody_with_the_tag_an_sop_shuns_does_not_enter() -> None:
    friend = Relation(staff="zhangli", since=START, tags=("管理/同行",))
    shunned = Contact(id="wm1", relations=(friend,), tags=("管理/同行",))
    rehearsal = Rehearsal(SHOP, now=START, contacts=[shunned])
    rehearsal.happen(START, "wm1", "添加好友", staff="zhangli", tags=["同行"])
    rehearsal.run_until(START + DAY)

    assert rehearsal.journeys == {}


# ---- on paper ----------------------------------------------------------------------------------


def test_the_sheet_tells_every_figure_in_lines_that_fit(weeks: Rehearsal) -> None:
    figures = figures_of(weeks, START, newcomers=80)
    lines = [text for text, _ in sheet(figures)]

    text = "\n".join(lines)
    for title in ("推送日历", "各个SOP", "员工", "没有发的", "顺延过的", "额度"):
        assert title in lines
    assert str(sum(day.service for day in figures.days)) in text
    assert all(sop in text for sop in SHOP.sops)
    assert "卡住" not in text
    assert sum(figures.per_customer.values()) == figures.customers


def test_wide_characters_stand_in_line() -> None:
    rows = table(("名字", "数"), [("王芳", 1), ("li", 12345)])

    assert len({wide(row) for row in rows}) == 1
    assert wrapped("今天很好ok", 5) == ["今天", "很好o", "k"]


def test_one_customer_can_be_followed() -> None:
    wish = Wish(start=START, days=9, customers=100, contact="wn000000000")
    story: Played = play(synthetic(SHOP, wish), SHOP, wish)

    assert story.known
    assert story.lines[0].what.endswith("为好友")
    assert {line.subject for line in story.lines} == {"wn000000000"}
