"""Who walks which arm of a 分流试验, and what may change while it runs.  Pure.

The draw is a hash of the experiment's name and the customer, so that whoever looks, whenever, draws
the same; what was drawn is kept nevertheless, so that other shares never move anybody.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from hashlib import sha256
from typing import NamedTuple

from bot.model import Journey
from bot.playbook.hours import Hours
from config.book import Book
from config.experiments import Split
from config.sop import Node, Sop


class Ruling(NamedTuple):
    """The verdict of an experiment: which arm everybody walks, since when."""

    arm: str
    at: datetime


CONTROL = "对照组"
WAITING = "等结果"
BUCKETS = 10_000

#: What an experiment measures, and what must stay as it began while it runs.
_FROZEN: Mapping[str, str] = {
    "arms": "方案",
    "sample": "样本",
    "control": "对照组",
    "metric": "看什么",
    "guardrail": "不能变差",
    "period": "观察期",
    "at_least": "每组至少",
    "wins_at": "判胜",
}


def bucket_of(experiment: str, subject: str) -> int:
    """0 … 9,999, the same for ever."""
    digest = sha256(f"{experiment}\0{subject}".encode()).digest()
    return int.from_bytes(digest) % BUCKETS


def shares(split: Split) -> dict[str, range]:
    """The buckets of 对照组 (taken first), of each arm inside the sample, and of 等结果."""
    control = round(split.control * BUCKETS)
    sample = min(BUCKETS, control + round(split.sample * BUCKETS))
    parts = {CONTROL: range(control)}
    start, given = control, 0.0
    for arm in split.arms:
        given += arm.share
        end = min(sample, control + round(given * (sample - control)))
        parts[arm.name] = range(start, sample if arm is split.arms[-1] else end)
        start = end
    return parts | {WAITING: range(sample, BUCKETS)}


def draw(split: Split, subject: str) -> str:
    """The arm of this customer: an arm's name, 对照组 or 等结果."""
    bucket = bucket_of(split.name, subject)
    return next(name for name, part in shares(split).items() if bucket in part)


def why_drawn(split: Split, subject: str, arm: str) -> str:
    """The clause for the trace: which bucket, and which buckets go where."""
    bucket = bucket_of(split.name, subject)
    if draw(split, subject) != arm:
        return f"试验“{split.name}”：沿用第一次分到的“{arm}”"
    parts = "，".join(
        f"{name} {part.start}–{part.stop - 1}" for name, part in shares(split).items() if part
    )
    return f"试验“{split.name}”：第 {bucket} 号，分到“{arm}”（{parts}）"


def window(split: Split) -> timedelta:
    """How long after their draw somebody's part in every figure is over."""
    guard = split.guardrail.days if split.guardrail else 0
    return timedelta(days=max(split.metric.days, guard))


def gives_up(split: Split, since: datetime, hours: Hours) -> datetime:
    """When one who waits since ``since`` stops waiting: two periods and the last one's window."""
    return hours.add(split.period, hours.add(split.period, since)) + window(split)


def split_of(node: Node | None) -> Split | None:
    """The experiment a step holds."""
    last = node.step.actions[-1] if node else None
    return last if isinstance(last, Split) else None


def waits_for(journey: Journey) -> str:
    """The experiment whose verdict a journey waits for; "" when it does not."""
    if journey.phase != "waiting":
        return ""
    return next((name for name, arm in journey.arm.items() if arm == WAITING), "")


def is_experiment(node: Node, name: str) -> bool:
    """Whether the step holds the experiment of this name."""
    split = split_of(node)
    return split is not None and split.name == name


def same_hour(began: datetime, since: datetime, tz: tzinfo) -> datetime:
    """The first moment not before ``since`` that is whole local days after ``began``."""
    local = began.astimezone(tz)
    days = max(0, (since.astimezone(tz).date() - local.date()).days)
    at = local + timedelta(days=days)
    return (at if at >= since else at + timedelta(days=1)).astimezone(began.tzinfo)


def splits(sop: Sop) -> Iterator[tuple[Node, Split]]:
    """Every experiment of an SOP with its step."""
    for node in sop.flow().nodes.values():
        if found := split_of(node):
            yield node, found


def experiment_in(book: Book, name: str) -> tuple[Sop, Split] | None:
    """The experiment of this name, and the SOP it is in; None when no SOP has it."""
    for sop in book.sops.values():
        for _, split in splits(sop):
            if split.name == name:
                return sop, split
    return None


def frozen_changes(old: Sop | None, new: Sop, known: Collection[str]) -> list[tuple[str, str]]:
    """(step, sentence) of every change a begun experiment does not allow.

    ``known`` names the experiments that have begun, those with a verdict too: a name is used once.
    Taking an experiment out is allowed.
    """
    before = {split.name: split for _, split in splits(old)} if old else {}
    refused = []
    for node, split in splits(new):
        if split.name not in known:
            continue
        was = before.get(split.name)
        if was is None:
            what = f"试验名称“{split.name}”以前用过，已经有人分到了组；换一个名称"
            refused.append((node.step.name, what))
        elif changed := [key for field, key in _FROZEN.items() if _differs(was, split, field)]:
            what = (
                f"试验“{split.name}”已经开始，“{'”“'.join(changed)}”不能再改，"
                "改了结果就说明不了问题；要改请同时换一个“名称”，等于重新开始一次试验"
            )
            refused.append((node.step.name, what))
    return refused


def _differs(old: Split, new: Split, field: str) -> bool:
    return bool(getattr(old, field) != getattr(new, field))
