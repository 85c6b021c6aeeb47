"""What a step may do besides sending: loops, tags taken away, tasks that hold, and when."""

from collections.abc import Callable
from datetime import date, time, timedelta

import pytest
from pydantic import TypeAdapter

from config.book import Book
from config.phrases import On, OnDay, Span
from config.sop import (
    CustomerReplied,
    DataChecked,
    FilledIn,
    GiveTask,
    Loop,
    Receiver,
    RemoveTags,
    Sop,
    TellStaff,
    all_steps,
    nested_steps,
)

Told = Callable[[str], list[str]]
Loaded = Callable[[str], Book]

CHINESE = "SOP: 试试\n负责人: 王芳\n状态: 启用\n对象: 客户\n进入: {当: 下单}\n"
ENGLISH = "sop: 试试\nowner: 王芳\nstate: enabled\nsubject: customer\nentry: {on: order}\n"
GROUPS = (
    "SOP: 试试\n负责人: 王芳\n状态: 启用\n对象: 客户群\n进入: {当: 群属于主题, 主题: 孕期}\n步骤:\n"
    "  - 步骤: 一\n    何时: 每周一 10:00\n"
)
LOOP = (
    "步骤:\n"
    "  - 步骤: 每周\n"
    "    循环:\n"
    "      到: 第14天\n"
    "      步骤:\n"
    "        - 步骤: 周一问候\n"
    "          何时: 每周一 10:00\n"
    "          发给客户: {文案: 早, 由: 跟进人}\n"
    "        - 步骤: 周五等单\n"
    "          何时: 每周五 10:00\n"
    "          等事件:\n"
    "            当: 下单\n"
    "            最多等: 1天\n"
    "            等到了:\n"
    "              - 步骤: 谢谢\n"
    "                打标签: 新客-满意\n"
    "  - 步骤: 最后\n"
    "    去标签: [新客-满意]\n"
)
ENGLISH_LOOP = (
    "steps:\n"
    "  - step: 每周\n"
    "    loop:\n"
    "      until: day 14\n"
    "      steps:\n"
    "        - step: 周一问候\n"
    "          when: weekly mon 10:00\n"
    "          send_customer: {text: 早, by: follower}\n"
    "        - step: 周五等单\n"
    "          when: weekly fri 10:00\n"
    "          wait_for:\n"
    "            on: order\n"
    "            limit: 1 day\n"
    "            came:\n"
    "              - step: 谢谢\n"
    "                add_tags: 新客-满意\n"
    "  - step: 最后\n"
    "    remove_tags: [新客-满意]\n"
)


def test_a_loop_comes_back_to_itself_after_each_of_its_steps(loaded: Loaded) -> None:
    flow = loaded(CHINESE + LOOP).sops["试试"].flow()

    assert list(flow.nodes) == ["每周", "周一问候", "周五等单", "谢谢", "最后"]
    assert {name: node.next for name, node in flow.nodes.items()} == {
        "每周": "最后",
        "周一问候": "每周",
        "周五等单": "每周",
        "谢谢": "每周",
        "最后": None,
    }
    assert flow.recurring == ()


def test_what_is_inside_a_loop_is_a_step_like_others(loaded: Loaded) -> None:
    (loop, last) = loaded(CHINESE + LOOP).sops["试试"].steps

    assert [[step.name for step in nested] for nested in nested_steps(loop)] == [
        ["周一问候", "周五等单"]
    ]
    assert [step.name for step in all_steps((loop, last))][-2:] == ["谢谢", "最后"]
    assert last.actions == (RemoveTags.model_validate({"do": "去标签", "标签": "新客-满意"}),)


def test_a_loop_means_the_same_in_english(loaded: Loaded) -> None:
    assert loaded(ENGLISH + ENGLISH_LOOP).sops["试试"] == loaded(CHINESE + LOOP).sops["试试"]


@pytest.mark.parametrize(
    ("text", "until", "words"),
    [
        ("第14天", OnDay(14, time(23, 59)), "第14天"),
        ("day 14", OnDay(14, time(23, 59)), "第14天"),
        ("2026-12-31", On(date(2026, 12, 31), time(23, 59)), "2026-12-31"),
        ("14天", Span(timedelta(days=14)), "14天"),
        ("2 weeks", Span(timedelta(weeks=2)), "14天"),
    ],
)
def test_a_loop_ends_with_a_day_or_after_a_length(
    text: str, until: object, words: str, loaded: Loaded
) -> None:
    sop = loaded(CHINESE + LOOP.replace("第14天", text)).sops["试试"]
    (loop,) = sop.steps[0].actions

    assert isinstance(loop, Loop)
    assert (loop.until, loop.until_in_words) == (until, words)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("第14天", "下个月", "9:10 看不懂循环到什么时候“下个月”"),
        ("第14天", "第0天", "9:10 看不懂循环到什么时候“第0天”"),
        ("第14天", "2026-02-30", "9:10 没有 2026-02-30 这一天"),
        ("第14天", "3个工作日", "9:10 看不懂循环到什么时候“3个工作日”"),
        ("何时: 每周一 10:00", "何时: 第3天 10:00", "12:15 循环里的“周一问候”要写会重复的时间"),
        ("          何时: 每周一 10:00\n", "", "11:15 循环里的“周一问候”要写会重复的时间"),
        ("      到: 第14天\n", "", "8:5 缺少必填项“到”"),
    ],
)
def test_a_loop_that_could_not_go_round_is_told(old: str, new: str, said: str, told: Told) -> None:
    assert told(CHINESE + LOOP.replace(old, new, 1)) == [said]


def test_a_loop_in_a_loop_is_told(told: Told) -> None:
    inner = "循环: {到: 3天, 步骤: [{步骤: 里, 何时: 每天 10:00, 等待: 1小时}]}"
    text = CHINESE + LOOP.replace("发给客户: {文案: 早, 由: 跟进人}", inner)

    assert told(text) == ["8:5 循环里的“周一问候”不能再写循环"]


def test_a_step_of_a_loop_must_not_be_empty(told: Told) -> None:
    text = CHINESE + "步骤:\n  - 步骤: 循\n    循环:\n      到: 14天\n      步骤: []\n"

    assert told(text) == ["10:11 “步骤”后面没有写内容"]


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("去标签: [勿扰]", "去标签"),
        ("等事件: {当: 下单, 最多等: 1天}", "等事件"),
    ],
)
def test_what_is_done_to_customers_has_no_place_in_a_group(
    action: str, said: str, told: Told
) -> None:
    assert told(GROUPS + f"    {action}\n") == [f"9:5 “{said}”只能用在对象是“客户”的 SOP 里"]


def test_a_group_may_go_round_as_well(loaded: Loaded) -> None:
    text = GROUPS.replace("每周一 10:00", "第2天 10:00") + (
        "    循环:\n      到: 第7天\n      步骤:\n"
        "        - {步骤: 里, 何时: 每天 10:00, 发到群: {文案: 好, 由: 群主}}\n"
    )

    flow = loaded(text).sops["试试"].flow()

    assert (flow.entry, flow.recurring, flow["里"].next) == ("一", (), "一")


def task(**more: str) -> str:
    keys = {"标题": "做", "给": "跟进人", "完成依据": "[按钮: 好]", "期限": "1天"} | more
    body = "".join(f"      {name}: {value}\n" for name, value in keys.items())
    return f"步骤:\n  - 步骤: 一\n    派任务:\n{body}  - 步骤: 二\n    等待: 1天\n"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("填写: 快递单号", FilledIn.model_validate({"do": "填写", "填写": "快递单号"})),
        ("数据核对: 领券", DataChecked.model_validate({"do": "数据核对", "数据核对": "领券"})),
        ("客户回复", CustomerReplied.model_validate({"do": "客户回复"})),
        ("fill_in: 快递单号", FilledIn.model_validate({"do": "填写", "填写": "快递单号"})),
        ("data_checked: 领券", DataChecked.model_validate({"do": "数据核对", "数据核对": "领券"})),
        ("customer replied", CustomerReplied.model_validate({"do": "客户回复"})),
    ],
)
def test_a_task_is_proved_by_what_was_filled_in_checked_or_answered(
    written: str, meant: object
) -> None:
    name, _, value = written.partition(": ")
    action = {"do": "派任务", "标题": "做", "给": "跟进人", "期限": "1天"}
    rule = {name: value} if value else name

    assert GiveTask.model_validate(action | {"完成依据": [rule]}).evidence == (meant,)


def test_a_proof_by_another_word_is_asked_about(mistakes: Callable[[str], list]) -> None:
    (mistake,) = mistakes(CHINESE + task(完成依据="[回复]"))

    assert mistake.text == "完成依据里不认识“回复”"
    assert mistake.cure.startswith("是不是想写“客户回复”？")


@pytest.mark.parametrize(("written", "waits"), [("是", True), ("否", False)])
def test_a_task_may_hold_the_journey(written: str, waits: bool, loaded: Loaded) -> None:
    (action,) = loaded(CHINESE + task(等完成=written)).sops["试试"].steps[0].actions

    assert isinstance(action, GiveTask)
    assert action.wait is waits


def test_holding_at_the_last_step_is_useless(told: Told) -> None:
    text = (CHINESE + task(等完成="是")).partition("  - 步骤: 二")[0]

    assert told(text) == ["13:7 这是最后一步，“等完成”后面没有步骤可等"]


def test_a_department_reads_but_does_no_task(loaded: Loaded, told: Told) -> None:
    tell = "步骤:\n  - 步骤: 一\n    发给员工: {文案: 开会, 给: 部门/徐汇店}\n"
    (action,) = loaded(CHINESE + tell).sops["试试"].steps[0].actions
    assert isinstance(action, TellStaff)
    assert action.to == Receiver("部门", "徐汇店")

    assert told(CHINESE + tell.replace("徐汇店", "徐家汇店")) == [
        "8:23 找不到门店“徐家汇店”",
    ]
    assert told(CHINESE + task(给="部门/徐汇店")) == ["10:10 “部门/徐汇店”是一群人，这里要写一个人"]


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("每年2月30日 10:00", "8:9 “每年2月30日 10:00”：2月没有30日"),
        ("'{预产期}前7天 10:00'", "8:9 找不到客户属性“预产期”"),
        ("每年2月29日 10:00", "8:9 2月29日四年才有一次，其余年份不会发"),
    ],
)
def test_a_day_that_hardly_comes_is_told(when: str, said: str, told: Told) -> None:
    assert told(CHINESE + f"步骤:\n  - 步骤: 一\n    何时: {when}\n    等待: 1天\n") == [said]


def test_dates_of_a_customer_are_declared_in_the_rules(shop: dict[str, str], told: Told) -> None:
    shop["全局规则.yaml"] += "客户属性: {预产期: 日期, 生日: 农历每年}\n"
    text = CHINESE + (
        '步骤:\n  - 步骤: 一\n    何时: "{预产期}前7天 10:00"\n'
        "    派任务: {标题: '{客户昵称} {预产期} {宝宝月龄}', 给: 跟进人, 完成依据: [按钮: 好], 期限: 1天}\n"
    )

    assert told(text) == []
    assert told(text.replace("客户昵称", "宝宝年龄")) == [
        "9:16 不认识的变量“{宝宝年龄}”，客户会看到原样文字"
    ]


def test_an_attribute_is_a_date_or_comes_every_year(told: Told, shop: dict[str, str]) -> None:
    del shop["全局规则.yaml"]

    assert told("规则: 全局\n客户属性: {生日: 每月}\n") == ["2:12 “生日”不能写“每月”"]


def test_a_group_has_no_dates_of_its_own(told: Told, shop: dict[str, str]) -> None:
    shop["全局规则.yaml"] += "客户属性: {生日: 每年}\n"
    text = (
        GROUPS.replace("每周一 10:00", "'{生日}当天 10:00'") + "    发到群: {文案: 好, 由: 群主}\n"
    )

    assert told(text) == ["8:9 客户群没有“生日”，不能按它定时间"]


def window(hours: str) -> str:
    return CHINESE + (
        f"日历: {{可发时段: {hours}}}\n步骤:\n  - 步骤: 一\n    何时: 当天 10:00\n"
        "    发给客户: {文案: 好, 由: 跟进人}\n"
    )


def test_pushes_may_keep_to_certain_hours(loaded: Loaded) -> None:
    sop = loaded(window("[11:30-13:00, 18:00-20:00]")).sops["试试"]

    assert [str(hours) for hours in sop.calendar.windows] == ["11:30–13:00", "18:00–20:00"]


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ("11:30-13:00", "9:9 10:00 不在可发时段（11:30–13:00）里，会自动顺延到 11:30"),
        ("09:00-10:00", "9:9 10:00 不在可发时段（09:00–10:00）里，会自动顺延到 第二天 09:00"),
        ("[22:00-23:00]", "6:12 可发时段全在免打扰（21:30–08:30）里，永远发不出去"),
        ("[23:00-01:00]", "6:13 可发时段“23:00-01:00”不能跨过半夜"),
        ("中午", "6:12 看不懂时段“中午”"),
    ],
)
def test_hours_that_do_not_fit_are_told(hours: str, said: str, told: Told) -> None:
    assert said in told(window(hours))


def test_a_moment_in_quiet_hours_and_outside_the_windows_is_told_once(told: Told) -> None:
    at_night = window("11:30-13:00").replace("当天 10:00", "当天 23:00")

    assert told(at_night) == ["9:9 23:00 不在可发时段（11:30–13:00）里，会自动顺延到 第二天 11:30"]


def test_a_moment_inside_the_hours_is_fine(told: Told) -> None:
    assert told(window("09:30-10:30")) == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [("变更时: 按旧版走完\n", "按旧版走完"), ("变更时: 跟随新版\n", "跟随新版"), ("", "跟随新版")],
)
def test_journeys_follow_the_newest_version_unless_told_otherwise(
    written: str, meant: str, loaded: Loaded
) -> None:
    text = CHINESE + written + "步骤:\n  - 步骤: 一\n    等待: 1天\n"

    assert loaded(text).sops["试试"].on_change == meant


@pytest.mark.parametrize(
    ("key", "cure"),
    [
        ("跳到", "用“分支”"),
        ("优先级", "先删掉"),
        ("频控", "全局规则"),
        ("放行条件", "等事件"),
    ],
)
def test_what_this_version_cannot_do_has_another_way(
    key: str, cure: str, mistakes: Callable[[str], list]
) -> None:
    found = mistakes(CHINESE + f"步骤:\n  - 步骤: 一\n    等待: 1天\n    {key}: 二\n")

    assert [mistake.text for mistake in found] == [f"这一版还不支持“{key}”"]
    assert cure in found[0].cure


@pytest.mark.parametrize(
    "more", ["    等待: 1天\n", "    等代: 1天\n", "    错过时: 不管\n    等待: 1天\n"]
)
def test_an_only_step_nobody_can_read_is_not_called_empty(more: str, told: Told) -> None:
    said = told(CHINESE + f"步骤:\n  - 步骤: 一\n    何时: 第三天上午10点半\n{more}")

    assert said[0] == "8:9 看不懂时间“第三天上午10点半”"
    assert not any("没有写内容" in text for text in said)


def test_every_spelling_of_a_step_is_known_to_the_schema_of_pydantic() -> None:
    schema = TypeAdapter(Sop).json_schema(mode="serialization")

    assert {"Loop", "Split", "RemoveTags"} <= set(schema["$defs"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            CHINESE + task(标题="欢迎来到{群名}"),
            ["9:11 对象是“客户”的 SOP 里没有“{群名}”，这里会空着"],
        ),
        (CHINESE + task(标题="欢迎来到{群名|我们群}"), []),
        (
            GROUPS + "    发到群: {文案: '{客户昵称}早', 由: 群主}\n",
            ["9:15 对象是“客户群”的 SOP 里没有“{客户昵称}”，这里会空着"],
        ),
        (GROUPS + "    发到群: {文案: '{群名}早', 由: 群主}\n", []),
    ],
)
def test_a_name_nobody_there_has_is_told(text: str, said: list[str], told: Told) -> None:
    assert told(text) == said
