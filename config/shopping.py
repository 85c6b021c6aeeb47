"""Whether a group's name says plainly that things are sold there."""

WORDS = (
    "购物",
    "好物",
    "优惠",
    "福利",
    "特价",
    "折扣",
    "特卖",
    "秒杀",
    "拼团",
    "团购",
    "会员价",
    "内购",
    "抢购",
    "选品",
    "商城",
    "下单",
)


def says_so(name: str) -> bool:
    """True when whoever reads the name expects to be offered something to buy."""
    return any(word in name for word in WORDS)
