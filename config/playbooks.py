"""打法: when a group shows this sign for so long, somebody is given that task."""

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator

from config.conditions import BoundText
from config.guess import closest, did_you_mean
from config.reading import Length, Map, Strict, key, marked, refused
from config.tasks import GiveTask

SignKind: TypeAlias = Literal["群沉默", "群人数", "入群人数", "退群人数"]
_KINDS = {"silent": "群沉默", "size": "群人数"}
_COUNTED = re.compile(r"近(\d{1,3})天(入群|退群)人数", re.ASCII)
_ENGLISH_COUNTED = re.compile(r"(joined|left)_last_(\d{1,3})_days", re.ASCII)
_WRITTEN = ("群沉默", "群人数", "近7天入群人数", "近7天退群人数")


class Sign(Strict):
    """群沉默: 不少于7天 · 群人数: 少于20人 · 近7天退群人数: 不少于5人."""

    block = "当"
    kind: SignKind
    days: int | None = None
    """The window of 入群人数 and 退群人数."""
    count: BoundText


def _sign(value: Any) -> Any:
    if isinstance(value, Sign) or (isinstance(value, dict) and "kind" in value):
        return value
    if not isinstance(value, dict) or len(value) != 1:
        raise refused("“当”要写一个群的信号", "例如：当: {群沉默: 不少于7天}")
    ((name, count),) = value.items()
    inner = Map(value.at) if isinstance(value, Map) else {}
    if found := _COUNTED.fullmatch(name):
        return inner | {"kind": f"{found[2]}人数", "days": int(found[1]), "count": count}
    if found := _ENGLISH_COUNTED.fullmatch(name):
        kind = {"joined": "入群人数", "left": "退群人数"}[found[1]]
        return inner | {"kind": kind, "days": int(found[2]), "count": count}
    kind = _KINDS.get(name) or str(name)
    if kind not in _KINDS.values():
        cure = f"{did_you_mean(closest(name, _WRITTEN))}可以写：{'、'.join(_WRITTEN)}"
        raise refused(f"打法里不认识信号“{name}”", cure)
    return inner | {"kind": kind, "count": count}


class Play(Strict):
    """打法."""

    block = "打法"
    name: str = key("打法", "play", min_length=1, max_length=60, description="名字，不要重复")
    sign: Annotated[Sign, BeforeValidator(_sign)] = key(
        "当", "on", description="群里出现什么信号，例如 {群沉默: 不少于7天}"
    )
    lasting: Length | None = key("持续", "lasting", None, description="信号持续多久才动手")
    cooldown: Length | None = key(
        "冷却", "cooldown", None, description="同一个群多久以内不再来一次"
    )
    task: GiveTask = key("派任务", "give_task", description="派给谁、做什么")

    @classmethod
    def unfold(cls, data: dict[str, Any]) -> dict[str, Any]:
        for name in ("派任务", "give_task"):
            if isinstance(data.get(name), dict):
                body = {name: marked(data[name], "派任务")}
                return data.copied() | body if isinstance(data, Map) else data | body
        return data
