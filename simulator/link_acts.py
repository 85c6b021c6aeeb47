"""What scenario tests let people do about 获客助手, one act at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from simulator import acquisition
from simulator.simulation import Simulation

Wish = dict[str, Any]


def _open_link(sim: Simulation, wish: Wish) -> Wish:
    """``visitor``: the same person counts once a day."""
    link = acquisition.link_of(sim, wish["link"])
    acquisition.opens(sim, link, wish["visitor"], wish.get("channel", ""))
    return {}


def _request_by_link(sim: Simulation, wish: Wish) -> Wish:
    acquisition.requests(sim, acquisition.link_of(sim, wish["link"]), wish.get("channel", ""))
    return {}


def _add_by_link(sim: Simulation, wish: Wish) -> Wish:
    link = acquisition.link_of(sim, wish["link"])
    relation = acquisition.befriends(sim, link, wish.get("channel", ""), wish)
    return {"external_userid": relation.customer_id, "staff": relation.staff_id}


def _write_by_link(sim: Simulation, wish: Wish) -> Wish:
    return {"chat_key": acquisition.writes(sim, wish["staff"], wish["contact"])}


def _delete_link(sim: Simulation, wish: Wish) -> Wish:
    acquisition.removed(sim, acquisition.link_of(sim, wish["link"]))
    return {}


def _link_unavailable(sim: Simulation, wish: Wish) -> Wish:
    acquisition.unavailable(sim, acquisition.link_of(sim, wish["link"]))
    return {}


def _buy_quota(sim: Simulation, wish: Wish) -> Wish:
    acquisition.buys_quota(sim, wish["count"])
    return {}


def _quota_expires(sim: Simulation, wish: Wish) -> Wish:
    acquisition.quota_expires(sim, wish["count"], datetime.fromisoformat(wish["expires_at"]))
    return {}


ACTS: dict[str, Callable[[Simulation, Wish], Wish]] = {
    "open_link": _open_link,
    "request_by_link": _request_by_link,
    "add_by_link": _add_by_link,
    "write_by_link": _write_by_link,
    "delete_link": _delete_link,
    "link_unavailable": _link_unavailable,
    "buy_quota": _buy_quota,
    "quota_expires": _quota_expires,
}
