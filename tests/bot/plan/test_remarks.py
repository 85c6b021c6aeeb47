"""What deserves a look before publishing is said in one sentence, and only then."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Contact, Group, Relation, Staff
from bot.plan import audience, company, holidays, sources
from bot.plan.company import Company
from bot.playbook.hours import Hours
from bot.store import Store
from config.book import Book
from tests.bot.plan.shop import SHOP, book, edited
from tests.conftest import Client
from tests.world import moment

NOW = moment("2026-11-21 14:05")
EVERYBODY = tuple(
    Staff(id=id, name=id, departments=(12,)) for id in ("zhangli", "limin", "wangfang")
)
GROUP = Group(id="wr1", name="徐汇店 0-6月龄 1群", owner="zhangli", members=50)


@pytest.fixture
async def store(mongo: Client, database: str) -> Store:
    store = Store(mongo, database)
    await store.prepare()
    return store


def of_company(
    *,
    shop: Book | None = None,
    tags: Sequence[str] = ("宝宝月龄/孕期", "宝宝月龄/0-6月龄", "管理/勿扰", "管理/同行"),
    groups: Sequence[Group] = (GROUP,),
    staff: Sequence[Staff] = EVERYBODY,
    media: dict[str, datetime] | None = None,
) -> list[str]:
    shop = shop or book()
    known = Company(tags=frozenset(tags), groups=groups, staff=staff, media=media or {})
    return [remark.text for remark in company.remarks(shop, known, Hours.of(shop))]


# --- the company ----------------------------------------------------------------------------------


def test_a_company_that_fits_is_nothing_to_say() -> None:
    assert of_company() == []


def test_tags_wecom_does_not_have_yet_are_named() -> None:
    assert of_company(tags=["管理/勿扰"]) == [
        "企业微信里还没有标签“宝宝月龄/孕期”、“宝宝月龄/0-6月龄”、“管理/同行”：发布后自动创建"
    ]


def test_people_and_shops_wecom_does_not_know_are_named() -> None:
    away = [Staff(id="zhangli", departments=(3,))]

    assert of_company(staff=away) == [
        "企业微信的客户联系成员里没有“李敏”、“王芳”：给他们的任务和消息发不出去",
        "门店“徐汇店”的部门 12 里没有成员：核对部门编号",
    ]


def test_a_theme_without_a_group_is_named() -> None:
    assert of_company(groups=[]) == [
        "这些主题在企业微信里还没有群：“0-6月龄”；邀请会变成候补，群日历不会发"
    ]


def test_a_group_without_an_owner_is_named() -> None:
    orphan = Group(id="wr1", name="徐汇店 0-6月龄 1群", members=50)

    assert of_company(groups=[orphan]) == ["群“徐汇店 0-6月龄 1群”没有群主：发到群的内容没有人能发"]


def test_a_theme_out_of_seats_is_named() -> None:
    full = Group(id="wr1", name="0-6月龄 1群", owner="zhangli", members=188, held=("a", "b"))

    assert of_company(groups=[full]) == [
        "主题群“0-6月龄”的 1 个群都满了：新邀请的客户先候补，请准备新群"
    ]


def test_a_group_number_wecom_does_not_know_is_named() -> None:
    shop = book(edited(("群: {名称包含: 0-6月龄}", "群: {群编号: [wr1, wr2]}")))

    assert of_company(shop=shop) == ["主题群“0-6月龄”写的群编号“wr2”在企业微信里找不到"]


def test_a_picture_about_to_expire_is_named_with_its_day() -> None:
    shop = book(SHOP + "\n---\n素材: 海报\n类型: 图片\n文件: 海报.png\n")

    assert of_company(shop=shop, media={"海报.png": moment("2026-11-23 08:00")}) == [
        "素材“海报”的图片 11月23日 失效，系统会自动续传"
    ]


# --- dates nobody has announced -------------------------------------------------------------------


def of_dates(shop: Book, now: datetime) -> list[str]:
    return [remark.text for remark in holidays.remarks(shop, Hours.of(shop), now)]


def test_a_year_nobody_has_announced_names_the_first_who_are_concerned() -> None:
    assert of_dates(book(), moment("2050-11-21 14:05"))[0].startswith(
        "2050 年放假安排尚未载入：现在进入“新客”的，部分日期按“周一到周五上班”估算"
    )


def test_an_announced_year_is_not_spoken_of() -> None:
    assert of_dates(book(), moment("2026-03-02 10:00")) == []


def test_an_sop_that_never_asks_for_workdays_is_not_concerned() -> None:
    plain = SHOP.replace("遇非工作日: 顺延", "遇非工作日: 照常").replace("1个工作日", "24小时")

    assert of_dates(book(plain), moment("2050-11-21 14:05")) == []


# --- who tells us ---------------------------------------------------------------------------------


async def ordered(store: Store, at: datetime) -> None:
    friend = Relation(staff="zhangli", since=at)
    await store.contacts.store(Contact(id="wm1", relations=(friend,)), 0)
    await store.contacts.happened("wm1", "order", "order-1", at)


async def of_sources(store: Store, shop: Book) -> list[str]:
    return [remark.text for remark in await sources.remarks(store.census, shop, NOW)]


async def test_a_silent_source_is_said_with_how_long(store: Store) -> None:
    await ordered(store, NOW - timedelta(days=2, hours=3))

    assert await of_sources(store, book()) == [
        "“新客”的退出“下单”：依赖商城系统回传，最近一次回传是 2 天前"
    ]


async def test_a_source_that_speaks_is_not_spoken_of(store: Store) -> None:
    await ordered(store, NOW - timedelta(hours=3))

    assert await of_sources(store, book()) == []


async def test_a_source_that_never_spoke_names_the_condition(store: Store) -> None:
    await ordered(store, NOW)
    when = "何时: 第4天 10:00"
    shop = book(edited((when, when + "\n    如果: [近7天到店: 少于1次]")))

    assert await of_sources(store, shop) == [
        "“育儿测评”条件 近7天到店 少于1次：依赖门店系统回传，从来没有收到过"
    ]


# --- audiences and experiments --------------------------------------------------------------------

RECALL = """
---
SOP: 召回
负责人: 王芳
状态: 启用
对象: 客户
进入:
  当: 每天 09:00 检查人群
  条件: [有标签: 勿扰]
  每天最多: 300人
步骤:
  - 步骤: 试验
    分流试验:
      名称: 文案
      样本: 20%
      方案:
        - 方案: A
          占比: 50%
          则: [{步骤: 发甲, 发给客户: {文案: 甲, 由: 跟进人}}]
        - 方案: B
          占比: 50%
          则: [{步骤: 发乙, 发给客户: {文案: 乙, 由: 跟进人}}]
      看什么: 7天内下单率
      观察期: 7天
"""


async def customers(store: Store, n: int, *, tagged: int, ordered: int = 0) -> None:
    """The first ``tagged`` fit, the first ``ordered`` have ordered yesterday."""
    yesterday = NOW - timedelta(days=1)
    for number in range(n):
        friend = Relation(staff="zhangli", since=datetime(2026, 1, 1, tzinfo=UTC))
        tags = ("管理/勿扰",) if number < tagged else ()
        contact = Contact(id=f"wm{number}", relations=(friend,), tags=tags)
        await store.contacts.store(contact, 0)
        if number < ordered:
            await store.contacts.happened(contact.id, "order", f"order-{number}", yesterday)


async def looked(store: Store, text: str = RECALL, per_day: float = 0.0) -> audience.Audience:
    shop = book(SHOP + text)
    found = await audience.look(store, shop, shop.sops["召回"], per_day, NOW)
    assert found
    return found


async def test_an_audience_is_counted_and_divided(store: Store) -> None:
    await customers(store, 100, tagged=50, ordered=10)

    one = await looked(store)

    assert (one.fitting, one.customers, one.trials[0].measured) == (50, 100, True)
    assert audience.sentence(one) == (
        "今天符合条件 50 人 → 试验 10（A 5 / B 5），其余等结果；按基线 10.0% 下单率，"
        "每组约 5 人只能看出 ≥ 78.5 个百分点的差别——如果预期更小，请加大样本。"
    )


async def test_a_sample_too_small_is_said(store: Store) -> None:
    await customers(store, 100, tagged=50)

    told = [remark.text for remark in audience.remarks([await looked(store)])]

    assert told == ["试验“文案”每组约 5 人，少于“每组至少 200人”：要等更多人进来才判"]


async def test_an_audience_of_nobody_and_of_nearly_everybody_are_said(store: Store) -> None:
    await customers(store, 10, tagged=0)
    nobody = [remark.text for remark in audience.remarks([await looked(store)])]
    await customers(store, 16, tagged=0)
    for number in range(10, 16):
        contact, seen = await store.contacts.read(f"wm{number}")
        assert contact
        await store.contacts.store(
            Contact(id=contact.id, relations=contact.relations, tags=("管理/勿扰",)), seen
        )
    text = RECALL.replace("有标签: 勿扰", "没有标签: 勿扰")
    many = [remark.text for remark in audience.remarks([await looked(store, text)])]

    assert "“召回”今天没有一位客户符合进入条件：请检查条件" in nobody
    assert "“召回”的进入条件符合 62% 的客户（10 人）：请检查条件" in many


async def test_how_long_it_takes_until_all_are_in_is_said(store: Store) -> None:
    await customers(store, 20, tagged=10)

    said = audience.sentence(await looked(store, RECALL.replace("300人", "4人")))

    assert "；每天最多 4 人，需 3 天进完；" in said


async def test_an_experiment_among_newcomers_is_judged_by_how_many_come(store: Store) -> None:
    text = RECALL.replace("每天 09:00 检查人群", "添加好友").replace("有标签", "没有标签")

    one = await looked(store, text, per_day=100.0)

    assert one.trials[0].arms == (("A", 70), ("B", 70))
    assert audience.sentence(one).startswith("观察期内预计 试验 140（A 70 / B 70），其余等结果；")
