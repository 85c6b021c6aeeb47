"""A shop with customers at every step of its SOP, as the store knows them."""

from datetime import datetime, timedelta
from itertools import count

from bot.model import Contact, Journey, Relation
from bot.playbook.hours import Hours
from bot.publish import Base, Contents
from bot.store.rows import slot_of
from config.loader import load_texts
from tests.world import World, moment

STAFF = ("zhangli", "limin", "wangfang")
NOW = "2026-11-25 14:00"
AT_STEP = (  # step, phase, how many, when they entered
    ("问需求", "before", 4, "2026-11-25 10:00"),
    ("等月龄", "waiting", 2, "2026-11-24 10:00"),
    ("育儿测评", "before", 3, "2026-11-23 09:00"),
    ("育儿测评", "before", 5, "2026-11-24 11:00"),
    ("朋友圈任务", "before", 2, "2026-11-21 10:00"),
    ("第7天回访", "before", 6, "2026-11-20 10:00"),
)


def contents(text: str) -> Contents:
    return Contents({"shop.yaml": text}, {})


async def open_shop(world: World, text: str) -> Base:
    """Publish the shop and fill it; the release it became."""
    await world.publish({"shop.yaml": text})
    await world.create_group("徐汇店 0-6月龄 1群")
    await world.turn_to(NOW)
    sop = load_texts({"shop.yaml": text}).sops["新客"]
    hours, numbers = Hours.of(load_texts({"shop.yaml": text})), count()
    for step, phase, many, entered in AT_STEP:
        for _ in range(many):
            number = next(numbers)
            at = moment(entered)
            id, staff = f"wm-{number:02}", STAFF[number % len(STAFF)]
            friend = Relation(staff=staff, since=at, version=at)
            contact = Contact(id=id, name=f"客户{number}", relations=(friend,), shop="徐汇店")
            assert await world.store.contacts.store(contact, 0)
            node = sop.flow()[step]
            planned = hours.moment(node.step.when, at, at, node.off_day)
            until = at + timedelta(days=2, hours=9, minutes=30)
            await world.store.journeys.begin(
                journey(id, staff, step, phase, at, until if phase == "waiting" else planned or at)
            )
    head = await world.store.releases.head()
    return Base(head, await world.store.releases.fingerprint(head))


def journey(
    subject: str, staff: str, step: str, phase: str, entered: datetime, due_at: datetime
) -> Journey:
    return Journey(
        id=f"新客:{subject}:1",
        sop="新客",
        subject=subject,
        staff=staff,
        step=step,
        phase=phase,  # type: ignore[arg-type]
        entered_at=entered,
        step_at=entered,
        planned_at=due_at,
        due_at=due_at,
        release_entered=1,
        wait_since=entered if phase == "waiting" else None,
        wait_began=due_at - timedelta(days=2) if phase == "waiting" else None,
        slot=slot_of(subject),
    )
