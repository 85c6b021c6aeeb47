"""`import`: the calendars people keep in spreadsheets become SOPs, and every row is accounted for."""

import datetime as d
import io
import random
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from config.book import Book
from config.loader import load_texts
from config.phrases import in_words
from config.sop import SendCustomer
from config.spreadsheet.calendar import Calendar, NotACalendar, read_calendar
from config.spreadsheet.cells import Unread, day_in, time_in
from config.spreadsheet.files import Written, write
from config.tidy import tidy

TODAY = d.date(2026, 11, 21)
GOLDEN = Path(__file__).parents[1] / "data" / "calendars"
HEADER = ("天数", "时间", "发送内容")

Sheets = Mapping[str, Sequence[Sequence[Any]]]


def moment(day: int, hour: int, minute: int = 0) -> d.datetime:
    """In December, as Excel keeps it: without a zone."""
    return d.datetime(2026, 12, day, hour, minute)  # noqa: DTZ001


def workbook(sheets: Sheets, merged: Mapping[str, Sequence[str]] | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        for cells in (merged or {}).get(title, ()):
            sheet.merge_cells(cells)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def imported(
    content: bytes, *, known: Book | None = None, files: Sequence[str] = ()
) -> tuple[Calendar, Written]:
    read = read_calendar(content, today=TODAY)
    made = write(read, name="排期", source="排期.xlsx", known=known or Book(), files=files)
    return read, made


def loaded(made: Written) -> Book:
    return load_texts(made.texts, made.copies.values())


# --- layouts people really use -------------------------------------------------------------------

NEW_CUSTOMERS: Sheets = {
    "新客SOP": [
        ["新客七天培育排期表（2026版）"],
        [],
        ["天数", "时间", "对象", "发送内容", "附件", "链接", "负责人", "备注"],
        [
            "第1天",
            "10:00",
            "新客",
            "您好 {昵称}：我是您的顾问 @我",
            "海报1.jpg",
            None,
            "王芳",
            "欢迎",
        ],
        [
            "D3",
            "上午10点",
            "新客",
            "测评\n\n# 三分钟\n领礼物～",
            None,
            "https://a.cn/c?x=1",
            "王芳",
            None,
        ],
        [None, "晚上8点半", "新客", "补充一句", None, None, None, None],
        [],
        ["第五天", d.time(19, 30), "孕期、备孕", "{xx} - 您好", None, None, "王芳", None],
        ["第7天", "下午", "新客", "回访一下满意度", None, None, "张丽", None],
        ["第3-5天", "10:00", "新客", "不懂", None, None, None, None],
        ["第9天", "10:00", "新客", None, None, None, None, None],
        ["第10天", "25:00", "新客", "几点？", None, None, None, None],
    ]
}
GROUP_MONTH: Sheets = {
    "12月社群": [
        ["日期", "时段", "群名", "话术", "图片", "渠道", "负责人"],
        [d.date(2026, 12, 1), "早上", "宝妈群", "早安 {昵称}～", "a.png", "群", "李敏"],
        [None, 0.8541666667, "宝妈群", "今晚直播", None, "群", "李敏"],
        [moment(2, 9, 30), None, "宝妈群", "朋友圈文案", None, "朋友圈", "李敏"],
        ["12月24日", "20：00-21：00", "宝妈群", "平安夜：抽奖", None, "群", "李敏"],
        ["周三、周五", "中午12点", "宝妈群", "答疑，提问接龙", None, "群", "李敏"],
        ["每月1号", "10:00", "宝妈群", "月初盘点群成员", None, "任务", "李敏"],
    ]
}
GROUP_WEEK: Sheets = {
    "妈妈群周历": [
        ["时间", "周一", "周二", "周三"],
        [d.time(9, 30), "周一早安", "周二早安", None],
        ["晚上8点", None, "true", "- 周三晚安"],
    ]
}
DATED_PRIVATE: Sheets = {
    "双12": [
        ["推送日期", "推送时间", "目标人群", "推送内容", "发送方式"],
        [46358, 0.4166666667, "老客", "预热", "私聊"],
        ["2026/12/12", "上午10点", "老客", "开抢：满300减50", "1对1"],
        ["2026.12.14", "10:00", "老客", "给没下单的老客逐个打电话问一句，记下原因。", "电话"],
    ]
}
LAYOUTS: dict[str, tuple[Sheets, Mapping[str, Sequence[str]], Sequence[str]]] = {
    "新客": (NEW_CUSTOMERS, {"新客SOP": ["A1:H1"]}, ["海报1.jpg"]),
    "群月历": (GROUP_MONTH, {"12月社群": ["A2:A3"]}, []),
    "群周历": (GROUP_WEEK, {}, []),
    "按日期私聊": (DATED_PRIVATE, {}, []),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_calendar_becomes_the_files_one_would_write_by_hand(name: str) -> None:
    sheets, merged, files = LAYOUTS[name]

    read, made = imported(workbook(sheets, merged), files=files)

    loaded(made)
    assert {file: tidy(text) for file, text in made.texts.items()} == made.texts
    told = "".join(f"按此理解：{note}\n" for note in read.assumed)
    told += "".join(f"没有读懂：{note}\n" for note in read.unread)
    parts = {**made.texts, "说明.txt": told}
    whole = "".join(f"=== {file}\n{text}" for file, text in parts.items())
    assert whole == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_every_row_is_read_or_told_of() -> None:
    for sheets, merged, files in LAYOUTS.values():
        read, _ = imported(workbook(sheets, merged), files=files)
        told = {note.row for note in read.unread}
        rows = {entry.row for entry in read.entries}

        assert len(rows | told) == read.rows


def test_what_the_folder_has_already_is_used_and_not_written_again() -> None:
    known = load_texts(
        {
            "a.yaml": "团队: 默认\n人员: {陈静: chenjing}\n---\n标签: {人群: [老客]}\n---\n"
            "SOP: 排期-按日期\n负责人: 陈静\n状态: 草稿\n对象: 客户\n进入: {当: 添加好友}\n"
            "步骤: [{步骤: 等, 等待: 1天}]\n"
        }
    )

    read, made = imported(workbook(DATED_PRIVATE), known=known)

    assert sorted(made.texts) == ["排期-老客-按日期.yaml"]
    assert "负责人: 陈静" in made.texts["排期-老客-按日期.yaml"]
    assert any("没写负责人，先写成“陈静”" in str(note) for note in read.assumed)


def test_what_is_marked_as_marketing_stays_marketing() -> None:
    rows = [(*HEADER, "类型"), ("D1", "9:00", "满减券", "营销")]

    _, made = imported(workbook({"a": rows}))

    (step,) = loaded(made).sops["排期"].steps
    (send,) = step.actions
    assert isinstance(send, SendCustomer)
    assert send.category == "营销"


@pytest.mark.parametrize("heading", ["发给谁", "接收人"])
def test_what_is_meant_for_staff_never_goes_to_customers(heading: str) -> None:
    rows = [(*HEADER, heading), ("D1", "9:00", "内部：小心这位客户", "跟进人")]

    read, made = imported(workbook({"a": rows}))

    assert "这一行是发给“跟进人”的" in "".join(str(note) for note in read.unread)
    assert "小心" not in "".join(made.texts.values())


def test_a_column_nobody_knows_is_told_of() -> None:
    rows = [(*HEADER, "频率"), ("D1", "9:00", "早", "只发一次")]

    read, _ = imported(workbook({"a": rows}))

    assert [note.column for note in read.unread] == ["频率"]


def test_a_file_beside_the_spreadsheet_is_attached() -> None:
    rows = [(*HEADER, "附件"), ("D1", "9:00", "看图", "海报1.jpg、MV.mp4、手册.pdf")]

    _, made = imported(workbook({"a": rows}), files=["海报1.jpg", "mv.mp4", "手册.pdf"])

    assert made.copies == {
        "海报1.jpg": "图片/海报1.jpg",
        "mv.mp4": "视频/mv.mp4",
        "手册.pdf": "文件/手册.pdf",
    }
    (step,) = loaded(made).sops["排期"].steps
    (send,) = step.actions
    assert isinstance(send, SendCustomer)
    assert send.attachments == ("图片-海报1.jpg", "视频-mv.mp4", "文件-手册.pdf")


def test_a_sheet_without_header_is_named_and_the_others_are_read() -> None:
    read, made = imported(
        workbook({"随手记": [["随便写写"]], "表": [HEADER, ("D1", "9:00", "早")]})
    )

    assert [str(note) for note in read.unread] == [
        "表“随手记”：没有找到表头，整张表没有导入。"
        "在前 10 行里写一行表头，例如：日期（或 天数）、时间、对象、发送内容"
    ]
    assert list(loaded(made).sops) == ["排期"]


def test_a_header_is_found_down_to_the_tenth_row_and_no_further() -> None:
    above: list[tuple[str, ...]] = [("说明",)] * 9
    row = ("D1", "9:00", "早")

    found, _ = imported(workbook({"表": [*above, HEADER, row]}))
    lost, _ = imported(workbook({"表": [*above, ("说明",), HEADER, row]}))

    assert (len(found.entries), len(lost.entries)) == (1, 0)


# --- texts ---------------------------------------------------------------------------------------

TRICKY = (
    "{客户昵称} 您好", "@所有人 今晚八点", "价格: 99元 # 限时", "- 一\n- 二", "是", "null", "10:30",
    "'单引号' \"双引号\"", "：全角冒号", "%百分号", "`反引号`", "a: b: c", "--- 分隔线", "* 星号", "&锚点 *引用",
    "末尾冒号:", "状态：启用\n何时：明天", "|竖线", ">大于", "!感叹", "?问号", "[方括号]", "一\n\n\n二", "😀 表情",
    "第一行\n    缩进四格\n\t制表", "反斜杠 \\n 不换行", "0x1F", "1e3", "~", "a,b，c", "x" * 3000,
)  # fmt: skip


@pytest.mark.parametrize("text", TRICKY, ids=lambda text: text[:8].strip())
def test_a_text_arrives_as_it_stood_in_the_cell(text: str) -> None:
    read, made = imported(workbook({"表": [HEADER, ("D1", "9:00", text)]}))

    (step,) = loaded(made).sops["排期"].steps
    (send,) = step.actions
    assert isinstance(send, SendCustomer)
    assert (send.text or "").rstrip("\n") == text.replace("\t", " ").strip()
    assert not read.unread


def test_random_calendars_arrive_row_by_row() -> None:
    dice = random.Random(7)
    letters = "您好今天：:{}#@-'\"\\\n ，。!?&*|>%[]0123456789abc～😀"
    for _ in range(40):
        rows = [
            (f"第{n}天", "9:00", "字" + "".join(dice.choices(letters, k=dice.randrange(60))))
            for n in range(1, 8)
        ]
        _, made = imported(workbook({"表": [HEADER, *rows]}))

        steps = loaded(made).sops["排期"].steps
        assert [in_words(step.when).split()[0] for step in steps if step.when] == [
            "当天",
            *(f"第{n}天" for n in range(2, 8)),
        ]


# --- cells ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "phrases"),
    [
        ("第3天", ["第3天 10:00"]), ("第三天", ["第3天 10:00"]), ("D3", ["第3天 10:00"]),
        ("Day 3", ["第3天 10:00"]), ("3天后", ["第4天 10:00"]), ("D+3", ["第4天 10:00"]),
        ("T+0", ["当天 10:00"]), ("当天", ["当天 10:00"]), ("次日", ["第2天 10:00"]),
        ("第十五天", ["第15天 10:00"]), (3, ["第3天 10:00"]), (46357, ["2026-12-01 10:00"]),
        ("2026-12-01", ["2026-12-01 10:00"]), ("2026年12月1日", ["2026-12-01 10:00"]),
        ("２０２６／１２／１", ["2026-12-01 10:00"]), ("12月1日", ["2026-12-01 10:00"]),
        ("12/1", ["2026-12-01 10:00"]), ("1月5日", ["2027-01-05 10:00"]),
        (moment(1, 9), ["2026-12-01 10:00"]), (d.date(2026, 12, 1), ["2026-12-01 10:00"]),
        ("周三", ["每周三 10:00"]), ("星期天", ["每周日 10:00"]), ("礼拜五", ["每周五 10:00"]),
        ("周一、三、五", ["每周一 10:00", "每周三 10:00", "每周五 10:00"]),
        ("周一至周五", ["每个工作日 10:00"]), ("工作日", ["每个工作日 10:00"]), ("每天", ["每天 10:00"]),
        ("每月1号", ["每月1日 10:00"]), ("月底", ["每月最后一天 10:00"]), ("破冰", []), (None, []),
        ("第3天 19:30", ["第3天 10:00"]), ("12月1日 上午10点半", ["2026-12-01 10:00"]),
    ],
)  # fmt: skip
def test_a_day_however_it_is_written(cell: Any, phrases: list[str]) -> None:
    read = day_in(cell, counted=False, today=TODAY)

    assert [in_words(day(d.time(10))) for day in read.days] == phrases


@pytest.mark.parametrize(
    "cell", ["第3-5天", "D1-D3", "2月30日", "第2周周三", "周一到周三", "第0.5天", "2026-13-01", 3.5]
)
def test_a_day_that_is_none_is_refused(cell: Any) -> None:
    with pytest.raises(Unread):
        day_in(cell, counted=False, today=TODAY)


@pytest.mark.parametrize(
    ("cell", "at"),
    [
        ("10:00", (10, 0)), ("10：00", (10, 0)), ("上午10点", (10, 0)), ("下午3点半", (15, 30)),
        ("晚上8:30", (20, 30)), ("20点15分", (20, 15)), ("晚8点一刻", (20, 15)), ("早上九点", (9, 0)),
        ("中午12点", (12, 0)), ("中午1点", (13, 0)), ("8:00pm", (20, 0)), ("PM 3:00", (15, 0)),
        ("10:00-11:00", (10, 0)), ("上午", (10, 0)), ("晚上", (20, 0)), (d.time(19, 30), (19, 30)),
        (0.4375, (10, 30)), (10, (10, 0)), ("十点", (10, 0)), ("10:30:00", (10, 30)),
        (moment(1, 9, 30), (9, 30)), (d.timedelta(hours=9.5), (9, 30)), ("凌晨12点", (0, 0)),
    ],
)  # fmt: skip
def test_a_time_however_it_is_written(cell: Any, at: tuple[int, int]) -> None:
    assert time_in(cell).at == d.time(*at)


@pytest.mark.parametrize("cell", ["25:00", "10:75", "晚上12点", 30, 1.5])
def test_a_time_that_is_none_is_refused(cell: Any) -> None:
    with pytest.raises(Unread):
        time_in(cell)


# --- files that are none -------------------------------------------------------------------------


def _sealed() -> bytes:
    return b"\xd0\xcf\x11\xe0" + bytes(500) + "EncryptedPackage".encode("utf-16-le") + bytes(500)


def _bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(101 << 20))
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xd0\xcf\x11\xe0" + bytes(600), "旧的 .xls 格式"),
        (_sealed(), "文件有密码"),
        (b"", "不是 Excel 表格"),
        ("日期,内容\n".encode(), "不是 Excel 表格"),
        (workbook({"表": [HEADER]})[:-200], "不是 Excel 表格"),
        (bytes(11 << 20), "文件超过 10 MB"),
        (_bomb(), "展开后太大"),
    ],
    ids=["xls", "password", "empty", "csv", "cut", "large", "bomb"],
)
def test_a_file_that_cannot_be_read_is_one_sentence(content: bytes, says: str) -> None:
    with pytest.raises(NotACalendar, match=says):
        read_calendar(content, today=TODAY)


def test_a_damaged_file_is_a_sentence_or_still_readable_but_never_a_traceback() -> None:
    whole = workbook(NEW_CUSTOMERS)
    dice = random.Random(3)
    refused = 0
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(dice.choice((1, 5, 50))):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        try:
            read_calendar(bytes(damaged), today=TODAY)
        except NotACalendar:
            refused += 1

    assert refused > 10
