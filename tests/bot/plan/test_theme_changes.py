"""What a plan says about an edit of a theme's rules, in the words they are written with."""

from bot.plan.others import others
from config.loader import load_texts
from tests.world import TEAM

BEFORE = """
主题群: 小月龄
群: {名称包含: 小月龄}
---
主题群: 分流
选择:
  - 如果: [{有标签: 新}]
    主题: 小月龄
---
标签:
  状态: [新, 同行]
"""
RULES = """群: {名称包含: 小月龄}
准入: [{没有标签: 同行}]
邀请间隔: 7天
容量: 200人
满了: [下一个群, 自动建群, 候补]
群名: "小月龄 {序号}"
"""


def test_who_gets_in_and_what_follows_from_tags_is_told() -> None:
    after = BEFORE.replace("群: {名称包含: 小月龄}\n", RULES).replace(
        "    主题: 小月龄\n---", "    主题: 小月龄\n标签变了: 不管\n---"
    )
    books = [load_texts({"team.yaml": TEAM, "a.yaml": text}) for text in (BEFORE, after)]

    told = {change.name: change.what for change in others((books[0], books[1]))}

    assert told == {
        "小月龄": (
            "准入：新增 没有标签 同行",
            "容量 190人 → 200人",
            "满了 下一个群、候补 → 下一个群、自动建群、候补",
            "群名 （不写） → 小月龄 {序号}",
            "邀请间隔 30天 → 7天",
        ),
        "分流": ("标签变了 建议换群 → 不管",),
    }
