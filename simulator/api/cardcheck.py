"""What WeCom refuses in a template card, with its code."""

import re

from simulator.api.args import Args, maybe, part, parts
from simulator.refusal import Refusal

TASK_ID = re.compile(r"[0-9A-Za-z_\-@]{1,128}")
KEY_BYTES = 1024
OPTION_BYTES = 128


def check_card(card: Args, *, is_update: bool = False) -> None:
    """A task_id is not asked for when a card is replaced."""
    kind = maybe(card, "card_type")
    title = maybe(part(card, "main_title"), "title")
    subtitle = maybe(card, "sub_title_text")
    match kind:
        case "text_notice":
            _need(bool(title or subtitle), 42033, "main_title.title or sub_title_text")
            _check_action(card, is_needed=True)
        case "news_notice":
            _need(bool(title), 42033, "main_title.title")
            _check_action(card, is_needed=True)
            if not card.get("image_text_area"):
                _need(bool(maybe(part(card, "card_image"), "url")), 42044, "card_image.url")
        case "button_interaction":
            _need(bool(title), 42033, "main_title.title")
            _check_buttons(card)
            if selection := part(card, "button_selection"):
                _check_question(selection, 10)
        case "vote_interaction":
            _need(bool(title), 42033, "main_title.title")
            _check_question(part(card, "checkbox"), 20)
            _check_submit(card)
        case "multiple_interaction":
            _need(bool(title), 42033, "main_title.title")
            selects = parts(card, "select_list")
            _need(1 <= len(selects) <= 3, 42047, "select_list of 1 to 3")
            for select in selects:
                _check_question(select, 10)
            _check_submit(card)
        case _:
            raise Refusal(42031, f"invalid card_type: {kind}")
    _check_lists(card)
    if not is_update:
        _check_task_id(card, kind)


def _check_task_id(card: Args, kind: str) -> None:
    """Mandatory where something can be pressed."""
    is_needed = kind.endswith("_interaction") or bool(card.get("action_menu"))
    task_id = maybe(card, "task_id")
    if (task_id or is_needed) and not TASK_ID.fullmatch(task_id):
        raise Refusal(42014, "invalid task_id")


def _check_action(card: Args, *, is_needed: bool) -> None:
    action = part(card, "card_action")
    if not action and not is_needed:
        return
    kind = action.get("type")
    _need(kind in (1, 2) or (kind == 0 and not is_needed), 42045, "card_action.type")
    if kind == 1:
        _need(bool(maybe(action, "url")), 42028, "card_action.url")
    if kind == 2:
        _need(bool(maybe(action, "appid")), 42030, "card_action.appid")


def _check_buttons(card: Args) -> None:
    _check_action(card, is_needed=False)
    buttons = parts(card, "button_list")
    _need(1 <= len(buttons) <= 6, 42038, "button_list of 1 to 6")
    for button in buttons:
        _need(bool(maybe(button, "text")), 42038, "button_list.text")
        if button.get("type", 0) == 1:
            _need(bool(maybe(button, "url")), 42028, "button_list.url")
        else:
            _check_key(maybe(button, "key"), 42039, "button_list.key")
    keys = [maybe(button, "key") for button in buttons if not button.get("type")]
    _need(len(keys) == len(set(keys)), 42039, "distinct button_list.key")


def _check_question(question: Args, most: int) -> None:
    key = maybe(question, "question_key")
    _need(0 < len(key.encode()) <= KEY_BYTES, 42043, "question_key")
    options = parts(question, "option_list")
    _need(1 <= len(options) <= most, 42037, f"option_list of 1 to {most}")
    for option in options:
        identity = maybe(option, "id")
        _need(0 < len(identity.encode()) <= OPTION_BYTES, 42040, "option_list.id")
        _need(bool(maybe(option, "text")), 42041, "option_list.text")
    ids = [option["id"] for option in options]
    _need(len(ids) == len(set(ids)), 42040, "distinct option_list.id")


def _check_submit(card: Args) -> None:
    submit = part(card, "submit_button")
    _need(bool(maybe(submit, "text")), 42049, "submit_button.text")
    _check_key(maybe(submit, "key"), 42046, "submit_button.key")


def _check_lists(card: Args) -> None:
    horizontal = parts(card, "horizontal_content_list")
    _need(len(horizontal) <= 6, 42035, "horizontal_content_list of at most 6")
    for row in horizontal:
        _need(bool(maybe(row, "keyname")), 42027, "horizontal_content_list.keyname")
        match row.get("type", 0):
            case 1:
                _need(bool(maybe(row, "url")), 42028, "horizontal_content_list.url")
            case 2:
                _need(bool(maybe(row, "media_id")), 42029, "horizontal_content_list.media_id")
            case 3:
                _need(bool(maybe(row, "userid")), 42050, "horizontal_content_list.userid")
            case _:
                pass
    _need(len(parts(card, "vertical_content_list")) <= 4, 42036, "vertical_content_list of 4")
    jumps = parts(card, "jump_list")
    _need(len(jumps) <= 3, 42042, "jump_list of at most 3")
    for jump in jumps:
        _need(bool(maybe(jump, "title")), 42033, "jump_list.title")
    if menu := part(card, "action_menu"):
        keys = [maybe(action, "key") for action in parts(menu, "action_list")]
        _need(1 <= len(keys) <= 3 and all(keys), 42018, "action_menu of 1 to 3 keys")
        _need(len(keys) == len(set(keys)), 42051, "distinct action_menu keys")


def _check_key(key: str, code: int, name: str) -> None:
    _need(0 < len(key.encode()) <= KEY_BYTES, code, name)


def _need(fulfilled: bool, code: int, name: str) -> None:
    if not fulfilled:
        raise Refusal(code, f"Template_Card: {name} missing or invalid")
