"""Make a call to WeCom once more that had ended badly: only where nothing can come of it twice.

A call that failed was not carried out. One of which that is not sure is looked into first, by the
rule of its kind (bot/sender/): a card is known by its id, a text is not sent after half an hour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from bot.context import Context
from bot.crash import crash_point
from bot.model import Outgoing
from bot.sender.gate import unwanted
from bot.sender.hand import IN_DOUBT

#: Kinds nobody may repeat by hand, and what to do instead.
_OTHERWISE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tick": "卡片更新只有 72 小时有效，员工在“我的任务”里看到的总是最新的，不用重发",
        "welcome": "欢迎语只能在加好友后 20 秒内发，重发不了",
        "contact_way": "渠道活码每天会自己再试，改了渠道再发布会马上试",
        "acquisition_link": "获客链接每天会自己再试，改了渠道再发布会马上试",
        "group_welcome": "入群欢迎语每天会自己再试",
        "mass": "这次群发已经按没发成记账，重发会和账对不上：在 SOP 里再发一次",
        "remind": "提醒过了时候，重发只会打扰员工",
        "cancel": "撤回只在员工确认之前有用",
        "moment": "这条朋友圈已经按没发成记账，重发会和账对不上：在 SOP 里再发一次",
        "moment_cancel": "收回只在员工发表之前有用",
    }
)
_ENDED: Final = ("failed", "unknown")


@dataclass(frozen=True, slots=True)
class Repeated:
    """How many rows are due once more; ``kept``: row → why it stays as it is."""

    count: int
    kept: Mapping[str, str]


async def again(ctx: Context, ids: Sequence[str]) -> Repeated:
    """Asked twice it happens once: a row that is under way again is not touched."""
    rows = [await ctx.store.outbox.get(id) for id in ids]
    found = [row for row in rows if row is not None]
    kept = {row.id: why for row in found if (why := why_not(row))}
    wanted = [row for row in found if row.id not in kept]
    # As new ones would be asked: a row that may have been sent is not asked by the sender's gate.
    kept |= await unwanted(ctx, [replace(row, state="ready") for row in wanted])
    count = 0
    for row in wanted:
        if row.id in kept:
            continue
        crash_point("again.between")
        doubt = row.state == "unknown" or IN_DOUBT in row.result
        if await ctx.store.outbox_list.begin_again(row.id, row.state, ctx.now(), in_doubt=doubt):
            count += 1
        else:
            kept[row.id] = "正在发，或同一客户的另一次修改正在进行"
    ctx.hints.ring("outbox", "urgent outbox")
    return Repeated(count, kept)


def why_not(row: Outgoing) -> str:
    """Why this call cannot be made again by hand; "" when it can."""
    if row.state not in _ENDED:
        return "只有失败和结果不明的可以再试"
    return _OTHERWISE.get(row.kind, "")
