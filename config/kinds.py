"""The kinds of documents there are, and all the words they are written with."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, get_args

from pydantic import TypeAdapter

from config.cases import CaseFile
from config.channels import Channel
from config.condition_words import KEYS as CONDITION_KEYS
from config.incentives import Incentive
from config.koc import KocSystem
from config.materials import Column, Material
from config.playbooks import Play
from config.projects import Project
from config.reading import Strict
from config.rules import Rules
from config.sop import Sop
from config.surveys import Survey
from config.tags import Tags
from config.team import Team
from config.themes import Theme, ThemePicker
from config.training import Training

#: The first key of a document says what it is; 分群 is a 主题群 with 选择.
KINDS: Final[Mapping[str, str]] = {
    "SOP": "SOP",
    "sop": "SOP",
    "主题群": "主题群",
    "theme": "主题群",
    "团队": "团队",
    "team": "团队",
    "标签": "标签",
    "tags": "标签",
    "素材": "素材",
    "material": "素材",
    "栏目": "栏目",
    "column": "栏目",
    "渠道": "渠道",
    "channel": "渠道",
    "规则": "规则",
    "rules": "规则",
    "KOC体系": "KOC体系",
    "koc_system": "KOC体系",
    "打法": "打法",
    "play": "打法",
    "激励": "激励",
    "incentive": "激励",
    "培训": "培训",
    "training": "培训",
    "问卷": "问卷",
    "survey": "问卷",
    "项目": "项目",
    "project": "项目",
    "测试": "测试",
    "test": "测试",
}
WRITTEN: Final = "、".join(dict.fromkeys(KINDS.values()))
_MODELS: Final[Mapping[str, Any]] = {
    "SOP": Sop,
    "主题群": Theme,
    "分群": ThemePicker,
    "团队": Team,
    "标签": Tags,
    "素材": Material,
    "栏目": Column,
    "渠道": Channel,
    "规则": Rules,
    "KOC体系": KocSystem,
    "打法": Play,
    "激励": Incentive,
    "培训": Training,
    "问卷": Survey,
    "项目": Project,
    "测试": CaseFile,
}


@cache
def shape(kind: str) -> TypeAdapter[Any]:
    """The model of a kind."""
    return TypeAdapter(_MODELS[kind])


def models(kind: str) -> tuple[type[Strict], ...]:
    """The models of a kind: one, or one for each 类型 of 素材; 主题群 has those of 分群 too."""
    shapes = [_MODELS[kind]] + ([_MODELS["分群"]] if kind == "主题群" else [])
    return tuple(model for shape in shapes for model in _within(shape))


def _within(annotation: Any) -> Iterator[type[Strict]]:
    if isinstance(annotation, type):
        if issubclass(annotation, Strict):
            yield annotation
        return
    for part in get_args(annotation):
        yield from _within(part)


@cache
def own_keys(kind: str) -> frozenset[str]:
    """What may be written in a document of a kind, in both languages."""
    pairs = [pair for model in models(kind) for pair in model.written_keys().items()]
    return frozenset(name for pair in pairs for name in pair)


@cache
def spellings() -> Mapping[str, tuple[str, ...]]:
    """A key in one language → its spellings in the other."""
    found: dict[str, set[str]] = {}
    for model in _all_models():
        for chinese, english in model.written_keys().items():
            found.setdefault(chinese, set()).add(english)
            found.setdefault(english, set()).add(chinese)
    return {name: tuple(sorted(others)) for name, others in found.items()}


@cache
def words() -> frozenset[str]:
    """Everything that may stand before a colon."""
    return frozenset(spellings()) | frozenset(KINDS) | CONDITION_KEYS


def _all_models(base: type[Strict] = Strict) -> Iterator[type[Strict]]:
    for model in base.__subclasses__():
        yield model
        yield from _all_models(model)
