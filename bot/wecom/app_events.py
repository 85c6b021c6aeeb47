"""What WeCom tells us that only apps, service accounts and other products care about."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator

from bot.wecom.event import UNDATED, Event, Texts, every, tag
from bot.wecom.xml import Fields


class MemberSubscribed(Event):
    kind: str = "subscribe"


class MemberUnsubscribed(Event):
    kind: str = "unsubscribe"


class _OfMenu(Event):
    key: str = tag("EventKey")


class AgentEntered(_OfMenu):
    kind: str = "enter_agent"


class MenuClicked(_OfMenu):
    kind: str = "click"


class MenuViewed(_OfMenu):
    """``key`` is the URL."""

    kind: str = "view"


class MiniProgramViewed(_OfMenu):
    kind: str = "view_miniprogram"


class LocationReported(Event):
    kind: str = "location"
    latitude: float | None = tag("Latitude", None)
    longitude: float | None = tag("Longitude", None)
    precision: float | None = tag("Precision", None)
    app_type: str = tag("AppType")


class CodeScanned(_OfMenu):
    kind: str = "scancode_push"
    scan_type: str = tag("ScanCodeInfo.ScanType")
    scan_result: str = tag("ScanCodeInfo.ScanResult")


class CodeScannedWaiting(CodeScanned):
    kind: str = "scancode_waitmsg"


def _hashes(value: Any) -> Any:
    """Captures repeat PicList once per picture; the page repeats item inside one."""
    return value if isinstance(value, tuple) else tuple(every(value))


class PictureTaken(_OfMenu):
    kind: str = "pic_sysphoto"
    count: int = tag("SendPicsInfo.Count", 0)
    md5: Annotated[tuple[str, ...], BeforeValidator(_hashes)] = tag("SendPicsInfo.PicList", ())


class PictureTakenOrChosen(PictureTaken):
    kind: str = "pic_photo_or_album"


class PictureChosen(PictureTaken):
    kind: str = "pic_weixin"


class PlaceChosen(_OfMenu):
    kind: str = "location_select"
    x: str = tag("SendLocationInfo.Location_X")  # latitude
    y: str = tag("SendLocationInfo.Location_Y")
    scale: str = tag("SendLocationInfo.Scale")
    label: str = tag("SendLocationInfo.Label")
    poi_name: str = tag("SendLocationInfo.Poiname")
    app_type: str = tag("AppType")


class TaskCardTapped(_OfMenu):
    """The card kind before template cards."""

    kind: str = "taskcard_click"
    task_id: str = tag("TaskId")


class BatchJobDone(Event):
    kind: str = "batch_job_result"
    job_id: str = tag("BatchJob.JobId")
    job_type: str = tag("BatchJob.JobType")
    error_code: int = tag("BatchJob.ErrCode", 0)
    error_message: str = tag("BatchJob.ErrMsg")


class ApprovalChanged(Event):
    """An approval started by our own template; the nodes stay in ``raw``."""

    kind: str = "open_approval_change"
    third_no: str = tag("ApprovalInfo.ThirdNo")
    name: str = tag("ApprovalInfo.OpenSpName")
    template_id: str = tag("ApprovalInfo.OpenTemplateId")
    status: int | None = tag("ApprovalInfo.OpenSpStatus", None)
    applied_at: datetime = tag("ApprovalInfo.ApplyTime", UNDATED)
    staff_id: str = tag("ApprovalInfo.ApplyUserId")
    step: int | None = tag("ApprovalInfo.approverstep", None)


class SystemApprovalChanged(Event):
    """An approval of WeCom's own app; records and approvers stay in ``raw``."""

    kind: str = "sys_approval_change"
    number: str = tag("ApprovalInfo.SpNo")
    name: str = tag("ApprovalInfo.SpName")
    template_id: str = tag("ApprovalInfo.TemplateId")
    status: int | None = tag("ApprovalInfo.SpStatus", None)
    applied_at: datetime = tag("ApprovalInfo.ApplyTime", UNDATED)
    staff_id: str = tag("ApprovalInfo.Applyer.UserId")
    change: int | None = tag("ApprovalInfo.StatuChangeEvent", None)  # sic


class MediaUploaded(Event):
    kind: str = "upload_media_job_finish"
    job_id: str = tag("JobId")


class AppInactiveSoon(Event):
    kind: str = "inactive_alert"
    effect_at: datetime = tag("EffectTime", UNDATED)


class AppLowActiveSoon(AppInactiveSoon):
    kind: str = "low_active_alert"


class AppLowActive(Event):
    kind: str = "low_active"


class AppActiveAgain(Event):
    kind: str = "active_restored"


class AppClosed(Event):
    kind: str = "close_inactive_agent"


class AppReopened(Event):
    kind: str = "reopen_inactive_agent"


class SharedAppChanged(Event):
    kind: str = "share_agent_change"


class SharedChainChanged(Event):
    kind: str = "share_chain_change"


class WorkbenchModeSwitched(Event):
    kind: str = "switch_workbench_mode"
    mode: str = tag("Mode")


class ServiceMessages(Event):
    """微信客服 has something to fetch; ``token`` (10 min) goes into kf/sync_msg."""

    kind: str = "kf_msg_or_event"
    token: str = tag("Token")
    account_id: str = tag("OpenKfId")


class ServiceAccountsChanged(Event):
    kind: str = "kf_account_auth_change"
    added: Texts = tag("AuthAddOpenKfId", ())
    removed: Texts = tag("AuthDelOpenKfId", ())


class ArchiveGrew(Event):
    """New chats are in the archive; at most once per 15 s, and WeCom says nothing more."""

    kind: str = "msgaudit_notify"


class AcquisitionBalanceLow(Event):
    kind: str = "customer_acquisition.balance_low"


class AcquisitionBalanceExhausted(Event):
    kind: str = "customer_acquisition.balance_exhausted"


class AcquisitionBalanceIncreased(Event):
    kind: str = "customer_acquisition.balance_increased"


class AcquisitionQuotaExpiring(Event):
    kind: str = "customer_acquisition.quota_expire_soon"
    expires_at: datetime = tag("ExpireTime", UNDATED)
    quota: int = tag("ExpireQuotaNum", 0)


class _OfLink(Event):
    link_id: str = tag("LinkId")
    state: str = tag("State")
    staff_id: str = tag("UserID")
    contact_id: str = tag("ExternalUserID")


class AcquisitionLinkUnavailable(_OfLink):
    kind: str = "customer_acquisition.link_unavailable"


class AcquisitionLinkDeleted(_OfLink):
    kind: str = "customer_acquisition.delete_link"


class AcquisitionProfileOpened(_OfLink):
    kind: str = "customer_acquisition.open_profile"


class AcquisitionFriendRequested(_OfLink):
    kind: str = "customer_acquisition.friend_request"


class AcquisitionChatStarted(_OfLink):
    kind: str = "customer_acquisition.customer_start_chat"


class AcquisitionMessaged(_OfLink):
    """``chat_key`` is valid 30 min; who and how many are no longer sent since December 2024."""

    kind: str = "customer_acquisition.message_from_customer"
    chat_key: str = tag("ChatKey")
    chat_count: int | None = tag("ChatSeq", None)


class AcquisitionContactDeleted(_OfLink):
    kind: str = "customer_acquisition.del_follow_user"


class _Message(Event):
    """A member of staff sent something to the app."""

    msg_id: str = tag("MsgId")


class StaffImage(_Message):
    kind: str = "message.image"
    url: str = tag("PicUrl")
    media_id: str = tag("MediaId")


class StaffVoice(_Message):
    kind: str = "message.voice"
    media_id: str = tag("MediaId")
    format: str = tag("Format")


class StaffVideo(_Message):
    kind: str = "message.video"
    media_id: str = tag("MediaId")
    thumb_media_id: str = tag("ThumbMediaId")


class StaffLocation(_Message):
    kind: str = "message.location"
    latitude: float | None = tag("Location_X", None)
    longitude: float | None = tag("Location_Y", None)
    scale: int | None = tag("Scale", None)
    label: str = tag("Label")
    app_type: str = tag("AppType")


class StaffLink(_Message):
    kind: str = "message.link"
    title: str = tag("Title")
    description: str = tag("Description")
    url: str = tag("Url")
    picture_url: str = tag("PicUrl")


class SuiteNotice(Event):
    """The form WeCom uses towards third-party providers; what it says stays in ``raw``."""

    at: datetime = tag("TimeStamp", UNDATED)
    suite_id: str = tag("SuiteId")
    corp_id: str = tag("AuthCorpId")


class AibotEvent(Event):
    """Something said to, or done with, a 智能机器人."""

    msg_id: str = tag("msgid")
    bot_id: str = tag("aibotid")
    chat_id: str = tag("chatid")
    chat_type: str = tag("chattype")  # single | group
    from_user: str = tag("from.userid")
    corp_id: str = tag("from.corpid")
    at: datetime = tag("create_time", UNDATED)
    response_url: str = tag("response_url")
    quote: Fields = tag("quote", {})


class AibotText(AibotEvent):
    kind: str = "aibot.text"
    content: str = tag("text.content")


class AibotVoice(AibotEvent):
    """WeCom has turned the voice into text."""

    kind: str = "aibot.voice"
    content: str = tag("voice.content")


class AibotImage(AibotEvent):
    """``url`` lives 5 min; what it gives is encrypted with the callback's AES key."""

    kind: str = "aibot.image"
    url: str = tag("image.url")


class AibotFile(AibotEvent):
    kind: str = "aibot.file"
    url: str = tag("file.url")


class AibotVideo(AibotEvent):
    kind: str = "aibot.video"
    url: str = tag("video.url")


class AibotStream(AibotEvent):
    """WeCom asks for the next part of an answer that is being streamed."""

    kind: str = "aibot.stream"
    stream_id: str = tag("stream.id")


class AibotEntered(AibotEvent):
    kind: str = "aibot.enter_chat"


class AibotRated(AibotEvent):
    kind: str = "aibot.feedback_event"
    feedback: Fields = tag("event.feedback_event", {})


EVENTS: tuple[type[Event], ...] = (
    MemberSubscribed,
    MemberUnsubscribed,
    AgentEntered,
    MenuClicked,
    MenuViewed,
    MiniProgramViewed,
    LocationReported,
    CodeScanned,
    CodeScannedWaiting,
    PictureTaken,
    PictureTakenOrChosen,
    PictureChosen,
    PlaceChosen,
    TaskCardTapped,
    BatchJobDone,
    ApprovalChanged,
    SystemApprovalChanged,
    MediaUploaded,
    AppInactiveSoon,
    AppLowActiveSoon,
    AppLowActive,
    AppActiveAgain,
    AppClosed,
    AppReopened,
    SharedAppChanged,
    SharedChainChanged,
    WorkbenchModeSwitched,
    ServiceMessages,
    ServiceAccountsChanged,
    ArchiveGrew,
    AcquisitionBalanceLow,
    AcquisitionBalanceExhausted,
    AcquisitionBalanceIncreased,
    AcquisitionQuotaExpiring,
    AcquisitionLinkUnavailable,
    AcquisitionLinkDeleted,
    AcquisitionProfileOpened,
    AcquisitionFriendRequested,
    AcquisitionChatStarted,
    AcquisitionMessaged,
    AcquisitionContactDeleted,
    StaffImage,
    StaffVoice,
    StaffVideo,
    StaffLocation,
    StaffLink,
    AibotText,
    AibotVoice,
    AibotImage,
    AibotFile,
    AibotVideo,
    AibotStream,
    AibotEntered,
    AibotRated,
)
