"""The shop's calendar: who arrives when, and the hours people keep."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from simulator.dice import Dice
from simulator.setup import Setup

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
GIVEN = (
    "梓涵", "雨桐", "欣怡", "思琪", "佳怡", "晓彤", "雅婷", "静怡", "诗涵", "可馨",
    "梦洁", "若曦", "婉清", "语嫣", "芷若", "慧敏", "丽娜", "海燕", "春梅", "晓燕",
    "秋月", "冬雪", "美玲", "淑芬", "玉兰", "红霞", "小芳", "丹丹", "莉莉", "文静",
    "安琪", "书瑶", "沐晴", "清妍", "心怡", "子墨", "一诺", "紫萱", "依依", "念慈",
)  # fmt: skip

STAFF_HOURS = (8, 22)
CUSTOMER_HOURS = (8, 23)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A customer about to scan somebody's code."""

    key: str
    name: str
    age: str
    staff_id: str
    state: str
    at: datetime
    half: bool


def arrivals(setup: Setup, dice: Dice) -> list[Arrival]:
    """Everyone who comes during the days of this company, in the order they were thought up."""
    return [_arrival(setup, dice, n) for n in range(setup.customers)] if setup.staff else []


def name_of(n: int) -> str:
    """Nobody shares a name with another, so that a card can be about one customer."""
    here = n * 7 % (len(SURNAMES) * len(GIVEN))
    again = n // (len(SURNAMES) * len(GIVEN))
    name = SURNAMES[here % len(SURNAMES)] + GIVEN[here // len(SURNAMES)]
    return name + (f"{again + 1}号" if again else "")


def awake(setup: Setup, moment: datetime, hours: tuple[int, int], spread: float) -> datetime:
    """``moment``, or somewhere in the first hour of the next day people are up."""
    local = moment.astimezone(setup.tz)
    opens, closes = hours
    if opens <= local.hour < closes:
        return moment
    day = local + timedelta(days=1) if local.hour >= closes else local
    morning = day.replace(hour=opens, minute=0, second=0, microsecond=0)
    return (morning + timedelta(hours=spread)).astimezone(UTC)


def quantised(moment: datetime, grain_seconds: int) -> datetime:
    """Rounded up, so that nothing happens before its cause."""
    seconds = moment.timestamp()
    return datetime.fromtimestamp(-(-seconds // grain_seconds) * grain_seconds, UTC)


def hour_of(setup: Setup, day: int, hour: float) -> datetime:
    """``hour`` o'clock local time on the ``day``-th day, day 0 being the first."""
    first = setup.start.astimezone(setup.tz).replace(hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=day, hours=hour)).astimezone(UTC)


def _arrival(setup: Setup, dice: Dice, n: int) -> Arrival:
    who, b = f"customer {n}", setup.behaviour
    day = int(dice.roll(who, "day") * setup.days)
    hour = b.opens_hour + dice.roll(who, "hour") * (b.closes_hour - b.opens_hour)
    if dice.happens(b.night, who, "comes at night"):
        hour = 22 + 8 * dice.roll(who, "hour of the night")
    at = hour_of(setup, day, hour)
    if at < setup.start:
        at = setup.start + timedelta(hours=2 * dice.roll(who, "late"))
    with_channel = b.channels and dice.happens(b.channel_share, who, "scans")
    return Arrival(
        key=who,
        name=name_of(n),
        age=dice.weighted(b.ages, who, "age"),
        staff_id=dice.pick([member.userid for member in setup.staff], who, "staff"),
        state=dice.pick(b.channels, who, "channel") if with_channel else "",
        at=at,
        half=dice.happens(b.half_added, who, "half"),
    )
