"""Keep our copy of the members of the company who are inside the app's visible range."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.context import Context
from bot.model import Staff
from bot.wecom.errors import Refused

_LEFT = (2, 5)  # disabled, left; 4 is "not activated yet"


async def read_member(ctx: Context, userid: str) -> Staff:
    """One member, as WeCom knows them now."""
    member = _staff(await ctx.wecom.call("user/get", params={"userid": userid}))
    await ctx.store.staff.keep([member])
    return member


async def read_staff(ctx: Context) -> Sequence[Staff]:
    """Everybody of every visible department; who is no longer there has left."""
    answer = await ctx.wecom.call("department/simplelist")
    people: dict[str, Staff] = {}
    whole = True
    for department in answer.get("department_id", ()):
        try:
            page = await ctx.wecom.call("user/list", params={"department_id": department["id"]})
        except Refused:
            whole = False  # outside the visible range; then nobody can be said to have left
            continue
        people |= {member["userid"]: _staff(member) for member in page.get("userlist", ())}
    known = await ctx.store.staff.active()
    gone = [replace(one, active=False) for one in known if whole and one.id not in people]
    await ctx.store.staff.keep([*people.values(), *gone])
    return list(people.values())


def _staff(member: Mapping[str, Any]) -> Staff:
    departments = tuple(member.get("department", ()))
    leads = zip(departments, member.get("is_leader_in_dept", ()), strict=False)
    return Staff(
        id=member["userid"],
        name=member.get("name", ""),
        departments=departments,
        leads=tuple(department for department, leader in leads if leader),
        active=member.get("status", 1) not in _LEFT,
    )
