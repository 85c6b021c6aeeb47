"""Where customers come from: contact ways, by the ``state`` WeCom brings back."""

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from config.content import MaterialName
from config.reading import (
    Flag,
    Person,
    Prose,
    Strict,
    TagNames,
    key,
    named,
    number,
    one_or_more,
    refused,
    word,
)
from config.rules import QuietText

REMARK_CHARACTERS = 20  # https://developer.work.weixin.qq.com/document/path/92115
MOST_PEOPLE = 100  # in one code: https://developer.work.weixin.qq.com/document/path/92228


def _one_day(value: Any) -> Any:
    """周一到周五 is five days, and each is written."""
    if isinstance(value, str) and (span := re.fullmatch(r"(周.)\s*(?:到|至|-|~)\s*(周.)", value)):
        first, last = (_WEEK.find(day) // 2 for day in span.groups())
        days = [_WEEK[2 * n : 2 * n + 2] for n in range(first, last + 1)]
        cure = f"一天一天写：[{', '.join(days)}]" if 0 <= first < last else "一天一天写"
        raise refused(f"看不懂星期“{value}”", f"{cure}；或者写 工作日、休息日")
    return value


_WEEK = "周一周二周三周四周五周六周日"

#: A day of the week, or every day on which people work (or do not).
DayWord: TypeAlias = Annotated[
    Literal["周一", "周二", "周三", "周四", "周五", "周六", "周日", "工作日", "休息日"],
    word(
        mon="周一",
        tue="周二",
        wed="周三",
        thu="周四",
        fri="周五",
        sat="周六",
        sun="周日",
        workdays="工作日",
        days_off="休息日",
    ),
    BeforeValidator(_one_day),
]
Days: TypeAlias = Annotated[tuple[DayWord, ...], one_or_more]
People: TypeAlias = Annotated[tuple[Person, ...], one_or_more]
Materials: TypeAlias = Annotated[tuple[MaterialName, ...], one_or_more]


class Shift(Strict):
    """班次: who takes the channel's customers, on which days and when."""

    block = "班次"
    days: Days = key("星期", "days", (), description="周一到周日、工作日、休息日；不写是每天")
    hours: QuietText | None = key(
        "时段", "hours", None, description="例如 09:00-14:00，可以跨夜；不写是全天"
    )
    staff: People = key("员工", "staff", min_length=1, description="这一班由谁加客户")


class Greeting(Strict):
    """欢迎语安排: what is said instead of 欢迎语 at these hours, or by these people."""

    block = "欢迎语安排"
    days: Days = key("星期", "days", (), description="周一到周日、工作日、休息日；不写是每天")
    hours: QuietText | None = key(
        "时段", "hours", None, description="例如 22:00-08:00，可以跨夜；不写是全天"
    )
    staff: People = key("员工", "staff", (), description="客户加的是谁；不写是谁都算")
    welcome: Materials = key(
        "欢迎语", "welcome", min_length=1, description="发哪份素材；可以再带图片、链接等附件"
    )


class Channel(Strict):
    """渠道: its name is the ``state``, of which WeCom keeps 30 characters."""

    block = "渠道"
    name: str = key(
        "渠道", "channel", min_length=1, max_length=30, description="渠道的名字，最多30个字"
    )
    kind: Annotated[
        Literal["活码", "获客链接"], word(contact_way="活码", acquisition_link="获客链接")
    ] = key("类型", "type", "活码", description="活码（二维码，默认），或获客助手的获客链接")
    shop: Annotated[str, named("门店")] | None = key(
        "门店", "shop", None, description="从这里来的客户算哪个门店"
    )
    staff: People = key("员工", "staff", min_length=1, description="轮流加客户的员工")
    shifts: Annotated[tuple[Shift, ...], one_or_more] = key(
        "班次",
        "shifts",
        (),
        description="什么时候由谁加；不写班次，或没有排到的时候，由全部员工轮流",
    )
    backup: People = key("备用", "backup", (), description="都满了、都不在职时由谁加")
    daily_limit_each: Annotated[Annotated[int, Field(ge=1)] | None, number("人")] = key(
        "每人每天最多", "daily_limit_each", None, description="每位员工一天最多加多少人"
    )
    own_codes: Flag = key(
        "每人一码", "code_each", False, description="是：除了共用的码，每位员工再有一个自己的码"
    )
    skip_verify: Flag = key(
        "免验证", "skip_verify", True, description="是（默认）：扫码就加上，不用员工通过"
    )
    tags: TagNames = key("标签", "tags", (), description="从这里来的客户自动打的标签")
    remark: Prose | None = key(
        "备注",
        "remark",
        None,
        description="给客户的备注名，例如 {客户昵称}-海报；最多20个字，昵称太长时缩短昵称",
    )
    welcome: Materials = key(
        "欢迎语",
        "welcome",
        (),
        description="从这里来的客户收到的欢迎语，代替 SOP 的“发欢迎语”；可以再带图片、链接等附件",
    )
    greetings: Annotated[tuple[Greeting, ...], one_or_more] = key(
        "欢迎语安排",
        "welcome_plan",
        (),
        description="按时段、按员工换欢迎语，从上往下用第一条合适的",
    )

    @property
    def state(self) -> str:
        return self.name

    @property
    def says(self) -> tuple[str, ...]:
        """Every 素材 customers may be greeted with."""
        planned = (name for greeting in self.greetings for name in greeting.welcome)
        return tuple(dict.fromkeys((*self.welcome, *planned)))
