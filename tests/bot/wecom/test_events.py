import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.wecom import events
from bot.wecom.event import UNDATED
from bot.wecom.events import EVENTS, Event, Malformed, UnknownEvent, parse

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
INDEX: list[dict[str, Any]] = json.loads((SAMPLES / "index.json").read_text())

# What the index of samples calls things, and what our events call them.
OURS = {
    "user_id": "staff_id",
    "external_user_id": "contact_id",
    "new_user_id": "new_staff_id",
    "update_detail": "detail",
    "last_mem_ver": "last_version",
    "cur_mem_ver": "current_version",
    "mem_change_cnt": "count",
    "mem_change_list": "members",
    "id": "tag_id",
    "selected_items": "selected",
    "party_id": "department_id",
    "add_users": "added_staff",
    "del_users": "removed_staff",
    "add_parties": "added_departments",
    "del_parties": "removed_departments",
    "add_open_kfid": "added",
    "del_open_kfid": "removed",
    "open_kfid": "account_id",
    "err_code": "error_code",
    "err_msg": "error_message",
    "apply_user_id": "staff_id",
    "sp_status": "status",
    "approver_step": "step",
    "effect_time": "effect_at",
    "expire_time": "expires_at",
    "expire_quota_num": "quota",
    "chat_seq": "chat_count",
    "is_leader_in_dept": "leads",
    "direct_leader": "direct_leaders",
    "from_corp": "corp_id",
    "create_time": "at",
    "pic_url": "picture_url",
}


def said(event: Event, name: str) -> Any:
    """What our event says where the index says ``name``."""
    match name:
        case "event_key":
            return event.button if hasattr(event, "button") else event.key  # type: ignore[attr-defined]
        case "scan":
            return {"type": event.scan_type, "result": event.scan_result}  # type: ignore[attr-defined]
        case "pics":
            return {"count": event.count, "md5": list(event.md5)}  # type: ignore[attr-defined]
        case "location":
            names = ("x", "y", "scale", "label")
            return {n: getattr(event, n) for n in names} | {"poiname": event.poi_name}  # type: ignore[attr-defined]
        case "x" | "y" if event.kind == "message.location":
            return event.latitude if name == "x" else event.longitude  # type: ignore[attr-defined]
        case "ext_attr":
            return [
                {
                    "name": item["Name"],
                    "type": int(item["Type"]),
                    "value": item["Text"]["Value"] if "Text" in item else item["Web"]["Url"],
                }
                for item in event.raw["ExtAttr"]["Item"]
            ]
        case "quote":
            quote = event.quote  # type: ignore[attr-defined]
            return {"msg_type": quote["msgtype"], "content": quote["text"]["content"]}
        case "user_id" | "chat_id" if isinstance(event, UnknownEvent):
            return event.raw["UserID" if name == "user_id" else "ChatId"]
    return getattr(event, OURS.get(name, name))


def plain(value: Any) -> Any:
    """Our types as the index writes them."""
    match value:
        case datetime():
            return None if value == UNDATED else int(value.timestamp())
        case tuple():
            return list(value)
        case dict() if value and all(isinstance(v, tuple) for v in value.values()):
            return [{"question_key": k, "option_ids": list(v)} for k, v in value.items()]
    return value


def kind_of(expect: dict[str, Any]) -> str:
    if expect["kind"] == "aibot":
        return f"aibot.{expect['event'] or expect['msg_type']}"
    if expect["msg_type"] != "event":
        return f"message.{expect['msg_type']}"
    return ".".join(part.lower() for part in (expect["event"], expect.get("change_type")) if part)


ABOUT_KIND = {"kind", "msg_type", "event", "change_type"}


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["file"])
def test_samples_parse_to_what_is_expected_of_them(entry: dict[str, Any]) -> None:
    event = parse((SAMPLES / entry["file"]).read_bytes())
    expect = {name: value for name, value in entry["expect"].items() if name not in ABOUT_KIND}

    assert event.kind == kind_of(entry["expect"])
    for name, value in expect.items():
        if value is None:
            assert plain(getattr(event, OURS.get(name, name), None)) in (None, ""), name
        else:
            ours = plain(said(event, name))
            assert ours == value or str(ours) == str(value), name


def test_every_class_has_a_kind_of_its_own() -> None:
    kinds = [cls.model_fields["kind"].default for cls in EVENTS]

    assert all(kinds)
    assert len(set(kinds)) == len(kinds)


def xml(inside: str) -> bytes:
    return (
        "<xml><ToUserName>ww1</ToUserName><FromUserName>sys</FromUserName>"
        f"<CreateTime>1403610513</CreateTime><MsgType>event</MsgType>{inside}</xml>"
    ).encode()


def group_update(members: str) -> events.GroupUpdated:
    event = parse(
        xml(
            "<Event>change_external_chat</Event><ChangeType>update</ChangeType>"
            f"<ChatId>wr1</ChatId>{members}"
        )
    )
    assert isinstance(event, events.GroupUpdated)
    return event


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ("", ()),
        ("<MemChangeList></MemChangeList>", ()),
        ("<MemChangeList><Item>a</Item></MemChangeList>", ("a",)),
        ("<MemChangeList><Item><![CDATA[a]]></Item><Item>b</Item></MemChangeList>", ("a", "b")),
        ("<MemChangeList><![CDATA[a,b,c]]></MemChangeList>", ("a", "b", "c")),
    ],
)
def test_members_come_as_none_one_many_or_comma_joined(
    members: str, expected: tuple[str, ...]
) -> None:
    assert group_update(members).members == expected


def test_unknown_fields_are_kept() -> None:
    event = group_update("<New>1</New><Newer><Inner>2</Inner><Inner>3</Inner></Newer>")

    assert event.raw == {"New": "1", "Newer": {"Inner": ["2", "3"]}}


def test_unknown_kinds_are_kept() -> None:
    event = parse(xml("<Event>Invented</Event><ChangeType>by_us</ChangeType><UserID>u</UserID>"))

    assert isinstance(event, UnknownEvent)
    assert event.kind == "invented.by_us"
    assert event.at == datetime(2014, 6, 24, 11, 48, 33, tzinfo=UTC)
    assert event.raw == {"UserID": "u"}


def test_a_value_that_does_not_fit_is_kept_and_does_no_harm() -> None:
    event = group_update("<JoinScene>many</JoinScene><MemChangeCnt><a>1</a></MemChangeCnt>")

    assert event.join_scene is None
    assert event.count == 0
    assert event.raw == {"JoinScene": "many", "MemChangeCnt": {"a": "1"}}


def test_a_field_sent_twice_is_kept_and_does_no_harm() -> None:
    assert group_update("<ChatId>wr2</ChatId>").raw == {"ChatId": ["wr1", "wr2"]}


def test_case_of_tags_and_kinds_does_not_matter() -> None:
    event = parse(
        xml(
            "<Event>Change_External_Contact</Event><ChangeType>ADD_external_contact</ChangeType>"
            "<Userid>zhangsan</Userid><ExternalUserId>wm1</ExternalUserId>"
        )
    )

    assert isinstance(event, events.ContactAdded)
    assert (event.staff_id, event.contact_id) == ("zhangsan", "wm1")


def test_blanks_around_cdata_are_layout_and_inside_are_text() -> None:
    body = xml("<Event>view</Event><EventKey>\n  <![CDATA[ a b ]]>\n</EventKey>")
    event = parse(body)

    assert getattr(event, "key") == " a b "  # noqa: B009


def test_older_spelling_of_options_is_accepted() -> None:
    event = parse(
        xml(
            "<Event>template_card_event</Event><TaskId>t1</TaskId><SelectedItems><SelectedItem>"
            "<QuestionKey>q</QuestionKey><OpitonIds><OpitonId>o1</OpitonId></OpitonIds>"
            "</SelectedItem></SelectedItems>"
        )
    )

    assert isinstance(event, events.CardTapped)
    assert event.selected == {"q": ("o1",)}


def test_json_events_are_read_like_xml() -> None:
    event = parse(
        json.dumps(
            {
                "ToUserName": "ww1",
                "FromUserName": "lisi",
                "CreateTime": 1403610513,
                "MsgType": "text",
                "Content": "任务",
                "MsgId": "7",
                "AgentID": 1000002,
            }
        ).encode()
    )

    assert isinstance(event, events.StaffText)
    assert (event.from_user, event.content, event.agent_id) == ("lisi", "任务", 1000002)


def test_what_providers_get_is_kept() -> None:
    event = parse(
        b"<xml><SuiteId>s1</SuiteId><AuthCorpId>ww1</AuthCorpId><TimeStamp>1403610513</TimeStamp>"
        b"<InfoType>change_external_contact</InfoType>"
        b"<ChangeType>add_external_contact</ChangeType><UserID>u</UserID></xml>"
    )

    assert event.kind == "suite.change_external_contact.add_external_contact"
    assert (event.corp_id, event.raw) == ("ww1", {"UserID": "u"})


@pytest.mark.parametrize(
    "body",
    [
        b"<xml/>",
        b"<xml></xml>",
        b"<xml>text</xml>",
        b"{}",
        b'{"MsgType": null, "Event": [], "ChangeType": {}}',
        b'{"aibotid": 7, "msgtype": "event", "event": "x", "from": "who"}',
        b"<xml><MsgType>event</MsgType><MsgType>text</MsgType></xml>",
        b"<xml><CreateTime>99999999999999999999</CreateTime><AgentID></AgentID></xml>",
        b"<xml><Event>template_card_event</Event><SelectedItems>x</SelectedItems></xml>",
        b"<xml><MsgType>event</MsgType><Event><a><b>1</b></a></Event></xml>",
    ],
)
def test_nothing_well_formed_is_an_error(body: bytes) -> None:
    assert isinstance(parse(body), Event)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no xml",
        b"<xml>",
        b"[]",
        b"{",
        b"<xml>" + b"<a>" * 8 + b"</a>" * 8 + b"</xml>",
        b'<!DOCTYPE xml [<!ENTITY a "b">]><xml>&a;</xml>',
        b'<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml/>',
        b"<xml>&undefined;</xml>",
        b"<xml>\xff</xml>",
    ],
)
def test_what_is_malformed_says_so(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse(body)
