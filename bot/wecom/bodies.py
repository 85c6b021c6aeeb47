"""Build the bodies of calls about customers and customer groups. Pure: values in, JSON out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, assert_never
from urllib.parse import quote

Body = dict[str, Any]
Kind = Literal["image", "link", "miniprogram", "video", "file"]

TEXT_BYTES = 4000
GROUP_WELCOME_BYTES = 3000
MAX_ATTACHMENTS = 9
MAX_CUSTOMERS = 10_000
MAX_GROUPS = 2_000
MAX_JOIN_WAY_GROUPS = 5
MAX_LINK_USERS = 500
MAX_CONTACT_WAY_USERS = 100
_URL_BYTES = 2048


class TooMuch(ValueError):
    """WeCom takes less than this and it cannot be shortened: split it or write another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One piece of material; ``media_id`` is its file, or the picture of a miniprogram."""

    kind: Kind
    title: str = ""
    url: str = ""
    desc: str = ""
    picurl: str = ""
    media_id: str = ""
    appid: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a customer or a group gets: a text, attachments or both."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()


def message_of(kept: Mapping[str, Any]) -> Message:
    """The message kept as a document with ``text`` and ``attachments``."""
    parts = tuple(Attachment(**part) for part in kept.get("attachments", ()))
    return Message(text=kept.get("text", ""), attachments=parts)


def welcome(welcome_code: str, message: Message) -> Body:
    """``externalcontact/send_welcome_msg``: once per code, within 20 s of the event."""
    return {"welcome_code": welcome_code, **_content(message)}


def mass_to_customers(sender: str, contacts: Sequence[str], message: Message) -> Body:
    """``externalcontact/add_msg_template``: a task for ``sender`` to confirm in the client."""
    _at_most(MAX_CUSTOMERS, contacts, "customers in one mass message")
    return {
        "chat_type": "single",
        "external_userid": list(contacts),
        "sender": sender,
        **_content(message),
    }


def mass_to_groups(sender: str, groups: Sequence[str], message: Message) -> Body:
    """``externalcontact/add_msg_template`` for groups that ``sender`` owns."""
    _at_most(MAX_GROUPS, groups, "groups in one mass message")
    return {
        "chat_type": "group",
        "chat_id_list": list(groups),
        "sender": sender,
        **_content(message),
    }


def mark_tag(staff: str, contact: str, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Body:
    """``externalcontact/mark_tag``: one customer as one member of staff knows them."""
    body: Body = {"userid": staff, "external_userid": contact}
    if added := list(add):
        body["add_tag"] = added
    if removed := list(remove):
        body["remove_tag"] = removed
    return body


def add_corp_tag(group: str, names: Iterable[str]) -> Body:
    """``externalcontact/add_corp_tag``: an existing group or tag of that name is used again."""
    return {"group_name": group, "tag": [{"name": name} for name in names]}


def add_join_way(
    groups: Sequence[str],
    state: str,
    remark: str = "",
    *,
    room_name: str = "",
    room_number: int = 1,
) -> Body:
    """``externalcontact/groupchat/add_join_way``; with ``room_name`` it opens new groups when full.

    ``state`` comes back in groupchat/get with every member who joined through it.
    """
    _at_most(MAX_JOIN_WAY_GROUPS, groups, "groups in one join way")
    _at_most(30, state, "characters of state")
    body: Body = {
        "scene": 2,
        "chat_id_list": list(groups),
        "state": state,
        "remark": clip_characters(remark, 30),
        "auto_create_room": int(bool(room_name)),
    }
    if room_name:
        body |= {"room_base_name": clip_characters(room_name, 40), "room_base_id": room_number}
    return body


def add_contact_way(
    users: Sequence[str], state: str, remark: str, *, one: bool = False, skip_verify: bool = True
) -> Body:
    """``externalcontact/add_contact_way`` (P:92228): a QR code; ``one``: of one member alone.

    ``state`` comes back with every customer who added somebody through it.
    """
    _at_most(1 if one else MAX_CONTACT_WAY_USERS, users, "members in one contact way")
    _at_most(30, state, "characters of state")
    return {
        "type": 1 if one else 2,
        "scene": 2,
        "user": list(users),
        "state": state,
        "remark": clip_characters(remark, 30),
        "skip_verify": skip_verify,
    }


def update_contact_way(config_id: str, users: Sequence[str], *, skip_verify: bool) -> Body:
    """``externalcontact/update_contact_way`` (P:92228): ``users`` replace those before."""
    _at_most(MAX_CONTACT_WAY_USERS, users, "members in one contact way")
    return {"config_id": config_id, "user": list(users), "skip_verify": skip_verify}


def acquisition_link(name: str, users: Sequence[str], *, skip_verify: bool) -> Body:
    """``customer_acquisition/create_link``, ``update_link`` (P:97297); the range is replaced."""
    _at_most(MAX_LINK_USERS, users, "people in one link")
    _at_most(30, name, "characters of a link's name")
    return {"link_name": name, "range": {"user_list": list(users)}, "skip_verify": skip_verify}


def link_address(url: str, state: str) -> str:
    """The address to publish: ``state`` comes back with everybody who follows it (P:97297)."""
    return f"{url}{'&' if '?' in url else '?'}customer_channel={quote(state, safe='')}"


def group_welcome(message: Message, template_id: str = "") -> Body:
    """``group_welcome_template/add`` and ``edit`` (P:92366): words and at most one attachment.

    ``notify`` 0: WeCom would tell everybody; the owners concerned get a task instead.
    """
    _at_most(1, message.attachments, "attachments in a group welcome")
    body: Body = (
        {"text": {"content": clip(message.text, GROUP_WELCOME_BYTES)}} if message.text else {}
    )
    for attachment in message.attachments:
        body[attachment.kind] = _fields(attachment)
    return body | ({"template_id": template_id} if template_id else {"notify": 0})


def remark(staff: str, contact: str, *, name: str = "", description: str = "") -> Body:
    """``externalcontact/remark``; what is empty stays as it is."""
    body = {"userid": staff, "external_userid": contact}
    if name:
        body["remark"] = clip_characters(name, 20)
    if description:
        body["description"] = clip_characters(description, 150)
    return body


def clip(text: str, limit_bytes: int) -> str:
    """``text`` in at most ``limit_bytes`` of UTF-8, never cutting a character; … shows the cut."""
    whole = text.encode("utf-8", "replace")
    if len(whole) <= limit_bytes:
        return text
    return whole[: limit_bytes - 3].decode("utf-8", "ignore") + "…"


def clip_characters(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _content(message: Message) -> Body:
    if not message.text and not message.attachments:
        raise ValueError("a message needs a text or an attachment")
    _at_most(MAX_ATTACHMENTS, message.attachments, "attachments")
    body: Body = {}
    if message.text:
        body["text"] = {"content": clip(message.text, TEXT_BYTES)}
    if message.attachments:
        body["attachments"] = [_part(attachment) for attachment in message.attachments]
    return body


def _part(attachment: Attachment) -> Body:
    return {"msgtype": attachment.kind, attachment.kind: _fields(attachment)}


def _fields(attachment: Attachment) -> Body:
    a = attachment
    match a.kind:
        case "image":
            return {"media_id": a.media_id} if a.media_id else {"pic_url": _url(a.picurl)}
        case "link":
            link = {"title": clip(a.title, 128), "url": _url(a.url)}
            return link | _given(picurl=_url(a.picurl), desc=clip(a.desc, 512))
        case "miniprogram":
            shown = {"title": clip(a.title, 64), "pic_media_id": a.media_id}
            return shown | {"appid": a.appid, "page": a.page}
        case "video" | "file":
            return {"media_id": a.media_id}
        case _:
            assert_never(a.kind)


def _given(**fields: str) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}


def _url(url: str) -> str:
    if len(url.encode()) > _URL_BYTES:
        raise TooMuch(f"more than {_URL_BYTES} bytes of URL")
    return url


def _at_most(limit: int, things: Sequence[object], what: str) -> None:
    if len(things) > limit:
        raise TooMuch(f"more than {limit} {what}: {len(things)}")
