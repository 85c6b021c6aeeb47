"""The names a folder declares, by kind, right or wrong as it stands: to list and to complete."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from config.documents import Folder
from config.loader import opened
from config.names import declared_names
from config.reading import Items, Map, Text
from config.variables import VARIABLES

#: What `qunce list` knows, in the order people ask for it.
LISTED: Final = (
    "素材",
    "标签",
    "标签组",
    "主题群",
    "员工",
    "角色",
    "门店",
    "栏目",
    "渠道",
    "SOP",
    "步骤",
    "催办",
    "KOC体系",
    "阶段",
    "客户属性",
    "变量",
    "文件",
)
_POSITIONS = ("跟进人", "群主", "店长")

#: Kind → name → where it is declared ("" : nowhere in particular).
Catalogue = Mapping[str, Mapping[str, str]]


def catalogue(path: Path) -> Catalogue:
    """Of the folder at ``path``, whatever is wrong in it."""
    return catalogue_of(opened(path))


def catalogue_of(folder: Folder) -> Catalogue:
    names = declared_names(folder)
    declared = names.declared
    tags = {f"{group}/{tag}": group for group, own in names.tags.items() for tag in own}
    themes = {**declared.get("主题", {}), **declared.get("分群", {})}
    people, roles = declared.get("员工", {}), declared.get("角色", {})
    departments = {f"部门/{shop}": "" for shop in declared.get("门店", {})}
    receivers = {**dict.fromkeys(_POSITIONS, ""), **{f"角色/{r}": "" for r in roles}, **people}
    steps = dict(_steps(folder))
    return {
        **declared,
        "标签": tags,
        "标签组": dict.fromkeys(names.tags, ""),
        "主题群": themes,
        "KOC体系": declared.get("体系", {}),
        "步骤": {f"{sop}/{step}": where for (sop, step), where in steps.items()},
        "步骤名": {step: where for (_, step), where in steps.items()},
        "变量": dict.fromkeys(names.variables or VARIABLES, ""),
        "接收人": receivers,
        "接收人或部门": {**receivers, **departments},
        "文件": dict.fromkeys(sorted(f for f in names.files or () if not _is_text(f)), ""),
    }


def _is_text(file: str) -> bool:
    return file.endswith((".yaml", ".yml"))


def _steps(folder: Folder) -> Iterator[tuple[tuple[str, str], str]]:
    for document in folder.documents:
        if document.kind == "SOP":
            for step in _named_steps(document.root):
                yield (document.name, str(step)), f"{document.file} 第 {step.at.line} 行"


def _named_steps(node: Any) -> Iterator[Text]:
    """The names of steps, however deep; 步骤 with a list behind it is no name."""
    if isinstance(node, Items):
        for item in node:
            yield from _named_steps(item)
    if isinstance(node, Map):
        for key, value in node.items():
            if key in ("步骤", "step") and isinstance(value, Text) and len(node) > 1:
                yield value
            elif key not in ("如果", "条件", "if", "conditions"):
                yield from _named_steps(value)
