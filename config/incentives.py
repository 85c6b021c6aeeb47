"""激励: points for work the system has verified, taken back when it did not last."""

import re
from typing import Annotated, Any, Literal

from pydantic import PlainValidator, model_validator

from config.phrasebook import WITHIN
from config.reading import Strict, key, named, number, refused, word


class Earned(Strict):
    """任务核实: work of this kind, or of this step ("SOP/步骤"), was verified."""

    block = "当"
    verified: Annotated[str, named("核实的事")] = key(
        "任务核实", "verified", description="邀请入主题群、派任务，或 SOP名/步骤名"
    )


class Reward(Strict):
    block = "给"
    to: Annotated[
        Literal["跟进人", "群主", "店长"],
        word(follower="跟进人", group_owner="群主", shop_manager="店长"),
    ] = key("对象", "to", description="跟进人、群主或店长")
    points: Annotated[int, number("分")] = key("积分", "points", ge=1, description="给多少分")


def _within(value: Any) -> int | None:
    if value is None or isinstance(value, int):
        return value
    found = re.fullmatch(r"(\d{1,3})天内|within (\d{1,3}) days?", str(value).strip(), re.ASCII)
    if not found or not int(found[1] or found[2]):
        raise refused(f"看不懂“{value}”", "写成 30天内")
    return int(found[1] or found[2])


class TakenBack(Strict):
    """冲回: points are taken back when this happens within so many days."""

    block = "冲回"
    left_group_days: Annotated[int | None, PlainValidator(_within), WITHIN] = key(
        "退群", "left_group", None, description="客户多少天内退群就收回"
    )
    deleted_days: Annotated[int | None, PlainValidator(_within), WITHIN] = key(
        "删除好友", "deleted", None, description="客户多少天内删除好友就收回"
    )

    @model_validator(mode="after")
    def _something(self) -> "TakenBack":
        if self.left_group_days is None and self.deleted_days is None:
            raise refused("“冲回”没写什么时候收回", "例如：冲回: {退群: 30天内}")
        return self


class Incentive(Strict):
    """激励."""

    block = "激励"
    name: str = key("激励", "incentive", min_length=1, max_length=60, description="名字，不要重复")
    earned: Earned = key("当", "on", description="系统核实了什么，例如 {任务核实: 邀请入主题群}")
    reward: Reward = key("给", "reward", description="给谁多少分")
    taken_back: TakenBack | None = key("冲回", "taken_back", None, description="什么情况下收回")
    monthly_most: Annotated[int | None, number("分")] = key(
        "每人每月最多", "monthly_most", None, description="一个人一个月最多得多少分"
    )
