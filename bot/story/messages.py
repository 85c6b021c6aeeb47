"""The story of one push, or of the mass message it went out with."""

from collections.abc import Sequence

from bot.actions.content import in_words
from bot.context import Context
from bot.model import Delivery, Sending
from bot.playbook.hours import Hours
from bot.story.lines import Line, Story, logged, people, story

_SHOWN = 50  # members of one mass message
_BECAME = {
    "ready": "等待发送",
    "gathered": "已并入一条群发，等待创建",
    "created": "群发已创建，等员工确认",
    "delivered": "已送达",
    "failed": "没有送到",
    "expired": "过期，没有发",
    "suppressed": "没有发",
    "cancelled": "已撤回",
}
_STANDS = {
    "open": "还在收集要一起发的人",
    "closed": "等待创建",
    "created": "已创建，等员工确认",
    "done": "已结束",
    "cancelled": "已撤回",
    "failed": "没有创建成功",
}


async def of_message(ctx: Context, about: str) -> Story | None:
    """By a push's own id, by the id of its mass message, or by WeCom's msgid of that."""
    delivery = await ctx.store.deliveries.get(about)
    if delivery:
        return await _of_push(ctx, delivery)
    owner = await ctx.store.sendings.owner_of(about) or about
    sending = await ctx.store.sendings.get(owner)
    return await _of_sending(ctx, sending) if sending else None


def line_of(delivery: Delivery, hours: Hours) -> Line:
    """One push: when it was meant, what became of it, and for which reason."""
    became = _BECAME[delivery.state]
    if delivery.delivered_at:
        became += f"（{hours.local(delivery.delivered_at)}）"
    if delivery.reason:
        became += f"：{delivery.reason}"
    what = f"推送“{delivery.step}”由 {delivery.staff} 发送【{_content(delivery)}】"
    return Line(delivery.planned_at, f"{what}{_made_of(delivery)}→ {became}")


async def _of_push(ctx: Context, delivery: Delivery) -> Story:
    """From the rule that wanted it to what became of it."""
    hours = Hours.of((await ctx.releases.head()).book)
    theirs = await ctx.store.log.of(delivery.journey)
    step = [row for row in theirs if row.get("step") == delivery.step]
    lines = [*logged(step), *logged(await ctx.store.log.of(delivery.id)), line_of(delivery, hours)]
    if delivery.sending:
        theirs = await ctx.store.log.of(delivery.sending)
        lines += logged([row for row in theirs if row.get("step") in (None, delivery.step)])
    names = await people(ctx) | await _subjects(ctx, [delivery])
    title = f"推送“{delivery.step}”（{delivery.subject}）：{_BECAME[delivery.state]}"
    return story(title, lines, names)


async def _of_sending(ctx: Context, sending: Sending) -> Story:
    """Whom one mass message was for, and what became of each."""
    hours = Hours.of((await ctx.releases.head()).book)
    members = (await ctx.store.deliveries.many(sending.members))[:_SHOWN]
    names = await people(ctx) | await _subjects(ctx, members)
    lines = [_member(member, hours) for member in members]
    lines += logged(await ctx.store.log.of(sending.id))
    if more := len(sending.members) - len(members):
        lines.append(Line(sending.moment, f"另外还有 {more} 位"))
    content = in_words(sending.message).partition("\n")[0][:30]
    title = (
        f"{sending.staff} 的群发【{content}】，{len(sending.members)} 位：{_STANDS[sending.state]}"
    )
    return story(title, lines, names)


def _member(delivery: Delivery, hours: Hours) -> Line:
    told = line_of(delivery, hours)
    became = told.what.rpartition("→ ")[2]
    return Line(told.at, f"SOP“{delivery.sop}”的“{delivery.step}”给 {delivery.subject}：{became}")


def _content(delivery: Delivery) -> str:
    words = in_words(delivery.message).splitlines()
    return words[0][:30] if words else ""


def _made_of(delivery: Delivery) -> str:
    """Which versions of which materials; nothing for words written in the SOP itself."""
    used = "、".join(f"“{name}”" for name in delivery.message.get("materials", ()))
    return f"（素材 {used}）" if used else ""


async def _subjects(ctx: Context, deliveries: Sequence[Delivery]) -> dict[str, str]:
    """The names of customers and groups by their ids."""
    ids = {delivery.subject for delivery in deliveries}
    contacts = await ctx.store.contacts.many(ids)
    groups = await ctx.store.groups.many(ids)
    named = {id: contact.name for id, contact in contacts.items() if contact.name}
    return named | {id: group.name for id, group in groups.items() if group.name}
