"""培训: what somebody learns, how they are asked, and what they may do once they passed."""

from typing import Annotated

from config.content import MaterialName, ReadersText
from config.reading import Strict, key, one_or_more


class Question(Strict):
    block = "测验"
    ask: str = key("问", "ask", min_length=1, description="问题")
    options: tuple[str, ...] = key(
        "选", "options", min_length=2, max_length=8, description="选项，至少两个"
    )
    right: str = key("对", "right", description="正确的那个选项")


class Lesson(Strict):
    block = "课程"
    name: str = key("课", "lesson", min_length=1, description="课名")
    material: MaterialName | None = key("素材", "material", None, description="看哪份素材")
    quiz: Annotated[tuple[Question, ...], one_or_more] = key(
        "测验", "quiz", (), description="学完要答的题"
    )


class Training(Strict):
    """培训."""

    block = "培训"
    name: str = key("培训", "training", min_length=1, max_length=60, description="名字，不要重复")
    audience: ReadersText = key("对象", "audience", description="角色/名称、部门/门店，或员工姓名")
    lessons: tuple[Lesson, ...] = key("课程", "lessons", min_length=1, description="按先后顺序写")
    earns: str = key("通过得资质", "earns", "", description="全部答对后得到的资质")
