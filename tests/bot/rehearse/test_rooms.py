"""More groups of a theme in a rehearsal: opened behind a full one, never more held than fit."""

from bot.model import Contact, Group, Relation, Seat, Staff
from bot.rehearse import Prompt, Rehearsal
from config.loader import load_texts
from tests.world import TEAM, moment

START = moment("2026-11-23 09:00")
THEME = """
主题群: 小月龄
群: {名称包含: 小月龄}
容量: 200人
满了: [下一个群, 自动建群, 候补]
群名: "徐汇店 小月龄 {序号}"
---
标签:
  月龄: [小]
"""


class Joiners(Prompt):
    """Everybody who is invited comes at once."""

    def joins(self, seat, now):  # type: ignore[no-untyped-def]
        return now


def rehearsal(members: int, seats: int) -> Rehearsal:
    book = load_texts({"team.yaml": TEAM, "theme.yaml": THEME})
    group = Group(id="wr1", name="徐汇店 小月龄 1", owner="zhangli", members=members)
    friend = Relation(staff="zhangli", since=START)
    contacts = [Contact(id=f"wm{n:03}", relations=(friend,)) for n in range(seats)]
    return Rehearsal(
        book,
        now=START,
        contacts=contacts,
        groups=[group],
        staff=[Staff(id="zhangli", departments=(12,))],
        seats=[
            Seat(
                id=f"move:{one.id}",
                theme="小月龄",
                subject=one.id,
                staff="zhangli",
                created_at=START,
                due_at=START,
            )
            for one in contacts
        ],
        behaviour=Joiners(),
    )


def test_wecom_opens_the_next_group_once_nobody_fits_into_the_last() -> None:
    company = rehearsal(199, 4)

    company.run_until(moment("2026-11-23 12:00"))

    groups = sorted(company.stage.groups.values(), key=lambda group: group.name)
    assert [(g.name, g.members, g.owner) for g in groups] == [
        ("徐汇店 小月龄 1", 200, "zhangli"),
        ("徐汇店 小月龄2", 4, "zhangli"),  # its owner and three
    ]
    assert [(g.held, g.next_held) for g in groups] == [((), ()), ((), ())]
    assert {seat.state for seat in company.stage.seats.values()} == {"已入群"}


def test_no_more_are_held_behind_a_group_than_the_next_one_takes() -> None:
    company = rehearsal(200, 203)
    company.stage.behaviour = Prompt()

    company.run_until(moment("2026-11-23 09:05"))

    assert len(company.stage.groups["wr1"].next_held) == 200
    states = [seat.state for seat in company.stage.seats.values()]
    assert (states.count("已占位"), states.count("候补")) == (200, 3)
    assert [task.step for task in company.tasks] == ["开群"]
