"""收件箱: the callbacks that came, what each carried, and another chance for those given up."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from bot.dispatcher import Envelopes
from bot.model import Incoming
from bot.router import Known, PageForm
from bot.store.inbox_list import Cause
from bot.store.rows import from_row
from bot.wecom.crypto import BadEnvelope
from bot.wecom.events import Malformed
from bot.work import begin
from console.language import marked
from console.payloads import fields_of
from console.site import Route, Visit, go, own_path

_PAGE = 50
_AT_ONCE = 500  # more are put back as long work

STATES: Final[Mapping[str, str]] = {
    "new": marked("待处理"),
    "done": marked("处理了"),
    "ignored": marked("不用处理"),
    "dead": marked("处理失败"),
}
KINDS: Final[Mapping[str, str]] = {
    "change_external_contact.add_external_contact": marked("添加好友"),
    "change_external_contact.add_half_external_contact": marked("免验证添加好友"),
    "change_external_contact.edit_external_contact": marked("客户的备注或标签变了"),
    "change_external_contact.del_external_contact": marked("员工删了客户"),
    "change_external_contact.del_follow_user": marked("客户删了员工"),
    "change_external_contact.transfer_fail": marked("接替失败"),
    "change_external_contact.msg_audit_approved": marked("客户同意会话存档"),
    "change_external_chat.create": marked("建了客户群"),
    "change_external_chat.update": marked("客户群变了"),
    "change_external_chat.dismiss": marked("客户群解散"),
    "change_external_tag.create": marked("建了标签"),
    "change_external_tag.update": marked("标签变了"),
    "change_external_tag.delete": marked("标签删了"),
    "change_external_tag.shuffle": marked("标签换了顺序"),
    "change_contact.update_user": marked("员工资料变了"),
    "change_contact.create_user": marked("员工入职"),
    "change_contact.delete_user": marked("员工离职"),
    "change_contact.create_party": marked("建了部门"),
    "change_contact.update_party": marked("部门变了"),
    "change_contact.delete_party": marked("部门删了"),
    "change_contact.update_tag": marked("员工标签变了"),
    "customer_acquisition.balance_low": marked("获客链接快用完了"),
    "customer_acquisition.balance_exhausted": marked("获客链接用完了"),
    "customer_acquisition.balance_increased": marked("获客链接充值了"),
    "customer_acquisition.quota_expire_soon": marked("获客链接额度快到期"),
    "customer_acquisition.link_unavailable": marked("获客链接不能用了"),
    "customer_acquisition.delete_link": marked("获客链接删了"),
    "customer_acquisition.open_profile": marked("客户打开了员工名片"),
    "customer_acquisition.friend_request": marked("客户申请加好友"),
    "customer_acquisition.customer_start_chat": marked("客户先开口"),
    "customer_acquisition.message_from_customer": marked("客户发来消息"),
    "customer_acquisition.del_follow_user": marked("客户删了员工"),
    "template_card_event": marked("点了任务卡片"),
    "template_card_menu_event": marked("点了卡片右上角"),
    "message.text": marked("员工发来文字"),
    "message.image": marked("员工发来图片"),
    "message.voice": marked("员工发来语音"),
    "message.video": marked("员工发来视频"),
    "message.location": marked("员工发来位置"),
    "message.link": marked("员工发来链接"),
    "enter_agent": marked("员工打开应用"),
    "subscribe": marked("员工关注应用"),
    "unsubscribe": marked("员工取消关注应用"),
    "click": marked("员工点了应用菜单"),
    "view": marked("员工点了应用菜单"),
    "order": marked("下单"),
    "visit": marked("到店"),
    "reply": marked("客户回复"),
    "interaction": marked("互动"),
    "form": marked("表单提交"),
    "stage": marked("阶段变化"),
    "profile": marked("客户属性"),
}
_FORM: Final = marked("员工在网页上办任务")
#: Where it came in.
DOORS: Final[Mapping[str, str]] = {
    "app": marked("应用的回调"),
    "contact": marked("客户联系的回调"),
    "directory": marked("通讯录的回调"),
    "events": marked("商城等系统推送"),
    "page": marked("员工的任务页"),
}


async def page(visit: Visit) -> web.StreamResponse:
    """``which``: all, waiting or dead; a customer or group asked for goes before it."""
    query, inbox = visit.request.query, visit.ctx.store.inbox_list
    which, subject = query.get("which", "all"), query.get("q", "").strip()
    causes = await inbox.causes()
    cause = _named(causes, query.get("cause", ""))
    after, more = query.get("after", ""), ""
    if subject:
        found = await inbox.about(subject, after, _PAGE)
        rows, more = found.rows, found.after
    elif which == "waiting":
        rows = await inbox.waiting(_PAGE)
    elif which == "dead":
        found = await inbox.dead(cause.why if cause else None, after, _PAGE)
        rows, more = found.rows, found.after
    else:
        found = await inbox.newest(after, _PAGE)
        rows, more = found.rows, found.after
    envelopes = Envelopes(visit.site.settings)
    asked = {"which": which, "q": subject, "cause": cause.id if cause else ""}
    return visit.page(
        "inbox.html",
        rows=[_read(envelopes, row) for row in rows],
        states=STATES,
        which=which,
        q=subject,
        causes=causes,
        cause=cause,
        dead=sum(one.count for one in causes),
        full=which == "waiting" and len(rows) == _PAGE,
        more=urlencode({**asked, "after": more}) if more else "",
        again=query.get("again", ""),
    )


async def one(visit: Visit) -> web.StreamResponse:
    """Everything about one callback; 404 when it is not kept any more."""
    row = await visit.ctx.store.inbox_list.row(visit.request.match_info["id"])
    if row is None:
        raise web.HTTPNotFound
    return visit.page(
        "inbox_row.html",
        one=_read(Envelopes(visit.site.settings), row),
        lease=row.get("lease"),
        states=STATES,
        doors=DOORS,
        again=visit.request.query.get("again", ""),
    )


async def replay(visit: Visit) -> web.StreamResponse:
    """Give one dead callback another chance, those of one cause, or all of them."""
    ctx, form = visit.ctx, await visit.form()
    inbox, which, asked = ctx.store.inbox_list, form.get("id", ""), form.get("cause", "")
    back = own_path(form.get("back", "/console/running"))
    cause = _named(await inbox.causes(), asked) if asked else None
    visit.about = which[:16] or (cause.why[:60] if cause else marked("全部"))
    if asked and cause is None:
        return go(_with_count(back, 0))  # somebody was faster
    why = cause.why if cause else None
    if not which and await inbox.count_dead(why, _AT_ONCE + 1) > _AT_ONCE:
        work = await begin(ctx, "inbox again", {"why": why}, visit.who.user)
        return go(f"/console/work/{work}")
    ids = [which] if which else await inbox.dead_ids(why, _AT_ONCE)
    count = await inbox.revive(ids, ctx.now())
    ctx.hints.ring("inbox", "urgent inbox")
    return go(_with_count(back, count))


def _with_count(back: str, count: int) -> str:
    return f"{back}{'&' if '?' in back else '?'}again={count}"


def _named(causes: list[Cause], id: str) -> Cause | None:
    return next((cause for cause in causes if cause.id == id), None)


def _read(envelopes: Envelopes, row: dict[str, Any]) -> dict[str, Any]:
    """A row opened as the dispatcher would; what cannot be opened says so."""
    incoming = from_row(Incoming, row)
    read: dict[str, Any] = {"row": incoming, "kind": "", "fields": [], "broken": ""}
    try:
        event: Known = envelopes.open(incoming)
    except (BadEnvelope, Malformed, ValueError, KeyError) as error:
        return read | {"broken": type(error).__name__}
    kind = _FORM if isinstance(event, PageForm) else KINDS.get(event.kind, event.kind)
    return read | {"kind": kind, "fields": fields_of(event)}


ROUTES: Final = (
    Route("GET", "/console/running/inbox", "operate", page),
    Route("GET", "/console/running/inbox/{id}", "operate", one),
    Route("POST", "/console/running/replay", "operate", replay, did=marked("重新处理失败的回调")),
)
