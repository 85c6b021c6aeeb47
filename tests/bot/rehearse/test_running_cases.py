"""测试: the cases beside the SOPs hold, and tell clearly when an SOP does not do what they say."""

from pathlib import Path

from bot.publish import read_folder
from bot.rehearse.cases import Result, run_all
from bot.rehearse.paper import beside
from config.loader import load_folder, load_texts

SHOP = Path(__file__).parents[3] / "config" / "shop"


def edited(old: str, new: str) -> list[Result]:
    """The shipped cases against the shipped folder with one slip in it."""
    raw, pictures = read_folder(SHOP)
    texts = {name: content.decode() for name, content in raw.items()}
    assert any(old in text for text in texts.values())
    slipped = {name: text.replace(old, new) for name, text in texts.items()}
    return list(run_all(load_texts(slipped, pictures)))


def failed(results: list[Result]) -> dict[str, tuple[str, ...]]:
    return {result.case: result.failures for result in results if not result.passed}


def test_the_shipped_cases_hold() -> None:
    results = list(run_all(load_folder(SHOP)))

    assert {result.sop for result in results} == {"新客7天欢迎", "母婴KOC培养", "沉默客户召回"}
    assert failed(results) == {}
    assert len(results) >= 10


def test_a_slip_in_the_sop_is_shown_beside_what_was_expected() -> None:
    results = edited("    错过时: 顺延到下个可发时段\n", "    错过时: 跳过\n")
    (wrong,) = [result for result in results if not result.passed]

    assert wrong.failures == ("到 11-22 09:00 应该有 派任务“问需求”，但没有",)
    assert [text for text, _ in beside(wrong, 100)] == [
        "  时间          期望                   实际",
        "  11-21 21:50                          加了 zhangli 为好友",
        "                                       发欢迎语“欢迎语”",
        "                                       进入 SOP“新客7天欢迎”",
        "                                       跳过“问需求”：已经过了 11-21 19:30，按“错过时”跳过",
        "                                       等“打上标签：宝宝月龄”，最多等到 11-23 21:50",
        "  11-21 23:59   ✓ 有 发欢迎语“欢迎语”",
        "                ✓ 没有 “问需求”",
        "  11-22 09:00   ✗ 有 派任务“问需求”",
    ]


def test_what_should_not_have_come_is_named_with_its_moment() -> None:
    exits = "  - 当: 下单\n    记为: 达成                # 计入“目标达成”，后面的步骤不再发\n"
    wrong = failed(edited(exits, ""))["第4天下单就停"]

    assert "到 11-30 00:00 不应该有 “第7天回访”，但 11-27 15:00 派任务“第7天回访”" in wrong
    assert "到 11-30 00:00 结果应该是 达成，但是 走完" in wrong


def test_a_draft_is_tested_as_if_it_were_live() -> None:
    assert failed(edited("SOP: 新客7天欢迎\n版本说明: 第3天改为育儿测评，第5天增加到店礼\n负责人: 王芳\n状态: 启用",
                         "SOP: 新客7天欢迎\n负责人: 王芳\n状态: 草稿")) == {}  # fmt: skip


def test_a_case_is_told_from_the_day_it_begins() -> None:
    """第N天 counts from 现在, and 3天后 is three times 24 hours."""
    results = edited("发生: [添加好友, {3天后: 下单}]", "发生: [添加好友, {第4天 14:05: 下单}]")

    assert failed(results) == {}
