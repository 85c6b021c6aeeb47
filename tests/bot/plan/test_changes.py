"""Two versions of a folder are compared by what they mean, step by step."""

import pytest

from bot.plan.changes import StepChange, between
from tests.bot.plan.shop import GIFT, MOMENTS, SHOP, book, changes, edited, of_sop


def told(step: StepChange) -> tuple[str, str, str]:
    return step.mark, step.name, "；".join(step.what)


def only_step(*pairs: tuple[str, str]) -> tuple[str, str, str]:
    (step,) = of_sop(*pairs).steps
    return told(step)


# --- nothing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("时效: 24小时", "时效: 1天"),
        ("最多等: 2天", "最多等: 48小时"),
        ("何时: 当天 19:30", "何时: 第1天 19:30"),
        ("没有标签: [勿扰, 同行]", "没有标签: [管理/同行, 勿扰]"),
        ("状态: 启用\n对象: 客户\n", "对象: 客户\n状态: 启用   # 又写了一句\n"),
        ("完成依据: [按钮: 已问到]", "完成依据:\n        - 按钮: [已问到]"),
    ],
)
def test_what_means_the_same_is_no_change(old: str, new: str) -> None:
    found = changes((old, new))

    assert (found.sops, found.others, found.size) == ((), (), 0)


# --- steps ----------------------------------------------------------------------------------------


def test_a_changed_step_says_what_it_was_and_how_much_earlier_it_is() -> None:
    found = only_step(("第4天 10:00", "第3天 10:00"), ("图文-护肤知识, 由", "图文-育儿测评, 由"))

    assert found == (
        "~",
        "育儿测评",
        "时间 第4天 10:00 → 第3天 10:00（提前24小时）；素材 图文-护肤知识 → 图文-育儿测评",
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("第4天 10:00", "第4天 10:30", "时间 第4天 10:00 → 第4天 10:30（推迟30分钟）"),
        ("第4天 10:00", "3天后 10:00", "时间 第4天 10:00 → 3天后 10:00"),
        ("遇非工作日: 顺延", "遇非工作日: 跳过", "遇非工作日 顺延 → 跳过"),
        ("时效: 24小时", "时效: 12小时", "时效 1天 → 12小时"),
        ("最多等: 2天", "最多等: 3天", "最多等 2天 → 3天"),
        ("按钮: 满意", "按钮: [满意, 一般]", "完成依据：满意 → 满意、一般"),
        ("标题: 回访客户, 给: 跟进人", "标题: 回访客户, 给: 店长", "给 跟进人 → 店长"),
        (
            "错过时: 顺延到下个可发时段",
            "错过时: 跳过",
            "错过时 顺延到下个可发时段 → 跳过",
        ),
        (
            "{素材: 图文-护肤知识, 由",
            "{文案: 今天来做个测评, 由",
            "内容 素材 图文-护肤知识 → 文案 今天来做个测评",
        ),
        (
            "标签组: 宝宝月龄\n      最多",
            "标签: 勿扰\n      最多",
            "标签 （不写） → 勿扰；标签组 宝宝月龄 → （不写）",
        ),
        ("打标签: [同行]", "去标签: [同行]", "打标签 → 去标签"),
    ],
)
def test_every_kind_of_change_has_its_words(old: str, new: str, said: str) -> None:
    assert only_step((old, new))[2] == said


def test_conditions_are_told_as_they_are_written() -> None:
    when = "何时: 第4天 10:00"
    one = when + "\n    如果:\n      - 近7天到店: 少于1次\n      - 有门店: 是"

    assert only_step((when, one))[2] == "如果：新增 近7天到店 少于1次，新增 有门店 是"


def test_steps_come_and_go_in_their_places() -> None:
    found = of_sop((MOMENTS, GIFT))

    assert [told(step) for step in found.steps] == [
        ("-", "朋友圈任务", ""),
        ("+", "到店礼", "第5天 10:30  发给客户（服务类，时效12小时）"),
    ]
    assert found.unchanged == 6


def test_a_renamed_step_is_one_step_and_not_two() -> None:
    (step,) = of_sop(("- 步骤: 育儿测评\n", "- 步骤: 测评\n    曾用名: 育儿测评\n")).steps

    assert (step.mark, step.name, step.was) == ("~", "测评", "育儿测评")
    assert not step.matters


def test_a_rename_without_its_old_name_is_asked_about() -> None:
    found = of_sop(("步骤: 第7天回访", "步骤: 第7天电话回访"))

    assert found.questions == (
        "“第7天回访”不见了，多了“第7天电话回访”：是改名吗？请加 曾用名: 第7天回访",
    )


def test_a_step_that_does_the_same_under_quite_another_name_is_asked_about_too() -> None:
    found = of_sop(("步骤: 朋友圈任务", "步骤: 分享"))

    assert found.questions[0].startswith("“朋友圈任务”不见了，多了“分享”")


def test_another_step_in_its_place_is_no_rename() -> None:
    assert of_sop((MOMENTS, GIFT)).questions == ()


def test_a_moved_step_says_where_it_stands_now() -> None:
    first = "  - 步骤: 问需求\n"
    moved = MOMENTS + first

    assert only_step((MOMENTS, ""), (first, moved)) == ("~", "朋友圈任务", "位置 移到最前")


def test_a_step_moved_into_another_branch_says_so() -> None:
    timed_out = "      超时:\n        - 步骤: 不等了\n          打标签: [同行]\n"
    came = "        - 步骤: 不等了\n          打标签: [同行]\n"

    assert only_step((timed_out, came)) == ("~", "不等了", "移到“等月龄”的等到了")


# --- SOPs -----------------------------------------------------------------------------------------


def test_the_head_of_an_sop_is_compared_too() -> None:
    found = of_sop(("每天最多: 800人", "每天最多: 500人"), ("记为: 达成", "记为: 负面"))

    assert found.head == ("进入：每天最多 800人 → 500人", "退出：下单 记为 达成 → 下单 记为 负面")


def test_another_state_is_a_change_of_its_own() -> None:
    found = of_sop(("状态: 启用", "状态: 暂停"))

    assert (found.states, found.steps, found.head) == (("启用", "暂停"), (), ())


def test_an_sop_may_be_renamed() -> None:
    found = of_sop(("SOP: 新客\n", "SOP: 新客欢迎\n曾用名: 新客\n"))

    assert (found.name, found.was, found.steps) == ("新客欢迎", "新客", ())


def test_an_sop_that_looks_renamed_is_asked_about() -> None:
    found = changes(("SOP: 新客\n", "SOP: 新客欢迎\n"))

    assert {sop.mark for sop in found.sops} == {"+", "-"}
    assert found.sops[0].questions == (
        "SOP“新客”不见了，多了“新客欢迎”：是改名吗？请加 曾用名: 新客",
    )


# --- everything else ------------------------------------------------------------------------------


def test_another_text_of_a_material_names_the_steps_it_touches() -> None:
    (found,) = changes(("按需喂养怎么", "按需哺乳怎么")).others

    assert (found.mark, found.kind, found.name) == ("~", "素材", "喂养-01")
    assert found.touches == ("“群周历”的“周一喂养知识”",)


def test_only_what_differs_of_a_long_text_is_shown() -> None:
    long = "文案: 按需喂养怎么判断宝宝饿了，" + "看这三个信号，" * 6
    old, new = edited(("文案: 按需喂养怎么判断宝宝饿了", long)), long.replace("怎么", "如何")

    (found,) = between(book(old), book(old.replace(long, new))).others

    assert found.what == ("文案 “按需喂养怎么判断宝宝饿了…” → “按需喂养如何判断宝宝饿了…”",)


@pytest.mark.parametrize(
    ("old", "new", "kind", "said"),
    [
        ("每天: 1条", "每天: 2条", "规则", "频控：每位客户 每天1条 → 每天2条"),
        (
            "客户: 21:30-08:30",
            "客户: 21:00-08:30",
            "规则",
            "免打扰：客户 21:30–08:30 → 21:00–08:30",
        ),
        ("[勿扰, 同行]", "[勿扰, 同行, 员工]", "标签", "新增 员工"),
        ("部门: 12", "部门: 13", "团队", "门店：徐汇店：部门 12 → 13"),
        ("私域主管: [王芳]", "私域主管: [李敏]", "团队", "角色：私域主管 王芳 → 李敏"),
        (
            "群: {名称包含: 0-6月龄}",
            "群: {名称包含: 半岁}",
            "主题群",
            "群：名称包含 0-6月龄 → 半岁",
        ),
    ],
)
def test_every_other_kind_is_one_line(old: str, new: str, kind: str, said: str) -> None:
    (found,) = changes((old, new)).others

    assert (found.kind, "；".join(found.what)) == (kind, said)


def test_another_picture_under_the_same_name_is_a_change() -> None:
    poster = "\n---\n素材: 海报\n类型: 图片\n文件: 海报.png\n"
    shop = book(SHOP + poster)

    (found,) = between(shop, shop, ({"海报.png": "old"}, {"海报.png": "new"})).others

    assert (found.kind, found.name, found.what) == ("图片", "海报.png", ("换了图",))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("没有标签: [勿扰, 同行]", "没有标签 勿扰、同行"),
        ("有标签: {标签: 勿扰, 谁打的: 本跟进人打的}", "有标签 勿扰（本跟进人打的）"),
        ("门店: 全部", "门店 全部"),
        ("有门店: 否", "有门店 否"),
        ("近30天下单: 不少于2次", "近30天下单 不少于2次"),
        ("本旅程内互动: 少于1次", "本旅程内互动 少于1次"),
        ("添加好友: 不少于30天", "添加好友 不少于30天"),
        ("任务结果: {步骤: 问需求, 是: 已问到}", "任务结果 问需求 是 已问到"),
        ("任一: [{有门店: 是}, {门店: 徐汇店}]", "任一（有门店 是；门店 徐汇店）"),
        ("都不: [{有标签: 勿扰}]", "都不（有标签 勿扰）"),
    ],
)
def test_every_condition_has_its_words(written: str, said: str) -> None:
    when = "何时: 第4天 10:00"

    assert only_step((when, f"{when}\n    如果: [{{{written}}}]"))[2] == f"如果：新增 {said}"
