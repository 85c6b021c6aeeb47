"""What people read when they slip: each edit of the shipped SOP beside the golden text it earns."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.loader import load_folder, load_texts
from config.mistakes import Mistake, Mistakes

GOLDEN = Path(__file__).parents[1] / "mistakes"
FILE, EDITED = "01-新客7天欢迎.yaml", "新客7天欢迎.yaml"

Edit = Callable[[list[str]], None]


def change(line: int, old: str, new: str) -> Edit:
    def edit(lines: list[str]) -> None:
        assert old in lines[line - 1]
        lines[line - 1] = lines[line - 1].replace(old, new)

    return edit


def replace(first: int, last: int, *new: str) -> Edit:
    def edit(lines: list[str]) -> None:
        lines[first - 1 : last] = new

    return edit


EDITS: dict[str, Edit] = {
    "01-中文冒号": change(5, "状态: 启用", "状态：启用"),
    "02-Tab缩进": change(56, "    何时", "\t何时"),
    "03-缩进没对齐": change(57, "    遇非", "     遇非"),
    "04-设置项拼错": change(77, "何时", "何是"),
    "05-漏了必填项": replace(8, 15),
    "06-取值不对": change(5, "启用", "开启"),
    "07-时间写法": change(56, "第3天 10:00", "第三天上午10点半"),
    "08-素材不存在": change(82, "话术-7天回访", "话术-七天回访"),
    "09-标签不存在": change(11, "同行", "同行业"),
    "10-步骤重名": change(76, "第7天回访", "问需求"),
    "11-变量写错": change(70, "客户昵称", "客户名称"),
    "12-大括号开头": change(80, "回访 {客户昵称}：", "{客户昵称} "),
    "13-at开头": change(80, "回访 {客户昵称}：满意吗？还缺什么？", "@所有人 今天别忘了回访"),
    "14-等事件没有上限": replace(47, 47),
    "15-免打扰时段": change(64, "10:30", "22:30"),
    "16-任务没写完成依据": replace(83, 84),
    "17-文案超长": replace(70, 71, "        " + "育" * 1400),
    "18-cron写法": change(56, "第3天 10:00", "0 10 * * 1-5"),
    "19-顺序倒了": change(77, "第7天", "第4天"),
    "20-同级写重": change(5, "状态: 启用", "负责人: 李敏"),
    "21-冒号后没空格": change(4, "负责人: 王芳", "负责人:王芳"),
    "22-这一版没有的动作": change(44, "等事件", "分流试验"),
    "23-时长写法": change(47, "2天", "两天"),
    "24-没有的角色": change(81, "跟进人", "角色/店长助理"),
    "25-没有的催办": change(41, "标准三级", "标准3级"),
    "26-没有的主题群": change(50, "按月龄分群", "按月领分群"),
    "27-没有的标签组": change(46, "宝宝月龄", "宝宝年龄"),
    "28-没有的员工": change(4, "王芳", "王方"),
    "29-没有的栏目": replace(59, 59, "      素材: 喂养-01", "      素材轮播: 栏目-喂养知识点"),
    "30-重复进入写法": change(13, "不允许", "可以"),
    "31-结果不是按钮": change(88, "很满意", "非常满意"),
    "32-群的动作": replace(58, 61, "    发到群:", "      素材: 图文-育儿测评", "      由: 群主"),
    "33-条件写法": change(11, "没有标签", "没标签"),
    "34-数量写法": change(66, "少于1次", "小于1次"),
    "35-没有的事件": change(18, "下单", "客户回复"),
    "36-写空了": change(82, "素材: 话术-7天回访", "素材:"),
    "37-引用": change(82, "话术-7天回访", "*话术"),
    "38-引号没配对": change(80, "标题: 回访", '标题: "回访'),
    "39-任务没写内容": replace(79, 89, "    派任务: 回访一下"),
    "40-没写做什么": replace(79, 89),
    "41-附件是文字": change(72, "小程序-到店礼", "话术-问月龄"),
    "43-轮播只给群": replace(59, 59, "      素材轮播: 栏目-喂养知识"),
    "42-没有的时区": replace(6, 6, "对象: 客户", "日历: {时区: 亚洲/上海}"),
}


def mistakes_of(shop: dict[str, str], edit: Edit | None) -> list[Mistake]:
    lines = shop.pop(FILE).split("\n")
    if edit:
        edit(lines)
    try:
        found = load_texts(shop | {EDITED: "\n".join(lines)}).reminders
    except Mistakes as mistakes:
        found = mistakes.mistakes
    return [mistake for mistake in found if mistake.file == EDITED]


@pytest.fixture
def standing(shop: dict[str, str]) -> set[str]:
    """What is said about the file as it stands."""
    return {mistake.text for mistake in mistakes_of(dict(shop), None)}


@pytest.mark.parametrize("name", EDITS)
def test_a_slip_is_told_where_it_is_and_what_to_write(
    name: str, shop: dict[str, str], standing: set[str]
) -> None:
    found = mistakes_of(shop, EDITS[name])
    told = "\n".join(str(mistake) for mistake in found if mistake.text not in standing)

    assert told + "\n" == (GOLDEN / f"{name}.txt").read_text("utf-8")


def test_all_mistakes_are_told_at_once(shop: dict[str, str]) -> None:
    def many(lines: list[str]) -> None:
        for name in ("01-中文冒号", "04-设置项拼错", "09-标签不存在", "11-变量写错", "18-cron写法"):
            EDITS[name](lines)

    found = mistakes_of(shop, many)

    assert [mistake.line for mistake in found if mistake.level == "错误"] == [5, 11, 56, 70, 77]


def test_one_broken_document_does_not_accuse_the_others(shop: dict[str, str]) -> None:
    shop["标签.yaml"] = "标签:\n  宝宝月龄: [孕期\n"

    with pytest.raises(Mistakes) as caught:
        load_texts(shop)

    assert {mistake.file for mistake in caught.value if mistake.level == "错误"} == {"标签.yaml"}


@pytest.mark.parametrize("kind", ["KOC体系", "打法", "激励", "培训", "项目", "测试"])
def test_a_kind_of_a_later_version_says_so(kind: str, shop: dict[str, str]) -> None:
    shop["以后.yaml"] = f"{kind}: 某某\n"

    with pytest.raises(Mistakes, match=f"这一版还不支持“{kind}”"):
        load_texts(shop)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("规则: 全局".encode("gbk"), "文件像是 GBK 编码，系统只认 UTF-8"),
        ("规则: 全局".encode("utf-16"), "文件是 UTF-16 编码，系统只认 UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0\xff\xfe", "这不是文本文件"),
        (b"#" * 300_000, "文件太大：最多 256 KB"),
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
