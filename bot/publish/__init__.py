"""From the folder to what is live and back: releases against a base, with whoever must approve."""

from bot.publish.approval import Approval, NotApproved
from bot.publish.approving import approve, ask_for_approval, missing_approval
from bot.publish.comparing import BehindLive, Pulled, compare, contents_of, differs, pull
from bot.publish.drift import Side, drift
from bot.publish.folder import (
    PICTURES,
    TEXTS,
    Base,
    Contents,
    base_of,
    decoded,
    read_contents,
    read_folder,
    remember_base,
    write_contents,
)
from bot.publish.frozen import Frozen, frozen
from bot.publish.live import FRESH_SECONDS, LiveReleases, with_states
from bot.publish.promotion import promote
from bot.publish.publishing import (
    Applied,
    Emptied,
    HeadMoved,
    RolledBack,
    apply,
    publish,
    roll_back,
)
from bot.publish.settling import settle
from bot.publish.states import Switched, Unswitchable, switch

__all__ = [
    "FRESH_SECONDS",
    "PICTURES",
    "TEXTS",
    "Applied",
    "Approval",
    "Base",
    "BehindLive",
    "Contents",
    "Emptied",
    "Frozen",
    "HeadMoved",
    "LiveReleases",
    "NotApproved",
    "Pulled",
    "RolledBack",
    "Side",
    "Switched",
    "Unswitchable",
    "apply",
    "approve",
    "ask_for_approval",
    "base_of",
    "compare",
    "contents_of",
    "decoded",
    "differs",
    "drift",
    "frozen",
    "missing_approval",
    "promote",
    "publish",
    "pull",
    "read_contents",
    "read_folder",
    "remember_base",
    "roll_back",
    "settle",
    "switch",
    "with_states",
    "write_contents",
]
