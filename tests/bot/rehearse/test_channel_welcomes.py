"""A rehearsal greets by the channel's own words wherever production would."""

from datetime import timedelta

from bot.rehearse.simulate import Wish, play, synthetic
from config.loader import load_texts
from tests.scenarios.test_contacts import WELCOME
from tests.world import TEAM, moment

CHANNELS = """
素材: 欢迎-海报
类型: 文字
文案: 您好
---
素材: 欢迎-夜里
类型: 文字
文案: 明早回您
---
渠道: 门口海报
门店: 徐汇店
员工: [张丽]
欢迎语: 欢迎-海报
---
渠道: 店内台卡
门店: 徐汇店
员工: [李敏]
欢迎语安排: {时段: 00:00-16:00, 欢迎语: 欢迎-夜里}
"""


def test_a_channels_own_words_take_the_place_of_the_sops() -> None:
    texts = {"team.yaml": TEAM, "sop.yaml": WELCOME, "channels.yaml": CHANNELS}
    book = load_texts(texts)
    wish = Wish(start=moment("2026-11-23 00:00"), days=6, customers=200, seed=1)
    rehearsal = synthetic(book, wish)
    play(rehearsal, book, wish)

    greeted: dict[str, set[str]] = {}
    for push in rehearsal.pushes:
        contact = rehearsal.stage.contacts[push.subject]
        if push.cls == "欢迎语":
            half = "早" if (push.at + timedelta(hours=8)).hour < 16 else "晚"
            greeted.setdefault(f"{contact.relations[0].state}{half}", set()).add(push.sop)
    assert greeted == {
        "门口海报早": {"渠道:门口海报"},
        "门口海报晚": {"渠道:门口海报"},
        "店内台卡早": {"渠道:店内台卡"},
        "店内台卡晚": {"新客欢迎"},
    }
