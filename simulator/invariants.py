"""The company's own promises to its customers and staff, held against every call that arrives.

WeCom knows none of them: they are what the bot was told to keep, given in setup as data. A breach
is written into the ledger and stops nothing, so that one run shows all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal

from simulator.mass import SENT, UNSENT, Assignment, Mass
from simulator.setup import CapPromise, Promises

if TYPE_CHECKING:
    from simulator.simulation import Simulation

TOO_FAST = (45009, 45035, 41094)  # refusals a bot that knows WeCom's limits does not earn
_FORGET = timedelta(days=100)


@dataclass(frozen=True, slots=True)
class Offer:
    """One mass message at one customer or group, from the moment it was created."""

    mass: Mass
    part: Assignment
    target: str

    @property
    def at(self) -> datetime:
        """When it was received; until then, when staff were asked to send it."""
        return self.part.sent_at if self.is_sent and self.part.sent_at else self.mass.created_at

    @property
    def is_sent(self) -> bool:
        return self.part.results.get(self.target, UNSENT) == SENT

    @property
    def counts(self) -> bool:
        """Still on its way, or received; neither withdrawn nor refused."""
        waiting = self.part.sent_at is None and not self.mass.cancelled
        return waiting or self.is_sent


class Invariants:
    """``look`` is shown every call that was carried out, ``refused`` every one that was not."""

    def __init__(self, sim: Simulation, promises: Promises) -> None:
        self._sim = sim
        self._promises = promises
        self._offers: defaultdict[str, list[Offer]] = defaultdict(list)
        self._dropped = 0

    def look(self, path: str, args: dict[str, Any], answer: dict[str, Any]) -> None:
        match path:
            case "externalcontact/add_msg_template":
                self._mass(self._sim.desk.mass[answer["msgid"]], answer)
            case "externalcontact/add_moment_task":
                self._quiet("single", "moment")
            case "message/send":
                self._message(args)

    def refused(self, path: str, code: int) -> None:
        if code in TOO_FAST:
            self._breach("faster than WeCom allows", f"{path} {code}")

    # ---- mass messages --------------------------------------------------------------------------

    def _mass(self, mass: Mass, answer: dict[str, Any]) -> None:
        self._quiet(mass.chat_type, mass.text[:20])
        for stranger in answer["fail_list"]:
            self._departed(stranger, mass)
        for staff, part in mass.assignments.items():
            for target in part.targets:
                offer = Offer(mass, part, target)
                self._opted_out(offer, staff)
                self._said_before(offer)
                self._caps(offer)
                self._keep(offer)

    def _departed(self, target: str, mass: Mass) -> None:
        """Of one who leaves at this very moment the bot cannot know yet."""
        left = [row for row in self._sim.ledger.deleted if row["external_userid"] == target]
        if not left or datetime.fromisoformat(left[-1]["at"]) < self._sim.now:
            self._breach("a push to somebody who left", f"{target}: {mass.text[:20]}")

    def _opted_out(self, offer: Offer, staff: str) -> None:
        customer = self._sim.company.customers.get(offer.target)
        for relation in customer.friends() if customer else ():
            for tag_id in relation.tags:
                found = self._sim.company.tag(tag_id)
                name = f"{found[0].name}/{found[1].name}" if found else ""
                if name in self._promises.opted_out and self._since(offer.target, name):
                    self._breach(f"a push to somebody tagged {name}", f"{offer.target} by {staff}")

    def _since(self, target: str, tag: str) -> bool:
        """Whether they have worn the tag since before this moment."""
        put_on = (
            row["at"]
            for row in reversed(self._sim.ledger.tags)
            if (row["external_userid"], row["tag"], row["op"]) == (target, tag, "add")
        )
        at = next(put_on, "")
        return not at or datetime.fromisoformat(at) < self._sim.now

    def _said_before(self, offer: Offer) -> None:
        """Nobody is told the same twice by one step, nor has it offered twice at once."""
        days = self._promises.same_words_days.get(offer.mass.chat_type)
        if days is None:
            return
        since = self._sim.now - timedelta(days=days)
        for other in self._standing(offer.target):
            if other.mass.content_hash == offer.mass.content_hash and other.at > since:
                told = f"{offer.target}: {offer.mass.text[:20]} also at {other.at.isoformat()}"
                self._breach("the same words twice", told)

    def _caps(self, offer: Offer) -> None:
        for cap in self._promises.caps:
            if cap.to == offer.mass.chat_type and _speaks_of(offer, cap):
                since = self._window(cap)
                had = [
                    other
                    for other in self._standing(offer.target)
                    if other.at >= since and _speaks_of(other, cap)
                ]
                if len(had) >= cap.limit:
                    told = f"{offer.target} had {[str(o.at) for o in had]}: {offer.mass.text[:20]}"
                    self._breach(f"more than {cap.limit} in {cap.days} days", told)

    def _window(self, cap: CapPromise) -> datetime:
        """One day is a day of the calendar, several are so many times 24 hours."""
        if cap.days > 1:
            return self._sim.now - timedelta(days=cap.days)
        local = self._sim.now.astimezone(self._sim.setup.tz)
        return local.replace(hour=0, minute=0, second=0, microsecond=0)

    def _standing(self, target: str) -> Iterator[Offer]:
        return (offer for offer in self._offers[target] if offer.counts)

    def _keep(self, offer: Offer) -> None:
        old = self._sim.now - _FORGET
        kept = [other for other in self._offers[offer.target] if other.mass.created_at > old]
        self._offers[offer.target] = [*kept, offer]

    # ---- staff ----------------------------------------------------------------------------------

    def _message(self, args: dict[str, Any]) -> None:
        if args.get("msgtype") == "template_card":
            self._quiet("staff", str(args.get("touser")))
        lost = len(self._sim.ledger.dropped)
        if lost > self._dropped:
            self._breach("dropped by WeCom without a word", str(args.get("touser")))
        self._dropped = lost

    # ---- everybody ------------------------------------------------------------------------------

    def _quiet(self, whose: Literal["single", "group", "staff"], about: str) -> None:
        hours = self._promises.quiet.get(whose)
        if hours and _inside(self._sim.now.astimezone(self._sim.setup.tz).time(), *hours):
            self._breach(f"in the quiet hours of {whose}", about)

    def _breach(self, promise: str, about: str) -> None:
        self._sim.ledger.breaches.append({"promise": promise, "about": about, "at": self._sim.at})


def _speaks_of(offer: Offer, cap: CapPromise) -> bool:
    """Without words the cap is about everything."""
    if not cap.words:
        return True
    said = offer.mass.content_text
    return any(word in said for word in cap.words)


def _inside(at: time, begins: time, ends: time) -> bool:
    """Quiet hours may cross midnight; their end is not quiet any more."""
    return begins <= at < ends if begins <= ends else at >= begins or at < ends
