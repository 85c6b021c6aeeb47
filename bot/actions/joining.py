"""A member chooses a theme by themselves: they are tagged and get a seat as an SOP asks for one.

What decides about the seat (准入, 容量, 每天最多, 退群冷却, 候补) is scheduler/seats.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.actions import invitations, inviting, tagging
from bot.context import Context
from bot.crash import crash_point
from bot.model import Contact, Group, Relation, Seat
from bot.playbook import admission, joining, situation
from bot.playbook.joining import Stage
from bot.store.log import line
from bot.store.rows import slot_of
from config.themes import Theme


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One theme as a member sees it."""

    theme: Theme
    stage: Stage
    seat: Seat | None = None
    group: Group | None = None
    code: str = ""  # WeCom's address of the QR code
    before: int = 0  # how many wait longer


async def offers(ctx: Context, contact: Contact, only: str = "") -> list[Offer]:
    """What the member may choose, and where they stand; without what is not for them."""
    book, now = (await ctx.releases.head()).book, ctx.now()
    names = await ctx.store.tags.names()
    seats = await ctx.store.seats.of(contact.id)
    groups = await ctx.store.groups.many(joining.groups_of(seats))
    found = []
    for theme in joining.offered(book, only):
        offer = await _offer(ctx, theme, contact, seats, groups)
        chosen = situation.of_customer(joining.having_chosen(contact, theme, book), names)
        if offer.stage not in ("open", "over") or not admission.barred(theme, chosen, now):
            found.append(offer)
    return found


async def choose(ctx: Context, contact: Contact, friend: Relation, theme: Theme) -> None:
    """They want to join; asked twice, it happens once."""
    book, seats = (await ctx.releases.head()).book, await ctx.store.seats.of(contact.id)
    seat = joining.newest(seats, theme.name)
    if joining.stage_of(seat, "", ctx.now()) not in ("open", "over"):
        return
    id = joining.seat_id(seats, theme.name, contact.id)
    tags = book.full_tags(theme.join_page.tags) if theme.join_page else ()
    new = [tag for tag in tags if tag not in contact.tags]
    why = f"客户在选群页选了“{theme.name}”"
    await ctx.store.log.write([line(f"{id}:chose", [id, contact.id], ctx.now(), why)])
    await tagging.tag(ctx, contact.id, friend.staff, new, why, f"{id}:tag")
    crash_point("joining.tagged")
    await ctx.store.seats.put([_seat(ctx, id, contact, friend, theme)])
    ctx.hints.ring("seats")


async def shown(ctx: Context, seat: Seat) -> None:
    """They have seen the code on our page: that is their invitation, and none is sent."""
    if seat.state == "已占位":
        await invitations.received(ctx, seat.subject, seat.id, ctx.now())


async def _offer(
    ctx: Context,
    theme: Theme,
    contact: Contact,
    seats: Sequence[Seat],
    groups: dict[str, Group],
) -> Offer:
    seat = joining.newest(seats, theme.name)
    inside = await ctx.store.groups.with_member(theme.name, contact.id)
    if inside:
        return Offer(theme=theme, stage="inside", seat=seat, group=inside)
    group = groups.get(seat.group) if seat else None
    code = inviting.way(seat, group).get("qr_code", "") if seat and group else ""
    stage = joining.stage_of(seat, code, ctx.now())
    before = await ctx.store.seats.waiting_before(seat) if seat and stage == "waiting" else 0
    return Offer(theme=theme, stage=stage, seat=seat, group=group, code=code, before=before)


def _seat(ctx: Context, id: str, contact: Contact, friend: Relation, theme: Theme) -> Seat:
    return Seat(
        id=id,
        theme=theme.name,
        subject=contact.id,
        staff=friend.staff,
        own=True,
        created_at=ctx.now(),
        due_at=ctx.now(),
        slot=slot_of(contact.id),
    )
