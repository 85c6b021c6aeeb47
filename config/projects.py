"""项目: work of several people towards one date, each part waiting for those before it."""

import re
from datetime import date
from typing import Annotated, Any, TypeAlias

from pydantic import PlainValidator, model_validator

from config.content import ReceiverText
from config.phrase_table import Unreadable, duration
from config.phrasebook import DUE
from config.phrases import Duration
from config.reading import DURATION_EXAMPLES, Person, Strict, key, named, one_or_more, refused
from config.tasks import ChecklistDone, Evidence


def _due(value: Any) -> date | Duration:
    if not isinstance(value, str):
        return value  # type: ignore[no-any-return]  # built by a test
    text = value.strip()
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return date.fromisoformat(text)
        return duration(text)
    except (Unreadable, ValueError) as error:
        cure = f"写一个日期，例如 2026-11-01；或写一段时长，{DURATION_EXAMPLES}"
        raise refused(f"看不懂期限“{value}”", cure) from error


DueText: TypeAlias = Annotated[date | Duration, PlainValidator(_due), DUE]


class Milestone(Strict):
    """One part of the work; a length of 期限 counts from when it may begin."""

    block = "节点"
    name: str = key("节点", "milestone", min_length=1, max_length=60, description="要做成的事")
    after: Annotated[tuple[Annotated[str, named("项目节点")], ...], one_or_more] = key(
        "等", "after", (), description="等哪些节点做完才开始"
    )
    to: ReceiverText = key("给", "to", description="角色/名称 或员工姓名")
    due: DueText = key("期限", "due", description="日期，或从可以开始算起的时长")
    evidence: Annotated[tuple[Evidence, ...], one_or_more] = key(
        "完成依据", "evidence", min_length=1, description="怎样算做完"
    )
    checklist: tuple[str, ...] = key(
        "检查清单", "checklist", (), max_length=20, description="逐项勾选的清单"
    )
    ladder: Annotated[str, named("催办")] | None = key(
        "催办", "ladder", None, description="按全局规则里的哪一套催办"
    )

    @model_validator(mode="after")
    def _ticks_something(self) -> "Milestone":
        if any(isinstance(rule, ChecklistDone) for rule in self.evidence) and not self.checklist:
            raise refused(
                "完成依据是“清单全部勾选”，但没写“检查清单”", "加上：检查清单: [第一件事]"
            )
        return self


class Project(Strict):
    """项目."""

    block = "项目"
    name: str = key("项目", "project", min_length=1, max_length=60, description="名字，不要重复")
    owner: Person = key("负责人", "owner", description="出了问题找谁")
    milestones: tuple[Milestone, ...] = key(
        "节点", "milestones", min_length=1, description="要做成的事，按先后写"
    )
