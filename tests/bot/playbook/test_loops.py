"""Around and around: what a loop does next, decided without a database."""

from dataclasses import replace

from bot.playbook.journey import LOOK_AGAIN, PENDING, Move
from tests.bot.playbook.test_journey import BYE, Story, at, fact

WEEKLY = """
  - 步骤: 每周内容
    循环:
      到: {until}
      步骤:
        - 步骤: 周一发
          何时: 每周一 10:00
          发给员工: {{文案: 周一, 给: 跟进人}}
        - 步骤: 周五发
          何时: 每周五 10:00
          发给员工: {{文案: 周五, 给: 跟进人}}
"""
TWINS = """
  - 步骤: 每天两件
    循环:
      到: 第3天
      步骤:
        - 步骤: 第一件
          何时: 每天 10:00
          发给员工: {文案: 一, 给: 跟进人}
        - 步骤: 第二件
          何时: 每天 10:00
          发给员工: {文案: 二, 给: 跟进人}
"""
DAILY_TASK = """
  - 步骤: 每天问
    循环:
      到: 第9天
      步骤:
        - 步骤: 问一句
          何时: 每天 10:00
          派任务: {标题: 问一句, 给: 跟进人, 完成依据: [按钮: 好], 期限: 2天, 等完成: 是}
"""


def run(story: Story, now: str) -> list[str]:
    """Move until nothing is due; the names of the steps entered, loops themselves left out."""
    entered = []
    moment = at(now)
    for _ in range(50):
        due = story.journey.due_at
        if story.journey.state == "done" or due is None or due > moment:
            return entered
        if story.decide(moment).enters:
            if story.journey.step not in ("每周内容", "每天两件", "每天问"):
                entered.append(story.journey.step)
            story.leave(moment)
    raise AssertionError("it does not come to rest")


def test_whichever_comes_first_is_done_first_not_what_stands_first() -> None:
    story = Story(WEEKLY.format(until="第20天"), BYE)  # entered on a Monday, at 14:00

    days = ("11-23 14:00", "11-27 10:00", "11-30 10:00", "12-04 10:00")
    done = [run(story, f"2026-{day}") for day in days]

    assert done == [[], ["周五发"], ["周一发"], ["周五发"]]
    assert story.journey.state == "active"


def test_when_none_comes_before_its_end_life_goes_on_behind_it() -> None:
    story = Story(WEEKLY.format(until="第5天"), BYE)

    run(story, "2026-11-23 14:00")
    done = run(story, "2026-11-27 10:00")

    assert done == ["周五发", "再见"]
    assert (story.journey.state, story.journey.loop) == ("done", "")


def test_a_length_is_counted_from_when_the_loop_was_reached() -> None:
    story = Story("  - 步骤: 歇歇\n    等待: 2天\n", WEEKLY.format(until="5天"), BYE)

    done = run(story, "2026-11-23 14:00")
    done += run(story, "2026-11-25 14:00")  # the loop is reached: until the end of 11-30
    done += run(story, "2026-11-27 10:00")
    done += run(story, "2026-11-30 10:00")

    assert done == ["歇歇", "周五发", "周一发", "再见"]


def test_two_steps_of_one_moment_are_both_done_in_their_order() -> None:
    story = Story(TWINS, BYE)

    days = ("2026-11-23 14:00", "2026-11-24 10:00", "2026-11-25 10:00")
    done = [run(story, day) for day in days]

    assert done == [[], ["第一件", "第二件"], ["第一件", "第二件", "再见"]]


def test_every_visit_of_a_step_has_effects_of_its_own() -> None:
    story = Story(TWINS, BYE)
    visits = []
    for day in ("2026-11-23 14:00", "2026-11-24 10:00", "2026-11-25 10:00"):
        for _ in range(20):
            due = story.journey.due_at
            if story.journey.state == "done" or due is None or due > at(day):
                break
            if story.decide(at(day)).enters:
                visits.append((story.journey.step, story.journey.visit))
                story.leave(at(day))

    assert [step for step, _ in visits].count("第一件") == 2
    assert len({visit for _, visit in visits}) == len(visits)


def test_after_a_long_silence_only_the_last_occurrence_is_made_up_for() -> None:
    story = Story(WEEKLY.format(until="第30天"), BYE)
    run(story, "2026-11-23 14:00")

    move = story.decide(at("2026-12-12 09:00"))  # 11-27, 11-30, 12-04, 12-07 and 12-11 have gone by

    assert move.why == ("轮到“周一发”（12-07 10:00），之前错过的 1 次不补",)
    assert story.journey.step_at == story.journey.planned_at == at("2026-12-07 10:00")


def test_a_missed_occurrence_follows_the_rule_for_missed_moments() -> None:
    skipping = WEEKLY.format(until="第30天").replace(
        "何时: 每周五 10:00", "何时: 每周五 10:00\n          错过时: 跳过"
    )
    story = Story(skipping, BYE)
    run(story, "2026-11-23 14:00")

    story.decide(at("2026-11-27 18:00"))
    move = story.decide(at("2026-11-27 18:00"))

    assert move.why[0] == "跳过“周五发”：已经过了 11-27 10:00，按“错过时”跳过"


def test_an_edited_time_is_followed_while_the_loop_waits() -> None:
    story = Story(WEEKLY.format(until="第30天"), BYE)
    run(story, "2026-11-23 14:00")
    edited = Story(WEEKLY.format(until="第30天").replace("每周五", "每周四"), BYE)
    edited.journey = replace(story.journey, due_at=at("2026-11-24 12:00"))

    edited.decide(at("2026-11-24 12:00"))

    assert edited.journey.due_at == at("2026-11-26 10:00")


# --- 等完成 --------------------------------------------------------------------------------------

HOLD = """
  - 步骤: 问需求
    派任务: {标题: 问月龄, 给: 跟进人, 完成依据: [按钮: 已问到], 期限: 1天, 等完成: 是}
"""
CLOSED = "任务:新客:wm1:1:问需求"


def closed(
    story: Story, moment: str, result: str, *, visit: int | None = None, step: str = ""
) -> Move:
    key = CLOSED if not step else f"任务:新客:wm1:1:{step}"
    task = f"{story.journey.id}:{story.journey.visit if visit is None else visit}:0"
    return story.decide(at(moment), fact(key, at(moment), result=result, task=task))


def test_a_step_is_held_until_its_task_is_over() -> None:
    story = Story(HOLD, BYE)
    story.go_through(at("2026-11-23 14:00"))

    held = story.decide(at("2026-11-23 14:00"))
    freed = closed(story, "2026-11-23 16:00", "已问到")

    assert held.change["due_at"] == at("2026-11-23 14:00") + LOOK_AGAIN
    assert freed.why == ("“问需求”的任务有了结果：已问到",)
    assert (story.journey.step, story.journey.phase) == ("再见", "before")
    assert CLOSED not in story.journey.keys


def test_a_held_step_goes_on_to_wait_when_its_task_is_over() -> None:
    story = Story(HOLD + "    等待: 2天\n", BYE)
    story.go_through(at("2026-11-23 14:00"))

    closed(story, "2026-11-23 16:00", "逾期")
    asleep = story.decide(at("2026-11-24 16:00"))
    story.decide(at("2026-11-25 16:00"))

    assert not asleep.enters
    assert story.journey.step == "再见"


def test_in_a_loop_the_end_of_an_earlier_task_does_not_free_the_next() -> None:
    story = Story(DAILY_TASK, BYE)
    run(story, "2026-11-23 14:00")
    run(story, "2026-11-24 10:00")
    first = story.journey.visit
    closed(story, "2026-11-24 15:00", "好", visit=first, step="问一句")
    run(story, "2026-11-24 15:00")
    run(story, "2026-11-25 10:00")

    old = closed(story, "2026-11-25 11:00", "好", visit=first, step="问一句")
    new = closed(story, "2026-11-25 12:00", "好", step="问一句")

    assert story.journey.results == {"问一句": PENDING}
    assert old.change == {"due_at": at("2026-11-25 11:00") + LOOK_AGAIN}
    assert new.why[0] == "“问一句”的任务有了结果：好"
