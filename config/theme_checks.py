"""What one 主题群 may not say, once its shape is right."""

import re
from collections.abc import Iterator

from config.book import Book
from config.conditions import GroupMarketing, GroupSize, InJourney, TaskResult
from config.explain import Found
from config.guess import closest, did_you_mean
from config.reading import Map
from config.themes import NUMBER, Theme
from config.written import conditions_in, get, key_at, value_at

FULL = 200  # members at which WeCom lets nobody in by a QR code any more, and opens another group
LONGEST_BASE = 40  # characters of room_base_name, says WeCom
_KNOWN = ("{门店名}", NUMBER)


def errors(theme: Theme, root: Map, book: Book) -> Iterator[Found]:
    yield from _gates(theme, root)
    yield from _another_s(theme, root, book)
    yield from _variables(theme, root)
    if theme.opens_groups:
        yield from _opened_by_wecom(theme, root)


def reminders(theme: Theme, root: Map) -> Iterator[Found]:
    behind = theme.overflow[theme.overflow.index("候补") + 1 :] if "候补" in theme.overflow else ()
    if behind:
        text = f"“候补”后面的“{'、'.join(behind)}”轮不到：候补总是有位子的"
        yield Found(value_at(root, "满了"), text, "把“候补”写在最后")
    if theme.capacity > FULL:
        text = f"群满 {FULL} 人以后扫码进不去，容量 {theme.capacity}人 里多出来的位子没人进得了"
        yield Found(value_at(root, "容量"), text, f"写 容量: {FULL}人，或者更少")
    part = theme.groups.name_contains
    if not theme.opens_groups:
        if part and theme.group_name and part not in theme.group_name:
            text = f"按“群名”新建的群名字里没有“{part}”，不会归到这个主题"
            cure = f"在“群名”里写上“{part}”，或把新群写进“群编号”"
            yield Found(value_at(root, "群名"), text, cure)
        return
    if theme.capacity < FULL:
        text = (
            f"“自动建群”要等群满 {FULL} 人：容量 {theme.capacity}人 满了以后再邀请的客户，"
            f"会先把老群填到 {FULL} 人"
        )
        yield Found(value_at(root, "满了"), text, f"写 容量: {FULL}人，或去掉 自动建群")
    head, number, tail = theme.group_name.partition(NUMBER)
    if tail.strip():
        text = f"自动建的群名只能以序号结尾：“{tail.strip()}”不会出现"
        yield Found(value_at(root, "群名"), text, f'写成 群名: "{head}{number}"')


def _another_s(theme: Theme, root: Map, book: Book) -> Iterator[Found]:
    """A group belongs to one theme; of two that say the same of it the first one has it."""
    groups, block = theme.groups, get(root, "群")
    for other in book.themes.values():
        if other.name == theme.name:
            return
        if both := [chat for chat in groups.chat_ids if chat in other.groups.chat_ids]:
            text = f"群“{both[0]}”已经归主题“{other.name}”，一个群只归一个主题"
            yield Found(value_at(block, "群编号"), text, "从其中一个主题里删掉它")
        if groups.name_contains and groups.name_contains == other.groups.name_contains:
            text = f"主题“{other.name}”也写了名称包含“{groups.name_contains}”，这样的群都归了它"
            yield Found(value_at(block, "名称包含"), text, "两个主题写不同的字")


def _gates(theme: Theme, root: Map) -> Iterator[Found]:
    """Somebody is looked at outside of any journey and before any group."""
    for condition, place in conditions_in(theme.gates, get(root, "准入")):
        if isinstance(condition, TaskResult | InJourney | GroupSize | GroupMarketing):
            text = "这个条件不能用在“准入”里：准入只看客户本身"
            yield Found(place, text, "换成 有标签、门店、近30天下单 这样的条件")


def _variables(theme: Theme, root: Map) -> Iterator[Found]:
    for written in re.findall(r"\{[^{}]*\}", theme.group_name):
        if written not in _KNOWN:
            near = did_you_mean(closest(written, _KNOWN))
            text = f"“群名”里不认识“{written}”"
            yield Found(value_at(root, "群名"), text, f"{near}可用：{'、'.join(_KNOWN)}")


def _opened_by_wecom(theme: Theme, root: Map) -> Iterator[Found]:
    """A group WeCom opens belongs to the theme by its name, and by nothing else."""
    part, base = theme.groups.name_contains, theme.base_name("") if theme.group_name else ""
    if not part:
        text = "自动建的群没有写进“群编号”，不会归到这个主题"
        cure = "再加上 名称包含，例如：群: {名称包含: 0-6月龄}；或去掉 自动建群"
        yield Found(value_at(root, "群"), text, cure)
    elif not theme.group_name:
        text = "“自动建群”要写“群名”：企业微信按它给新群起名"
        yield Found(key_at(root, "满了"), text, f'例如：群名: "{{门店名}} {part} {NUMBER}"')
    elif part not in base:
        text = f"自动建的群叫“{base}1”，名字里没有“{part}”，不会归到这个主题"
        cure = f'序号前面要有“{part}”，例如：群名: "{{门店名}} {part} {NUMBER}"'
        yield Found(value_at(root, "群名"), text, cure)
    elif len(base) > LONGEST_BASE:
        text = f"自动建群的群名最多 {LONGEST_BASE} 个字（不算序号），这里有 {len(base)} 个"
        yield Found(value_at(root, "群名"), text, "写短一些")
