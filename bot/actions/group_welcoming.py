"""Which welcomes customer groups are to have, and the task to select one: pure but for names."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.actions import content
from bot.actions.content import Wording
from bot.model import Group, GroupWelcome, Task
from bot.playbook.evidence import BUTTON
from bot.playbook.regrouping import OWN, theme_subject
from bot.store.rows import slot_of
from config.book import Book
from config.themes import Theme

STEP = "选入群欢迎语"
SELECTED = "已选好"
NICKNAME = "%NICKNAME%"  # WeCom puts the newcomer's name in its place
CARD = "群主名片"
"""``state`` of the code by which customers add the owner of a 购物 group."""
_LIMIT = "1个工作日"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One welcome, and who is to select it in their groups."""

    id: str
    theme: str
    owner: str
    message: Mapping[str, Any]
    groups: tuple[Group, ...] = field(default=())

    @property
    def owners(self) -> set[str]:
        return {group.owner for group in self.groups}


def wanted(
    book: Book, groups: Iterable[Group], names: Mapping[str, str], active: set[str]
) -> Iterator[Wanted]:
    """One for each theme with groups; for 用途: 购物 one for each owner, with their card.

    Of owners who have left nobody is asked anything: their groups get another one first.
    """
    owned = [group for group in groups if group.owner in active]
    for theme in book.themes.values():
        theirs = tuple(group for group in owned if group.theme == theme.name)
        if not theme.welcome or not theirs:
            continue
        if not theme.is_for_shopping:
            message = greeting(theme, book)
            yield Wanted(
                id=f"welcome:{theme.name}",
                theme=theme.name,
                owner="",
                message=message,
                groups=theirs,
            )
            continue
        for owner in sorted({group.owner for group in theirs}):
            own = tuple(group for group in theirs if group.owner == owner)
            message = greeting(theme, book, names.get(owner, owner), own[0].shop)
            id = f"welcome:{theme.name}:{owner}"
            yield Wanted(id=id, theme=theme.name, owner=owner, message=message, groups=own)


def greeting(theme: Theme, book: Book, owner: str = "", shop: str = "") -> dict[str, Any]:
    """The words of the material; with an ``owner`` what the code beside it is for."""
    values = {"客户昵称": NICKNAME, "员工姓名": owner, "门店名": shop}
    message = content.of_material(theme.welcome or "", Wording(book=book, values=values))
    if owner:
        message["text"] = f"{message['text']}\n我是群主{owner}，有事扫下面的名片加我～".strip()
    return message


def name_card(owner: str, qr_code: str) -> dict[str, str]:
    """The owner's code as a link, which is all a welcome may carry beside its words."""
    return content.link(f"群主 {owner}", qr_code, "扫码加群主") | {"picurl": qr_code}


def task(one: Wanted, row: GroupWelcome, to: str, book: Book, now: datetime) -> Task:
    """``to`` selects the template in their groups; asked once for each template.

    WeCom has no call for it: the owner picks it by hand in the client (P:92366).
    """
    template = hashlib.sha256(row.template_id.encode()).hexdigest()[:12]
    id = f"{row.id}:{to}:{template}"
    theirs = [group.name or group.id for group in one.groups if group.owner == to]
    words = content.in_words(dict(row.message))
    note = (
        f"在企业微信打开群 → 右上角 → 入群欢迎语，选中这一条，选好后点按钮。群：{_some(theirs)}。"
        "以后改文案会自动更新，不用再选。"
    )
    return Task(
        id=id,
        journey=id,
        sop=OWN,
        step=STEP,
        subject=theme_subject(one.theme),
        subject_type="group",
        staff=to,
        title=f"给“{one.theme}”的群选上入群欢迎语",
        note=note,
        material=words,
        buttons=(SELECTED,),
        proofs_wanted=(BUTTON,),
        created_at=now,
        limit=_LIMIT,
        ladder=next(iter(book.rules.ladders), ""),
        due_at=now,
        slot=slot_of(id),
    )


def _some(names: list[str]) -> str:
    shown = "、".join(f"“{name}”" for name in sorted(names)[:5])
    return f"{shown} 等 {len(names)} 个" if len(names) > 5 else shown
