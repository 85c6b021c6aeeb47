"""Where the folder and what we know of WeCom do not fit together.  Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.model import Group, Staff
from bot.plan.remarks import Remark, beware, note
from bot.playbook.hours import Hours
from bot.playbook.placement import base_of
from config.book import Book
from config.steps import Invite


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Our copies of what is in WeCom; no network is needed for a plan."""

    tags: frozenset[str]  # "组/名"
    groups: Sequence[Group]
    staff: Sequence[Staff]
    media: Mapping[str, datetime] = field(default_factory=dict)  # picture → its copy expires


def remarks(book: Book, company: Company, hours: Hours) -> Iterator[Remark]:
    yield from _tags(book, company)
    yield from _people(book, company)
    yield from _groups(book, company)
    yield from _seats(book, company)
    yield from _pictures(book, company, hours)


def _tags(book: Book, company: Company) -> Iterator[Remark]:
    declared = [f"{group}/{tag}" for group, tags in book.tags.items() for tag in tags]
    if missing := [tag for tag in declared if tag not in company.tags]:
        yield note(f"企业微信里还没有标签{_some(missing)}：发布后自动创建")


def _people(book: Book, company: Company) -> Iterator[Remark]:
    if not company.staff:
        return
    known = {one.id for one in company.staff}
    missing = [name for name, userid in book.team.people.items() if userid not in known]
    if missing:
        yield beware(f"企业微信的客户联系成员里没有{_some(missing)}：给他们的任务和消息发不出去")
    departments = {number for one in company.staff for number in one.departments}
    for shop in book.team.shops:
        if shop.department not in departments:
            yield beware(f"门店“{shop.name}”的部门 {shop.department} 里没有成员：核对部门编号")


def _groups(book: Book, company: Company) -> Iterator[Remark]:
    themed: dict[str, list[Group]] = {name: [] for name in book.themes}
    for group in company.groups:
        if theme := book.theme_of_group(group.id, group.name):
            themed[theme.name].append(group)
    if empty := [name for name, groups in themed.items() if not groups]:
        what = "邀请会变成候补，群日历不会发"
        yield beware(f"这些主题在企业微信里还没有群：{_some(empty)}；{what}")
    for groups in themed.values():
        if lost := [group.name or group.id for group in groups if not group.owner]:
            yield beware(f"群{_some(lost)}没有群主：发到群的内容没有人能发")
    known = {group.id for group in company.groups}
    for theme in book.themes.values():
        if missing := [chat for chat in theme.groups.chat_ids if chat not in known]:
            yield beware(f"主题群“{theme.name}”写的群编号{_some(missing)}在企业微信里找不到")


def _seats(book: Book, company: Company) -> Iterator[Remark]:
    """Only for themes to which somebody is invited."""
    for name in sorted(_invited_to(book)):
        theme = book.themes[name]
        groups = [
            group
            for group in company.groups
            if (found := book.theme_of_group(group.id, group.name)) and found.name == name
        ]
        free = sum(max(0, theme.capacity - g.members - len(g.held)) for g in groups)
        if groups and not free:
            full = f"主题群“{name}”的 {len(groups)} 个群都满了"
            if base_of(groups, "", theme):
                yield note(f"{full}：新邀请的客户会收到自动建群的码，由企业微信开新群")
            else:
                yield beware(f"{full}：新邀请的客户先候补，请准备新群")


def _invited_to(book: Book) -> set[str]:
    named = {
        action.theme
        for sop in book.sops.values()
        if sop.state == "启用"
        for node in sop.flow().nodes.values()
        for action in node.step.actions
        if isinstance(action, Invite)
    }
    chosen = {c.theme for name in named & set(book.pickers) for c in book.pickers[name].choices}
    return (named | chosen) & set(book.themes)


def _pictures(book: Book, company: Company, hours: Hours) -> Iterator[Remark]:
    """WeCom keeps an uploaded picture for three days; it is uploaded again when it is needed."""
    found = []
    for name, material in book.materials.items():
        path = getattr(material, "file", None) or getattr(material, "cover", None)
        if path and path in company.media:
            found.append((company.media[path], name))
    if not found:
        return
    first = min(found)[0].astimezone(hours.tz)
    names = "、".join(f"“{name}”" for _, name in sorted(found)[:2])
    many = f"等 {len(found)} 个素材" if len(found) > 2 else ""
    yield note(f"素材{names}{many}的图片 {first.month}月{first.day}日 失效，系统会自动续传")


def _some(names: Sequence[str], most: int = 3) -> str:
    shown = "、".join(f"“{name}”" for name in names[:most])
    return shown if len(names) <= most else f"{shown}等 {len(names)} 个"
