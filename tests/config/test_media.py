"""Files WeCom would refuse are told at check, not when a customer should have got them."""

from pathlib import Path

import pytest

from config.loader import load_folder, load_texts
from config.mistakes import Mistakes

PNG, JPG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"
MP4 = b"\0\0\0\x20ftypisom"
MB = 1024 * 1024


def material(kind: str, name: str, key: str = "文件", more: str = "") -> str:
    return f"素材: 甲\n类型: {kind}\n{more}{key}: {name}\n"


LINK = "标题: 测评\n网址: https://example.com\n"
PROGRAM = "标题: 到店礼\n小程序编号: wx1\n页面: a\n"


@pytest.mark.parametrize(
    ("text", "content", "said"),
    [
        (material("图片", "a.png"), PNG + bytes(10 * MB), "“a.png”有 10.0MB，图片最多 10MB"),
        (material("图片", "a.png"), b"", "“a.png”是空的，企业微信不收"),
        (material("图片", "a.jpg"), b"GIF89a not a jpg", "“a.jpg”里面不是图片，只是改了扩展名"),
        (material("视频", "a.mp4"), MP4 + bytes(11 * MB), "“a.mp4”有 11.0MB，视频最多 10MB"),
        (material("视频", "a.mp4"), PNG + b"....", "“a.mp4”里面不是视频，只是改了扩展名"),
        (material("文件", "a.pdf"), bytes(21 * MB), "“a.pdf”有 21.0MB，文件最多 20MB"),
        (
            material("链接", "a.png", "封面", LINK),
            PNG + bytes(3 * MB),
            "“a.png”有 3.0MB，链接的封面最多 2MB",
        ),
        (
            material("小程序", "a.png", "封面", PROGRAM),
            PNG + bytes(11 * MB),
            "“a.png”有 11.0MB，图片最多 10MB",
        ),
    ],
)
def test_a_file_wecom_refuses_is_a_mistake(
    text: str, content: bytes, said: str, tmp_path: Path
) -> None:
    name = text.rstrip().rpartition(" ")[2]
    (tmp_path / "素材.yaml").write_text(text, "utf-8")
    (tmp_path / name).write_bytes(content)

    for load in (lambda: load_folder(tmp_path), lambda: load_texts({"m": text}, {name: content})):
        with pytest.raises(Mistakes) as caught:
            load()
        assert [mistake.text for mistake in caught.value] == [said]


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (material("图片", "a.PNG"), PNG + bytes(9 * MB)),
        (material("图片", "a.jpeg"), JPG + b"jfif"),
        (material("视频", "a.mp4"), MP4 + bytes(9 * MB)),
        (material("文件", "a.pdf"), bytes(19 * MB)),
        (material("文件", "表格"), b"anything"),
        (material("链接", "a.jpg", "封面", LINK), JPG + bytes(MB)),
    ],
)
def test_a_file_wecom_takes_is_none(text: str, content: bytes) -> None:
    name = text.rstrip().rpartition(" ")[2]

    assert load_texts({"m": text}, {name: content}).reminders == ()


def test_without_the_bytes_only_the_name_is_looked_at() -> None:
    assert load_texts({"m": material("图片", "a.png")}, ["a.png"]).materials
    with pytest.raises(Mistakes, match="图片只能是 jpg 或 png"):
        load_texts({"m": material("图片", "a.gif")})
