"""What customers do by themselves; every choice is a hash of who, what and which time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from simulator import codes, contacts, days, feed, groups
from simulator.cards import Card
from simulator.company import QR_ADDRESS, Customer, Group, Relation
from simulator.crew import Crew
from simulator.days import Arrival
from simulator.mass import Mass
from simulator.moments import Moment
from simulator.refusal import attempt
from simulator.simulation import Onlookers, Simulation

QR = re.compile(re.escape(QR_ADDRESS) + "([0-9a-f]{32})")


class People(Onlookers):
    """The customers of a company that lives by itself, and its staff."""

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self._wishes = sim.setup.behaviour
        self._crew = Crew(sim)
        self._met: set[str] = set()

    def begin(self) -> None:
        """Plan who arrives when, and what those do who were there before."""
        for customer in self._sim.company.customers.values():
            for relation in customer.friends():
                day = timedelta(
                    days=self._sim.setup.days * self._roll(customer.id, "comes to mind")
                )
                self._plan(day, customer.id, "comes to mind", partial(self._live, relation))
        for arrival in days.arrivals(self._sim.setup, self._sim.dice):
            self._plan(arrival.at - self._sim.now, arrival.key, "arrives", self._arriving(arrival))
        self._crew.begin()

    def customer_added(self, relation: Relation) -> None:
        self._crew.customer_added(relation)
        self._live(relation)

    def _live(self, relation: Relation) -> None:
        """What they do, once, in the weeks from now on."""
        if relation.customer_id in self._met:
            return
        self._met.add(relation.customer_id)
        self._shop(relation.customer_id)
        self._part(relation)
        self._opt_out(relation)
        self._join_unasked(relation.customer_id)

    def customer_received(self, customer: Customer, content: str) -> None:
        """An invitation may be opened, now or later."""
        for config_id in dict.fromkeys(QR.findall(content)):
            self._consider(customer.id, config_id)

    def joined(self, group: Group, customer: Customer) -> None:
        who, what = customer.id, f"leaves {group.chat_id}"
        if not customer.relations or not self._happens(self._wishes.leave_group, who, what):
            return
        wait = self._between(24, 240, who, what)
        self._plan(wait, who, what, lambda: groups.leave(self._sim, group.chat_id, who))

    def mass_arrived(self, mass: Mass, userid: str) -> None:
        self._crew.mass_arrived(mass, userid)

    def mass_reminded(self, mass: Mass, userid: str) -> None:
        self._crew.mass_reminded(mass, userid)

    def moment_arrived(self, moment: Moment, userid: str) -> None:
        self._crew.moment_arrived(moment, userid)

    def moment_published(self, moment: Moment, userid: str) -> None:
        """A few of those who can see it like it, fewer say something."""
        for who in moment.parts[userid].customers:
            for chance, verb, do in (
                (self._wishes.like, "likes", feed.like),
                (self._wishes.comment, "comments on", feed.comment),
            ):
                what = f"{verb} {moment.moment_id}"
                if not self._is_silent(who) and self._happens(chance, who, what):
                    wait = self._between(0.1, 40, who, what)
                    echo = partial(do, self._sim, who, userid, moment.moment_id)
                    self._plan(wait, who, what, echo)

    def card_arrived(self, card: Card, userid: str) -> None:
        self._crew.card_arrived(card, userid)

    def text_arrived(self, userid: str, content: str) -> None:
        self._crew.text_arrived(userid, content)

    def _arriving(self, arrival: Arrival) -> Callable[[], object]:
        def arrive() -> None:
            relation = self._add(arrival)
            if relation and relation.half:
                self._crew.accepts_later(relation)

        return arrive

    def _add(self, arrival: Arrival) -> Relation | None:
        """Through the channel's code where there is one, which knows who is on duty."""
        sim, one = self._sim, arrival
        if one.state and (way := codes.of_state(sim, one.state)):
            return codes.scan(sim, way, name=one.name, age=one.age, half=one.half)[0]
        if sim.company.working(one.staff_id) is None:
            return None
        added = contacts.add(
            sim, one.staff_id, name=one.name, age=one.age, state=one.state, half=one.half
        )
        return added[0]

    def _consider(self, who: str, config_id: str) -> None:
        what = f"opens {config_id}"
        if self._is_silent(who) or not self._happens(self._wishes.open_invitation, who, what):
            return
        low, high = self._wishes.open_hours
        wait = self._between(low, high, who, what)
        self._plan(wait, who, what, lambda: self._follow(who, config_id))

    def _follow(self, who: str, config_id: str) -> None:
        """Usually through the code; sometimes a friend pulls one in, and the state is lost."""
        way = self._sim.company.ways.get(config_id)
        if way is None or way.kind != "join":
            return
        if not self._happens(self._wishes.other_way, who, f"other way {config_id}"):
            groups.scan(self._sim, way, who)
            return
        listed = [str(chat_id) for chat_id in way.body["chat_id_list"]]
        group = self._sim.company.group(listed[0])
        if group:
            groups.join(self._sim, listed[0], who, scene=groups.INVITED, invitor=group.owner)

    def _shop(self, who: str) -> None:
        """Order, order again, come by."""
        b = self._wishes
        if self._happens(b.order, who, "orders"):
            first = self._between(6, 240, who, "orders")
            self._plan(first, who, "orders", lambda: self._buys(who, 0))
            if self._happens(b.reorder, who, "orders again"):
                second = first + self._between(24, 200, who, "orders again")
                self._plan(second, who, "orders again", lambda: self._buys(who, 1))
        if self._happens(b.visit, who, "visits"):
            wait = self._between(12, 260, who, "visits")
            self._plan(wait, who, "visits", lambda: contacts.visits(self._sim, who))

    def _buys(self, who: str, n: int) -> None:
        amount = round(39 + 460 * self._sim.dice.roll(who, "amount", n), 1)
        contacts.buys(self._sim, who, amount)

    def _part(self, relation: Relation) -> None:
        staff_id, who, b = relation.staff_id, relation.customer_id, self._wishes
        if self._happens(b.delete_staff, who, "deletes staff"):
            wait = self._between(12, 300, who, "deletes staff")
            self._plan(
                wait,
                who,
                "deletes staff",
                lambda: contacts.delete_by_customer(self._sim, staff_id, who),
            )
        elif self._happens(b.delete_customer, who, "is deleted"):
            wait = self._between(24, 300, who, "is deleted")
            self._plan(
                wait, who, "is deleted", lambda: contacts.delete_by_staff(self._sim, staff_id, who)
            )

    def _opt_out(self, relation: Relation) -> None:
        """They ask to be left alone, and the member of staff notes it down."""
        staff_id, who, tag = relation.staff_id, relation.customer_id, self._wishes.opt_out_tag
        if self._happens(self._wishes.opt_out, who, "opts out"):
            note = partial(contacts.edit_tags, self._sim, staff_id, who, add=[tag])
            self._plan(self._between(12, 300, who, "opts out"), who, "opts out", note)

    def _join_unasked(self, who: str) -> None:
        """Somebody showed them the group's own code."""
        chats = sorted(self._sim.company.groups)
        if not chats or not self._happens(self._wishes.join_by_self, who, "joins unasked"):
            return
        chat_id = self._sim.dice.pick(chats, who, "which group")
        wait = self._between(2, 200, who, "joins unasked")
        self._plan(
            wait, who, "joins unasked", lambda: groups.join(self._sim, chat_id, who, state="")
        )

    def _is_silent(self, who: str) -> bool:
        return self._happens(self._wishes.silent, who, "never answers")

    def _roll(self, who: str, what: str) -> float:
        return self._sim.dice.roll(who, what)

    def _happens(self, chance: float, who: str, what: str) -> bool:
        return self._sim.dice.happens(chance, who, what)

    def _between(self, low_hours: float, high_hours: float, who: str, what: str) -> timedelta:
        low, high = timedelta(hours=low_hours), timedelta(hours=high_hours)
        return self._sim.dice.between(low, high, who, f"when {what}")

    def _plan(self, wait: timedelta, who: str, what: str, do: Callable[[], object]) -> None:
        """Customers sleep, except those who arrive at night; impossible acts just do not happen."""
        moment = self._sim.now + wait
        if what != "arrives":
            spread = self._sim.dice.roll(who, what, "morning")
            moment = days.awake(self._sim.setup, moment, days.CUSTOMER_HOURS, spread)
        moment = days.quantised(moment, self._wishes.grain_seconds)
        self._sim.clock.plan(moment, f"{who} {what}", lambda: attempt(do))
