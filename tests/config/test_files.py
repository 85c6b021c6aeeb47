"""Files nobody should have written are refused before much work is done on them."""

from pathlib import Path

import pytest

from bench.guards import attacks, thousands
from config.documents import MOST_SHOWN
from config.loader import load_folder, load_texts
from config.mistakes import Mistake, Mistakes, width
from config.yaml_guard import MAX_BYTES


@pytest.mark.parametrize("name", list(attacks()))
def test_an_attack_is_refused_with_one_sentence_each(name: str, tmp_path: Path) -> None:
    content = attacks()[name]
    (tmp_path / "x.yaml").write_bytes(content.encode() if isinstance(content, str) else content)

    with pytest.raises(Mistakes) as caught:
        load_folder(tmp_path)

    assert len(str(caught.value)) < 60_000
    for mistake in caught.value:
        assert "\n" not in mistake.text
        assert len(mistake.text) < 120 or name in ("one line", "quotes", "percent")


def test_a_file_that_is_too_big_is_never_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    whole = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: (read.append(path), whole(path))[1])
    with (tmp_path / "大.yaml").open("wb") as file:
        file.truncate(10_000_000)
    (tmp_path / "小.yaml").write_bytes(b"#" * MAX_BYTES)

    with pytest.raises(Mistakes, match="文件太大"):
        load_folder(tmp_path)

    assert [path.name for path in read] == ["小.yaml"]


@pytest.mark.parametrize("name", list(thousands()))
def test_of_thousands_of_mistakes_the_first_are_shown_and_the_rest_counted(name: str) -> None:
    with pytest.raises(Mistakes) as caught:
        load_texts({"x.yaml": thousands()[name]})

    shown = [mistake for mistake in caught.value if mistake.level == "错误"]
    assert len(shown) == MOST_SHOWN + 1
    assert shown[0].text.startswith(f"要改的地方太多，先列出 {MOST_SHOWN} 处，至少还有 ")


def test_two_documents_without_a_line_between_them_are_told() -> None:
    with pytest.raises(Mistakes, match="两段之间单独写一行 ---"):
        load_texts({"x.yaml": "栏目: 甲\n顺序: [乙]\n--- {栏目: 丙}\n"})


def test_a_comment_behind_the_line_between_documents_hides_nothing() -> None:
    with pytest.raises(Mistakes) as caught:
        load_texts({"x.yaml": "标签: {甲: [乙]}\n--- # 第二段\n标签: {甲: [丙]}\n"})

    assert [mistake.text for mistake in caught.value] == ["标签组“甲”重复了"]


def shown(source: str, column: int) -> list[str]:
    return str(Mistake("x.yaml", 1, column, "错误", "错", source)).split("\n")


@pytest.mark.parametrize(
    ("source", "column"),
    [("标题: abc", 5), ("🎉标题: x", 2), ("e\u0301x: y", 4), ("👨\u200d👩: y", 5), ("“好”: x", 6)],
)
def test_the_caret_stands_under_its_column(source: str, column: int) -> None:
    _, line, caret = shown(source, column)

    assert width(caret) - 1 == width(line[: line.index(source)] + source[: column - 1])
    assert caret.endswith("^")


def test_a_tab_before_the_caret_stays_a_tab() -> None:
    _, line, caret = shown("\t何时: x", 2)

    assert line.endswith("\t何时: x")
    assert caret.endswith("\t^")


def test_of_a_long_line_only_what_is_around_the_mistake_is_shown() -> None:
    source = "标题: " + "好" * 500 + "坏" + "好" * 500

    _, line, caret = shown(source, source.index("坏") + 1)

    assert len(line) < 200
    assert width(caret) - 1 == width(line[: line.index("坏")])


def test_what_moves_the_cursor_is_not_shown_as_it_is() -> None:
    assert "\x1b" not in "\n".join(shown("标题: \x1b[31m", 5))


@pytest.mark.parametrize(
    ("source", "column", "end"),
    [
        ("状态: 开启  # 好", 5, 7),
        ("a: [员工, 同行业]", 9, 12),
        ('标题: "回访 x" # c', 5, 11),
        ("何时: 第3天 10:00", 5, 11),
        ("派任务:", 1, 4),
        ("", 1, 2),
    ],
)
def test_a_mistake_ends_behind_its_word(source: str, column: int, end: int) -> None:
    assert Mistake("x.yaml", 1, column, "错误", "错", source).end_column == end
