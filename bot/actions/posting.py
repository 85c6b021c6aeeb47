"""What a 发朋友圈 step makes: one post for each of its people, the same whichever group asks."""

from collections.abc import Iterable
from datetime import datetime

from bot.actions import content
from bot.actions.content import Wording
from bot.actions.scene import Scene
from bot.model import Journey, Post
from bot.playbook.chasing import shop_of
from bot.playbook.rotation import next_piece
from bot.playbook.wording import fingerprint
from bot.store.log import line
from bot.store.rows import Row, slot_of
from config.moments import PostMoment
from config.sop import Node, Sop


def occasion_of(node: Node, journey: Journey, number: int) -> str:
    """The same for every group's journey through one moment of a calendar.

    Only what recurs has a moment of its own inside a thread; what follows it has its thread's.
    """
    if journey.thread and not node.step.recurring:
        return f"{journey.thread}/{node.step.name}:{number}"
    moment = journey.planned_at or journey.step_at
    return f"{journey.sop}/{node.step.name}@{moment:%Y-%m-%dT%H:%MZ}:{number}"


def posts_of(
    action: PostMoment, number: int, sop: Sop, node: Node, journey: Journey, scene: Scene
) -> list[Post]:
    """One for each of its people; ids name the person and the moment, not the group."""
    occasion = occasion_of(node, journey, number)
    return [
        _post(action, occasion, sop, node, journey, scene, staff)
        for staff in scene.everybody(action.by, journey)
    ]


def columns_of_posts(sop: Sop, journey: Journey) -> list[tuple[str, str]]:
    """(栏目, occasion) of every 发朋友圈 of the step in hand that takes turns."""
    node = sop.flow()[journey.step]
    return [
        (action.column, occasion_of(node, journey, number))
        for number, action in enumerate(node.step.actions)
        if isinstance(action, PostMoment) and action.column
    ]


def asked_for(posts: Iterable[Post], now: datetime) -> list[Row]:
    """A line for every group that asked, also when another had asked for the same before."""
    return [
        line(
            f"{post.journey}:{post.id}",
            [post.subject, post.journey, post.id],
            now,
            f"“{post.step}”请 {post.staff} 发一条朋友圈",
            step=post.step,
        )
        for post in posts
    ]


def _post(
    action: PostMoment,
    occasion: str,
    sop: Sop,
    node: Node,
    journey: Journey,
    scene: Scene,
    staff: str,
) -> Post:
    wording = _wording(sop, scene, staff)
    column = action.column or ""
    order = scene.book.columns[column].order if column else ()
    turn = next_piece(order, scene.posted.get(column, {})) if column else 0
    message = content.message_of(action, wording, turn)
    if column and wording.holiday and content.piece(column, scene.book, turn).holiday_version:
        column = ""  # the piece itself is still to come
    planned = max(journey.planned_at or scene.now, journey.step_at)
    if node.step.missed == "顺延到下个可发时段":
        planned = max(planned, scene.now)
    return Post(
        id=f"moment:{occasion}:{staff}",
        journey=journey.id,
        sop=journey.sop,
        step=node.step.name,
        subject=journey.subject,
        staff=staff,
        note=action.reason,
        occasion=occasion,
        cls=action.category,
        message=message,
        content_hash=fingerprint(message),
        tags=scene.book.full_tags(action.visible),
        column=column,
        piece=order[turn] if column else "",
        planned_at=planned,
        expires_at=scene.hours.add(action.expires, planned),
        due_at=scene.now,
        slot=slot_of(staff),
    )


def _wording(sop: Sop, scene: Scene, staff: str) -> Wording:
    """Of who publishes it: a moment knows neither a group nor a customer."""
    shop = shop_of(scene.book, scene.staff.get(staff))
    values = {"员工姓名": scene.name_of(staff), "门店名": shop.name if shop else ""}
    holiday = sop.calendar.long_holiday == "换成 假期版" and scene.hours.is_holiday(scene.now)
    return Wording(book=scene.book, values=values, holiday=holiday)
