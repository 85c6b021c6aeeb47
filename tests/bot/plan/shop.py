"""A small shop as texts, and what an edit of it changes."""

from bot.plan.changes import Changes, SopChange, between
from config.book import Book
from config.loader import load_texts

SHOP = """
团队: 默认
门店:
  - {门店: 徐汇店, 部门: 12}
角色:
  私域主管: [王芳]
人员: {张丽: zhangli, 李敏: limin, 王芳: wangfang}
---
标签:
  宝宝月龄: [孕期, 0-6月龄]
  管理: [勿扰, 同行]
---
素材: 图文-育儿测评
类型: 链接
标题: 3分钟育儿测评
网址: https://example.com/ceping
---
素材: 图文-护肤知识
类型: 链接
标题: 护肤知识
网址: https://example.com/hufu
---
素材: 喂养-01
类型: 文字
文案: 按需喂养怎么判断宝宝饿了
---
栏目: 栏目-喂养知识
顺序: [喂养-01]
---
主题群: 0-6月龄
群: {名称包含: 0-6月龄}
---
规则: 全局
免打扰: {客户: 21:30-08:30, 客户群: 22:00-08:00, 员工: 20:00-09:00}
频控:
  每位客户: {每天: 1条}
  每位员工: {每天新任务: 8个}
---
SOP: 新客
负责人: 王芳
状态: 启用
对象: 客户
进入:
  当: 添加好友
  条件:
    - 没有标签: [勿扰, 同行]
  每天最多: 800人
退出:
  - {当: 下单, 记为: 达成}
步骤:
  - 步骤: 问需求
    何时: 当天 19:30
    错过时: 顺延到下个可发时段
    派任务:
      标题: 和 {客户昵称} 打个招呼
      给: 跟进人
      完成依据: [按钮: 已问到]
      期限: 1个工作日
  - 步骤: 等月龄
    等事件:
      当: 打上标签
      标签组: 宝宝月龄
      最多等: 2天
      等到了:
        - 步骤: 进主题群
          邀请入主题群: 0-6月龄
      超时:
        - 步骤: 不等了
          打标签: [同行]
  - 步骤: 育儿测评
    何时: 第4天 10:00
    发给客户: {素材: 图文-护肤知识, 由: 跟进人, 时效: 24小时}
  - 步骤: 朋友圈任务
    何时: 第5天 11:00
    派任务: {标题: 发一条朋友圈, 给: 跟进人, 完成依据: [按钮: 已发], 期限: 1个工作日}
  - 步骤: 第7天回访
    何时: 第7天 15:00
    遇非工作日: 顺延
    派任务: {标题: 回访 {客户昵称}, 给: 跟进人, 完成依据: [按钮: 满意], 期限: 1个工作日}
---
SOP: 群周历
负责人: 李敏
状态: 启用
对象: 客户群
进入: {当: 群属于主题, 主题: 0-6月龄}
步骤:
  - 步骤: 周一喂养知识
    何时: 每周一 09:30
    发到群: {素材轮播: 栏目-喂养知识, 由: 群主, 时效: 6小时}
""".replace("标题: 回访 {客户昵称}", "标题: 回访客户")

MOMENTS = """  - 步骤: 朋友圈任务
    何时: 第5天 11:00
    派任务: {标题: 发一条朋友圈, 给: 跟进人, 完成依据: [按钮: 已发], 期限: 1个工作日}
"""
GIFT = """  - 步骤: 到店礼
    何时: 第5天 10:30
    发给客户: {文案: 给您留了一份到店礼, 由: 跟进人, 时效: 12小时}
"""


def edited(*pairs: tuple[str, str]) -> str:
    """The shop with texts replaced; each must be there."""
    text = SHOP
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def book(text: str = SHOP) -> Book:
    return load_texts({"shop.yaml": text})


def changes(*pairs: tuple[str, str]) -> Changes:
    """What an edit of the shop changes."""
    return between(book(), book(edited(*pairs)))


def of_sop(*pairs: tuple[str, str]) -> SopChange:
    """What an edit changes about its only SOP that changes."""
    (found,) = changes(*pairs).sops
    return found
