"""One customer: everything that happened to them and why, and what can be done about it."""

import re
import secrets
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from bot.actions import opting
from bot.actions.arranging import LIMITS, assign
from bot.context import Context
from bot.model import Contact, Seat, Staff
from bot.story import people, tell
from bot.sync.contacts import phones_of
from bot.wecom.errors import NotAContact, WeComError
from console.language import marked
from console.pages.customers import colleagues_of, contact_seen
from console.site import Route, Visit, go
from console.stories import newest_first
from console.task_list import rows_of, task_path

_LINES = 100  # of the story, the newest
_MESSAGES = 20
_TASKS = 20
_LONGEST_TITLE, _LONGEST_NOTE = 60, 200
_WISH = re.compile(r"[A-Za-z0-9_-]{16,40}")


@dataclass(frozen=True, slots=True)
class Sitting:
    """A seat with the name of its group."""

    seat: Seat
    group: str


async def one(visit: Visit) -> web.StreamResponse:
    contact = await contact_seen(visit, visit.request.match_info["id"])
    return visit.page("customer.html", **await _told(visit, contact))


async def phones(visit: Visit) -> web.StreamResponse:
    """The whole numbers, once: they are asked of WeCom and kept nowhere."""
    contact = await contact_seen(visit, visit.request.match_info["id"])
    visit.about = contact.id
    known = await _told(visit, contact)
    try:
        known["phones"] = await phones_of(visit.ctx, contact.id)
    except NotAContact:
        why = marked("企业微信里已经没有这位客户的好友关系，查不到手机号。")
        return visit.page("error.html", status=409, why=why)
    except WeComError:
        why = marked("企业微信暂时查不到，请稍后再试。")
        return visit.page("error.html", status=503, why=why)
    return visit.page("customer.html", **known)


async def give(visit: Visit) -> web.StreamResponse:
    """A task outside any SOP; a form sent twice gives one."""
    contact = await contact_seen(visit, visit.request.match_info["id"])
    form = await visit.form()
    title, note = form.get("title", "").strip(), form.get("note", "").strip()
    to, wish = form.get("to", ""), form.get("wish", "")
    visit.about = f"{contact.id}：{title[:_LONGEST_TITLE]}"
    may_get = {one.id for one in await colleagues_of(visit.ctx, visit.who)}
    if not title or len(title) > _LONGEST_TITLE or len(note) > _LONGEST_NOTE:
        why = marked("任务要有标题，标题 60 字以内，说明 200 字以内。")
        return visit.page("error.html", status=409, why=why)
    if to not in may_get or form.get("limit") not in LIMITS or not _WISH.fullmatch(wish):
        why = marked("没有派出：请回到客户页，重新选择给谁和期限。")
        return visit.page("error.html", status=409, why=why)
    task = await assign(
        visit.ctx,
        wish=wish,
        contact=contact.id,
        to=to,
        title=title,
        note=note,
        limit=form["limit"],
        by=visit.who.name,
    )
    return go(task_path(task))


async def stop(visit: Visit) -> web.StreamResponse:
    """Nothing is sent to them any more; whoever looks after them is told."""
    contact = await contact_seen(visit, visit.request.match_info["id"])
    visit.about = contact.id
    why = (await visit.form()).get("why", "").strip()[:_LONGEST_NOTE]
    await opting.stop(visit.ctx, contact.id, by=visit.who.user, why=why)
    return go(f"/console/customers/{contact.id}")


async def resume(visit: Visit) -> web.StreamResponse:
    contact = await contact_seen(visit, visit.request.match_info["id"])
    visit.about = contact.id
    await opting.resume(visit.ctx, contact.id, by=visit.who.user)
    return go(f"/console/customers/{contact.id}")


async def _told(visit: Visit, contact: Contact) -> dict[str, Any]:
    """Everything that stands on the page."""
    ctx = visit.ctx
    book = (await ctx.releases.head()).book
    story = await tell(ctx, contact.id)
    lines = newest_first(story.lines) if story else []
    everything = "all" in visit.request.query
    colleagues = await colleagues_of(ctx, visit.who)
    tasks = await ctx.store.tasks.about(contact.id, _TASKS)
    friend = contact.newest_friend
    return {
        "contact": contact,
        "masks": sorted({mask for r in contact.relations for mask in r.phones}),
        "phones": None,
        "stopped": await opting.standing(ctx, contact.id),
        "journeys": await ctx.store.journeys.of(contact.id),
        "tasks": await rows_of(ctx, book, tasks),
        "messages": (await ctx.store.deliveries.of(contact.id))[-_MESSAGES:][::-1],
        "became": BECAME,
        "groups": (await ctx.store.memberships.of([contact.id])).get(contact.id, ()),
        "seats": await _sittings(ctx, contact.id),
        "arms": await ctx.store.experiments.assigned(contact.id),
        "lines": lines if everything else lines[:_LINES],
        "more": 0 if everything else max(0, len(lines) - _LINES),
        "colleagues": _friend_first(colleagues, friend.staff if friend else ""),
        "limits": LIMITS,
        "usual": "1个工作日",
        "wish": secrets.token_urlsafe(18),
        "names": await people(ctx),
    }


async def _sittings(ctx: Context, contact: str) -> list[Sitting]:
    """Every seat they have or had, the newest first."""
    seats = await ctx.store.seats.of(contact)
    groups = await ctx.store.groups.many(seat.group for seat in seats)
    named = {id: group.name for id, group in groups.items()}
    return [Sitting(seat, named.get(seat.group, "")) for seat in reversed(seats)]


def _friend_first(colleagues: Any, friend: str) -> list[Staff]:
    """Who looks after the customer is who is meant most often."""
    return sorted(colleagues, key=lambda one: (one.id != friend, one.id))


BECAME: Final = {
    "ready": marked("等待发送"),
    "gathered": marked("等待创建群发"),
    "created": marked("等员工确认"),
    "delivered": marked("已送达"),
    "failed": marked("没有送到"),
    "expired": marked("过期，没有发"),
    "suppressed": marked("没有发"),
    "cancelled": marked("已撤回"),
}

ROUTES: Final = (
    Route("GET", "/console/customers/{id}", "look", one),
    Route("POST", "/console/customers/{id}/phones", "phones", phones, did=marked("查看手机号")),
    Route("POST", "/console/customers/{id}/tasks", "act", give, did=marked("派任务")),
    Route("POST", "/console/customers/{id}/stop", "act", stop, did=marked("停止推送")),
    Route("POST", "/console/customers/{id}/resume", "act", resume, did=marked("恢复推送")),
)
