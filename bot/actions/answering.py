"""A member checks in or answers a 问卷: tags, and the event 表单提交, through the usual doors.

What was sent first under an occasion counts; sending it again does what a crash left undone, and
nothing else.
"""

import json
from collections.abc import Sequence

from bot.actions import tagging
from bot.context import Context
from bot.crash import crash_point
from bot.model import Contact, Incoming, Relation
from bot.playbook.happenings import FORM
from bot.store.answers import Answer
from bot.store.rows import Row
from config.surveys import Survey

KEEP_SECONDS = 5.0


class NotKept(RuntimeError):
    """MongoDB did not take the event in time: the member is asked to send it again."""


def answer_id(contact: str, about: str) -> str:
    """One per customer and occasion; ``about`` is what their link is about."""
    return f"{contact}:{about}"


async def check_in(ctx: Context, contact: Contact, friend: Relation, about: str) -> Answer:
    """打卡, once per occasion. Raises NotKept."""
    return await _hand_in(ctx, contact, friend, about, (), ())


async def answer(
    ctx: Context,
    contact: Contact,
    friend: Relation,
    about: str,
    survey: Survey,
    chosen: Sequence[tuple[str, ...]],
) -> Answer:
    """``chosen`` is the answer, or the answers, to each question. Raises NotKept."""
    said: tuple[Row, ...] = tuple(
        {"ask": question.ask, "answer": list(answers)}
        for question, answers in zip(survey.questions, chosen, strict=True)
    )
    book = (await ctx.releases.head()).book
    tags = book.full_tags(survey.tags_for(tuple(chosen)))
    return await _hand_in(ctx, contact, friend, about, said, tuple(dict.fromkeys(tags)))


async def _hand_in(
    ctx: Context,
    contact: Contact,
    friend: Relation,
    about: str,
    said: tuple[Row, ...],
    tags: tuple[str, ...],
) -> Answer:
    kept = await ctx.store.told.put(
        Answer(
            id=answer_id(contact.id, about),
            contact=contact.id,
            form=form_of(about),
            at=ctx.now(),
            said=said,
            tags=tags,
        )
    )
    if not kept.handed_on:
        crash_point("answering.kept")
        await _hand_on(ctx, kept, friend)
    return kept


def form_of(about: str) -> str:
    """The name of the 打卡 or 问卷 a link is about."""
    return about.rpartition("/")[0]


async def _hand_on(ctx: Context, kept: Answer, friend: Relation) -> None:
    because = f"客户答了“{kept.form}”"
    await tagging.tag(ctx, kept.contact, friend.staff, kept.tags, because, f"answer:{kept.id}:tag")
    crash_point("answering.tagged")
    row = _event(kept)
    if row.id not in await ctx.store.inbox.put_many([row], KEEP_SECONDS):
        raise NotKept(kept.id)
    await ctx.store.told.handed_on(kept.id)
    ctx.hints.ring("inbox")


def _event(kept: Answer) -> Incoming:
    """As a shop's own system would tell of a form: handlers/business.py counts and wakes."""
    told = {
        "id": f"page:{kept.id}",
        "subject": kept.contact,
        "kind": FORM,
        "at": kept.at.isoformat(),
        "form": kept.form,
        "answers": {one["ask"]: "、".join(one["answer"]) for one in kept.said},
    }
    return Incoming(
        id=f"event:{told['id']}",
        route="events",
        envelope=json.dumps(told, ensure_ascii=False),
        subject=kept.contact,
        received_at=kept.at,
        due_at=kept.at,
    )
