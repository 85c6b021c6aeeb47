"""Build what members of staff get from the app: cards, and what becomes of them. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.wecom.bodies import Body, TooMuch, clip

SUBMIT = "submit"  # the key of a checklist's button
QUESTION = "items"  # the key of a checklist's question
CANCELLED = "已取消"

MAX_BUTTONS = 6
MAX_ITEMS = 20
MAX_CHOICES = 10
MAX_MENU = 3
MAX_LINES = 6
_TITLE_BYTES = 128
_TEXT_BYTES = 2048
_DUPLICATE_SECONDS = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button which calls us back with ``key``. Styles: 1 blue, 2 grey, 3 red, 4 light blue."""

    key: str
    text: str
    style: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of a card, as 客户 张女士; it may open ``url`` or the member ``staff``."""

    name: str
    value: str
    url: str = ""
    staff: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A list on a card from which one of ``options`` (id, text) is picked; at most ten."""

    key: str
    title: str
    options: Sequence[tuple[str, str]]


def card_id(effect_id: str) -> str:
    """WeCom's task_id for an effect: a repeat of the same effect is refused with 42014."""
    return "q-" + hashlib.sha256(effect_id.encode()).hexdigest()[:40]


def task_card(
    *,
    card: str,
    title: str,
    desc: str = "",
    lines: Sequence[Line] = (),
    material: str = "",
    buttons: Sequence[Button],
    url: str = "",
    menu: Sequence[Button] = (),
    choice: Choice | None = None,
) -> Body:
    """A card with 1 to 6 buttons; ``material`` is quoted, ready to be copied.

    ``menu`` stands behind the ⋯ in its corner, up to three entries; ``choice`` above the buttons.
    """
    if not buttons:
        raise ValueError("a task card needs a button")
    _at_most(MAX_BUTTONS, buttons, "buttons")
    body: Body = {
        "card_type": "button_interaction",
        "main_title": _title(title, desc),
        "task_id": card,
        "button_list": [_button(button) for button in buttons],
    }
    if lines:
        body["horizontal_content_list"] = [_line(line) for line in lines[:MAX_LINES]]
    if material:
        body["quote_area"] = {"type": 0, "title": "素材", "quote_text": clip(material, 1024)}
    if url:
        body["card_action"] = {"type": 1, "url": url}
    if menu:
        _at_most(MAX_MENU, menu, "entries in a menu")
        entries = [{"text": clip(entry.text, 30), "key": entry.key} for entry in menu]
        body["action_menu"] = {"desc": "更多", "action_list": entries}
    if choice:
        body["button_selection"] = _choice(choice)
    return body


def checklist_card(
    *,
    card: str,
    title: str,
    desc: str = "",
    items: Sequence[str],
    ids: Sequence[str] = (),
    submit: str = "提交",
) -> Body:
    """A card to tick ``items`` on; the answer names them by ``ids``, else by position from "0"."""
    if not items:
        raise ValueError("a checklist needs an item")
    _at_most(MAX_ITEMS, items, "items on a checklist")
    options = [
        {"id": id, "text": clip(item, _TITLE_BYTES), "is_checked": False}
        for id, item in zip(ids or map(str, range(len(items))), items, strict=True)
    ]
    return {
        "card_type": "vote_interaction",
        "main_title": _title(title, desc),
        "task_id": card,
        "checkbox": {"question_key": QUESTION, "mode": 1, "option_list": options},
        "submit_button": {"text": clip(submit, 30), "key": SUBMIT},
    }


def opening(card: Body, url: str) -> Body:
    """``card``, a tap of which beside its buttons opens ``url``."""
    return {**card, "card_action": {"type": 1, "url": url}}


def closed(card: Body, note: str, chosen: Sequence[str] = ()) -> Body:
    """``card`` as it looks when nothing can be tapped any more: ``note`` stands on its button."""
    body = {**card, "replace_text": clip(note, _TITLE_BYTES)}
    if "checkbox" in card:
        options = [
            {**option, "is_checked": option["id"] in chosen}
            for option in card["checkbox"]["option_list"]
        ]
        body["checkbox"] = {**card["checkbox"], "disable": True, "option_list": options}
    return body


def to_staff(agent_id: int, staff: Sequence[str], card: Body) -> Body:
    """``message/send`` of a card; not checked for duplicates, its task_id is unique."""
    return {**_addressed(agent_id, staff), "msgtype": "template_card", "template_card": card}


def text(
    agent_id: int,
    staff: Sequence[str],
    content: str,
    *,
    duplicate_seconds: int = _DUPLICATE_SECONDS,
) -> Body:
    """``message/send`` of a text; the same bytes again within ``duplicate_seconds`` are dropped."""
    content = clip(content, _TEXT_BYTES)
    return {
        **_addressed(agent_id, staff),
        "msgtype": "text",
        "text": {"content": content},
        **_checked(duplicate_seconds),
    }


def markdown(
    agent_id: int,
    staff: Sequence[str],
    content: str,
    *,
    duplicate_seconds: int = _DUPLICATE_SECONDS,
) -> Body:
    """``message/send`` of markdown (headings, bold, links, quotes, font colours only)."""
    content = clip(content, _TEXT_BYTES)
    return {
        **_addressed(agent_id, staff),
        "msgtype": "markdown",
        "markdown": {"content": content},
        **_checked(duplicate_seconds),
    }


def buttons_replaced(agent_id: int, staff: Sequence[str], response_code: str, note: str) -> Body:
    """``message/update_template_card``: the buttons give way to ``note``."""
    return {
        **_updated(agent_id, staff, response_code),
        "button": {"replace_name": clip(note, _TITLE_BYTES)},
    }


def card_replaced(agent_id: int, staff: Sequence[str], response_code: str, card: Body) -> Body:
    """``message/update_template_card``: another card in the same place."""
    return {**_updated(agent_id, staff, response_code), "template_card": card}


def done(name: str, at: datetime, zone: tzinfo) -> str:
    """On the card of the person who did it: 已完成 · 张丽 11-23 14:05."""
    return f"已完成 · {name} {at.astimezone(zone):%m-%d %H:%M}"


def done_by(name: str) -> str:
    """On everybody else's card."""
    return f"已由 {name} 完成"


def vouched_by(name: str) -> str:
    """On every card of a task that the manager ticked off."""
    return f"{name} 已代为确认"


def moved_to(name: str) -> str:
    return f"已转派给 {name}"


def _title(title: str, desc: str) -> Body:
    shown = {"title": clip(title, _TITLE_BYTES)}
    return shown | {"desc": clip(desc, 512)} if desc else shown


def _button(button: Button) -> Body:
    _at_most(1024, button.key.encode(), "bytes of a button's key")
    return {"type": 0, "text": clip(button.text, 30), "style": button.style, "key": button.key}


def _choice(choice: Choice) -> Body:
    _at_most(MAX_CHOICES, choice.options, "options to choose from")
    options = [{"id": id, "text": clip(text, _TITLE_BYTES)} for id, text in choice.options]
    return {"question_key": choice.key, "title": clip(choice.title, 30), "option_list": options}


def _line(line: Line) -> Body:
    shown: Body = {"keyname": clip(line.name, 30), "value": clip(line.value, _TITLE_BYTES)}
    if line.url:
        return shown | {"type": 1, "url": line.url}
    if line.staff:
        return shown | {"type": 3, "userid": line.staff}
    return shown


def _addressed(agent_id: int, staff: Sequence[str]) -> Body:
    _at_most(1000, staff, "members in one message")
    return {"touser": "|".join(staff), "agentid": agent_id}


def _updated(agent_id: int, staff: Sequence[str], response_code: str) -> Body:
    _at_most(1000, staff, "members in one update")
    return {"userids": list(staff), "agentid": agent_id, "response_code": response_code}


def _checked(seconds: int) -> Body:
    return {"enable_duplicate_check": 1, "duplicate_check_interval": seconds}


def _at_most(limit: int, things: Sequence[object], what: str) -> None:
    if len(things) > limit:
        raise TooMuch(f"more than {limit} {what}: {len(things)}")
