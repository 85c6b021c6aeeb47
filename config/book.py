"""Everything one folder says, checked and cross-referenced: what the engine runs on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from config.cases import CaseFile
from config.channels import Channel
from config.incentives import Incentive
from config.koc import KocSystem
from config.materials import Column, Material
from config.mistakes import Mistake
from config.playbooks import Play
from config.projects import Project
from config.rules import Rules
from config.sop import GiveTask, Sop, all_steps
from config.surveys import Survey
from config.tasks import CUSTOMER_REPLIED
from config.team import Team
from config.themes import Theme, ThemePicker
from config.training import Training
from config.variables import Variable, with_declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A whole folder as typed values; every name used in it is declared in it."""

    sops: Mapping[str, Sop] = field(default_factory=dict)
    themes: Mapping[str, Theme] = field(default_factory=dict)
    pickers: Mapping[str, ThemePicker] = field(default_factory=dict)
    materials: Mapping[str, Material] = field(default_factory=dict)
    columns: Mapping[str, Column] = field(default_factory=dict)
    channels: Mapping[str, Channel] = field(default_factory=dict)
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Group → its tags."""
    team: Team = field(default_factory=Team)
    systems: Mapping[str, KocSystem] = field(default_factory=dict)
    plays: Mapping[str, Play] = field(default_factory=dict)
    incentives: Mapping[str, Incentive] = field(default_factory=dict)
    trainings: Mapping[str, Training] = field(default_factory=dict)
    surveys: Mapping[str, Survey] = field(default_factory=dict)
    projects: Mapping[str, Project] = field(default_factory=dict)
    cases: Mapping[str, CaseFile] = field(default_factory=dict)
    """SOP → what its tests expect."""
    rules: Rules = field(default_factory=Rules)
    files: Mapping[str, str] = field(default_factory=dict)
    """Picture or other file → SHA-256 of its bytes, in what was published."""
    versions: Mapping[str, int] = field(default_factory=dict)
    """素材 → which version of it this is, in what was published."""
    reminders: tuple[Mistake, ...] = ()
    """What does not block, but deserves a look."""
    _full_tags: dict[str, str] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )  # names looked up so far

    def sop(self, name: str) -> Sop | None:
        """The SOP of this name, or the one that had it (曾用名)."""
        renamed = (sop for sop in self.sops.values() if name in sop.formerly)
        return self.sops.get(name) or next(renamed, None)

    def tag(self, name: str) -> str:
        """The full name "组/名" of a tag written with or without its group; KeyError if unknown."""
        if name not in self._full_tags:
            if len(found := tag_matches(self.tags, name)) != 1:
                raise KeyError(name)
            self._full_tags[name] = found[0]
        return self._full_tags[name]

    def full_tags(self, names: Iterable[str]) -> tuple[str, ...]:
        """The full names of several tags, in the order given."""
        return tuple(self.tag(name) for name in names)

    def tags_of(self, group: str) -> tuple[str, ...]:
        """The full names of every tag of a group."""
        return tuple(f"{group}/{name}" for name in self.tags[group])

    def hears_replies(self) -> bool:
        """Whether anything can tell of a 客户回复: a declared source, or a button of some task."""
        actions = (a for sop in self.sops.values() for s in all_steps(sop.steps) for a in s.actions)
        buttons = (b for a in actions if isinstance(a, GiveTask) for b in a.buttons)
        sources = set(self.rules.reply_sources)
        if not any(channel.kind == "获客链接" for channel in self.channels.values()):
            sources.discard("获客助手")  # which tells of its own customers only
        return bool(sources) or CUSTOMER_REPLIED in buttons

    def variables(self) -> Mapping[str, Variable]:
        """Everything texts may name."""
        return with_declared((*self.tags, *self.rules.attributes))

    def material(self, name: str, *, holiday: bool = False) -> Material:
        """The material, or during a long holiday its 假期版 where there is one."""
        found = self.materials[name]
        if holiday and found.holiday_version:
            return self.materials[found.holiday_version]
        return found

    def theme(self, name: str) -> Theme:
        return self.themes[name]

    def theme_of_group(self, chat_id: str, name: str) -> Theme | None:
        """The theme of a WeCom group; a group number speaks before a part of the name."""
        themes = list(self.themes.values())
        for theme in themes:
            if chat_id in theme.groups.chat_ids:
                return theme
        fitting = [theme for theme in themes if theme.groups.include(chat_id, name)]
        return max(fitting, key=lambda t: len(t.groups.name_contains or ""), default=None)


def tag_matches(tags: Mapping[str, Iterable[str]], name: str) -> list[str]:
    """Every full name that ``name`` ("名" or "组/名") can mean."""
    full = [f"{group}/{tag}" for group, members in tags.items() for tag in members]
    if name in full:
        return [name]
    return [tag for tag in full if tag.partition("/")[2] == name]
