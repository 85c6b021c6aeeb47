"""Who has to agree before something becomes live: as the rules say that are live now. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from bot.playbook.said import materials_of, pushes
from config.book import Book

Pictures = Mapping[str, str]
Kind = Literal["营销内容", "其他内容"]
_ROLES = ("角色/", "role/")


@dataclass(frozen=True, slots=True)
class Approval:
    """One of ``people`` (names of the live team) has to agree to the contents with this hash."""

    kind: Kind
    people: tuple[str, ...]
    hash: str

    @property
    def command(self) -> str:
        return f"qunce approve --by {self.people[0]}"


class NotApproved(Exception):
    """Nobody who may has agreed to these contents."""

    def __init__(self, approval: Approval) -> None:
        super().__init__(sentence(approval))
        self.approval = approval


def sentence(approval: Approval) -> str:
    what = "动了营销内容" if approval.kind == "营销内容" else "要有人批准"
    who = "、".join(approval.people)
    one = f"{who} 同意" if len(approval.people) == 1 else f"{who} 其中一位同意"
    return (
        f"这次改动{what}，还没有批准：请 {one}后运行 {approval.command}，再 qunce apply。"
        "批准只对现在这份内容有效，之后再改要重新批准"
    )


def needed(
    live: Book, new: Book, mark: str, pictures: tuple[Pictures, Pictures] = ({}, {})
) -> Approval | None:
    """What the live 审批 asks for before ``new`` replaces ``live``; None: nobody need be asked.

    ``pictures`` are those of both, path → mark.
    """
    kind: Kind = (
        "营销内容" if _marketing(live, pictures[0]) != _marketing(new, pictures[1]) else "其他内容"
    )
    rules = live.rules.approval
    listed = rules.marketing if kind == "营销内容" else rules.other
    people = tuple(dict.fromkeys(_people(listed, live)))
    return Approval(kind, people, mark) if people else None


def _people(listed: Iterable[str], live: Book) -> Iterable[str]:
    for who in listed:
        if who.startswith(_ROLES):
            yield from live.team.roles.get(who.partition("/")[2], ())
        elif who in live.team.people:
            yield who


def _marketing(book: Book, pictures: Mapping[str, str]) -> Counter[str]:
    """Everything of class 营销 one may be sent, wherever it stands, pictures included."""
    found: Counter[str] = Counter()
    for push, action in pushes(book).items():
        if action.category != "营销":
            continue
        materials = materials_of(action, book)
        files = [getattr(m, name, None) for m in materials for name in ("file", "cover")]
        shown = [pictures.get(file, "") for file in files if file]
        found[repr((push.sop, push.step, action, materials, shown))] += 1
    return found
