"""发朋友圈 in a plan: what a step says in a line, and the row of the table."""

from datetime import UTC, datetime, timedelta

from bot.plan.forecast import DAYS, Frame, Run, days
from bot.plan.steps import in_brief
from bot.playbook.hours import Hours
from bot.rehearse import Push
from config.loader import load_texts
from tests.scenarios.test_moments import RULES, TAGS, THEME, calendar
from tests.world import TEAM

BODY = "{文案: 孕期课, 由: 部门/徐汇店, 可见: [孕期], 类型: 营销, 为什么发: 开课, 时效: 8小时}"
FILES = {"r.yaml": RULES, "t.yaml": THEME, "g.yaml": TAGS, "team.yaml": TEAM}


def test_a_step_says_who_publishes_and_who_sees_it() -> None:
    book = load_texts(FILES | {"sop.yaml": calendar(BODY)})

    assert in_brief(book.sops["门店朋友圈"].steps[0]) == (
        "每周一 10:00  发朋友圈（营销类，由部门/徐汇店，给孕期看，时效8小时）"
    )


def test_moments_have_a_row_of_their_own() -> None:
    book = load_texts(FILES | {"sop.yaml": calendar(BODY)})
    since = datetime(2026, 11, 23, 1, tzinfo=UTC)
    at = since + timedelta(hours=1)
    push = Push(at, "门店朋友圈", "周一朋友圈", "wrA", "limin", "营销", "delivered", to="朋友圈")
    run = Run(pushes=[push, push], tasks=[], put_off=[])

    found = days(run, Frame(since, Hours.of(book)))
    assert [day.moments for day in found] == [2] + [0] * (DAYS - 1)
    assert sum(day.marketing + day.service + day.groups for day in found) == 0
