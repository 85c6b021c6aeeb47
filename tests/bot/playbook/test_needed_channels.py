"""The pictures of a channel's welcome are in WeCom before anybody scans its code."""

from bot.playbook.needed import Need, needs
from config.loader import load_texts
from tests.world import TEAM, moment

CHANNEL = """
素材: 图-海报
类型: 图片
文件: 图片/海报.png
假期版: 图-假期
---
素材: 图-假期
类型: 图片
文件: 图片/假期.png
---
素材: 视频-夜里
类型: 视频
文件: 视频/夜里.mp4
---
渠道: 门口海报
员工: [张丽]
欢迎语: 图-海报
欢迎语安排: {时段: 22:00-08:00, 欢迎语: 视频-夜里}
"""


def test_every_file_a_channel_may_greet_with_is_needed() -> None:
    book = load_texts({"team.yaml": TEAM, "channels.yaml": CHANNEL})

    assert needs(book, moment("2026-11-23 09:00")) == {
        Need("message", "image", "图片/海报.png"),
        Need("message", "image", "图片/假期.png"),
        Need("message", "video", "视频/夜里.mp4"),
    }
