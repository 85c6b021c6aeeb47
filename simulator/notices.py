"""The XML of every callback we emit, with the fields WeCom documents and no others."""

from collections.abc import Mapping, Sequence
from typing import Any

Fields = Mapping[str, Any]


def to_xml(fields: Fields) -> str:
    """Text becomes CDATA, whole numbers do not; a list repeats its element; None is left out."""
    return "<xml>" + "".join(_element(name, value) for name, value in fields.items()) + "</xml>"


def contact(
    change: str,
    staff_id: str,
    customer_id: str,
    *,
    state: str | None = None,
    welcome_code: str | None = None,
    source: str | None = None,
    fail_reason: str | None = None,
) -> Fields:
    return {
        "Event": "change_external_contact",
        "ChangeType": change,
        "UserID": staff_id,
        "ExternalUserID": customer_id,
        "State": state or None,
        "WelcomeCode": welcome_code,
        "Source": source,
        "FailReason": fail_reason,
    }


def acquisition(change: str, about: Mapping[str, Any]) -> Fields:
    return {"Event": "customer_acquisition", "ChangeType": change, **about}


def group(change: str, chat_id: str) -> Fields:
    return {"Event": "change_external_chat", "ChatId": chat_id, "ChangeType": change}


def group_update(chat_id: str, detail: str) -> Fields:
    return {**group("update", chat_id), "UpdateDetail": detail}


def members_changed(
    chat_id: str,
    detail: str,
    members: Sequence[str],
    *,
    scene: int,
    last_version: str,
    current_version: str,
) -> Fields:
    """Real traffic carries JoinScene only on joins and QuitScene only on departures."""
    joined = detail == "add_member"
    return {
        **group_update(chat_id, detail),
        "JoinScene": scene if joined else None,
        "QuitScene": None if joined else scene,
        "MemChangeCnt": len(members),
        "MemChangeList": {"Item": list(members)},
        "LastMemVer": last_version,
        "CurMemVer": current_version,
    }


def tag(change: str, tag_id: str, tag_type: str | None) -> Fields:
    """``tag_type`` is tag or tag_group; a shuffle has none."""
    return {
        "Event": "change_external_tag",
        "Id": tag_id,
        "TagType": tag_type,
        "ChangeType": change,
    }


def member(
    change: str,
    staff_id: str,
    *,
    new_staff_id: str | None = None,
    departments: Sequence[int] | None = None,
) -> Fields:
    """URLs set up since August 2022 receive only ids and departments."""
    listed = None if departments is None else ",".join(map(str, departments))
    return {
        "Event": "change_contact",
        "ChangeType": change,
        "UserID": staff_id,
        "NewUserID": new_staff_id,
        "Department": listed,
    }


def card_tapped(
    task_id: str,
    key: str,
    card_type: str,
    response_code: str,
    agent_id: int,
    selected: Mapping[str, Sequence[str]],
) -> Fields:
    items = [
        {"QuestionKey": question, "OptionIds": {"OptionId": list(options)}}
        for question, options in selected.items()
    ]
    return {
        "Event": "template_card_event",
        "EventKey": key,
        "TaskId": task_id,
        "CardType": card_type,
        "ResponseCode": response_code,
        "AgentID": agent_id,
        "SelectedItems": {"SelectedItem": items} if items else None,
    }


def card_menu_tapped(
    task_id: str, key: str, card_type: str, response_code: str, agent_id: int
) -> Fields:
    return {
        "Event": "template_card_menu_event",
        "EventKey": key,
        "TaskId": task_id,
        "CardType": card_type,
        "ResponseCode": response_code,
        "AgentID": agent_id,
    }


def text(content: str, msg_id: int, agent_id: int) -> Fields:
    return {"MsgType": "text", "Content": content, "MsgId": msg_id, "AgentID": agent_id}


def _element(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    if isinstance(value, Mapping):
        inner = "".join(_element(key, item) for key, item in value.items())
    elif isinstance(value, int):
        inner = str(value)
    else:
        inner = "<![CDATA[" + str(value).replace("]]>", "]]]]><![CDATA[>") + "]]>"
    return f"<{name}>{inner}</{name}>"
