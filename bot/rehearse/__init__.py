"""Rehearse a folder in memory on a virtual clock: what would happen, to whom, when and why.

It drives the pure core production runs on (bot.playbook, effects_of, the arithmetic of caps), so
what it shows is what would happen.

    stage = Rehearsal(
        book,                       # a compiled folder: config.loader.load_folder(path)
        now=now,                    # aware, UTC
        contacts=…, groups=…,       # bot.model.Contact and Group, as the store gives them
        staff=…,                    # bot.model.Staff; left out: everybody 团队 names
        journeys=…, tasks=…,        # what is under way, as the store gives it
        deliveries=…, seats=…,      # open ones
        hits={"cust:wmX": [{"k": …, "cls": "服务", "at": …}]},   # the caps, as store.caps has them
        tag_names=await store.tags.names(),                      # WeCom's ids → "组/名"
        release=7,                  # its number
        behaviour=Prompt(),         # how staff and customers act (bot.rehearse.people)
        seed=0,
        explains=lambda subject: True,   # whose timeline is kept in ``why``
    )
    stage.happen(at, "wmX", "添加好友", staff="zhangli")    # now or at any later moment
    stage.publish(book2, redirects={…})                     # head moves at ``stage.now``
    stage.run_until(moment)                                 # may be called again and again

Happenings (``DO`` in bot.rehearse.happenings) and their fields, all but the first for a contact
that is known; ``staff`` is the newest friend where it is left out:
    添加好友 staff channel name shop tags · 客户删除好友 staff · 打上标签 tag staff · 去掉标签 tag
    下单 · 到店 · 互动 · 客户回复 · 收到事件 event · 阶段变化 system stage score reason
    表单提交 form · 资料变化 attributes={预产期: "2027-01-05"} · 入群 theme|group · 退群 theme
    点按钮 step button · 勾完清单 step · 填写 step text        (the newest open task of that step)

What came of it, to be read at any time:
    stage.pushes    list[Push]: at sop step subject staff cls state reason planned_at to id sending
                    state: delivered failed expired suppressed cancelled, or waiting (not decided,
                    or not confirmed yet: then ``at`` is the next try); cls: 服务 营销 欢迎语 员工
    stage.tasks     list[bot.model.Task], in every state; given_at is None before its card
    stage.journeys  id → bot.model.Journey
    stage.later     list[Later]: what was put off: at sop step subject staff until why task
    stage.why       list[Line]: at subject journey what
    stage.stage.deeds           Deed: at sop step subject action, where ``explains`` is true
    stage.stage.releases        n → Release: add those that pinned journeys still follow
    stage.stage.confirmations   (made at, staff, sending): each one 发送 to be pressed
    stage.stage.turned_away     SOP → how often 每天最多 said no
    stage.stuck     journey → error; empty unless our own code is wrong
    stage.hash()    equal for equal rehearsals
"""

from bot.rehearse.people import Act, Behaviour, Prompt
from bot.rehearse.record import Later, Line, Push
from bot.rehearse.rehearsal import Rehearsal

__all__ = ["Act", "Behaviour", "Later", "Line", "Prompt", "Push", "Rehearsal"]
