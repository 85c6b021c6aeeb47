"""What publishing does to printed codes is said before it is done."""

import pytest

from bot.plan import codes, uses
from config.book import Book
from config.loader import load_texts
from tests.world import TEAM

POSTER = "渠道: 门口海报\n员工: [张丽, 李敏]\n"
CARD = "渠道: 店内台卡\n员工: [王芳]\n"
OWN = POSTER + "每人一码: 是\n"


def book(*channels: str) -> Book:
    return load_texts({"x.yaml": "---\n".join([TEAM, *channels])})


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([POSTER], [POSTER], []),
        ([POSTER], [POSTER + "备用: 王芳\n"], []),
        ([], [POSTER], ["发布后给渠道“门口海报”生成二维码：用 qunce list 渠道 查看"]),
        (
            [POSTER, CARD],
            [CARD],
            ["渠道“门口海报”没有了（改名也算）：它的二维码发布 24 小时后作废，印出去的也扫不了"],
        ),
        (
            [POSTER],
            [POSTER + "类型: 获客链接\n"],
            ["渠道“门口海报”没有了（改名也算）：它的二维码发布 24 小时后作废，印出去的也扫不了"],
        ),
        (
            [OWN],
            ["渠道: 门口海报\n员工: [李敏]\n每人一码: 是\n"],
            ["渠道“门口海报”里“张丽”自己的二维码发布 24 小时后作废"],
        ),
        ([OWN], [POSTER], ["渠道“门口海报”里“张丽”、“李敏”自己的二维码发布 24 小时后作废"]),
        ([POSTER], [OWN], []),
    ],
)
def test_codes_that_end_or_begin_are_named(
    before: list[str], after: list[str], said: list[str]
) -> None:
    assert [remark.text for remark in codes.remarks(book(*before), book(*after))] == said


def test_a_channel_that_says_a_material_is_touched_by_its_change() -> None:
    greeting = "素材: 欢迎-夜里\n类型: 文字\n文案: 您好\n"
    plan = "欢迎语安排: {时段: 22:00-08:00, 欢迎语: 欢迎-夜里}\n"

    assert list(uses.of(book(greeting, POSTER + plan), "素材", "欢迎-夜里")) == [
        "渠道“门口海报”的欢迎语"
    ]
