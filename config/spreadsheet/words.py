"""The names other systems give to what our variables say, in the texts of a spreadsheet."""

import re

from config.variables import VARIABLES, Placeholder, placeholders

_CALLED = {
    "客户昵称": "昵称 客户名 客户名称 客户姓名 客户称呼 姓名 客户 用户昵称 用户名 name nickname",
    "员工姓名": "员工 员工名 员工昵称 导购 导购姓名 顾问 顾问姓名 客服 我的名字 名字",
    "门店名": "门店 门店名称 店名 店铺 店铺名",
    "群名": "群名称 群聊名称 群",
}
_VARIABLE_OF = {name: variable for variable, names in _CALLED.items() for name in names.split()}
_OTHER_SIGNS = re.compile(
    r"[#【\[%]{1,2}(客户昵称|昵称|客户称呼|客户姓名|员工姓名|NICKNAME)[#】\]%]{1,2}"
)


def in_our_words(text: str, *, to_group: bool) -> tuple[str, list[str]]:
    """The text with the names our variables have, and what was assumed for it."""
    assumed: list[str] = []
    text = _OTHER_SIGNS.sub(lambda m: f"{{{_VARIABLE_OF.get(m[1].lower(), m[1])}}}", text)
    while one := _foreign(text, to_group=to_group):
        name = _VARIABLE_OF.get(one.name.lower(), one.name)
        ending = f"|{one.default}}}" if one.default else "}"
        if name not in VARIABLES:
            assumed.append(f"没有变量“{one.written}”，改成了文字“【{one.name}】”")
            text = text.replace(one.written, f"【{one.name or one.default}】")
        elif to_group and VARIABLES[name].per_customer:
            assumed.append(f"群里没有“{one.written}”，改成了“大家”")
            text = text.replace(one.written, "大家")
        else:
            assumed.append(f"“{one.written}”当作变量“{{{name}}}”")
            text = text.replace(one.written, f"{{{name}{ending}")
    return text.strip(), assumed


def _foreign(text: str, *, to_group: bool) -> Placeholder | None:
    """The first placeholder that is none of our variables, or none for a group."""
    for one in placeholders(text):
        known = VARIABLES.get(one.name)
        if known is None or (to_group and known.per_customer):
            return one
    return None
