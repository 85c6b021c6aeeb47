"""Figures people decide by: each report counts one thing, with honest denominators."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from bot.context import Context
from bot.reports.report import Asked, Report

Make = Callable[[Context, Asked], Awaitable[Report]]


@dataclass(frozen=True, slots=True)
class Listed:
    """``about`` and ``by``: what --about names and --by splits by; "": this report has neither."""

    module: str  # inside this package; it has ``async def make(ctx, asked) -> Report``
    what: str
    about: str = ""
    by: str = ""


#: Each report by the name people ask for.
REPORTS: Mapping[str, Listed] = MappingProxyType(
    {
        "渠道": Listed(
            "channels",
            "每个渠道的客户从点击到下单走到哪一步",
            about="渠道",
            by="标签组、门店或员工",
        ),
        "主题群": Listed(
            "themes",
            "每个群多少人、进退、留存、内容和促销各发几条",
            about="主题群",
            by="入群周或群主",
        ),
        "重叠": Listed(
            "overlap",
            "多少客户同时在几个群、哪两个主题重叠",
            about="主题群",
            by="群数或客户",
        ),
        "候补": Listed(
            "waiting",
            "每个主题的容量、成员、占着的位子，谁从什么时候等位子",
            about="主题群",
            by="群或客户",
        ),
        "推送": Listed(
            "pushes",
            "每一步应发、确认、送达多少，没送达是为什么",
            about="SOP",
            by="步骤、SOP、员工或门店",
        ),
        "任务": Listed(
            "tasks",
            "每一步的任务应做、派到、员工说做了、系统核实多少",
            about="SOP",
            by="步骤、SOP、员工或门店",
        ),
        "朋友圈": Listed(
            "moments",
            "每条朋友圈应发、发表、没发多少，谁看得到",
            about="SOP",
            by="步骤、SOP 或员工",
        ),
        "素材": Listed("materials", "每份素材每一版送达之后客户怎么样", about="素材"),
    }
)


def report(name: str) -> Make:
    """The function that makes this report; KeyError when there is none of this name.

    Only this one is imported: nobody waits for reports that were not asked for.
    """
    made: Make = import_module(f"bot.reports.{REPORTS[name].module}").make
    return made
