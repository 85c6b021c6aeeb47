"""A plan in a file: everything that would be published, and the world it was made for."""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.plan.plan import ERROR, Plan
from bot.publish.folder import Contents

KIND = "qunce-plan"
VERSION = 1
CROWD = 20  # fewer people more or less under way never matter …
SHARE = 0.2  # … and of many only more than this share


class BadPlan(Exception):
    """Not a plan, or not as it was written; the message is for the admin."""


class Moved(Exception):
    """The world is not as it was when the plan was made; the message is for the admin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What applying a plan needs of it."""

    id: str
    base: int
    states: Mapping[str, str]
    contents: Contents
    made_at: datetime
    note: str
    folder: str
    recall: bool
    sound: bool  # nothing in it that apply would refuse
    under_way: Mapping[str, int] = field(default_factory=dict)  # SOP → people


def to_json(plan: Plan, text: str) -> str:
    """``text`` is the plan as people read it."""
    whole = {
        "kind": KIND,
        "version": VERSION,
        **_facts(plan),
        "files": dict(plan.contents.files),
        "pictures": {p: base64.b64encode(c).decode() for p, c in plan.contents.pictures.items()},
        "text": text,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1, default=str) + "\n"


def summary(plan: Plan) -> dict[str, Any]:
    """``--json``: the plan without the files."""
    return json.loads(json.dumps(_facts(plan), ensure_ascii=False, default=str))  # type: ignore[no-any-return]


def _facts(plan: Plan) -> dict[str, Any]:
    return {
        "id": plan.id,
        "base": plan.base,
        "hash": plan.hash,
        "made_at": plan.made_at.isoformat(),
        "author": plan.author,
        "note": plan.note,
        "folder": plan.folder,
        "states": dict(plan.states),
        "recall": plan.recall,
        "exit_code": plan.exit_code,
        "drift": dict(plan.drift),
        "sops": [asdict(sop) for sop in plan.changes.sops],
        "others": [asdict(other) for other in plan.changes.others],
        "under_way": {one.sop: one.total for one in plan.affected if one.of in ("客户", "客户群")},
        "affected": [asdict(one) for one in plan.affected],
        "audiences": [asdict(one) for one in plan.audiences],
        "outlook": asdict(plan.outlook) if plan.outlook else None,
        "examples": [asdict(one) for one in plan.examples],
        "remarks": [asdict(one) for one in plan.remarks],
        "approvals": asdict(plan.approvals) | {"complete": plan.approvals.complete},
    }


def read(path: Path) -> Saved:
    """Raises BadPlan."""
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadPlan(f"读不了计划文件 {path}") from error


def from_json(text: str) -> Saved:
    """Raises BadPlan."""
    try:
        told = json.loads(text)
        if told["kind"] != KIND:
            raise BadPlan("这不是 qunce plan --out 写的计划文件")
        if told["version"] != VERSION:
            raise BadPlan("这个计划文件是另一个版本的群策写的：请重新运行 qunce plan")
        pictures = {path: base64.b64decode(data) for path, data in told["pictures"].items()}
        contents = Contents(dict(told["files"]), pictures)
        saved = Saved(
            id=told["id"],
            base=told["base"],
            states=told["states"],
            contents=contents,
            made_at=datetime.fromisoformat(told["made_at"]),
            note=told["note"],
            folder=told["folder"],
            recall=told["recall"],
            sound=told["exit_code"] != ERROR,
            under_way=told["under_way"],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadPlan("这不是 qunce plan --out 写的计划文件") from error
    if told["hash"] != contents.hash:
        raise BadPlan("计划文件在写好以后被改过：请重新运行 qunce plan")
    return saved


def check(saved: Saved, *, head: int, states: Mapping[str, str], folder_hash: str) -> None:
    """Raises Moved unless what is live, and the folder, are as they were.

    ``folder_hash`` is empty where the folder of the plan is not to be found.
    """
    again = "请重新运行 qunce plan"
    if not saved.sound:
        raise Moved(f"计划 {saved.id} 里有错误（✗），不能发布：改好以后{again}")
    if head != saved.base:
        raise Moved(
            f"计划 {saved.id} 是按线上第 {saved.base} 版做的，现在已经是第 {head} 版：{again}"
        )
    if folder_hash and folder_hash != saved.contents.hash:
        raise Moved(f"文件夹 {saved.folder} 在做计划以后又改过：{again}")
    for sop in sorted({*states, *saved.states}):
        was, now = saved.states.get(sop), states.get(sop)
        if was != now:
            what = f"现在是“{now}”" if now else "已经不再由命令控制"
            raise Moved(f"做计划以后，“{sop}”的状态被命令改过（{what}）：{again}")


def check_crowd(saved: Saved, under_way: Mapping[str, int]) -> None:
    """Raises Moved when clearly more, or fewer, people are under way than the plan spoke of."""
    for sop, was in saved.under_way.items():
        now = under_way.get(sop, 0)
        if abs(now - was) > max(CROWD, SHARE * was):
            raise Moved(
                f"“{sop}”正在进行中的客户从 {was:,} 位变成了 {now:,} 位（允许相差 "
                f"{SHARE:.0%}，且 {CROWD} 位以内不算）：请重新运行 qunce plan"
            )
