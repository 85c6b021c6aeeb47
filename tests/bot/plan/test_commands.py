"""`qunce plan` and `qunce apply p.plan`, as an operator types them."""

import json
from pathlib import Path

import pytest

from tests.bot.commands import Commands
from tests.bot.plan.shop import GIFT, MOMENTS, SHOP, edited

EDIT = (("第4天 10:00", "第3天 10:00"), (MOMENTS, GIFT))


def write(shop: Path, text: str) -> None:
    (shop / "shop.yaml").write_text(text, encoding="utf-8")


def test_the_exit_code_says_whether_there_is_anything_to_do(qunce: Commands, shop: Path) -> None:
    first = qunce.run("plan")
    assert qunce.run("apply").returncode == 0
    nothing = qunce.run("plan")
    write(shop, edited(*EDIT))
    changed = qunce.run("plan")
    write(shop, SHOP.replace("何时: 第4天 10:00", "何时: 第4天上午"))
    wrong = qunce.run("plan")

    assert (first.returncode, first.stderr) == (2, "")
    assert first.stdout.startswith("将首次发布：2 个 SOP → 第1版")
    assert nothing.returncode == 0
    assert nothing.stdout.startswith("没有变化：文件夹和线上第 1 版一样\n")
    assert changed.returncode == 2
    assert "~ 育儿测评    时间 第4天 10:00 → 第3天 10:00（提前24小时）" in changed.stdout
    assert wrong.returncode == 1
    assert "看不懂时间“第4天上午”" in wrong.stdout


def test_json_is_one_line_for_machines(qunce: Commands, shop: Path) -> None:
    qunce.run("apply")
    write(shop, edited(*EDIT))

    done = qunce.run("plan", "--json")

    told = json.loads(done.stdout)
    assert (done.returncode, told["exit_code"], told["base"]) == (2, 2, 1)
    assert told["sops"][0]["steps"][0]["what"] == ["时间 第4天 10:00 → 第3天 10:00（提前24小时）"]


def test_a_plan_in_a_file_is_applied_exactly(qunce: Commands, shop: Path, tmp_path: Path) -> None:
    qunce.run("apply")
    write(shop, edited(*EDIT))
    assert qunce.run("plan", "--out", "p.plan", "--note", "早一天").returncode == 2
    told = json.loads((tmp_path / "p.plan").read_text(encoding="utf-8"))

    done = qunce.run("apply", "p.plan")
    again = qunce.run("plan")

    assert done.returncode == 0
    assert done.stdout == f"已按计划 {told['id']} 发布第 2 版\n"
    assert again.returncode == 0


@pytest.mark.long
def test_a_plan_is_refused_when_the_folder_was_edited_after_it(qunce: Commands, shop: Path) -> None:
    qunce.run("apply")
    write(shop, edited(*EDIT))
    qunce.run("plan", "--out", "p.plan")
    write(shop, edited(EDIT[0]))

    done = qunce.run("apply", "p.plan")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"文件夹 {shop} 在做计划以后又改过：请重新运行 qunce plan\n"


@pytest.mark.long
def test_a_plan_is_refused_when_somebody_has_published_meanwhile(
    qunce: Commands, shop: Path, tmp_path: Path
) -> None:
    qunce.run("apply")
    write(shop, edited(*EDIT))
    qunce.run("plan", "--out", "p.plan")
    qunce.run("apply")

    done = qunce.run("apply", "p.plan")

    assert (done.returncode, done.stdout) == (1, "")
    assert "是按线上第 1 版做的，现在已经是第 2 版：请重新运行 qunce plan" in done.stderr


@pytest.mark.long
def test_a_plan_works_where_its_folder_is_not(qunce: Commands, shop: Path, tmp_path: Path) -> None:
    qunce.run("apply")
    write(shop, edited(*EDIT))
    qunce.run("plan", "--out", "p.plan")
    shop.rename(tmp_path / "elsewhere")

    done = qunce.run("apply", "p.plan", QUNCE_CONFIG_DIR=str(tmp_path))

    assert done.returncode == 0
    assert done.stdout.endswith(" 发布第 2 版\n")


def test_what_is_no_plan_is_a_sentence(qunce: Commands, tmp_path: Path) -> None:
    (tmp_path / "p.plan").write_text("SOP: 关怀\n", encoding="utf-8")

    done = qunce.run("apply", "p.plan")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "这不是 qunce plan --out 写的计划文件\n"


def test_a_file_that_cannot_be_written_is_a_sentence(qunce: Commands) -> None:
    done = qunce.run("plan", "--out", "/nowhere/p.plan")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("写不了计划文件 /nowhere/p.plan：")
