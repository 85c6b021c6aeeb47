"""No room in any group of a theme: the task to open another one, which only WeCom can prove.

WeCom has no way to open a group without a person (groupchat/* has no such call, P:92120).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from bot.actions import tasks
from bot.context import Context
from bot.model import Group, Seat, Staff, Task
from bot.playbook import keys
from bot.playbook.calendar import day_start
from bot.playbook.hours import Hours
from bot.playbook.placement import next_number
from bot.playbook.regrouping import OWN, theme_subject
from bot.store.rows import slot_of
from config.book import Book
from config.themes import Theme

STEP = "开群"
NOT_WANTED = "没有客户在候补了"
_LIMIT = "1个工作日"


async def ask(ctx: Context, book: Book, theme: Theme, seat: Seat, shop: str) -> None:
    """Somebody waits: whoever is to own the theme's groups opens one; one task at a time."""
    before = await ever_asked(ctx, theme.name)
    if not may_ask(before, ctx.now(), Hours.of(book).tz):
        return
    staff = {one.id: one for one in await ctx.store.staff.active()}
    groups = await ctx.store.groups.of_theme(theme.name)
    to = opener(theme, book, staff, shop, seat.staff)
    await ctx.store.tasks.put([task(theme, book, groups, shop, to, len(before) + 1, ctx.now())])
    ctx.hints.ring("tasks")


async def ever_asked(ctx: Context, theme: str) -> list[Task]:
    """The tasks to open a group of this theme, newest first; its owners have others too."""
    about = await ctx.store.tasks.about(theme_subject(theme), 1000)
    return [one for one in about if one.step == STEP]


async def call_off(ctx: Context, theme: Theme) -> bool:
    """Nobody waits any more: the task is not wanted, unless its group has come."""
    if "候补" not in theme.overflow:  # who finds no room does not wait
        return False
    about = await ctx.store.tasks.open_about(theme_subject(theme.name))
    asked = [one for one in about if one.step == STEP]
    if not asked or await ctx.store.seats.anybody_waits(theme.name):
        return False
    for one in asked:
        facts = await ctx.store.facts.about(one.keys, one.created_at)
        if (now := await tasks.prove(ctx, one, facts)).open:
            await tasks.cancel(ctx, now, NOT_WANTED)
    return True


def may_ask(before: list[Task], now: datetime, tz: ZoneInfo) -> bool:
    """Not while somebody is asked, and nobody a second time on the day they let it lie."""
    if any(one.open for one in before):
        return False
    let_lie = [one.created_at for one in before if not _settled(one)]
    return not let_lie or max(let_lie) < day_start(now, tz)


def _settled(ended: Task) -> bool:
    """The group came, or was not wanted any more."""
    return ended.evidence == "verified" or any(NOT_WANTED in e["what"] for e in ended.log)


def task(
    theme: Theme,
    book: Book,
    groups: list[Group],
    shop: str,
    to: str,
    number: int,
    now: datetime,
) -> Task:
    """The ``number``-th time a group of this theme is asked for; proved by the group itself."""
    name = theme.new_name(shop, next_number(groups, theme, shop))
    subject, wanted = theme_subject(theme.name), keys.group_opened(theme.name)
    note = f"群名写“{name}”。系统在企业微信看到这个群就算完成，并自动邀请候补的客户，不用点按钮。"
    if not theme.groups.name_contains:
        note = f"群名写“{name}”，建好后请管理员把群编号写进主题群文件；之后自动邀请候补的客户。"
    full = "的群都满了" if groups else "还没有群"
    id = f"open:{theme.name}:{number}"
    return Task(
        id=id,
        journey=id,
        sop=OWN,
        step=STEP,
        subject=subject,
        subject_type="group",
        staff=to,
        title=f"主题“{theme.name}”{full}，有客户在候补：请新建一个群",
        note=note,
        proofs_wanted=(wanted,),
        keys=(wanted,),
        created_at=now,
        limit=_LIMIT,
        ladder=next(iter(book.rules.ladders), ""),
        due_at=now,
        slot=slot_of(subject),
    )


def opener(theme: Theme, book: Book, staff: Mapping[str, Staff], shop: str, follower: str) -> str:
    """Who is to own the theme's groups; whoever knows the customer stands in for an empty post."""
    to, team = theme.owner, book.team
    match to.kind:
        case "跟进人" | "群主":
            return follower
        case "店长" | "部门":
            return _manager(book, staff, to.name or shop) or follower
        case "角色":
            people = team.in_role(to.name)
            here = [one for one in people if one in staff]
            return next(iter(here or people), follower)
        case "员工":
            return team.userid(to.name)
        case _:
            assert_never(to.kind)


def _manager(book: Book, staff: Mapping[str, Staff], shop: str) -> str:
    if named := book.team.manager_of(shop):
        return named
    place = book.team.shop(shop)
    led = (one.id for one in staff.values() if place and place.department in one.leads)
    return min(led, default="")
