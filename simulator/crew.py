"""What staff do by themselves: ask the baby's age, tap, confirm, forget, remember when nudged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from simulator import cards, contacts, days, directory, feed, groups, phone
from simulator.cards import Card
from simulator.company import Relation
from simulator.dice import fingerprint
from simulator.mass import Mass
from simulator.moments import Moment
from simulator.refusal import attempt
from simulator.simulation import Simulation

LATER = ("稍后", "转派", "取消", "放弃")
FIRST_BUTTON = 0.6
_QUOTED = 10  # characters by which somebody knows a text again


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A duty somebody did not think of, until something reminds them."""

    since: datetime
    soonest: timedelta
    latest: timedelta
    do: Callable[[], object]


class Crew:
    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self._wishes = sim.setup.behaviour
        self._forgotten: dict[str, dict[str, Forgotten]] = {}

    def begin(self) -> None:
        """Plan who writes to the app on which day, and who leaves."""
        setup, dice = self._sim.setup, self._sim.dice
        for member in setup.staff:
            who = member.userid
            for day in range(setup.days):
                if dice.happens(self._wishes.writes, who, "writes", day):
                    at = days.hour_of(setup, day, 9 + 10 * dice.roll(who, "writes at", day))
                    word = dice.pick(("任务", "任务", "帮助"), who, "word", day)
                    self._at(at, who, f"writes {day}", partial(self._write, who, word))
            if dice.happens(self._wishes.staff_leaves, who, "leaves"):
                at = days.hour_of(setup, int(setup.days * dice.roll(who, "last day")), 18)
                self._at(at, who, "leaves", partial(directory.staff_leaves, self._sim, who))

    def customer_added(self, relation: Relation) -> None:
        """Ask for the age, usually within hours, sometimes never."""
        low, high = (timedelta(hours=h) for h in self._wishes.tag_hours)
        self._decide(
            relation.staff_id,
            f"asks {relation.customer_id}",
            self._wishes.tag_age,
            Forgotten(
                since=self._sim.now,
                soonest=low,
                latest=high,
                do=lambda: self._tag_age(relation.staff_id, relation.customer_id),
            ),
        )

    def accepts_later(self, relation: Relation) -> None:
        staff_id, customer_id = relation.staff_id, relation.customer_id
        self._decide(
            staff_id,
            f"accepts {customer_id}",
            1.0,
            Forgotten(
                since=self._sim.now,
                soonest=timedelta(minutes=10),
                latest=timedelta(hours=6),
                do=lambda: contacts.confirm_half(self._sim, staff_id, customer_id),
            ),
        )

    def mass_arrived(self, mass: Mass, userid: str) -> None:
        self._nudge(userid, mass.msgid)
        self._decide(
            userid, f"confirms {mass.msgid}", self._wishes.confirm, self._job(mass, userid)
        )

    def mass_reminded(self, mass: Mass, userid: str) -> None:
        what = f"confirms {mass.msgid}"
        again = f"reminder {len(mass.reminded_at)}"
        job = self._forgotten.get(userid, {}).get(what)
        if job and self._sim.dice.happens(self._wishes.reminded, userid, what, again):
            self._take_up(userid, what, again)

    def moment_arrived(self, moment: Moment, userid: str) -> None:
        """Nobody is reminded of a moment by WeCom itself."""
        self._nudge(userid, moment.moment_id)
        low, high = (timedelta(minutes=m) for m in self._wishes.publish_minutes)
        job = Forgotten(
            since=self._sim.now,
            soonest=low,
            latest=high,
            do=partial(feed.publish, self._sim, userid, moment.moment_id),
        )
        what = f"publishes {moment.moment_id}"
        self._decide(userid, what, self._wishes.publish, job)

    def card_arrived(self, card: Card, userid: str) -> None:
        self._nudge(userid, card.task_id)
        if cards.buttons(card.card):
            low, high = (timedelta(minutes=m) for m in self._wishes.tap_minutes)
            job = Forgotten(
                since=self._sim.now,
                soonest=low,
                latest=high,
                do=lambda: self._handle(card, userid),
            )
            self._decide(userid, f"taps {card.task_id}", self._wishes.tap, job)

    def text_arrived(self, userid: str, content: str) -> None:
        self._nudge(userid, fingerprint(content))

    def _job(self, mass: Mass, userid: str) -> Forgotten:
        low, high = (timedelta(minutes=m) for m in self._wishes.confirm_minutes)
        return Forgotten(
            since=self._sim.now,
            soonest=low,
            latest=high,
            do=lambda: phone.confirm(self._sim, userid, mass.msgid),
        )

    def _handle(self, card: Card, userid: str) -> None:
        """Do the job, if honest; then tap."""
        copy = card.copies.get(userid)
        if copy is None or copy.closed:
            return
        if self._sim.dice.happens(self._wishes.honest, userid, f"does {card.task_id}"):
            for relation in self._named(card, userid):
                self._tag_age(userid, relation.customer_id)
            self._select_welcomes(card, userid)
        key = self._choose(userid, card, cards.buttons(copy.card))
        phone.tap(self._sim, userid, card.task_id, key, self._answers(userid, card, copy.card))

    def _select_welcomes(self, card: Card, userid: str) -> None:
        """In their own groups the card names, the welcome it quotes."""
        if "入群欢迎语" not in card.text:
            return
        for welcome in self._sim.company.group_welcomes.values():
            words = str(welcome.body.get("text", {}).get("content", ""))[:_QUOTED]
            if not words or words not in card.text:
                continue
            for group in self._sim.company.groups.values():
                if group.owner == userid and group.name in card.text and not group.dismissed:
                    groups.select_welcome(self._sim, group.chat_id, welcome.id)

    def _choose(self, userid: str, card: Card, buttons: dict[str, str]) -> str:
        suitable = [k for k, t in buttons.items() if not any(word in t for word in LATER)]
        keys = suitable or list(buttons)
        first = self._sim.dice.happens(FIRST_BUTTON, userid, f"first button {card.task_id}")
        return keys[0] if first else self._sim.dice.pick(keys, userid, f"button {card.task_id}")

    def _answers(self, userid: str, card: Card, shown: dict[str, object]) -> dict[str, list[str]]:
        """Everything on a checklist, one option of every other question."""
        if shown.get("checkbox"):
            return cards.questions(shown)
        return {
            question: [self._sim.dice.pick(options, userid, f"{question} {card.task_id}")]
            for question, options in cards.questions(shown).items()
        }

    def _named(self, card: Card, userid: str) -> list[Relation]:
        """The customers whose age this card asks for."""
        if "月龄" not in card.text:
            return []
        return [
            relation
            for relation in self._sim.company.customers_of(userid)
            if self._sim.company.customers[relation.customer_id].name in card.text
        ]

    def _tag_age(self, staff_id: str, customer_id: str) -> None:
        """Nothing without such a tag in WeCom; then a later nudge may try again."""
        sim = self._sim
        relation = sim.company.relation(staff_id, customer_id)
        age = sim.company.customers[customer_id].age
        found = sim.company.tag_named(f"{self._wishes.age_group}/{age}")
        if relation is None:
            return
        if found is None:
            what = f"asks {customer_id}"
            job = Forgotten(
                since=sim.now,
                soonest=timedelta(minutes=10),
                latest=timedelta(hours=5),
                do=lambda: self._tag_age(staff_id, customer_id),
            )
            self._forgotten.setdefault(staff_id, {})[what] = job
        elif not relation.tags & found[0].tags.keys():
            contacts.edit_tags(sim, staff_id, customer_id, add=[found[1].id])

    def _write(self, userid: str, word: str) -> None:
        if self._sim.company.working(userid):
            phone.write(self._sim, userid, word)

    def _decide(self, who: str, what: str, chance: float, job: Forgotten) -> None:
        """Do it some time, or forget it, or refuse it for good."""
        if self._sim.dice.happens(self._wishes.refuse, who, f"refuses to {what}"):
            return
        self._forgotten.setdefault(who, {})[what] = job
        if self._sim.dice.happens(chance, who, what):
            self._take_up(who, what, "at once")

    def _nudge(self, who: str, by: str) -> None:
        """Something else arrived: what was forgotten earlier may come to mind.

        Of several things at one moment any will do, so that their order does not matter.
        """
        for what, job in list(self._forgotten.get(who, {}).items()):
            older = job.since < self._sim.now
            if older and self._sim.dice.happens(self._wishes.nudged, who, what, by):
                self._take_up(who, what, self._sim.at)

    def _take_up(self, who: str, what: str, why: str) -> None:
        job = self._forgotten[who].pop(what)
        wait = self._sim.dice.between(job.soonest, job.latest, who, f"when {what}", why)
        self._at(self._sim.now + wait, who, what, lambda: self._if_working(who, job.do))

    def _if_working(self, who: str, do: Callable[[], object]) -> None:
        if self._sim.company.working(who):
            do()

    def _at(self, moment: datetime, who: str, what: str, do: Callable[[], object]) -> None:
        """Staff work from eight to ten."""
        spread = self._sim.dice.roll(who, what, "morning")
        moment = days.awake(self._sim.setup, moment, days.STAFF_HOURS, spread)
        moment = days.quantised(moment, self._wishes.grain_seconds)
        self._sim.clock.plan(moment, f"{who} {what}", lambda: attempt(do))
