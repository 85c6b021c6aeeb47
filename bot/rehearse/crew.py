"""Members of staff and customers of a synthetic shop: diligent mostly, never quite."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model import Seat, Sending, Task
from bot.playbook.evidence import CHECKLIST, is_own_word, spoken
from bot.rehearse.dice import draw, span
from bot.rehearse.people import Act
from bot.rehearse.rates import Rates
from config.book import Book

_MINUTE = timedelta(minutes=1)
_KINDS = {"order": "下单", "visit": "到店", "interaction": "互动", "reply": "客户回复"}


@dataclass(frozen=True, slots=True)
class Crew:
    """See :class:`bot.rehearse.people.Behaviour`."""

    book: Book
    rates: Rates
    seed: int

    def confirms(self, sending: Sending, now: datetime) -> datetime | None:
        chance = self._draw("confirms", sending.id)
        if chance >= self.rates.confirms:
            return None
        return now + span(2 * _MINUTE, 90 * _MINUTE, chance / self.rates.confirms)

    def does(self, task: Task, now: datetime) -> Sequence[Act]:
        chance = self._draw("does", task.id, task.staff)
        if chance >= self.rates.does_tasks:
            return ()
        at = now + span(10 * _MINUTE, 300 * _MINUTE, chance / self.rates.does_tasks)
        acts = []
        for wanted in task.proofs_wanted:
            proof = None if is_own_word(wanted) else self._proof(wanted, task, at)
            if proof and self._draw("proof", task.id, wanted) < self.rates.tags_too:
                acts.append(proof)
        words = spoken(task.proofs_wanted)
        if words:
            kind = "勾完清单" if CHECKLIST in words else "点按钮"
            acts.append(Act(at + _MINUTE, kind, {"button": self._button(task)}))
        filled = [wanted for wanted in task.proofs_wanted if wanted.startswith("填写")]
        acts += [Act(at + 2 * _MINUTE, "填写", {"text": "已填"}) for _ in filled]
        return acts

    def joins(self, seat: Seat, now: datetime) -> datetime | None:
        chance = self._draw("joins", seat.id)
        if chance >= self.rates.joins:
            return None
        return now + span(5 * _MINUTE, 30 * 60 * _MINUTE, chance / self.rates.joins)

    def _button(self, task: Task) -> str:
        """The first label most often."""
        if not task.buttons:
            return ""
        chance = self._draw("button", task.id) ** 2
        return task.buttons[int(chance * len(task.buttons))]

    def _proof(self, wanted: str, task: Task, at: datetime) -> Act | None:
        """What brings the fact a task waits for; None: nobody here can."""
        kind, _, rest = wanted.partition(":")
        what = rest.partition(":")[2]
        match kind:
            case "标签":
                return Act(at, "打上标签", {"tag": what, "staff": task.staff})
            case "标签组":
                names = self.book.tags_of(what)
                chosen = names[int(self._draw("which", task.subject, what) * len(names))]
                return Act(at, "打上标签", {"tag": chosen})
            case "入群":
                return Act(at, "入群", {"theme": what})
            case "群发" | "新群":
                return None
        if kind in _KINDS:
            return Act(at, _KINDS[kind], {})
        return Act(at, "收到事件", {"event": kind})

    def _draw(self, *about: object) -> float:
        return draw(self.seed, *about)
