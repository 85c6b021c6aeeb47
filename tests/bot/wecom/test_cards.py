import json
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.wecom import bodies, cards
from bot.wecom.bodies import Attachment, Message, TooMuch

DONE = cards.Button(key="done", text="已完成")


def bytes_of(text: str) -> int:
    return len(text.encode())


@given(st.text(), st.integers(min_value=3, max_value=40))
def test_a_clipped_text_fits_and_begins_as_the_whole(text: str, limit: int) -> None:
    clipped = bodies.clip(text, limit)

    assert bytes_of(clipped) <= limit
    assert clipped == text or (clipped.endswith("…") and text.startswith(clipped[:-1]))


def test_an_emoji_is_dropped_rather_than_cut() -> None:
    assert bodies.clip("宝宝😀😀", 12) == "宝宝…"


@given(st.text())
def test_a_cards_id_is_what_wecom_takes_as_task_id(effect: str) -> None:
    card = cards.card_id(effect)

    assert re.fullmatch(r"[0-9A-Za-z_\-@]{1,128}", card)
    assert card == cards.card_id(effect)


def test_different_effects_have_different_cards() -> None:
    assert cards.card_id("新客7天欢迎:wmX:1:3:0") != cards.card_id("新客7天欢迎:wmX:1:3:1")


def test_a_task_card_shows_what_to_do_for_whom_until_when() -> None:
    card = cards.task_card(
        card="q-1",
        title="和 张女士 打个招呼",
        desc="问清宝宝月龄",
        lines=[
            cards.Line(name="客户", value="张女士"),
            cards.Line(name="截止", value="11-24 18:00"),
        ],
        material="您好，我是门店顾问张丽",
        buttons=[DONE],
    )

    assert card["card_type"] == "button_interaction"
    assert card["task_id"] == "q-1"
    assert card["main_title"] == {"title": "和 张女士 打个招呼", "desc": "问清宝宝月龄"}
    assert card["horizontal_content_list"][1] == {"keyname": "截止", "value": "11-24 18:00"}
    assert card["quote_area"]["quote_text"] == "您好，我是门店顾问张丽"
    assert card["button_list"] == [{"type": 0, "text": "已完成", "style": 1, "key": "done"}]


def test_a_long_title_is_shortened_to_what_wecom_shows() -> None:
    card = cards.task_card(card="q-1", title="问" * 100, buttons=[DONE])

    assert bytes_of(card["main_title"]["title"]) <= 128
    assert card["main_title"]["title"].endswith("…")


@pytest.mark.parametrize("count", [0, 7])
def test_a_task_card_has_one_to_six_buttons(count: int) -> None:
    buttons = [cards.Button(key=str(n), text=str(n)) for n in range(count)]

    with pytest.raises(ValueError, match="button"):
        cards.task_card(card="q-1", title="t", buttons=buttons)


def test_a_checklist_is_answered_by_position() -> None:
    card = cards.checklist_card(card="q-1", title="盘点", items=["清理广告号", "更新群公告"])

    assert card["card_type"] == "vote_interaction"
    assert card["checkbox"]["mode"] == 1
    assert [(o["id"], o["text"]) for o in card["checkbox"]["option_list"]] == [
        ("0", "清理广告号"),
        ("1", "更新群公告"),
    ]
    assert card["submit_button"]["key"] == cards.SUBMIT


def test_a_checklist_of_more_than_twenty_items_is_refused() -> None:
    with pytest.raises(TooMuch):
        cards.checklist_card(card="q-1", title="盘点", items=["x"] * 21)


def test_a_closed_checklist_keeps_its_ticks_and_takes_no_more() -> None:
    card = cards.checklist_card(card="q-1", title="盘点", items=["a", "b"])

    shut = cards.closed(card, "已由 张丽 完成", chosen=["1"])

    assert shut["replace_text"] == "已由 张丽 完成"
    assert shut["checkbox"]["disable"] is True
    assert [o["is_checked"] for o in shut["checkbox"]["option_list"]] == [False, True]
    assert "disable" not in card["checkbox"]


def test_a_card_is_updated_through_its_response_code() -> None:
    note = cards.done("张丽", datetime(2026, 11, 23, 6, 5, tzinfo=UTC), ZoneInfo("Asia/Shanghai"))

    body = cards.buttons_replaced(7, ["zhangli"], "code", note)

    assert body == {
        "userids": ["zhangli"],
        "agentid": 7,
        "response_code": "code",
        "button": {"replace_name": "已完成 · 张丽 11-23 14:05"},
    }


def test_a_replaced_card_is_the_whole_card() -> None:
    card = cards.task_card(card="q-1", title="t", buttons=[DONE])

    body = cards.card_replaced(7, ["a", "b"], "code", cards.closed(card, cards.moved_to("王芳")))

    assert body["template_card"] == {**card, "replace_text": "已转派给 王芳"}
    assert "button" not in body


def test_a_text_to_staff_is_not_delivered_twice() -> None:
    body = cards.text(7, ["a", "b"], "您有 2 个任务")

    assert body["touser"] == "a|b"
    assert body["enable_duplicate_check"] == 1
    assert body["duplicate_check_interval"] == 1800


def test_a_card_to_staff_is_addressed_by_the_app() -> None:
    card = cards.task_card(card="q-1", title="t", buttons=[DONE])

    body = cards.to_staff(7, ["a"], card)

    assert body == {
        "touser": "a",
        "agentid": 7,
        "msgtype": "template_card",
        "template_card": card,
    }


EVERY_KIND = Message(
    text="您好",
    attachments=(
        Attachment(kind="image", media_id="m1"),
        Attachment(kind="link", title="测评", url="https://example.com/c", desc="d", picurl="p"),
        Attachment(kind="miniprogram", title="到店礼", media_id="m2", appid="wx1", page="pages/a"),
        Attachment(kind="video", media_id="m3"),
        Attachment(kind="file", media_id="m4"),
    ),
)


def test_every_kind_of_material_is_written_as_wecom_reads_it() -> None:
    body = bodies.mass_to_customers("zhangli", ["wmX"], EVERY_KIND)

    assert body == {
        "chat_type": "single",
        "external_userid": ["wmX"],
        "sender": "zhangli",
        "text": {"content": "您好"},
        "attachments": [
            {"msgtype": "image", "image": {"media_id": "m1"}},
            {
                "msgtype": "link",
                "link": {
                    "title": "测评",
                    "url": "https://example.com/c",
                    "picurl": "p",
                    "desc": "d",
                },
            },
            {
                "msgtype": "miniprogram",
                "miniprogram": {
                    "title": "到店礼",
                    "pic_media_id": "m2",
                    "appid": "wx1",
                    "page": "pages/a",
                },
            },
            {"msgtype": "video", "video": {"media_id": "m3"}},
            {"msgtype": "file", "file": {"media_id": "m4"}},
        ],
    }


def test_a_message_comes_back_from_the_document_it_was_kept_in() -> None:
    kept = json.loads(
        json.dumps({"text": "您好", "attachments": [{"kind": "image", "media_id": "m1"}]})
    )

    assert bodies.message_of(kept) == Message(
        text="您好", attachments=(Attachment(kind="image", media_id="m1"),)
    )


def test_a_message_to_groups_names_them_and_their_owner() -> None:
    body = bodies.mass_to_groups("limin", ["wrA", "wrB"], Message(text="答疑"))

    assert body == {
        "chat_type": "group",
        "chat_id_list": ["wrA", "wrB"],
        "sender": "limin",
        "text": {"content": "答疑"},
    }


def test_a_welcome_needs_a_text_or_an_attachment() -> None:
    assert bodies.welcome("code", Message(text="欢迎"))["welcome_code"] == "code"
    with pytest.raises(ValueError, match="text or an attachment"):
        bodies.welcome("code", Message())


def test_a_long_text_fits_in_four_thousand_bytes() -> None:
    body = bodies.welcome("code", Message(text="好" * 2000))

    assert bytes_of(body["text"]["content"]) <= 4000


@pytest.mark.parametrize(
    "build",
    [
        lambda: bodies.mass_to_customers("a", ["wm"] * 10_001, Message(text="t")),
        lambda: bodies.mass_to_groups("a", ["wr"] * 2_001, Message(text="t")),
        lambda: bodies.welcome("c", Message(attachments=EVERY_KIND.attachments * 2)),
        lambda: bodies.add_join_way(["wr"] * 6, "s"),
        lambda: bodies.add_join_way(["wr"], "s" * 31),
        lambda: bodies.welcome(
            "c", Message(attachments=(Attachment(kind="link", url="https://" + "x" * 2048),))
        ),
    ],
)
def test_what_cannot_be_shortened_is_refused_before_wecom_does(build: object) -> None:
    assert callable(build)
    with pytest.raises(TooMuch):
        build()


def test_tags_are_added_and_removed_for_one_customer_of_one_member() -> None:
    body = bodies.mark_tag("zhangli", "wmX", add=["et1"], remove=[])

    assert body == {"userid": "zhangli", "external_userid": "wmX", "add_tag": ["et1"]}


def test_declared_tags_are_created_in_their_group() -> None:
    assert bodies.add_corp_tag("宝宝月龄", ["孕期", "0-6月龄"]) == {
        "group_name": "宝宝月龄",
        "tag": [{"name": "孕期"}, {"name": "0-6月龄"}],
    }


def test_a_join_way_carries_its_own_state() -> None:
    body = bodies.add_join_way(["wrA"], "seat-1", "0-6月龄")

    assert body == {
        "scene": 2,
        "chat_id_list": ["wrA"],
        "state": "seat-1",
        "remark": "0-6月龄",
        "auto_create_room": 0,
    }


def test_a_join_way_may_open_new_groups() -> None:
    body = bodies.add_join_way(["wrA"], "s", room_name="徐汇店 0-6月龄 群", room_number=3)

    assert body["auto_create_room"] == 1
    assert body["room_base_name"] == "徐汇店 0-6月龄 群"
    assert body["room_base_id"] == 3


def test_a_remark_is_shortened_to_twenty_characters() -> None:
    body = bodies.remark("zhangli", "wmX", name="张" * 30)

    assert len(body["remark"]) == 20
    assert "description" not in body
