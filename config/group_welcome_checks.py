"""What the welcome of a theme's groups may say, and what a group that sells must be called."""

import re
from collections.abc import Iterator, Mapping

from config import shopping
from config.explain import Found
from config.materials import Material, TextMaterial
from config.reading import Map
from config.themes import Theme
from config.written import key_at, value_at

TEXT_BYTES = 3000  # group_welcome_template/add, P:92366
MOST = 100  # templates in a company's library
_NICKNAME, _OWNER, _SHOP = "客户昵称", "员工姓名", "门店名"
_SLOT = re.compile(r"\{([^{}|]+)(?:\|[^{}]*)?\}")


def errors(theme: Theme, root: Map, materials: Mapping[str, Material]) -> Iterator[Found]:
    if theme.is_for_shopping:
        yield from _says_that_it_sells(theme, root)
    material = materials.get(theme.welcome or "")
    if material is None:
        return
    place = value_at(root, "入群欢迎语")
    if isinstance(material, TextMaterial):
        yield from _words(theme, material, root)
    elif theme.is_for_shopping:
        text = f"购物群的欢迎语要附上群主的名片，不能再带“{material.kind}”"
        yield Found(place, text, "换成“类型: 文字”的素材，例如：欢迎进群，买东西、问价格都在这里～")


def reminders(theme: Theme, root: Map) -> Iterator[Found]:
    if theme.is_for_shopping and not theme.welcome:
        text = "购物群没有入群欢迎语：客户不知道这里卖东西，也找不到群主"
        yield Found(key_at(root, "用途"), text, "加上：入群欢迎语: 素材名；系统会附上群主的名片")


def _says_that_it_sells(theme: Theme, root: Map) -> Iterator[Found]:
    part = theme.groups.name_contains or ""
    if not theme.group_name and not part:
        return  # groups by number: their real names are looked at every night
    name = f"{theme.group_name or part}"
    if not shopping.says_so(name):
        key = "群名" if theme.group_name else "群"
        text = f"购物群的名字要让人一看就知道在卖东西，“{name}”看不出来"
        cure = f"写上其中一个词：{'、'.join(shopping.WORDS[:8])}…，例如：徐汇店 会员优惠 1群"
        yield Found(value_at(root, key), text, cure)


def _words(theme: Theme, material: TextMaterial, root: Map) -> Iterator[Found]:
    """A template is the same for everybody: only WeCom knows who came in."""
    place = value_at(root, "入群欢迎语")
    size = len(material.text.encode())
    if size > TEXT_BYTES:
        text = (
            f"入群欢迎语最多 {TEXT_BYTES} 字节（约 1000 个汉字），“{material.name}”有 {size} 字节"
        )
        yield Found(place, text, "写短一些")
    known = {_NICKNAME, _OWNER, _SHOP} if theme.is_for_shopping else {_NICKNAME}
    for slot in dict.fromkeys(found[1].strip() for found in _SLOT.finditer(material.text)):
        if slot not in known:
            text = (
                f"入群欢迎语“{material.name}”用了“{{{slot}}}”："
                "同一条欢迎语发给所有进群的人，填不出来"
            )
            shown = "、".join(f"{{{one}}}" for one in sorted(known))
            yield Found(place, text, f"去掉它；这里只能用 {shown}")
