"""What people read when they slip: tests/mistakes has pairs of a file and the text it earns."""

import re
from pathlib import Path

import pytest

from config.loader import load_folder, load_texts
from config.mistakes import Mistake, Mistakes

PAIRS = Path(__file__).parents[1] / "mistakes"
NAMES = sorted(file.stem for file in PAIRS.glob("*.yaml"))
WELCOME = "01-新客7天欢迎.yaml"
_ALONE = re.compile(r"^(?:SOP|规则|团队|标签|测试):.*$", re.MULTILINE)


def mistakes_of(name: str, text: str, shop: dict[str, str]) -> list[Mistake]:
    """What is said about a file with the shop beside it; it replaces what it is an edit of."""
    edited = {line.rstrip() for line in _ALONE.findall(text)}
    beside = {
        file: other
        for file, other in shop.items()
        if not edited & {line.rstrip() for line in _ALONE.findall(other)}
    }
    try:
        found = load_texts(beside | {name: text}).reminders
    except Mistakes as mistakes:
        found = mistakes.mistakes
    return [mistake for mistake in found if mistake.file == name]


@pytest.fixture
def standing(shop: dict[str, str]) -> set[str]:
    """What is said about the shop's SOP as it stands."""
    return {mistake.text for mistake in mistakes_of("x.yaml", shop[WELCOME], shop)}


@pytest.mark.parametrize("name", NAMES)
def test_a_slip_is_told_where_it_is_and_what_to_write(
    name: str, shop: dict[str, str], standing: set[str]
) -> None:
    found = mistakes_of(f"{name}.yaml", (PAIRS / f"{name}.yaml").read_text("utf-8"), shop)
    told = "\n".join(str(mistake) for mistake in found if mistake.text not in standing)

    assert told + "\n" == (PAIRS / f"{name}.txt").read_text("utf-8")


def test_every_file_has_its_text_and_every_text_its_file() -> None:
    assert sorted(file.stem for file in PAIRS.glob("*.txt")) == NAMES
    assert len(NAMES) >= 52
    assert len({name.partition("-")[0] for name in NAMES}) == len(NAMES)


def test_all_mistakes_are_told_at_once(shop: dict[str, str]) -> None:
    text = shop[WELCOME]
    for right, wrong in (
        ("状态: 启用", "状态：启用"),
        ("同行]", "同行业]"),
        ("何时: 第3天 10:00", "何时: 0 10 * * 1-5"),
        ("{客户昵称|亲爱的}", "{客户名称|亲爱的}"),
        ("何时: 第7天", "何是: 第7天"),
    ):
        assert right in text
        text = text.replace(right, wrong, 1)

    found = mistakes_of("x.yaml", text, shop)

    assert [mistake.line for mistake in found if mistake.level == "错误"] == [5, 11, 56, 70, 77]


README = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_readme_shows_what_is_really_said(page: str) -> None:
    text = (README / page).read_text("utf-8")
    shown = re.findall(r"```\n(回访\.yaml:16.*?)```", text, re.DOTALL)
    sample = re.findall(r"```yaml\n(团队: 默认.*?)```", text, re.DOTALL)[0]
    sample = re.sub(r"何时: 第7天 15:00.*", "何是: 第7天下午3点", sample)
    sample = sample.replace("回访 {客户昵称}", "回访 {客户名称}").replace(
        "素材: 话术-回访\n      完", "素材: 话术-回坊\n      完"
    )

    with pytest.raises(Mistakes) as caught:
        load_texts({"回访.yaml": sample})

    assert "\n".join(map(str, caught.value)) + "\n" == shown[0]


def test_one_broken_document_does_not_accuse_the_others(shop: dict[str, str]) -> None:
    shop["标签.yaml"] = "标签:\n  宝宝月龄: [孕期\n"

    with pytest.raises(Mistakes) as caught:
        load_texts(shop)

    assert {mistake.file for mistake in caught.value if mistake.level == "错误"} == {"标签.yaml"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("规则: 全局".encode("gbk"), "文件像是 GBK 编码，系统只认 UTF-8"),
        ("规则: 全局".encode("utf-16"), "文件是 UTF-16 编码，系统只认 UTF-8"),
        ("规则: 全局\n".encode("utf-16-le"), "文件是 UTF-16 编码，系统只认 UTF-8"),
        ("规则: 全局\n".encode("utf-16-be"), "文件是 UTF-16 编码，系统只认 UTF-8"),
        ("规则: 全\n局".encode()[:-1], "第 2 行有坏掉的字符，前面是 UTF-8，这里不是"),
        ("规则: 全\0局".encode(), "这不是文本文件"),
        (b"\x89PNG\r\n\x1a\n\0\0\xff\xfe", "这不是文本文件"),
        (b"#" * 300_000, "文件太大：最多 256 KB"),
        (b"#\n" * 7_000, "文件太长：7001 行，最多 6000 行"),
        (b"a: " + b"x" * 30_000, "第 1 行太长：30003 个字，最多 20000 个字"),
    ],
)
def test_a_file_that_is_no_utf8_text_is_one_sentence(
    content: bytes, said: str, tmp_path: Path
) -> None:
    (tmp_path / "坏.yaml").write_bytes(content)

    with pytest.raises(Mistakes) as caught:
        load_folder(tmp_path)

    (mistake,) = caught.value
    assert str(mistake).splitlines()[0] == f"坏.yaml 错误：{said}"


def test_a_bom_and_windows_line_ends_are_fine(shop: dict[str, str], tmp_path: Path) -> None:
    rules = shop["全局规则.yaml"].replace("\n", "\r\n")
    (tmp_path / "规则.yaml").write_bytes(b"\xef\xbb\xbf" + rules.encode())
    (tmp_path / "团队.yaml").write_text(shop["团队.yaml"], "utf-8")

    assert load_folder(tmp_path).rules.ladders["轻提醒"]


def test_a_picture_that_is_not_in_the_folder_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "素材.yaml").write_text("素材: 海报\n类型: 图片\n文件: 图片/海报.png\n", "utf-8")

    with pytest.raises(Mistakes, match=r"找不到文件“图片/海报\.png”"):
        load_folder(tmp_path)


@pytest.mark.parametrize("file", ["../secret.png", "/etc/passwd", "图片/../../x.png"])
def test_a_file_outside_the_folder_is_refused(file: str) -> None:
    with pytest.raises(Mistakes, match="不在配置文件夹里"):
        load_texts({"素材.yaml": f"素材: 海报\n类型: 图片\n文件: {file}\n"})


def test_reminders_do_not_block(shop: dict[str, str]) -> None:
    book = load_texts(shop)

    assert "每位客户会变成一条单独的群发" in "".join(mistake.text for mistake in book.reminders)
