"""What staff read about calls that were made or not, in Chinese."""

from datetime import datetime

from bot.model import Outgoing
from bot.sender.hand import Ended
from bot.store.log import line
from bot.store.rows import Row
from bot.wecom.errors import Busy, Misconfigured, WeComError, from_answer

_WHAT = {
    "card": "任务卡片",
    "text": "应用消息",
    "tick": "卡片更新",
    "welcome": "欢迎语",
    "tag": "打标签",
    "remark": "客户备注",
    "contact_way": "渠道活码",
    "group_welcome": "入群欢迎语",
    "join_way": "进群码",
    "acquisition_link": "获客链接",
    "mass": "群发任务",
    "remind": "群发提醒",
    "cancel": "撤回没确认的群发",
    "moment": "朋友圈任务",
    "moment_cancel": "收回没发表的朋友圈",
}
#: When all is well these tell nobody anything: the task, the sending and the text say it all.
UNTOLD = frozenset({"text", "tick", "remind", "cancel", "moment_cancel"})
_DONE = {
    "text": "发了一条应用消息",
    "tick": "任务卡片已更新",
    "tag": "标签已打到企业微信",
    "remark": "客户备注已写到企业微信",
    "contact_way": "渠道活码已照配置更新",
    "group_welcome": "入群欢迎语已照配置更新",
    "join_way": "进群码已生成",
    "acquisition_link": "获客链接已照配置更新",
    "mass": "群发已创建，等员工确认发送",
    "remind": "已提醒员工确认群发",
    "cancel": "没确认的群发已撤回",
    "moment": "朋友圈已提交给企业微信，等员工发表",
    "moment_cancel": "没发表的朋友圈已收回",
}
_ENDED = {
    "sent": "已发出",
    "failed": "失败",
    "expired": "已过期",
    "unknown": "结果不明",
    "suppressed": "不发了",
}
_CODES = {
    40003: "成员账号无效",
    40098: "成员没有客户联系功能",
    40068: "标签在企业微信里不存在",
    40096: "客户账号无效",
    41041: "一个活码最多 100 位成员",
    41045: "活码和进群码的总数到了上限（50 万个）",
    41048: "没有可发送的客户",
    41050: "欢迎语凭证无效或已过期（20 秒内有效）",
    41051: "已发过欢迎语，或双方已经聊过天",
    41053: "客户还没有同意存档，暂不能发欢迎语",
    41054: "成员未激活",
    41093: "这条群发已经取消",
    41094: "提醒次数已用完（24 小时内最多 3 次）",
    41096: "另一个应用正在发欢迎语",
    42014: "这张卡片已经发过",
    45002: "内容太长",
    60111: "没有这个成员",
    60140: "卡片凭证已失效",
    81013: "成员不存在或不在应用的可见范围内",
    84061: "已不是这位员工的客户",
}


def refusal(error: WeComError) -> str:
    """Why WeCom did not do it."""
    if isinstance(error, Misconfigured):
        return error.hint
    if error.code in _CODES:
        return _CODES[error.code]
    said = error.message.partition(", hint:")[0]
    if isinstance(error, Busy):
        return f"企业微信繁忙或连不上：{said}（{error.code}）"
    return f"企业微信没有接受：{said}（{error.code}）" if error.code > 0 else said


_BY_CLASS = {
    "Unreachable": "连不上企业微信：检查本机网络、代理和 QUNCE_API_BASE；恢复后会自动接着做",
    "OutcomeUnknown": "企业微信没有应答，做没做不知道：会按每种调用的办法去查清，不会重复发",
    "Busy": "企业微信繁忙或应答不完整：会自动再试，不用处理",
    "TokenExpired": "调用凭证失效：会自动换新的；一直出现说明有别的程序也在用同一个 Secret 取凭证",
    "Paced": "调用太频繁，企业微信暂停了这个接口：会自动放慢、到时再试，不用处理",
}


def cure(what: str, code: int, said: str, path: str) -> str:
    """What helps against an answer; ``what`` is the class of bot/wecom/errors.py it led to."""
    return _BY_CLASS.get(what) or refusal(from_answer(code, said, path))


def log_line(row: Outgoing, ended: Ended, at: datetime) -> Row:
    what = f"{_WHAT[row.kind]}{_ENDED[ended.state]}"
    if ended.state == "sent":
        what = _DONE.get(row.kind, what)
    if row.staff:
        what = f"{what}（{row.staff}）"
    if ended.why:
        what = f"{what}：{ended.why}"
    return line(f"{row.id}:{ended.state}", [row.subject, row.about, row.id], at, what)
