"""The plan itself: what would be published, against what, and everything worth knowing before."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.plan.affected import Affected
from bot.plan.audience import Audience
from bot.plan.changes import Changes
from bot.plan.examples import Example
from bot.plan.forecast import Outlook
from bot.plan.remarks import Remark
from bot.publish.drift import Side
from bot.publish.folder import Contents

NOTHING, ERROR, CHANGES = 0, 1, 2  # exit codes, as terraform's -detailed-exitcode


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """Who has to say yes to these contents, and who has."""

    wanted: tuple[str, ...] = ()
    given: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        return not self.wanted or bool(self.given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Nothing in it depends on when it is looked at: it is data, to be shown or applied."""

    base: int  # the release it would follow
    base_hash: str
    states: Mapping[str, str]  # SOP → the state a command gave it
    contents: Contents
    made_at: datetime
    author: str
    note: str = ""
    zone: str = "Asia/Shanghai"
    folder: str = ""  # where it was read, on the machine that made it
    recall: bool = False  # 撤回未发
    back_to: int = 0  # the release it would roll back to
    drift: Mapping[str, Side] = field(default_factory=dict)
    changes: Changes = field(default_factory=Changes)
    affected: tuple[Affected, ...] = ()
    audiences: tuple[Audience, ...] = ()
    outlook: Outlook | None = None
    examples: tuple[Example, ...] = ()
    remarks: tuple[Remark, ...] = ()
    approvals: Approvals = field(default_factory=Approvals)

    @property
    def hash(self) -> str:
        return self.contents.hash

    @property
    def id(self) -> str:
        """The same for the same contents on top of the same release."""
        about = f"{self.base}\0{self.hash}\0{self.recall}"
        return f"p-{hashlib.sha256(about.encode()).hexdigest()[:6]}"

    @property
    def publishes(self) -> bool:
        """Whether there is anything to publish, be it only another comment."""
        return self.hash != self.base_hash

    @property
    def errors(self) -> tuple[Remark, ...]:
        return tuple(remark for remark in self.remarks if remark.level == "错误")

    @property
    def exit_code(self) -> int:
        if self.errors:
            return ERROR
        return CHANGES if self.publishes else NOTHING
