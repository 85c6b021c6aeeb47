"""What proofs make of a task: its worker's word is never enough to verify it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Fact, Task
from bot.playbook import keys
from bot.playbook.evidence import (
    BUTTON,
    CHECKLIST,
    filled,
    in_words,
    judge,
    proved_by,
    question,
    spoken,
    weigh,
)

NOW = datetime(2026, 11, 23, 2, 0, 0, 500_000, UTC)
TAG = keys.tagged_in("wmA", "宝宝月龄")


def a_task(*wanted: str, any_proof: bool = False) -> Task:
    return Task(
        id="t",
        journey="s:wmA:1",
        sop="s",
        step="问",
        subject="wmA",
        staff="zhangli",
        title="问清月龄",
        proofs_wanted=wanted,
        any_proof=any_proof,
        keys=tuple(w for w in wanted if w not in (BUTTON, CHECKLIST)),
        created_at=NOW,
    )


def a_fact(at: datetime = NOW, source: str = "callback", *names: str) -> Fact:
    return Fact(id=f"f{at}", keys=names or (TAG,), subject="wmA", at=at, source=source)


def test_a_tap_alone_is_acknowledged_never_verified() -> None:
    verdict = weigh([BUTTON], False, [BUTTON])

    assert (verdict.complete, verdict.evidence) == (True, "acknowledged")


def test_a_ticked_list_is_acknowledged() -> None:
    assert weigh([CHECKLIST], False, [CHECKLIST]).evidence == "acknowledged"


def test_a_fact_alone_verifies_when_nothing_else_is_wanted() -> None:
    verdict = weigh([TAG], False, [TAG])

    assert (verdict.complete, verdict.evidence, verdict.told) == (True, "verified", False)


def test_all_that_is_wanted_must_be_there() -> None:
    tapped, tagged = weigh([BUTTON, TAG], False, [BUTTON]), weigh([BUTTON, TAG], False, [TAG])

    assert (tapped.complete, tapped.evidence, tapped.missing) == (False, "acknowledged", (TAG,))
    assert (tagged.complete, tagged.evidence, tagged.missing) == (False, "", (BUTTON,))
    assert weigh([BUTTON, TAG], False, [TAG, BUTTON]).evidence == "verified"


def test_any_of_them_is_enough_but_a_word_stays_a_word() -> None:
    assert weigh([BUTTON, TAG], True, [BUTTON]).complete
    assert weigh([BUTTON, TAG], True, [BUTTON]).evidence == "acknowledged"
    assert weigh([BUTTON, TAG], True, [TAG]).evidence == "verified"


def test_nothing_proves_nothing() -> None:
    assert not weigh([BUTTON], True, []).complete
    assert not weigh([], False, []).complete


def test_what_was_seen_before_the_task_was_made_proves_nothing() -> None:
    assert not proved_by(a_task(TAG), [a_fact(NOW - timedelta(seconds=2))])


def test_the_second_in_which_the_task_was_made_counts() -> None:
    assert TAG in proved_by(a_task(TAG), [a_fact(NOW.replace(microsecond=0))])


def test_a_tag_we_put_ourselves_proves_nothing() -> None:
    assert not proved_by(a_task(BUTTON, TAG), [a_fact(source="mark_tag")])


def test_the_first_fact_is_the_proof() -> None:
    first, second = a_fact(), a_fact(NOW + timedelta(minutes=1))

    assert proved_by(a_task(TAG), [first, second])[TAG]["fact"] == first.id


def test_a_fact_nobody_wanted_is_no_proof() -> None:
    assert not proved_by(a_task(TAG), [a_fact(NOW, "callback", "order:wmA")])


def test_the_words_asked_for_are_those_on_the_card() -> None:
    assert spoken([TAG, BUTTON]) == (BUTTON,)
    assert spoken([TAG]) == ()


def test_missing_proofs_are_asked_for_in_words() -> None:
    assert in_words(TAG) == "给客户打上“宝宝月龄”的标签"
    assert in_words(keys.joined("wmA", "0-6月龄")) == "客户进入“0-6月龄”的群"


def test_a_task_with_no_proof_yet_is_open() -> None:
    assert not judge(a_task(BUTTON)).complete


# --- 填写, 数据核对 ------------------------------------------------------------------------------

NUMBER, RECEIPT = filled("快递单号"), filled("签收人")
SHIPPED = keys.happened("wmA", "已发货")


def with_proofs(task: Task, *names: str) -> Task:
    return replace(task, proofs={name: {"by": "zhangli"} for name in names})


def test_what_was_typed_is_the_workers_own_report() -> None:
    assert weigh([NUMBER], False, [NUMBER]).evidence == "self_reported"
    assert weigh([BUTTON, NUMBER], False, [BUTTON, NUMBER]).evidence == "self_reported"
    assert weigh([BUTTON, NUMBER], False, [BUTTON]).evidence == "acknowledged"


def test_a_posted_event_verifies_whatever_was_typed_beside_it() -> None:
    verdict = weigh([NUMBER, SHIPPED], False, [NUMBER, SHIPPED])

    assert (verdict.complete, verdict.evidence) == (True, "verified")


def test_the_worker_has_told_once_every_word_is_given() -> None:
    assert not weigh([BUTTON, NUMBER, TAG], False, [BUTTON]).told
    assert weigh([BUTTON, NUMBER, TAG], False, [BUTTON, NUMBER]).told
    assert weigh([BUTTON, NUMBER], True, [BUTTON]).told


@pytest.mark.parametrize(
    ("wanted", "there", "asked"),
    [
        ([NUMBER], [], "快递单号"),
        ([BUTTON, NUMBER], [], None),
        ([BUTTON, NUMBER], [BUTTON], "快递单号"),
        ([BUTTON, TAG, NUMBER], [BUTTON], "快递单号"),
        ([CHECKLIST, NUMBER], [], None),
        ([TAG, NUMBER], [], None),
        ([TAG, NUMBER], [TAG], "快递单号"),
        ([NUMBER, RECEIPT], [NUMBER], "签收人"),
        ([NUMBER], [NUMBER], None),
        ([BUTTON, TAG], [BUTTON], None),
    ],
)
def test_an_answer_is_asked_for_after_the_tap_or_when_nothing_else_is_left(
    wanted: list[str], there: list[str], asked: str | None
) -> None:
    assert question(with_proofs(a_task(*wanted), *there)) == asked


def test_where_any_proof_will_do_the_question_is_put_at_once() -> None:
    either = a_task(BUTTON, NUMBER, any_proof=True)

    assert question(either) == "快递单号"
    assert question(with_proofs(either, BUTTON)) is None


def test_nobody_is_asked_about_a_task_that_is_over() -> None:
    assert question(replace(a_task(NUMBER), open=False)) is None


def test_a_customers_reply_on_a_workers_word_proves_nothing() -> None:
    replied = keys.happened("wmA", "reply")

    assert not proved_by(a_task(replied), [a_fact(NOW, "tap", replied)])
    assert replied in proved_by(a_task(replied), [a_fact(NOW, "posted", replied)])


def test_what_is_missing_is_said_as_people_call_it() -> None:
    assert in_words(NUMBER) == "在这里回复“快递单号”"
    assert in_words(SHIPPED) == "系统收到“已发货”"
    assert in_words(keys.happened("wmA", "order")) == "系统收到“下单”"
    assert in_words(keys.joined("wmA", "")) == "客户进群"
