"""打卡页 and 答题页: one button, or a few questions; sent twice, it counts once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import zip_longest
from typing import Final

from aiohttp import web

from bot.actions import answering
from bot.actions.answering import NotKept, answer_id, form_of
from bot.store.answers import Answer
from config.surveys import Survey, SurveyQuestion
from console.language import marked
from console.members import Guest, for_members
from console.site import Route, go

LONGEST_ANSWER: Final = 300
_ALL: Final = marked("每一题都要答，答完再交。")
_AGAIN: Final = marked("刚才没有存上，请再交一次。")


@dataclass(frozen=True, slots=True)
class _Day:
    day: date
    on: bool


async def check_in(guest: Guest) -> web.StreamResponse:
    """The button, or that it was pressed; with the last two weeks."""
    return await _to_check_in(guest)


async def checked_in(guest: Guest) -> web.StreamResponse:
    try:
        await answering.check_in(guest.ctx, guest.contact, guest.friend, guest.link.about)
    except NotKept:
        return await _to_check_in(guest, wrong=_AGAIN, status=503)
    return go(guest.path)


async def _to_check_in(guest: Guest, *, wrong: str = "", status: int = 200) -> web.Response:
    form, store = form_of(guest.link.about), guest.ctx.store
    done = await store.told.get(answer_id(guest.contact.id, guest.link.about))
    mine = await store.told.of(guest.contact.id, form)
    return guest.page(
        "member_checkin.html",
        form=form,
        done=done and done.handed_on,
        times=len(mine),
        days=_fortnight(guest, mine),
        wrong=wrong,
        status=status,
    )


async def questions(guest: Guest) -> web.StreamResponse:
    """The questions, or what was answered."""
    survey = await _survey(guest)
    done = await guest.ctx.store.told.get(answer_id(guest.contact.id, guest.link.about))
    return _asked(guest, survey, done if done and done.handed_on else None)


async def answered(guest: Guest) -> web.StreamResponse:
    """Keep it when every question has an answer that it could have; what was sent first counts."""
    survey = await _survey(guest)
    sent = await guest.visit.request.post()
    chosen = [
        _read(question, [value for value in sent.getall(f"q{n}", []) if isinstance(value, str)])
        for n, question in enumerate(survey.questions)
    ]
    if not all(chosen):
        return _asked(guest, survey, None, chosen, wrong=_ALL, status=422)
    who, about = (guest.contact, guest.friend), guest.link.about
    try:
        await answering.answer(guest.ctx, *who, about, survey, chosen)
    except NotKept:
        return _asked(guest, survey, None, chosen, wrong=_AGAIN, status=503)
    return go(guest.path)


def _read(question: SurveyQuestion, values: Sequence[str]) -> tuple[str, ...]:
    """What counts as an answer; () for none, also for what is no option."""
    if not question.options:
        return tuple(text for value in values[:1] if (text := value.strip()[:LONGEST_ANSWER]))
    known = tuple(option for option in question.options if option in values)
    return known if question.several or len(known) == 1 else ()


def _asked(
    guest: Guest,
    survey: Survey,
    done: Answer | None,
    chosen: Sequence[tuple[str, ...]] = (),
    *,
    wrong: str = "",
    status: int = 200,
) -> web.Response:
    """``chosen``: what was filled in and could not be kept."""
    asked = list(zip_longest(survey.questions, chosen, fillvalue=()))
    return guest.page(
        "member_answer.html", status=status, survey=survey, asked=asked, done=done, wrong=wrong
    )


async def _survey(guest: Guest) -> Survey:
    """Raises HTTPNotFound when it is not in the folder any more."""
    survey = (await guest.ctx.releases.head()).book.surveys.get(form_of(guest.link.about))
    if survey is None:
        raise web.HTTPNotFound
    return survey


def _fortnight(guest: Guest, mine: Sequence[Answer]) -> list[_Day]:
    tz = guest.visit.site.settings.tz
    days = {one.at.astimezone(tz).date() for one in mine}
    today = guest.ctx.now().astimezone(tz).date()
    return [_Day(day, day in days) for n in range(13, -1, -1) if (day := today - timedelta(days=n))]


ROUTES: Final = (
    Route("GET", "/m/checkin/{token}", None, for_members("checkin", check_in)),
    Route(
        "POST",
        "/m/checkin/{token}",
        None,
        for_members("checkin", checked_in),
        did=marked("会员打卡"),
    ),
    Route("GET", "/m/answer/{token}", None, for_members("answer", questions)),
    Route(
        "POST", "/m/answer/{token}", None, for_members("answer", answered), did=marked("会员答题")
    ),
)
