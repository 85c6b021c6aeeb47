"""What every request of a member goes through: a signed link, their own browser, not too often.

Members never sign in: what they may see is what their link says. Their nickname is only shown.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from aiohttp import web

from bot.actions import member_links
from bot.context import Context
from bot.model import Contact, Relation
from bot.playbook.pages import LIVES, MemberLink, Purpose
from console.language import marked
from console.site import View, Visit, go

COOKIE: Final = "__Host-qunce-member"
A_MINUTE: Final = 60  # requests by one link
_BEARS: Final = int(timedelta(days=400).total_seconds())
_TRIED: Final = "cookie"  # in the address: this browser was given one and did not keep it

_UNKNOWN = marked("这个链接不完整，请从聊天里重新点开；还是不行，就给您的专属顾问发条消息。")
_OVER = marked("这个链接已经过期了。给您的专属顾问发条消息，就能拿到新的。")
_NO_COOKIE = marked("这个浏览器不让页面记住您。请在微信里直接点开链接。")
_ELSEWHERE = marked(
    "为了保护您的信息，链接只能在第一次打开它的设备上用。要在这里用，请给您的专属顾问发条消息，要一个新链接。"
)
_STAFFS = marked("这是发给客户本人的链接，请让客户在微信里打开。")
_TOO_OFTEN = marked("您点得太快了，请过一分钟再试。")
_NO_FRIEND = marked("您现在没有专属顾问，这一页暂时用不了。重新添加顾问后，TA 会发新的链接给您。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A member with a genuine link in their own browser."""

    visit: Visit
    link: MemberLink
    contact: Contact
    friend: Relation

    @property
    def ctx(self) -> Context:
        return self.visit.ctx

    @property
    def path(self) -> str:
        """Where their page is; forms are sent there, and below it."""
        return f"/m/{self.link.purpose}/{self.visit.request.match_info['token']}"

    def page(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        return self.visit.page(template, status=status, guest=self, path=self.path, **values)


def for_members(purpose: Purpose, view: Callable[[Guest], Awaitable[web.StreamResponse]]) -> View:
    """``view`` for whoever comes with a link of this purpose; everybody else is told why not."""

    async def shown(visit: Visit) -> web.StreamResponse:
        guest = await _guest(visit, purpose)
        return await view(guest) if isinstance(guest, Guest) else guest

    return shown


async def _guest(visit: Visit, purpose: Purpose) -> Guest | web.StreamResponse:
    token = visit.request.match_info["token"]
    link = await member_links.read(visit.ctx, purpose, token)
    if link is None:
        return _told(visit, 404, _UNKNOWN)
    if link == "over":
        return _told(visit, 410, _OVER)
    visit.about = link.contact
    contact = await visit.ctx.store.contacts.get(link.contact)
    friend = contact.newest_friend if contact else None
    if contact is None or friend is None:
        return _told(visit, 410, _NO_FRIEND)
    if _is_wecom(visit) and contact.kind == 1:  # customers of ours in WeChat open it in WeChat
        return _told(visit, 403, _STAFFS)
    browser = visit.request.cookies.get(COOKIE, "")
    if not browser:
        return _with_cookie(visit)
    now, gone_at = visit.site.now(), link.expires_at + LIVES[purpose]
    opened = await visit.ctx.store.member_links.opened(token, browser, now, gone_at)
    if not opened.ours:
        return _told(visit, 403, _ELSEWHERE)
    if opened.times > A_MINUTE:
        return _told(visit, 429, _TOO_OFTEN)
    return Guest(visit=visit, link=link, contact=contact, friend=friend)


def _with_cookie(visit: Visit) -> web.StreamResponse:
    """Only who comes back with it takes the link: whoever previews links in a chat keeps none."""
    if visit.request.method != "GET" or _TRIED in visit.request.query:
        return _told(visit, 403, _NO_COOKIE)
    answer = go(f"{visit.request.path}?{_TRIED}=1")
    answer.set_cookie(
        COOKIE,
        secrets.token_urlsafe(32),
        max_age=_BEARS,
        path="/",
        secure=True,
        httponly=True,
        samesite="Lax",
    )
    return answer


def _is_wecom(visit: Visit) -> bool:
    return "wxwork" in visit.request.headers.get("User-Agent", "").lower()


def _told(visit: Visit, status: int, why: str) -> web.Response:
    return visit.page("member_told.html", status=status, why=why)
