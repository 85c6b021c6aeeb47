"""A plan as a page shows it: what changes, for whom, what comes, and what keeps it back.  Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.plan import audience
from bot.plan.outlook_words import ROWS, basis
from bot.plan.plan import Plan
from bot.plan.render import affected_title, headline, render


@dataclass(frozen=True, slots=True)
class Ahead:
    """A row of the coming days; ``more`` than with what is live, None: nothing is."""

    name: str
    days: Sequence[int]
    total: int
    more: int | None


def shown(plan: Plan) -> dict[str, Any]:
    """What the template is given."""
    return {
        "plan": plan,
        "text": render(plan),
        "headline": headline(plan),
        "told": {
            level: [one.text for one in plan.remarks if one.level == level]
            for level in ("错误", "注意", "说明")
        },
        "affected": [(affected_title(one), one.lines) for one in plan.affected if one.lines],
        "audiences": [(one.sop, audience.sentence(one)) for one in plan.audiences],
        "ahead": _ahead(plan),
        "dates": [day.day for day in plan.outlook.days] if plan.outlook else [],
        "basis": basis(plan.outlook) if plan.outlook else "",
        "drift": [path for path, side in plan.drift.items() if side != "only-folder"],
    }


def _ahead(plan: Plan) -> list[Ahead]:
    """A row for each kind of which there is any, now or after."""
    if plan.outlook is None:
        return []
    rows = []
    for name, count in ROWS:
        days, before = [*map(count, plan.outlook.days)], [*map(count, plan.outlook.before)]
        if any(days) or any(before):
            more = sum(days) - sum(before) if before else None
            rows.append(Ahead(name, days, sum(days), more))
    return rows
