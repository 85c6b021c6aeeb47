"""What is sent off on 我的任务: kept first, as a callback is, and acted on at once.

Should this process die half-way, the dispatcher ends what it began.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from bot.actions import by_page
from bot.actions.answers import LONGEST
from bot.dispatcher import Dispatcher
from bot.model import Incoming, Task
from bot.playbook.evidence import to_fill
from console.language import marked, translator
from console.pages.my import MOST, form_id, shown, staff_of
from console.pages.my_items import Kept
from console.site import Route, Visit, go
from handlers import router

_Form = Any  # aiohttp's multidict of texts and files


async def done(visit: Visit) -> web.StreamResponse:
    """Said on the page: what the card would be tapped for, with the answers it asks for."""
    sent = await visit.request.post()
    tasks = await _named(visit, sent)
    first, result = tasks[0], str(sent.get("result", ""))
    offered = by_page.buttons(first)
    if not offered:  # it was said before, or is somebody else's by now
        return await _send(visit, sent, "done", tasks, {})
    if result not in offered or (len(tasks) > 1 and any(_asks_more(t, result) for t in tasks)):
        raise web.HTTPNotFound
    ticked = {str(one) for one in sent.getall("tick", ())}
    typed = {label: str(sent.get(f"answer:{label}", "")).strip() for label in to_fill(first)}
    answers = {label: answer for label, answer in typed.items() if answer}
    if wrong := _incomplete(visit, first, ticked, answers):
        kept = Kept(ticked=frozenset(ticked), answers=answers, why=wrong)
        return await shown(visit, {first.id: kept}, 422)
    data: dict[str, Any] = {"result": "" if result == by_page.SUBMIT else result}
    if len(tasks) == 1:
        data |= {"ticked": sorted(ticked), "answers": answers}
    return await _send(visit, sent, "done", tasks, data)


async def later(visit: Visit) -> web.StreamResponse:
    sent = await visit.request.post()
    tasks, until = await _named(visit, sent), str(sent.get("until", ""))
    if not (until.isascii() and until.isdecimal() and len(until) < 11):
        raise web.HTTPNotFound
    return await _send(visit, sent, "later", tasks, {"until": int(until)})


async def cannot(visit: Visit) -> web.StreamResponse:
    sent = await visit.request.post()
    tasks, why = await _named(visit, sent), " ".join(str(sent.get("why", "")).split())
    if not why or len(why) > LONGEST:
        text = marked("请用一两句话写明做不了的原因（{n} 字以内）。")
        kept = Kept(why=translator(visit.request)(text, n=LONGEST))
        return await shown(visit, {tasks[0].id: kept}, 422)
    return await _send(visit, sent, "cannot", tasks, {"why": why})


async def hand_on(visit: Visit) -> web.StreamResponse:
    sent = await visit.request.post()
    return await _send(visit, sent, "pass", await _named(visit, sent), {})


async def vouch(visit: Visit) -> web.StreamResponse:
    sent = await visit.request.post()
    ids = list(dict.fromkeys(str(id) for id in sent.getall("task", ())))[:MOST]
    known = await visit.ctx.store.tasks.many(ids)
    if len(known) < len(ids) or not staff_of(visit):
        raise web.HTTPNotFound
    if not ids:
        return go("/my/team")
    return await _send(visit, sent, "vouch", [known[id] for id in ids], {}, to="/my/team")


ROUTES: Final = (
    Route("POST", "/my/done", "own tasks", done, did=marked("在任务页完成任务")),
    Route("POST", "/my/later", "own tasks", later, did=marked("在任务页推迟任务")),
    Route("POST", "/my/cannot", "own tasks", cannot, did=marked("在任务页说明做不了")),
    Route("POST", "/my/pass", "own tasks", hand_on, did=marked("在任务页请人转给同事")),
    Route("POST", "/my/vouch", "own tasks", vouch, did=marked("代为确认")),
)


async def _named(visit: Visit, sent: _Form) -> Sequence[Task]:
    """The tasks of a form; 404 when any of them never was the reader's."""
    user = staff_of(visit)
    ids = list(dict.fromkeys(str(id) for id in sent.getall("task", ())))[:MOST]
    known = await visit.ctx.store.tasks.many(ids)
    had = [id for id in ids if id in known and user in _whose(known[id])]
    if not user or not ids or had != ids:
        raise web.HTTPNotFound
    return [known[id] for id in ids]


def _whose(task: Task) -> set[str]:
    """Everybody who has it or had it."""
    return {task.staff, *(entry["from"] for entry in task.log if entry.get("from"))}


def _asks_more(task: Task, result: str) -> bool:
    """Whether this button alone does not answer for the task, as it does for all on one card."""
    offered = by_page.buttons(task)
    return bool(offered) and (result not in offered or by_page.lacking(task, (), ()) != (0, []))


def _incomplete(visit: Visit, task: Task, ticked: set[str], answers: Mapping[str, str]) -> str:
    """What is missing, in words; "" when nothing is."""
    say = translator(visit.request)
    unticked, rest = by_page.lacking(task, ticked, answers)
    if unticked:
        return say(marked("还差 {n} 项没有勾。"), n=unticked)
    if rest:
        return say(marked("请填写：{what}"), what="、".join(rest))
    if any(len(answer) > LONGEST for answer in answers.values()):
        return say(marked("写得太长了，请在 {n} 字以内。"), n=LONGEST)
    return ""


async def _send(
    visit: Visit,
    sent: _Form,
    wish: by_page.Wish,
    tasks: Sequence[Task],
    data: Mapping[str, Any],
    *,
    to: str = "/my",
) -> web.Response:
    """Keep the form and act on it; the same form sent twice is one."""
    visit.about = "、".join(dict.fromkeys(task.title for task in tasks))[:200]
    ids, now = [task.id for task in tasks], visit.ctx.now()
    mark = _digest([wish, *([name, str(value)] for name, value in sent.items())])
    form = {"id": form_id(visit, mark), "by": staff_of(visit), "at": now.isoformat()}
    envelope = json.dumps(form | {"wish": wish, "tasks": ids, "data": data}, ensure_ascii=False)
    kept = Incoming(
        id=form["id"],
        route="page",
        envelope=envelope,
        lane="urgent",
        subject=tasks[0].subject if len(tasks) == 1 else "",
        received_at=now,
        due_at=now,
    )
    if owner := await visit.ctx.store.inbox.begin(kept):
        await Dispatcher(visit.ctx, router, "urgent").handle(kept, owner)
    return go(f"{to}?sent={mark}")


def _digest(about: Any) -> str:
    """The same for the same form, which has the token of the page it stood on."""
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]
