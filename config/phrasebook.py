"""All phrases of the language in both languages, for `fmt --lang`, editors and the reference.

What a phrase means is decided where it is read (config/phrase_table.py and the models); a test
reads every spelling here in both languages and compares.
"""

from typing import Final

from config.spelling import Phrase, PhraseTable, Spelling

_ONCE: Final = (
    Spelling("立即", "immediately", "上一步一做完就做"),
    Spelling("[n][short]后", "after [n] [short](s)", "从上一步做完起"),
    Spelling("[n]天后 [at]", "after [n] day(s) [at]", "从上一步做完那天起第几天的几点"),
    Spelling("[n]天后", "after [n] day(s)", "从上一步做完起整整几个 24 小时"),
    Spelling("[n]个工作日后 [at]", "after [n] workday(s) [at]", "只数工作日"),
    Spelling("[n]个工作日后", "after [n] workday(s)", "只数工作日，同一个钟点"),
    Spelling("当天 [at]", "same day [at]", "进入那一天，就是第1天"),
    Spelling("第[n]天 [at]", "day [n] [at]", "从进入那天数起，进入当天是第1天"),
    Spelling("下个工作日 [at]", "next workday [at]", "上一步做完那天之后的第一个工作日"),
    Spelling("[attribute]前[n]天 [at]", "[n] day(s) before [attribute] [at]", "按客户属性里的日期"),
    Spelling("[attribute]当天 [at]", "on [attribute] [at]", "客户属性里的那一天"),
    Spelling("[attribute]后[n]天 [at]", "[n] day(s) after [attribute] [at]", "按客户属性里的日期"),
    Spelling("[date] [at]", "on [date] [at]", "固定的一天"),
)
_AGAIN_AND_AGAIN: Final = (
    Spelling("每天 [at]", "daily [at]", "天天"),
    Spelling("每个工作日 [at]", "every workday [at]", "按工作日历，调休的周末也算"),
    Spelling("每周[weekday] [at]", "weekly [weekday] [at]", "一周一次；一周几次就写几步"),
    Spelling("每月[d]日 [at]", "monthly [d] [at]", "没有这一天的月份跳过"),
    Spelling("每月最后一天 [at]", "monthly last day [at]", "月末那一天"),
    Spelling("每月第一个工作日 [at]", "monthly first workday [at]", "月初第一个上班的日子"),
    Spelling("每月最后一个工作日 [at]", "monthly last workday [at]", "月末最后一个上班的日子"),
    Spelling("每年[m]月[d]日 [at]", "yearly [m]-[d] [at]", "公历的节日和纪念日"),
    Spelling("农历除夕 [at]", "lunar new year's eve [at]", "腊月最后一天"),
    Spelling("农历[lunar] [at]", "lunar [lunar] [at]", "每年农历这一天，不算闰月"),
)
WHEN: Final = Phrase("时间", (*_ONCE, *_AGAIN_AND_AGAIN))
RECURRING: Final = Phrase("重复的时间", _AGAIN_AND_AGAIN)
AUDIENCE: Final = Phrase(
    "检查人群",
    tuple(
        Spelling(f"{s.chinese} 检查人群", f"{s.english} audience", s.says) for s in _AGAIN_AND_AGAIN
    ),
)
_SPANS: Final = (
    Spelling("[n]个工作日", "[n] workday(s)", "只数工作日"),
    Spelling("[n][unit]", "[n] [unit](s)", "秒、分钟、小时、天、周"),
)
LENGTH: Final = Phrase("时长", _SPANS)
HOURS: Final = Phrase("时段", (Spelling("[at]-[to]", "[at]-[to]", "从几点到几点"),))
DIGEST: Final = Phrase(
    "日报时间",
    (
        Spelling("[at]", "[at]", "工作日几点发"),
        Spelling("不发", "never", "不要日报"),
    ),
)
UNTIL: Final = Phrase(
    "循环到",
    (
        Spelling("第[n]天", "day [n]", "到进入后的第几天为止，含当天"),
        Spelling("[date]", "[date]", "到这一天为止，含当天"),
        Spelling("[n][unit]", "[n] [unit](s)", "从走到循环起多久"),
    ),
)
AGAIN: Final = Phrase(
    "重复进入",
    (
        Spelling("不允许", "never", "一个人一辈子只进一次"),
        Spelling("退出后[n]天可再进", "[n] days after leaving", "隔这么多天可以再进"),
        Spelling("每次都进", "always", "退出后马上可以再进"),
    ),
)
TAGGED_BY: Final = Phrase(
    "谁打的",
    (
        Spelling("任何人打的", "anyone", "谁打的都算（默认）"),
        Spelling("本跟进人打的", "follower", "只看这位客户自己的跟进人打的"),
        Spelling("任何人", "anyone"),
        Spelling("跟进人", "follower"),
    ),
)
RECEIVER: Final = Phrase(
    "接收人",
    (
        Spelling("跟进人", "follower", "客户的跟进人"),
        Spelling("群主", "group owner", "客户群的群主"),
        Spelling("店长", "shop manager", "客户或群所在门店的店长"),
        Spelling("角色/[text]", "role/[text]", "“团队”里的角色"),
        Spelling("部门/[text]", "department/[text]", "门店的全体员工，只收消息不做任务"),
    ),
)
SHARE: Final = Phrase("百分比", (Spelling("[share]", "[share]", "0% 到 100%"),))
METRIC: Final = Phrase(
    "指标",
    (
        Spelling(
            "[n]天内[measured]率",
            "[measured] rate within [n] day(s)",
            "走进方案以后这么多天里，有百分之几的人发生了：下单、到店、互动、客户回复、删除好友、入群",
        ),
    ),
)
WINS: Final = Phrase(
    "判胜",
    (Spelling("胜率不低于[share]", "win rate at least [share]", "比别的方案好的把握有多大才算赢"),),
)
KEEPS: Final = Phrase("判不出", (Spelling("维持 [text]", "keep [text]", "维持哪个方案"),))
WITHIN: Final = Phrase("多少天内", (Spelling("[n]天内", "within [n] day(s)", "这么多天以内"),))
AGO: Final = Phrase("多久以前", (Spelling("[n][unit]前", "[n] [unit](s) ago", "从“现在”往回数"),))
EVERY: Final = Phrase(
    "每多少",
    (
        Spelling("[n]天", "[n] day(s)", "每多少天计一次"),
        Spelling("[n]次", "[n] time(s)", "每多少次计一次"),
        Spelling("1人", "1 person", "每多少人计一次"),
        Spelling("[n]人", "[n] people"),
    ),
)
DUE: Final = Phrase("期限", (Spelling("[date]", "[date]", "到这一天为止"), *_SPANS))
MOMENT: Final = Phrase("测试里的时间", _ONCE[1:])
NOW: Final = Phrase("现在", (Spelling("[date] [at]", "[date] [at]", "测试从这一刻开始"),))
CAP: Final = Phrase(
    "频控",
    (
        Spelling("每天新任务", "per_day_new_tasks", "每天最多几个新任务"),
        Spelling("每[n]天新任务", "per_[n]_days_new_tasks"),
        Spelling("其中营销每天", "marketing_per_day", "营销类每天最多几条"),
        Spelling("其中营销每[n]天", "marketing_per_[n]_days", "营销类连续几天里最多几条"),
        Spelling("每天", "per_day", "每天最多几条"),
        Spelling("每[n]天", "per_[n]_days", "连续几天里最多几条"),
    ),
)
CAP_COUNT: Final = Phrase(
    "条数",
    (
        Spelling("[n]条", "[n] message(s)", "消息"),
        Spelling("[n]个", "[n] task(s)", "任务"),
        Spelling("[n]次", "[n]"),
    ),
)
CAPS: Final = PhraseTable(CAP, CAP_COUNT)
SIGNAL: Final = Phrase(
    "计分项",
    (
        Spelling("在群天数", "days in groups", "在我们的群里待了多少天"),
        Spelling("参与接龙或答题", "answers", "接龙、答题"),
        Spelling("员工标记分享", "marked by staff", "员工标记她分享过"),
        Spelling("专属码带来的新成员", "members brought", "从她的专属码进群的人"),
        Spelling("被群友投诉", "complaints", "被群里的人投诉"),
        Spelling("下单", "orders", "客户下单"),
        Spelling("到店", "visits", "客户到店"),
        Spelling("互动", "interactions", "客户互动"),
        Spelling("客户回复", "replies", "客户回复了"),
        Spelling("带来成员的[n]天留存率", "members staying [n] days", "她带来的人多少天后还在"),
    ),
)


def bound(unit: str) -> Phrase:
    """不少于2次 and 少于2次, of what is counted in ``unit``."""
    return Phrase(
        f"多少{unit}",
        (
            Spelling(f"不少于[count]{unit}", "at least [count]", "这么多或更多"),
            Spelling(f"少于[count]{unit}", "fewer than [count]", "比这么多少"),
        ),
    )


def counted(unit: str) -> Phrase:
    """A number with its unit, which only Chinese writes."""
    return Phrase(f"几{unit}", (Spelling(f"[count]{unit}", "[count]"),))
