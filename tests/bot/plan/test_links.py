"""What publishing does to 获客链接 people have advertised is said before it is done."""

import pytest

from bot.plan import links
from config.book import Book
from config.loader import load_texts
from tests.world import TEAM

LINK = "渠道: 抖音\n类型: 获客链接\n员工: [张丽, 李敏]\n"
POSTER = "渠道: 抖音\n员工: [张丽, 李敏]\n"
GONE = "渠道“抖音”不再有获客链接（改名也算）：发布 24 小时后删除，投放出去的地址会失效"
MADE = "发布后给渠道“抖音”生成获客链接，地址发给店长；从链接加一位客户用掉一个额度"


def book(*channels: str) -> Book:
    return load_texts({"x.yaml": "---\n".join([TEAM, *channels])})


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([], [LINK], [MADE]),
        ([LINK], [], [GONE]),
        ([LINK], [POSTER], [GONE]),
        ([POSTER], [LINK], [MADE]),
        ([LINK], [LINK + "免验证: 否\n"], []),
        ([POSTER], [], []),
    ],
)
def test_links_that_end_or_begin_are_named(
    before: list[str], after: list[str], said: list[str]
) -> None:
    assert [remark.text for remark in links.remarks(book(*before), book(*after))] == said
