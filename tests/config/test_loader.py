from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.book import Book
from config.loader import load_folder, load_texts
from config.mistakes import Mistakes
from config.sop import GiveTask, Invite, WaitEvent

SHOP = Path(__file__).parents[2] / "config" / "shop"
WELCOME = (SHOP / "01-新客7天欢迎.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def book() -> Book:
    return load_folder(SHOP)


def test_every_shipped_file_loads_without_a_mistake(book: Book) -> None:
    assert set(book.sops) == {"新客7天欢迎", "0-6月龄妈妈群周历", "母婴KOC培养", "沉默客户召回"}
    assert set(book.themes) == {"0-6月龄", "6-12月龄", "孕期", "新手妈妈综合群", "KOC荣誉群"}
    assert set(book.systems) == {"母婴KOC"}
    assert len(book.team.people) == 8


def test_no_reminder_of_the_shipped_shop_comes_unexpected(book: Book) -> None:
    assert [mistake.text for mistake in book.reminders] == [
        "每位客户会变成一条单独的群发，员工要逐条点发送",
        "营销内容没写“为什么发”，员工和客户看不出为什么收到",
        "企业微信不会把客户消息推给应用，“客户回复”不会发生",
        "营销内容没写“为什么发”，员工和客户看不出为什么收到",
    ]


def test_the_english_spelling_means_the_same(book: Book, shop: dict[str, str]) -> None:
    del shop["01-新客7天欢迎.yaml"]
    shop["en.yaml"] = (Path(__file__).parent / "new_customer.en.yaml").read_text("utf-8")

    english = load_texts(shop)

    assert english.sops["新客7天欢迎"] == book.sops["新客7天欢迎"]


def test_mixing_languages_in_a_file_is_a_reminder(shop: dict[str, str]) -> None:
    shop["栏目.yaml"] = shop["栏目.yaml"].replace("顺序:", "order:", 1)

    reminders = load_texts(shop).reminders

    assert "一个文件里混用了中文和英文设置项" in {mistake.text for mistake in reminders}


def test_the_mistakes_of_an_english_file_have_their_places(shop: dict[str, str]) -> None:
    del shop["01-新客7天欢迎.yaml"]
    text = (Path(__file__).parent / "new_customer.en.yaml").read_text("utf-8")
    shop["en.yaml"] = text.replace("      due: 1 workday\n", "", 1).replace("day 3", "third day")

    with pytest.raises(Mistakes) as caught:
        load_texts(shop)

    assert [(m.line, m.column) for m in caught.value if m.level == "错误"] == [(32, 5), (54, 11)]


def test_names_are_resolved(book: Book) -> None:
    assert book.tag("0-6月龄") == book.tag("宝宝月龄/0-6月龄") == "宝宝月龄/0-6月龄"
    assert book.tags_of("新客") == ("新客/新客-满意", "新客/新客-待跟进")
    assert book.team.userid("王芳") == "wangfang"
    assert book.team.name_of("wangfang") == "王芳"
    assert book.team.in_role("法务") == ("zhoulv",)
    assert book.team.shop_of([9, 3]) == "静安店"
    assert book.team.manager_of("徐汇店") == "wangfang"
    assert book.material("喂养-01", holiday=True).name == "喂养-假期"
    with pytest.raises(KeyError):
        book.tag("没有的标签")


@pytest.mark.parametrize(
    ("group", "theme"),
    [("徐汇店 0-6月龄 1群", "0-6月龄"), ("静安店 6-12月龄 2群", "6-12月龄"), ("同事群", None)],
)
def test_a_group_belongs_to_the_theme_in_its_name(group: str, theme: str, book: Book) -> None:
    found = book.theme_of_group("wrX", group)

    assert (found.name if found else None) == theme


def test_a_bare_tag_name_in_two_groups_must_say_which(shop: dict[str, str]) -> None:
    shop["标签2.yaml"] = "标签:\n  客服: [勿扰]\n"

    with pytest.raises(Mistakes, match="写清是哪一组：管理/勿扰、客服/勿扰"):
        load_texts(shop)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("素材: 话术-问月龄\n类型: 文字\n文案: 你好", "素材“话术-问月龄”重复了"),
        ("主题群: 按月龄分群\n群: {名称包含: 月龄}", "主题群“按月龄分群”重复了"),
        ("规则: 全局", "“规则”只能写一份"),
        ("标签: {宝宝月龄: [早产]}", "标签组“宝宝月龄”重复了"),
    ],
)
def test_a_name_stands_for_one_thing(more: str, said: str, shop: dict[str, str]) -> None:
    shop["zz.yaml"] = more + "\n"

    with pytest.raises(Mistakes, match=said):
        load_texts(shop)


def test_nested_steps_lead_back_to_the_step_behind_their_parent(book: Book) -> None:
    flow = book.sops["新客7天欢迎"].flow()

    assert flow.entry == "欢迎语"
    assert flow["欢迎语"].next == "问需求"
    assert flow["进主题群"].next == flow["默认群"].next == flow["等月龄"].next == "育儿测评"
    assert flow["第7天回访"].next is None
    assert flow["第7天回访"].off_day == "顺延"
    match flow["等月龄"].step.actions:
        case (WaitEvent(came=(came,)),):
            assert came.actions == (
                Invite.model_validate({"do": "邀请入主题群", "主题": "按月龄分群"}),
            )
        case other:
            pytest.fail(f"{other}")


def test_each_recurring_step_of_a_group_is_a_journey_of_its_own(book: Book) -> None:
    flow = book.sops["0-6月龄妈妈群周历"].flow()

    assert flow.entry is None
    assert flow.recurring == tuple(flow.nodes)
    assert {node.next for node in flow.nodes.values()} == {None}


def test_a_step_without_time_behind_a_recurring_one_continues_it(shop: dict[str, str]) -> None:
    shop["02-母婴群周历.yaml"] += (
        "\n  - 步骤: 记一笔\n    派任务:\n      标题: 记下人数\n      给: 群主\n"
        "      完成依据: [{按钮: 好}]\n      期限: 1天\n"
    )

    flow = load_texts(shop).sops["0-6月龄妈妈群周历"].flow()

    assert flow["每月活跃盘点"].next == "记一笔"
    assert "记一笔" not in flow.recurring


def test_a_step_may_do_several_things_in_the_order_written(shop: dict[str, str]) -> None:
    shop["03.yaml"] = (
        "SOP: 多做几件\n负责人: 王芳\n状态: 启用\n对象: 客户\n进入: {当: 下单}\n步骤:\n"
        "  - 步骤: 谢谢\n    打标签: 新客-满意\n    派任务:\n      标题: 感谢\n      给: 张丽\n"
        "      完成依据: [{任一: [{按钮: [好, 已谢]}, {客户被打上标签: 新客-满意}]}]\n      期限: 2小时\n"
        "  - 步骤: 看结果\n    分支:\n      - 如果: [{任务结果: {步骤: 谢谢, 是: 已谢}}]\n"
        "        则: [{步骤: 等等, 等待: 3天}]\n      - 否则: [{步骤: 完了, 结束: 没谢}]\n"
        "  - 步骤: 再来\n    邀请入主题群: 孕期\n"
    )

    flow = load_texts(shop).sops["多做几件"].flow()

    assert [action.do for action in flow["谢谢"].step.actions] == ["打标签", "派任务"]
    assert [flow[name].next for name in ("谢谢", "等等", "完了")] == ["看结果", "再来", "再来"]
    task = flow["谢谢"].step.actions[1]
    assert isinstance(task, GiveTask)
    assert task.buttons == ("好", "已谢")


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ("{步骤: 谢射, 是: 好}", "没有派任务的步骤“谢射”"),
        ("{步骤: 问需求, 是: 已问道}", "这个任务没有结果“已问道”"),
    ],
)
def test_a_result_is_one_the_task_can_have(result: str, said: str, shop: dict[str, str]) -> None:
    condition = f"    如果: [{{任务结果: {result}}}]\n    遇非工作日: 照常\n"
    shop["01-新客7天欢迎.yaml"] = WELCOME.replace("    遇非工作日: 照常\n", condition)

    with pytest.raises(Mistakes, match=said):
        load_texts(shop)


def test_an_action_that_holds_is_the_last_of_its_step(shop: dict[str, str]) -> None:
    shop["01-新客7天欢迎.yaml"] = WELCOME.replace(
        "  - 步骤: 等月龄\n", "  - 步骤: 等月龄\n    等待: 1天\n"
    )

    with pytest.raises(Mistakes, match="“等待”要写在这一步的最后"):
        load_texts(shop)


def bomb() -> str:
    rows = [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 30)]
    return "\n".join(["a0: &a0 [x, x]", *rows])


@pytest.mark.parametrize(
    "attack",
    [
        bomb(),
        "SOP: !!python/object/apply:os.system [echo]",
        "SOP: &a [*a]",
        "SOP: " + "[" * 2000 + "]" * 2000,
        "SOP: [" + "x, " * 60_000 + "]",
        "{" * 5000,
        "? [a, b]\n: c",
        "SOP: \x07",
    ],
    ids=["bomb", "tag", "cycle", "deep", "wide", "open", "complex key", "control"],
)
def test_yaml_that_no_sop_needs_is_refused(attack: str) -> None:
    with pytest.raises(Mistakes):
        load_texts({"x.yaml": attack})


@st.composite
def slips(draw: st.DrawFn) -> str:
    """The shipped SOP with a few characters or lines lost, doubled or replaced."""
    text = WELCOME
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text) - 1))
        end = min(len(text), start + draw(st.integers(0, 12)))
        new = draw(
            st.sampled_from(
                ["", "：", ":", "\t", "\n", "- ", "  ", "{", '"', "|", "[", "&a", "#", "1", "---\n"]
            )
        )
        text = text[:start] + new + text[end:]
    return text


@settings(max_examples=150, deadline=None)
@given(text=slips() | st.text(max_size=200))
def test_whatever_is_written_is_answered_with_places(text: str) -> None:
    try:
        load_texts({"x.yaml": text})
    except Mistakes as mistakes:
        lines = text.replace("\r\n", "\n").split("\n")
        for mistake in mistakes:
            assert 1 <= mistake.line <= len(lines) + 1
            assert mistake.column >= 1
            assert mistake.text
            str(mistake)


def test_a_whole_shop_is_read_within_a_blink(shop: dict[str, str]) -> None:
    def seconds() -> float:
        start = perf_counter()
        load_texts(shop)
        return perf_counter() - start

    assert min(seconds() for _ in range(3)) < 0.5  # usually 0.05
