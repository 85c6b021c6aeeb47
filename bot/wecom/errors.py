"""What WeCom may answer instead of what we asked for: one class per thing to do about it."""

import re
from datetime import datetime

_FROM_IP = re.compile(r"from ip: ([0-9a-fA-F.:]+)")


class WeComError(Exception):
    """A call did not do what it was asked to; ``code`` is WeCom's errcode, else the HTTP status."""

    def __init__(self, code: int, message: str, path: str = "") -> None:
        super().__init__(f"{path}: {message} (errcode {code})")
        self.code = code
        self.message = message
        self.path = path


class Busy(WeComError):
    """Surely not done, or harmless to repeat: the same call may be made again later."""


class Unreachable(Busy):
    """No connection came about, so WeCom surely has not done it."""


class TokenExpired(Busy):
    """The access token is no longer valid. The client renews it once; then it is as Busy."""


class OverLimit(Busy):
    """WeCom counted too many calls. The client turns it into Paced."""


class Paced(WeComError):
    """Not before ``until`` (business time): our own budget or WeCom's is used up."""

    def __init__(self, until: datetime, path: str = "", code: int = 45009) -> None:
        super().__init__(code, f"not before {until.isoformat()}", path)
        self.until = until


class OutcomeUnknown(WeComError):
    """The request left and no answer came back: WeCom may have done it or not."""


class Refused(WeComError):
    """Final for this call: repeating it unchanged is useless."""


class AlreadySent(Refused):
    """A card with this task_id exists: the repeat of a send whose answer was lost."""


class WelcomeSpent(Refused):
    """The welcome code is used, too old, or another app was faster."""


class NotAContact(Refused):
    """This customer is not, or not yet, a contact of this member of staff."""


class MediaGone(Refused):
    """The media_id has expired (3 days): upload it again."""


class CardSpent(Refused):
    """The response_code was used before or is older than 72 hours."""


class Misconfigured(Refused):
    """Nothing of this kind works until somebody changes a setting."""

    @property
    def hint(self) -> str:
        """What to change, for the operator."""
        if 300 <= self.code < 500:
            return f"接口地址不对（{self.message}）。请核对 QUNCE_API_BASE 与网络代理。"
        if self.code == 48002 and "/customer_acquisition" in self.path:
            return _NO_ACQUISITION
        return _HINTS.get(self.code, f"企业微信拒绝了请求（errcode {self.code}）：{self.message}")


class NotTrusted(Misconfigured):
    """Our IP address is not in the app's trusted list."""

    @property
    def ip(self) -> str:
        """The address WeCom saw; empty when it did not say."""
        found = _FROM_IP.search(self.message)
        return found[1].rstrip(".") if found else ""

    @property
    def hint(self) -> str:
        return (
            f"IP {self.ip or '（未知）'} 不在企业可信IP里。请在管理后台 → 应用管理 → 本应用 → "
            "企业可信IP 中加入它（须先设置好可信域名或接收消息的回调URL），约1分钟后生效。"
        )


_NO_ACQUISITION = (
    "本应用不能用获客助手。请开通获客助手，并在 客户与上下游 → 获客助手 → "
    "可调用接口的应用 中勾选本应用（用的是 QUNCE_AGENT_SECRET，不是客户联系的 Secret）。"
)
_HINTS = {
    40001: "Secret 不正确。请核对 QUNCE_AGENT_SECRET、QUNCE_CONTACT_SECRET 与企业、应用是否对应。",
    40013: "企业ID不正确。请核对 QUNCE_CORP_ID（管理后台 → 我的企业 → 企业ID，以 ww 开头）。",
    40056: "应用编号不正确。请核对 QUNCE_AGENT_ID（管理后台 → 应用管理 → 本应用 → AgentId）。",
    40091: "Secret 无效。请核对 QUNCE_AGENT_SECRET / QUNCE_CONTACT_SECRET。",
    48001: "本应用没有这个接口的权限。请在管理后台给应用开通对应的权限。",
    48002: (
        "这个 Secret 不能调用客户联系接口。请在 客户与上下游 → 客户联系 → API → "
        "可调用接口的应用 中勾选本应用，或填写 QUNCE_CONTACT_SECRET。"
    ),
    48006: "接口权限已被收回。请在管理后台检查应用的权限。",
    48011: "本应用没有这个接口的权限。请在管理后台检查应用的权限与可见范围。",
    301002: "QUNCE_AGENT_ID 与 QUNCE_AGENT_SECRET 不是同一个应用的。请核对两者。",
    301052: "会话内容存档的授权已过期。",
}

_REACTIONS: dict[int, type[WeComError]] = {
    **dict.fromkeys((-1, 6000, 41063, 45033, 45035), Busy),
    **dict.fromkeys((40014, 41001, 42001), TokenExpired),
    **dict.fromkeys((45009, 45036), OverLimit),
    **dict.fromkeys((41050, 41051, 41096), WelcomeSpent),
    **dict.fromkeys(_HINTS, Misconfigured),
    40007: MediaGone,
    42014: AlreadySent,
    60020: NotTrusted,
    60140: CardSpent,
    84061: NotAContact,
}


def from_answer(code: int, message: str, path: str = "") -> WeComError:
    """The error that says what to do about ``code``; an unknown code is final for its call."""
    unknown = Misconfigured if 300 <= code < 500 else Refused  # an HTTP status: not WeCom at all
    return _REACTIONS.get(code, unknown)(code, message, path)
