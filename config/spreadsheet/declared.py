"""What the SOPs of a spreadsheet refer to: people, tags, groups and materials, each once."""

import re
from collections.abc import Collection

from config.book import Book, tag_matches
from config.spreadsheet.yaml import Lines, listed, quoted, texted

_EVERYBODY = re.compile(
    "(?:全部|所有|全体|新加|新添加|新增|新)?的?(?:客户|用户|好友|客人|顾客|人|粉丝|客)?|all", re.I
)
_PICTURES, _VIDEOS = (".jpg", ".jpeg", ".png"), (".mp4",)


class Declared:
    """Collects what is used; what the folder (``known``) has already is not written again."""

    def __init__(self, name: str, known: Book, files: Collection[str]) -> None:
        self._name = name
        self._known = known
        self._files = {file.lower(): file for file in files}
        self.people: dict[str, None] = {}
        self.copies: dict[str, str] = {}
        """Files that lie beside the spreadsheet → where to in the folder."""
        self._tags: dict[str, None] = {}
        self._themes: dict[str, None] = {}
        self._materials: dict[str, dict[str, str]] = {}

    def theme(self, name: str) -> bool:
        """True when the name is new, and now a theme of the groups that have it in theirs."""
        if name in self._known.themes or name in self._known.pickers or name in self._themes:
            return False
        self._themes[name] = None
        return True

    def tags_of(self, audience: str) -> list[str]:
        """The tags an audience is known by; none when it is everybody."""
        if is_everybody(audience):
            return []
        tags = [name for part in re.split("[、,，/和及]+", audience) if (name := part.strip())]
        for tag in tags:
            if len(tag_matches(self._known.tags, tag)) != 1:
                self._tags[tag] = None
        return tags

    def link(self, name: str, title: str, url: str) -> str:
        """The material of a link; "" when it is none."""
        if not re.fullmatch(r"https?://\S{1,2000}", url):
            return ""
        return self.material(name, 类型="链接", 标题=title, 网址=url)

    def file(self, name: str) -> str:
        """The material of a file that is known or lies beside the spreadsheet; "" when none is."""
        if name in self._known.materials:
            return name
        there = self._files.get(name.lower())
        if there is None:
            return ""
        kind = _kind_of(there)
        self.copies[there] = f"{kind}/{there}"
        return self.material(f"{kind}-{there}", 类型=kind, 文件=self.copies[there])

    def text(self, name: str, text: str) -> str:
        return self.material(name, 类型="文字", 文案=text)

    def material(self, name: str, **content: str) -> str:
        """A material of this content under this name, or under the next one that is free."""
        number, free = 1, name
        while free in self._known.materials or self._materials.get(free, content) != content:
            number += 1
            free = f"{name}（{number}）"
        self._materials[free] = content
        return free

    def texts(self) -> dict[str, str]:
        """The files by name."""
        found: dict[str, str] = {}
        if self.people and not self._known.team.people:
            found["团队.yaml"] = self._team()
        if self._tags:
            group = f"{self._name}-导入" if self._name in self._known.tags else self._name
            found["标签"] = f"标签:\n  {quoted(group)}: {listed(self._tags)}\n"
        if self._themes:
            found["主题群"] = "---\n".join(
                f"主题群: {quoted(name)}\n群:\n  名称包含: {quoted(name)}\n"
                for name in self._themes
            )
        if self._materials:
            found["素材"] = "---\n".join(map(self._material_text, self._materials))
        base = file_name(self._name)
        return {n if "." in n else f"{base}-{n}.yaml": text for n, text in found.items()}

    def _team(self) -> str:
        lines = Lines()
        lines.add(0, "团队: 默认")
        lines.add(0, "人员:")
        for person in self.people:
            lines.add(1, f"{quoted(person)}: {quoted(person)} # 换成企业微信里的账号")
        return lines.text()

    def _material_text(self, name: str) -> str:
        lines = Lines()
        lines.add(0, f"素材: {quoted(name)}")
        for key, value in self._materials[name].items():
            texted(key, value, 0, lines)
        return lines.text()


def is_everybody(audience: str) -> bool:
    return bool(_EVERYBODY.fullmatch(audience))


def file_name(name: str) -> str:
    return re.sub(r'[\\/:*?"<>|\s]+', "-", name).strip("-.") or "日历"


def _kind_of(file: str) -> str:
    lower = file.lower()
    return "图片" if lower.endswith(_PICTURES) else "视频" if lower.endswith(_VIDEOS) else "文件"
