"""The rows of one sheet of a spreadsheet calendar: what each column is for, and its texts."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl.worksheet.worksheet import Worksheet

MOST_ROWS, MOST_COLUMNS = 3000, 60
_ROLES: Mapping[str, str] = {
    "day": "日期 天数 第几天 天 日程 星期 周几 发送日期 推送日期 发布日期 执行日期 节点 日",
    "at": "时间 时段 时间点 时刻 发送时间 推送时间 发布时间 执行时间 几点 具体时间",
    "audience": "对象 人群 发送对象 目标人群 推送对象 目标客户 受众 客户类型 群 群名 社群 群类型",
    "text": "发送内容 内容 文案 话术 推送内容 正文 消息内容 群发内容 发布内容 具体内容 参考话术",
    "attachment": "附件 图片 海报 配图 素材 视频 文件 图片素材 配套素材 素材图片",
    "link": "链接 网址 小程序 跳转链接 链接地址 url",
    "owner": "负责人 责任人 执行人 跟进人 群主 发送人 运营 对接人",
    "channel": "渠道 方式 发送渠道 触达方式 触达渠道 发送方式 形式 推送方式 动作 类型",
    "to": "发给谁 发给 接收人 收件人 接收对象 推送给",
    "note": "备注 说明 目的 注意事项",
    "title": "主题 标题 环节 步骤 名称 事项 内容主题 栏目 活动",
}
_NO_MATTER = frozenset(
    ["序号", "编号", "序", "no", "no.", "#", "星期几", "完成", "是否完成", "状态", "完成情况"]
)
_UNSEEN = re.compile("[\u200b\u2060\ufeff\x00-\x08\x0b-\x1f\x7f]|_x000D_")
_ROLE_OF = {name: role for role, names in _ROLES.items() for name in names.split()}
COUNTING = ("天数", "第几天", "天", "日程", "节点", "日")


@dataclass(slots=True)
class Row:
    number: int
    values: Sequence[Any]
    columns: Mapping[str, Sequence[tuple[int, str]]]
    blamed: str = ""
    """The column in hand, for whoever has to tell what is wrong."""

    @property
    def empty(self) -> bool:
        return all(not words(value) for value in self.values)

    def look(self, role: str) -> Iterator[Any]:
        """The filled cells of a role, one after the other, each taking the blame meanwhile."""
        for index, name in self.columns.get(role, ()):
            if index < len(self.values) and words(self.values[index]):
                self.blamed = name
                yield self.values[index]

    def texts(self, role: str) -> list[str]:
        found = (self.values[i] for i, _ in self.columns.get(role, ()) if i < len(self.values))
        return [said for value in found if (said := words(value))]

    def text(self, role: str) -> str:
        return "\n".join(self.texts(role))

    def column(self, role: str) -> str:
        return next((name for _, name in self.columns.get(role, ())), "")


def merged(sheet: Worksheet) -> dict[tuple[int, int], Any]:
    """What stands in the first cell of a merged column of cells stands in all of them."""
    filled: dict[tuple[int, int], Any] = {}
    for block in sheet.merged_cells.ranges:
        value = sheet.cell(block.min_row, block.min_col).value
        for row in range(block.min_row, min(block.max_row, MOST_ROWS) + 1):
            filled[row, block.min_col] = value
    return filled


def role_of(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    bare = re.sub(r"[（(].*?[)）]|[\s*＊:：]", "", value).lower()
    return _ROLE_OF.get(bare, "")


def is_strange(value: Any) -> bool:
    """A heading that says something we do not know; a mere number of the row does not."""
    return bool(words(value)) and not role_of(value) and words(value).lower() not in _NO_MATTER


def words(value: Any) -> str:
    """A cell as text, without what nobody sees."""
    if value is None:
        return ""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    lines = text.replace("\r\n", "\n").replace("\t", " ").replace("\u00a0", " ").split("\n")
    return "\n".join(_UNSEEN.sub("", line).rstrip() for line in lines).strip()
