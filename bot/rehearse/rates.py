"""How often people do things in a synthetic shop; every figure is shown with the result."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Chances, per day unless the words say otherwise."""

    newcomers: float = 0.01
    order: float = 0.006
    newcomer_order: float = 0.02
    visit: float = 0.008
    interaction: float = 0.012
    reply: float = 0.004
    event: float = 0.001
    stage: float = 0.0015
    tag: float = 0.001
    deletes: float = 0.0005
    newcomer_deletes: float = 0.004
    confirms: float = 0.92
    does_tasks: float = 0.85
    tags_too: float = 0.9
    joins: float = 0.55

    def told(self) -> list[tuple[str, str]]:
        """Name and figure of each, in Chinese."""
        return [(_WORDS[one.name], f"{getattr(self, one.name):.2%}") for one in fields(self)]


_WORDS = {
    "newcomers": "每天新加好友（占开始时客户数）",
    "order": "老客户每天下单",
    "newcomer_order": "新客户（14天内）每天下单",
    "visit": "每天到店",
    "interaction": "每天有别的互动",
    "reply": "每天回复（配置了来源才有）",
    "event": "每天发生配置里等的业务事件、表单",
    "stage": "每天升一个KOC阶段",
    "tag": "每天被员工打上SOP里用到的标签",
    "deletes": "老客户每天删除好友",
    "newcomer_deletes": "新客户（14天内）每天删除好友",
    "confirms": "员工确认群发（2–90分钟内）",
    "does_tasks": "员工完成任务（10分钟–5小时内）",
    "tags_too": "完成时顺手打好要求的标签、提供要求的凭据",
    "joins": "收到邀请后进群（30小时内）",
}
