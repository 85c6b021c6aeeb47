"""The menu: which pages there are, in the order people need them."""

from dataclasses import dataclass
from typing import Final

from console.language import marked
from console.rights import Reader, Right


@dataclass(frozen=True, slots=True)
class Entry:
    path: str
    name: str
    may: Right


@dataclass(frozen=True, slots=True)
class Section:
    """Pages that belong together, under their own small heading."""

    name: str
    entries: tuple[Entry, ...]


MENU: Final = (
    Section(
        marked("每天"),
        (
            Entry("/console/today", marked("今天"), "look"),
            Entry("/console/calendar", marked("日历"), "look"),
            Entry("/console/tasks", marked("任务"), "look"),
            Entry("/console/customers", marked("客户"), "look"),
            Entry("/console/groups", marked("主题群"), "look"),
            Entry("/console/figures", marked("报表"), "figures"),
            Entry("/my", marked("我的任务"), "own tasks"),
        ),
    ),
    Section(
        marked("内容"),
        (
            Entry("/console/sops", "SOP", "look"),
            Entry("/console/editing", marked("编辑"), "edit"),
            Entry("/console/simulation", marked("推演"), "edit"),
            Entry("/console/releases", marked("版本"), "look"),
        ),
    ),
    Section(
        marked("系统"),
        (
            Entry("/console/running", marked("运行"), "operate"),
            Entry("/console/work", marked("进度"), "look"),
            Entry("/console/doctor", marked("体检"), "operate"),
            Entry("/console/settings", marked("设置"), "operate"),
            Entry("/console/trail", marked("操作记录"), "trail"),
        ),
    ),
)


def menu_of(reader: Reader) -> list[Section]:
    """What this reader may open."""
    found = [
        Section(one.name, tuple(entry for entry in one.entries if reader.may(entry.may)))
        for one in MENU
    ]
    return [one for one in found if one.entries]
