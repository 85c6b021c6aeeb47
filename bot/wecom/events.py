"""What WeCom tells us about customers, groups, tags, staff and cards, one class per kind."""

from typing import Annotated, Any

from pydantic import BeforeValidator

from bot.wecom import app_events
from bot.wecom.event import Event, Numbers, Texts, UnknownEvent, every, tag
from bot.wecom.xml import Fields, Malformed, read

__all__ = ["EVENTS", "Event", "Malformed", "UnknownEvent", "parse"]


class _OfRelation(Event):
    """About one customer and one member of staff."""

    staff_id: str = tag("UserID")
    contact_id: str = tag("ExternalUserID")


class ContactAdded(_OfRelation):
    """``welcome_code`` is empty when there is nothing to welcome with."""

    kind: str = "change_external_contact.add_external_contact"
    state: str = tag("State")
    welcome_code: str = tag("WelcomeCode")


class HalfAdded(ContactAdded):
    """Added without the member of staff having confirmed yet (免验证)."""

    kind: str = "change_external_contact.add_half_external_contact"


class ContactEdited(_OfRelation):
    """Remark or corp tags changed; WeCom does not say which."""

    kind: str = "change_external_contact.edit_external_contact"
    state: str = tag("State")


class ContactDeletedByStaff(_OfRelation):
    """``source`` is DELETE_BY_TRANSFER when a transfer removed the relation."""

    kind: str = "change_external_contact.del_external_contact"
    source: str = tag("Source")


class ContactDeletedByCustomer(_OfRelation):
    kind: str = "change_external_contact.del_follow_user"


class TransferFailed(_OfRelation):
    """``staff_id`` is who was to take over."""

    kind: str = "change_external_contact.transfer_fail"
    fail_reason: str = tag("FailReason")


class ChatApproved(_OfRelation):
    """The customer agreed to the archiving of the chat."""

    kind: str = "change_external_contact.msg_audit_approved"
    welcome_code: str = tag("WelcomeCode")


class _OfGroup(Event):
    chat_id: str = tag("ChatId")


class GroupCreated(_OfGroup):
    kind: str = "change_external_chat.create"


class GroupUpdated(_OfGroup):
    """``members`` joined or left; believe them only when ``last_version`` is the one we hold."""

    kind: str = "change_external_chat.update"
    detail: str = tag("UpdateDetail")
    join_scene: int | None = tag("JoinScene", None)
    quit_scene: int | None = tag("QuitScene", None)
    members: Texts = tag("MemChangeList", ())
    count: int = tag("MemChangeCnt", 0)
    last_version: str = tag("LastMemVer")
    current_version: str = tag("CurMemVer")


class GroupDismissed(_OfGroup):
    kind: str = "change_external_chat.dismiss"


class _OfTag(Event):
    tag_id: str = tag("Id")
    tag_type: str = tag("TagType")  # tag | tag_group
    strategy_id: str = tag("StrategyId")


class TagCreated(_OfTag):
    kind: str = "change_external_tag.create"


class TagUpdated(_OfTag):
    kind: str = "change_external_tag.update"


class TagDeleted(_OfTag):
    """Fires once for a deleted group of tags, not for each of its tags."""

    kind: str = "change_external_tag.delete"


class TagsShuffled(_OfTag):
    """``tag_id`` is the group put in a new order; empty means all."""

    kind: str = "change_external_tag.shuffle"


class StaffCreated(Event):
    """Callback URLs set up since August 2022 bring ids and departments only."""

    kind: str = "change_contact.create_user"
    staff_id: str = tag("UserID")
    new_staff_id: str = tag("NewUserID")
    name: str = tag("Name")
    departments: Numbers = tag("Department", ())
    main_department: int | None = tag("MainDepartment", None)
    leads: Numbers = tag("IsLeaderInDept", ())  # 1 or 0 for each of ``departments``
    direct_leaders: Texts = tag("DirectLeader", ())
    status: str = tag("Status")  # 1 active, 2 disabled, 4 not activated, 5 left


class StaffUpdated(StaffCreated):
    """``new_staff_id`` is set when the id itself changed."""

    kind: str = "change_contact.update_user"


class StaffDeleted(Event):
    kind: str = "change_contact.delete_user"
    staff_id: str = tag("UserID")


class DepartmentCreated(Event):
    kind: str = "change_contact.create_party"
    department_id: str = tag("Id")
    name: str = tag("Name")
    parent_id: str = tag("ParentId")
    order: str = tag("Order")


class DepartmentUpdated(DepartmentCreated):
    kind: str = "change_contact.update_party"


class DepartmentDeleted(Event):
    kind: str = "change_contact.delete_party"
    department_id: str = tag("Id")


class StaffTagUpdated(Event):
    """A directory tag (of staff, not of customers) has other members."""

    kind: str = "change_contact.update_tag"
    tag_id: str = tag("TagId")
    added_staff: Texts = tag("AddUserItems", ())
    removed_staff: Texts = tag("DelUserItems", ())
    added_departments: Texts = tag("AddPartyItems", ())
    removed_departments: Texts = tag("DelPartyItems", ())


def _selected(value: Any) -> Any:
    """Question → options chosen; WeCom also spells them OpitonIds / OpitonId."""
    items = value.get("SelectedItem") if isinstance(value, dict) else None
    items = items if isinstance(items, list) else [items]
    if not all(isinstance(item, dict) and "QuestionKey" in item for item in items):
        return value
    return {
        item["QuestionKey"]: tuple(every(item.get("OptionIds", item.get("OpitonIds", ""))))
        for item in items
    }


class CardTapped(Event):
    """A member of staff pressed a button of a card we sent, or submitted it."""

    kind: str = "template_card_event"
    task_id: str = tag("TaskId")
    button: str = tag("EventKey")
    card_type: str = tag("CardType")
    response_code: str = tag("ResponseCode")  # valid 72 h, for one update
    selected: Annotated[dict[str, tuple[str, ...]], BeforeValidator(_selected)] = tag(
        "SelectedItems", {}
    )


class CardMenuTapped(Event):
    kind: str = "template_card_menu_event"
    task_id: str = tag("TaskId")
    button: str = tag("EventKey")
    card_type: str = tag("CardType")
    response_code: str = tag("ResponseCode")


class StaffText(Event):
    """A member of staff wrote to the app. Customers' messages never come this way."""

    kind: str = "message.text"
    content: str = tag("Content")
    msg_id: str = tag("MsgId")


EVENTS: tuple[type[Event], ...] = (
    ContactAdded,
    HalfAdded,
    ContactEdited,
    ContactDeletedByStaff,
    ContactDeletedByCustomer,
    TransferFailed,
    ChatApproved,
    GroupCreated,
    GroupUpdated,
    GroupDismissed,
    TagCreated,
    TagUpdated,
    TagDeleted,
    TagsShuffled,
    StaffCreated,
    StaffUpdated,
    StaffDeleted,
    DepartmentCreated,
    DepartmentUpdated,
    DepartmentDeleted,
    StaffTagUpdated,
    CardTapped,
    CardMenuTapped,
    StaffText,
    *app_events.EVENTS,
)
_BY_KIND: dict[str, type[Event]] = {cls.model_fields["kind"].default: cls for cls in EVENTS}


def parse(body: bytes) -> Event:
    """The event inside an opened envelope; ``Malformed`` only if it is neither XML nor JSON."""
    fields = read(body)
    kind = _kind_of({name.lower(): value for name, value in fields.items()})
    return _BY_KIND.get(kind, _fallback(kind)).of(kind, fields)


def _kind_of(fields: Fields) -> str:
    """``event.change_type``, ``message.type``, ``aibot.what`` or ``suite.info_type``."""
    what = str(fields.get("msgtype", "")).lower()
    if "aibotid" in fields:
        return f"aibot.{_named(fields, 'eventtype') if what == 'event' else what}"
    if what and what != "event":
        return f"message.{what}"
    if "infotype" in fields:
        return f"suite.{_dotted(fields, 'infotype')}"
    return _dotted(fields, "event")


def _dotted(fields: Fields, name: str) -> str:
    parts = (fields.get(name), fields.get("changetype"))
    return ".".join(part.lower() for part in parts if isinstance(part, str) and part)


def _named(fields: Fields, name: str) -> str:
    event = fields.get("event")
    return str(event.get(name, "")).lower() if isinstance(event, dict) else ""


def _fallback(kind: str) -> type[Event]:
    """Families whose members we tell apart by ``kind`` only."""
    families: dict[str, type[Event]] = {
        "suite.": app_events.SuiteNotice,
        "aibot.": app_events.AibotEvent,
    }
    for prefix, family in families.items():
        if kind.startswith(prefix):
            return family
    return UnknownEvent
