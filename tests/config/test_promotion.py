"""An arm takes its experiment's place in the file, and everything else stays as it was written."""

import difflib

import pytest

from config.loader import load_texts
from config.promotion import NotThere, promoted, with_arm

SHOP = "团队: 默认\n人员: {王芳: wangfang}\n---\n标签:\n  管理: [勿扰]\n"
HEAD = """
# 谁改谁签名
SOP: 召回
负责人: 王芳
状态: 启用   # 上线了
对象: 客户
进入: {当: 添加好友}
"""
SPLIT = """
步骤:
  - 步骤: 试验
    分流试验:
      名称: 文案
      样本: 20%               # 小一点
      方案:
        - 方案: A-关怀
          占比: 50%
          则:
            - 步骤: 发关怀
              发给客户: {文案: 您好, 由: 跟进人, 时效: 8小时}
        - 方案: B-专属券
          占比: 50%
          则:
            # 券从小程序来
            - 步骤: 发专属券
              何时: 当天 10:30          # 早会以后

              发给客户:
                文案: |
                  送您一张券
                    # 这不是注释
                  周日前有效
                由: 跟进人
                时效: 8小时
            - {步骤: 记一下, 打标签: [勿扰]}
      看什么: 7天内下单率
      观察期: 7天

  # 最后一步
  - 步骤: 再见
    结束: 走完了    # 不再打扰
"""
PROMOTED = """
步骤:
  # 券从小程序来
  - 步骤: 发专属券
    曾用名: 试验
    何时: 当天 10:30          # 早会以后

    发给客户:
      文案: |
        送您一张券
          # 这不是注释
        周日前有效
      由: 跟进人
      时效: 8小时
  - {步骤: 记一下, 打标签: [勿扰]}

  # 最后一步
  - 步骤: 再见
    结束: 走完了    # 不再打扰
"""


def promote(text: str, arm: str = "B-专属券", name: str = "召回") -> str:
    """The new text, which must say what the model with the arm in place says."""
    files = {"shop.yaml": SHOP, "sop.yaml": text}
    before = load_texts(files).sops[name]
    after = promoted(files, "文案", arm)

    assert load_texts(after).sops[name] == with_arm(before, "文案", arm)
    assert after["shop.yaml"] == SHOP
    return after["sop.yaml"]


def test_the_arm_stands_where_the_experiment_stood() -> None:
    assert promote(HEAD + SPLIT) == HEAD + PROMOTED


def test_windows_lines_stay_windows_lines() -> None:
    text = (HEAD.lstrip() + SPLIT).replace("\n", "\r\n")

    assert promote(text) == (HEAD.lstrip() + PROMOTED).replace("\n", "\r\n")


def test_a_mark_at_the_beginning_of_the_file_stays() -> None:
    files = {"sop.yaml": "\ufeff" + HEAD.lstrip() + SPLIT}

    assert promoted(files, "文案", "B-专属券")["sop.yaml"] == "\ufeff" + HEAD.lstrip() + PROMOTED


def test_other_documents_of_the_file_stay() -> None:
    before = "素材: 话术一\n类型: 文字\n文案: 您好   # 常用\n---"
    after = "---\n素材: 话术二\n类型: 文字\n文案: 您好   # 常用\n"

    assert promote(before + HEAD + SPLIT + after) == before + HEAD + PROMOTED + after


def test_both_old_names_live_on() -> None:
    text = SPLIT.replace("- 步骤: 试验\n", "- 步骤: 试验\n    曾用名: [文案试验, 老试验]\n")
    text = text.replace("- 步骤: 发专属券\n", "- 步骤: 发专属券\n              曾用名: 发券\n")

    assert "  - 步骤: 发专属券\n    曾用名: [发券, 试验, 文案试验, 老试验]\n    何时" in promote(
        HEAD + text
    )


def test_a_name_that_yaml_would_misread_is_quoted() -> None:
    text = SPLIT.replace("- 步骤: 试验\n", '- 步骤: "试验: #1"\n')

    assert '    曾用名: "试验: #1"\n' in promote(HEAD + text)


def test_a_moment_and_conditions_of_the_experiment_stay() -> None:
    text = SPLIT.replace(
        "    分流试验:\n",
        "    何时: 第3天 10:00\n    如果: [没有标签: 勿扰]\n    分流试验:\n",
    )

    new = promote(HEAD + text)

    assert (
        "  - 步骤: 试验\n    何时: 第3天 10:00\n    如果: [没有标签: 勿扰]\n    分支:\n      - 否则:\n"
        "          # 券从小程序来\n          - 步骤: 发专属券\n            何时"
    ) in new
    assert new.endswith("\n\n  # 最后一步\n  - 步骤: 再见\n    结束: 走完了    # 不再打扰\n")


def test_lists_may_stand_right_below_their_key() -> None:
    text = """
步骤:
- 步骤: 试验
  分流试验:
    名称: 文案
    方案:
    - 方案: A
      则:
      - 步骤: 一
        结束: 一
      占比: 50%
    - 方案: B
      占比: 50%
      则:
      - {步骤: 二, 打标签: [勿扰]}
      - 步骤: 三
        结束: 三
    看什么: 7天内下单率
    观察期: 7天
- {步骤: 再见, 结束: 走完了}
"""
    tail = "- {步骤: 再见, 结束: 走完了}\n"

    assert promote(HEAD + text, "A") == HEAD + (
        f"\n步骤:\n- 步骤: 一\n  曾用名: 试验\n  结束: 一\n{tail}"
    )
    assert promote(HEAD + text, "B") == HEAD + (
        f"\n步骤:\n- {{曾用名: 试验, 步骤: 二, 打标签: [勿扰]}}\n- 步骤: 三\n  结束: 三\n{tail}"
    )


def test_an_experiment_inside_a_branch_is_found() -> None:
    inner = "\n".join("      " + line if line else "" for line in SPLIT.splitlines()[2:])
    text = "\n步骤:\n  - 步骤: 分\n    分支:\n      - 否则:\n" + inner + "\n"

    new = promote(HEAD + text)

    assert "        - 步骤: 发专属券\n          曾用名: 试验\n" in new


@pytest.mark.parametrize(
    "steps",
    [
        "[{步骤: 二, 打标签: [勿扰]}, {步骤: 三, 结束: 三}]",
        "[{步骤: 二, 曾用名: 老二, 打标签: [勿扰]}]",
    ],
)
@pytest.mark.parametrize("more", ["", "    如果: [没有标签: 勿扰]\n"])
def test_steps_in_one_line_are_written_anew(steps: str, more: str) -> None:
    text = f"""
步骤:
  - 步骤: 试验
{more}    分流试验:
      名称: 文案
      方案:
        - {{方案: A, 占比: 50%, 则: [{{步骤: 一, 结束: 一}}]}}
        - {{方案: B, 占比: 50%, 则: {steps}}}
      看什么: 7天内下单率
      观察期: 7天
  - 步骤: 再见    # 最后一步
    结束: 走完了
"""
    new = promote(HEAD + text, "B")

    lost = [
        line
        for line in difflib.ndiff((HEAD + text).splitlines(), new.splitlines())
        if line.startswith("- ") and ("#" in line or "再见" in line)
    ]
    assert lost == []
    assert "分流试验" not in new


def test_english_files_stay_english() -> None:
    text = """
sop: recall
owner: 王芳
state: enabled
subject: customer
entry: {on: contact added}
steps:
  - step: trial
    split:
      name: 文案
      arms:
        - arm: A
          share: 50%
          then:
            - step: one
              end: one
        - arm: B
          share: 50%
          then:
            - step: two
              end: two
      metric: order rate within 7 days
      period: 7 days
"""
    new = promote(text, "B", name="recall")

    assert new.endswith("steps:\n  - step: two\n    formerly: trial\n    end: two\n")


@pytest.mark.parametrize(("experiment", "arm"), [("文案", "C"), ("别的", "A-关怀")])
def test_what_is_not_there_cannot_be_promoted(experiment: str, arm: str) -> None:
    with pytest.raises(NotThere):
        promoted({"shop.yaml": SHOP, "sop.yaml": HEAD + SPLIT}, experiment, arm)
