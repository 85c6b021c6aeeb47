"""问卷: questions a customer answers on a page of ours; what they choose may put tags on them."""

from typing import Annotated, Self

from pydantic import model_validator

from config.reading import Flag, Strict, TagNames, key, one_or_more, refused

MOST_QUESTIONS, MOST_OPTIONS = 20, 12


class SurveyQuestion(Strict):
    """Without 选 the customer writes the answer."""

    block = "问题"
    ask: str = key("问", "ask", min_length=1, max_length=100, description="问题")
    options: Annotated[tuple[str, ...], one_or_more] = key(
        "选", "options", (), max_length=MOST_OPTIONS, description="选项；不写就是自己填"
    )
    several: Flag = key("可多选", "several", False, description="是：能选几项；默认只选一项")
    tags: dict[str, TagNames] = key(
        "打标签", "tags", {}, description="选了哪一项就打哪个标签，例如 {6-12月: 宝宝月龄/6-12月龄}"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(self.options) == 1 or len(set(self.options)) < len(self.options):
            raise refused("“选”至少写两个不一样的选项", "让客户自己填，就删掉“选”")
        if self.several and not self.options:
            raise refused("写了“可多选”，但没写有哪些选项", "加上：选: [第一项, 第二项]")
        for option in self.tags:
            if option not in self.options:
                cure = f"选项有：{'、'.join(self.options) or '（没有）'}"
                raise refused(f"“打标签”里的“{option}”不是这个问题的选项", cure)
        return self


class Survey(Strict):
    """问卷."""

    block = "问卷"
    name: str = key("问卷", "survey", min_length=1, max_length=20, description="名字，不要重复")
    intro: str = key("介绍", "intro", "", max_length=200, description="问题前面的一句话")
    questions: tuple[SurveyQuestion, ...] = key(
        "问题", "questions", min_length=1, max_length=MOST_QUESTIONS, description="一题一项"
    )
    thanks: str = key("谢谢", "thanks", "", max_length=200, description="交了以后看到的一句话")

    def tags_for(self, answers: "tuple[tuple[str, ...], ...]") -> list[str]:
        """What the chosen options put on the customer, as written, in the order of questions."""
        return [
            tag
            for question, chosen in zip(self.questions, answers, strict=True)
            for option in chosen
            for tag in question.tags.get(option, ())
        ]
