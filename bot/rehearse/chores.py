"""Tasks in a rehearsal: given when staff work and have room, proved, reminded of, handed over."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, assert_never

from bot.actions.tasks import WAITING
from bot.model import Fact, Task
from bot.playbook import batches, chasing, evidence, keys
from bot.playbook.chasing import FOLLOWED, LEFT, Close, Remind, Wait
from bot.playbook.evidence import judge
from bot.playbook.happenings import REPLY, happening
from bot.playbook.ladder import is_late, staff_windows
from bot.rehearse.customers import counted, told
from bot.rehearse.people import Act
from bot.rehearse.record import Later
from bot.rehearse.stage import Stage
from config.tasks import CUSTOMER_REPLIED

ON_HOLD = timedelta(hours=1)


def give(stage: Stage, ids: Sequence[str]) -> None:
    """New tasks whose moment has come: their cards, or when to try again."""
    ready = [task for id in ids if (task := _ready(stage, stage.tasks[id]))]
    for group in batches.grouped(ready):
        _begin(stage, group)


def _ready(stage: Stage, task: Task) -> Task | None:
    """As it stands, if it is to be given now."""
    if not task.open:
        return None
    known = stage.staff.get(task.staff)
    if stage.exited(task.journey):
        end(stage, task, "已取消", task.evidence, "已取消：客户已离开这个SOP")
        return None
    if known and not known.active:
        _hand_over(stage, task, LEFT)
        return None
    task = _proved(stage, task)
    if not task.open or judge(task).complete:
        return None
    if chasing.is_on_hold(stage.book, task):
        stage.agenda.put("new tasks", task.id, stage.now + ON_HOLD)
        return None
    return task


def see_to(stage: Stage, id: str) -> None:
    """A task given: proofs that came, deadlines that pass, who is reminded."""
    task = stage.tasks[id]
    if not task.open:
        return
    known = stage.staff.get(task.staff)
    if stage.exited(task.journey):
        end(stage, task, "已取消", task.evidence, "已取消：客户已离开这个SOP")
    elif chasing.is_on_hold(stage.book, task):
        if (task := _proved(stage, task)).open:
            stage.agenda.put("given tasks", id, stage.now + ON_HOLD)
    elif known and not known.active:
        _hand_over(stage, task, LEFT)
    elif (task := _proved(stage, task)).open:
        _look(stage, task)


def tapped(stage: Stage, subject: str, at: datetime, fields: Mapping[str, Any]) -> None:
    """点按钮, 勾完清单: the word of the person whose task it is, once."""
    task = _meant(stage, subject, fields)
    if task is None or not task.open or task.given_at is None:
        return
    words = evidence.spoken(task.proofs_wanted)
    if not words or any(word in task.proofs for word in words):
        return
    if evidence.CHECKLIST in words and fields.get("unticked"):
        return
    default = task.buttons[0] if task.buttons else ""
    result = str(fields.get("button") or default)
    given = {"at": at, "by": task.staff, "answer": []}
    task = replace(
        task,
        proofs={**task.proofs, **dict.fromkeys(words, given)},
        result=result,
        done_by=task.staff,
        log=(*task.log, _entry(at, "点了" + (result or "完成"), task.staff)),
    )
    stage.keep_task(task)
    _take_word(stage, task)


def filled_in(stage: Stage, subject: str, at: datetime, fields: Mapping[str, Any]) -> None:
    """填写: the answer a task waits for; nothing while something else comes first."""
    task = _meant(stage, subject, fields)
    label = evidence.question(task) if task and task.given_at else None
    if task is None or label is None:
        return
    answer = str(fields.get("text", ""))
    given = {"at": at, "by": task.staff, "answer": answer}
    task = replace(
        task,
        proofs={**task.proofs, evidence.filled(label): given},
        done_by=task.staff,
        log=(*task.log, _entry(at, f"回复了：{answer}", task.staff)),
    )
    stage.keep_task(task)
    if evidence.question(task) is None:
        _settle(stage, task)


def end(stage: Stage, task: Task, state: Any, quality: Any, what: str) -> None:
    """It is over, and whoever waits for its result learns of it."""
    ended = replace(
        task,
        open=False,
        state=state,
        evidence=quality,
        keys=(),
        due_at=None,
        log=(*task.log, _entry(stage.now, what)),
    )
    stage.keep_task(ended)
    again = ":late" if any(entry["what"] == "逾期" for entry in ended.log) else ""
    _tell(stage, ended, f"task:{ended.id}{again}", chasing.result_of(ended))
    stage.note(task.journey, task.subject, f"任务“{task.title}”{what}")


# ---- giving ------------------------------------------------------------------------------------


def _begin(stage: Stage, group: Sequence[Task]) -> None:
    """One card, however many tasks are on it."""
    now, staff, book = stage.now, stage.staff_time, stage.book
    first = group[0]
    later = chasing.disturbs(staff, now)
    if later is None:
        windows = staff_windows(book.rules, now, staff.tz)
        full = stage.reserve(f"staff:{first.staff}", f"task:{first.id}", "服务", now, windows)
        later = chasing.no_room(full, staff, now) if full else None
    for task in group:
        if later:
            _put_off(stage, task, later)
        else:
            _deal(stage, task)


def _deal(stage: Stage, task: Task) -> None:
    now, ladders = stage.now, stage.book.rules.ladders
    dealt = chasing.dealt(task, ladders.get(task.ladder, ()), stage.staff_time, now)
    entry = _entry(now, "送达")
    given = replace(dealt.task, state="已送达", cards=task.cards + 1, log=(*task.log, entry))
    stage.keep_task(given)
    stage.agenda.put("given tasks", task.id, dealt.first_look)
    stage.note(task.journey, task.subject, f"派任务“{task.title}”给 {task.staff}")
    stage.did(task.sop, task.step, task.subject, "派任务")
    for act in stage.behaviour.does(given, now):
        stage.happens(task.subject, _about(act, given))


def _put_off(stage: Stage, task: Task, later: chasing.Later) -> None:
    stage.agenda.put("new tasks", task.id, later.until)
    stage.put_off.append(
        Later(
            stage.now,
            task.sop,
            task.step,
            task.subject,
            task.staff,
            later.until,
            later.why,
            task=True,
        )
    )
    what = f"任务“{task.title}”顺延到 {stage.staff_time.local(later.until)}：{later.why}"
    stage.note(task.journey, task.subject, what)


def _about(act: Act, task: Task) -> Act:
    """Words about a task name it, so that they never reach another one of the same step."""
    return replace(act, fields={"task": task.id, **act.fields})


# ---- proofs ------------------------------------------------------------------------------------


def _meant(stage: Stage, subject: str, fields: Mapping[str, Any]) -> Task | None:
    """The task of an act: by its id, else the newest open one of the step."""
    if "task" in fields:
        return stage.tasks.get(str(fields["task"]))
    found = (stage.tasks[id] for id in stage.tasks_about.get(subject, ()))
    fitting = [t for t in found if t.step == fields.get("step") and t.given_at]
    return max(fitting, key=lambda t: (t.created_at, t.id), default=None)


def _proved(stage: Stage, task: Task) -> Task:
    """With what the facts since prove; closed once all is there."""
    added: dict[str, Any] = {}
    if task.keys:
        wanted = set(task.keys)
        facts = [f for f in stage.facts.get(task.subject, ()) if not wanted.isdisjoint(f.keys)]
        added = evidence.proved_by(task, facts)
    if added:
        task = replace(task, proofs={**task.proofs, **added})
        stage.keep_task(task)
    verdict = judge(task)
    if task.open and verdict.complete:
        seen = "、".join(evidence.in_words(key) for key in added)
        state = chasing.ends_as(verdict)
        end(stage, task, state, verdict.evidence, f"{state}：{seen or task.result or '完成'}")
    return stage.tasks[task.id]


def _take_word(stage: Stage, task: Task) -> None:
    if task.subject_type == "contact":
        names = [name for name in task.result_tags.get(task.result, "").split(",") if name]
        if names:
            fields = {"staff": task.staff, "add": names}
            stage.happens(task.subject, Act(stage.now, "系统打标签", fields))
        if task.result == CUSTOMER_REPLIED:
            _replied(stage, task)
    if evidence.question(task) is None:
        _settle(stage, task)


def _replied(stage: Stage, task: Task) -> None:
    """The worker says that the customer has written."""
    now, subject = stage.now, task.subject
    counted(stage, subject, REPLY, now)
    data, id = {"staff": task.staff}, f"reply:{task.id}"
    told(stage, [happening(id, REPLY, subject, now, evidence.OWN_TAP, data)], "员工说客户已回复")


def _settle(stage: Stage, task: Task) -> None:
    """The worker has given every word: the end, or wait for WeCom."""
    verdict = judge(task)
    if verdict.complete:
        state = chasing.ends_as(verdict)
        end(stage, task, state, verdict.evidence, f"{state}：{task.result or '完成'}")
        return
    late = is_late(task)
    if not task.evidence:
        log = (*task.log, _entry(stage.now, WAITING))
        task = replace(task, state="已完成", evidence=verdict.evidence, log=log)
        stage.keep_task(task)
    if late:
        stage.wake_task(task.id)
    missing = "、".join(evidence.in_words(name) for name in verdict.missing)
    what = f"任务“{task.title}”做了“{task.result or '完成'}”，还要系统看到：{missing}"
    stage.note(task.journey, task.subject, what)


# ---- looking after -----------------------------------------------------------------------------


def _look(stage: Stage, task: Task) -> None:
    if chasing.was_left(task) and _follower(stage, task):
        _hand_over(stage, task, FOLLOWED)
        return
    ladder = stage.book.rules.ladders.get(task.ladder, ())
    look = chasing.look_at(task, ladder, stage.staff_time, stage.now)
    task = look.task
    if look.overdue:
        task = replace(task, log=(*task.log, _entry(stage.now, "逾期")))
        stage.keep_task(task)
        stage.note(task.journey, task.subject, f"任务“{task.title}”逾期未完成")
    if look.late:
        _tell(stage, task, f"task:{task.id}", "逾期")
    match look.then:
        case Close(state, quality, what):
            end(stage, task, state, quality, what)
        case Wait(until):
            stage.agenda.put("given tasks", task.id, until)
        case Remind() as remind:
            _remind_or_reassign(stage, task, remind)
        case _:
            assert_never(look.then)


def _remind_or_reassign(stage: Stage, task: Task, then: Remind) -> None:
    manager = _manager(stage, task) if then.reassign or then.manager else ""
    if then.reassign and manager:
        _hand_over(stage, task, "转派")
        return
    told_manager = manager if then.manager else ""
    if (at := _with_others(stage, task, then, told_manager)) > stage.now:
        stage.agenda.put("given tasks", task.id, at)
        return
    entries = [_entry(stage.now, "提醒", task.staff)] if then.own else []
    if told_manager:
        entries.append(_entry(stage.now, "升级", told_manager))
    state = "已升级" if told_manager and is_late(task) else task.state
    stage.keep_task(replace(task, rung=then.to.rung, state=state, log=(*task.log, *entries)))
    again = max(then.to.next_at, stage.now + timedelta(seconds=1))
    stage.agenda.put("given tasks", task.id, again)
    for entry in entries:
        what = f"任务“{task.title}”{entry['what']} {entry['who']}"
        stage.note(task.journey, task.subject, what)


def _with_others(stage: Stage, task: Task, then: Remind, manager: str) -> datetime:
    """When the reminder goes out: now, or soon, in one message with others that are coming."""
    now, since = stage.now, then.to.since
    if since is None or not (then.own or manager):
        return now
    soon, moments = stage.staff_time.later(now, chasing.TOGETHER), [now]
    coming = [stage.tasks[id] for id in stage.agenda.within("given tasks", now, soon)]
    if then.own:
        own = [_pending(stage, one, manager=False) for one in coming if one.staff == task.staff]
        moments.append(chasing.together_at(since, now, filter(None, own), stage.staff_time))
    if manager:
        told = [_pending(stage, one, manager=True) for one in coming]
        known = [
            when
            for one, when in zip(coming, told, strict=True)
            if when and _manager(stage, one) == manager
        ]
        moments.append(chasing.together_at(since, now, known, stage.staff_time))
    return max(moments)


def _pending(stage: Stage, task: Task, *, manager: bool) -> tuple[datetime, datetime] | None:
    """Since when somebody waits to be reminded of it, and until when."""
    at = stage.agenda.due_of("given tasks", task.id)
    if at is None or chasing.is_on_hold(stage.book, task):
        return None
    ladder = stage.book.rules.ladders.get(task.ladder, ())
    since = chasing.pending(task, ladder, stage.staff_time, at, manager=manager)
    return (since, at) if since else None


def _hand_over(stage: Stage, task: Task, why: str) -> None:
    """To who answers for it, with a new deadline; cancelled when that is nobody."""
    to = _follower(stage, task) if why in (LEFT, FOLLOWED) else ""
    to = to or _manager(stage, task)
    if not to:
        what = f"已取消：{why}，没有可接手的人"
        end(stage, task, "已取消", task.evidence, what)
        return
    entry = {**_entry(stage.now, why, to), "from": task.staff}
    theirs = replace(task, staff=to, log=(*task.log, entry))
    stage.note(task.journey, task.subject, f"任务“{task.title}”{why}，转给 {to}")
    if task.given_at is None:
        stage.keep_task(replace(theirs, state="待派", rung=0))
        stage.agenda.put("new tasks", task.id, stage.now)
        return
    staff = stage.staff_time
    deadline = staff.deadline(staff.free(stage.now), task.limit)
    rung = len(stage.book.rules.ladders.get(task.ladder, ()))
    moved = replace(theirs, state="已转派", deadline=deadline, rung=rung, cards=task.cards + 1)
    stage.keep_task(moved)
    stage.agenda.put("given tasks", task.id, deadline)
    for act in stage.behaviour.does(moved, stage.now):
        stage.happens(task.subject, _about(act, moved))


def _follower(stage: Stage, task: Task) -> str:
    subject = task.subject
    about = stage.contacts.get(subject) or stage.groups.get(subject)
    return chasing.follows(task, about, stage.staff)


def _manager(stage: Stage, task: Task) -> str:
    own = stage.staff.get(task.staff)
    shop = chasing.shop_of(stage.book, own)
    leaders = sorted(
        (s for s in stage.staff.values() if shop and s.active and shop.department in s.leads),
        key=lambda s: s.id,
    )
    candidates = chasing.answering(stage.book, task, own, leaders)
    return chasing.takes_over(candidates, task, stage.staff)


def _tell(stage: Stage, task: Task, id: str, result: str) -> None:
    data = {"task": task.id, "result": result, "state": task.state, "evidence": task.evidence}
    key = keys.task_closed(task.journey, task.step)
    fact = Fact(id=id, keys=(key,), subject=task.subject, at=stage.now, source="task", data=data)
    told(stage, [fact])


def _entry(at: datetime, what: str, who: str = "") -> dict[str, Any]:
    return {"at": at, "what": what} | ({"who": who} if who else {})
