"""发件箱: the calls to WeCom, why one was not made, and whether it may be made once more."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from bot.actions.again import again, why_not
from bot.model import Outgoing
from bot.store.outbox_list import Asked
from bot.store.rows import from_row
from bot.story import by_name, people
from bot.work import begin
from console.language import marked
from console.payloads import pretty
from console.site import Route, Visit, go

_PAGE = 50
_CONCERNING = 200
_MOST_COUNTED = 1_000
_AT_ONCE = 200  # more are made again as long work
HERE: Final = "/console/running/outbox"

STATES: Final[Mapping[str, str]] = {
    "ready": marked("待发"),
    "sending": marked("正在发或在查结果"),
    "sent": marked("已发出"),
    "failed": marked("失败"),
    "unknown": marked("结果不明"),
    "expired": marked("过了时效"),
    "suppressed": marked("不发了"),
}
#: What is looked at together; the first is what somebody has to look at.
PILES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "bad": (marked("没成的"), ("failed", "unknown")),
    "waiting": (marked("待发和在发"), ("ready", "sending")),
    "sent": (marked("已发出"), ("sent",)),
    "given up": (marked("过期和不发的"), ("expired", "suppressed")),
}
KINDS: Final[Mapping[str, str]] = {
    "card": marked("任务卡片"),
    "text": marked("应用消息"),
    "tick": marked("卡片更新"),
    "welcome": marked("欢迎语"),
    "tag": marked("打标签"),
    "remark": marked("客户备注"),
    "contact_way": marked("渠道活码"),
    "acquisition_link": marked("获客链接"),
    "join_way": marked("进群码"),
    "group_welcome": marked("入群欢迎语"),
    "mass": marked("企业群发"),
    "remind": marked("提醒群发"),
    "cancel": marked("撤回群发"),
    "moment": marked("发朋友圈"),
    "moment_cancel": marked("收回朋友圈"),
}


async def page(visit: Visit) -> web.StreamResponse:
    """By pile, kind and staff; a number of a customer, task or call goes before them."""
    ctx, query = visit.ctx, visit.request.query
    wanted, which = _asked(query), query.get("which", "bad")
    number, after, more = query.get("q", "").strip(), query.get("after", ""), ""
    if number:
        if await ctx.store.outbox.get(number):
            return go(f"{HERE}/row?" + urlencode({"id": number}))
        rows = await ctx.store.outbox_list.concerning(number, _CONCERNING)
    else:
        found = await ctx.store.outbox_list.page(wanted, after, _PAGE)
        rows, more = found.rows, found.after
    asked = {"which": which, "kind": query.get("kind", ""), "staff": wanted.staff}
    return visit.page(
        "outbox.html",
        rows=[from_row(Outgoing, row) for row in rows],
        count=0 if number else await ctx.store.outbox_list.count(wanted, _MOST_COUNTED),
        most=_MOST_COUNTED,
        which=which if which in PILES else "bad",
        piles=PILES,
        states=STATES,
        kinds=KINDS,
        asked=asked,
        q=number,
        full=bool(number) and len(rows) == _CONCERNING,
        colleagues=await ctx.store.staff.active(),
        names=await people(ctx),
        more=urlencode({**asked, "after": more}) if more else "",
        done=query.get("done", ""),
        kept=query.get("kept", ""),
    )


async def one(visit: Visit) -> web.StreamResponse:
    """Everything about one call; 404 when there is none of this id."""
    ctx, id = visit.ctx, visit.request.query.get("id", "")
    row = await ctx.store.outbox_list.row(id)
    if row is None:
        raise web.HTTPNotFound
    call, names = from_row(Outgoing, row), await people(ctx)
    return visit.page(
        "outbox_row.html",
        one=call,
        lease=row.get("lease"),
        body=pretty(call.body),
        result=pretty(call.result) if call.result else "",
        why_not=why_not(call),
        lines=[(line["at"], by_name(line["what"], names)) for line in await ctx.store.log.of(id)],
        states=STATES,
        kinds=KINDS,
        names=names,
        done=visit.request.query.get("done", ""),
    )


async def repeat(visit: Visit) -> web.StreamResponse:
    """Make one call again that had ended badly, or all of a kind and person."""
    ctx, form = visit.ctx, await visit.form()
    if id := form.get("id", ""):
        visit.about = id[:60]
        made = await again(ctx, [id])
        return go(f"{HERE}/row?" + urlencode({"id": id, "done": made.count}))
    wanted = _asked({**form, "which": "bad"})
    visit.about = "、".join((*wanted.kinds, wanted.staff)).strip("、") or marked("全部")
    if await ctx.store.outbox_list.count(wanted, _AT_ONCE + 1) > _AT_ONCE:
        args = {"kind": form.get("kind", ""), "staff": wanted.staff}
        work = await begin(ctx, "outbox again", args, visit.who.user)
        return go(f"/console/work/{work}")
    found = await ctx.store.outbox_list.ids(wanted, "", _AT_ONCE)
    made = await again(ctx, [row["_id"] for row in found.rows])
    told = {"kind": form.get("kind", ""), "staff": wanted.staff}
    return go(f"{HERE}?" + urlencode({**told, "done": made.count, "kept": len(made.kept)}))


def _asked(query: Mapping[str, str]) -> Asked:
    """What is not known counts as not asked."""
    _, states = PILES.get(query.get("which", "bad"), PILES["bad"])
    kind = query.get("kind", "")
    return Asked(states, (kind,) if kind in KINDS else (), query.get("staff", ""))


ROUTES: Final = (
    Route("GET", HERE, "operate", page),
    Route("GET", f"{HERE}/row", "operate", one),
    Route("POST", f"{HERE}/again", "operate", repeat, did=marked("再调一次企业微信")),
)
