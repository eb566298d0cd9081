"""Feedback: the unit answers; the clock stops for the verdict, and runs on when the answer is taken back (K9)."""

from typing import Any

import pytest

from cxloop.operations.act import Forbidden, Invalid, WrongState
from tests.cast import ANALYST, CHEN, HANDLER, LEADER, WU
from tests.factories import RESOLVED, Story, local, parked, planned, shown


def test_an_answer_stops_the_unit_and_starts_the_dispatcher(story: Story) -> None:
    task = story.one_task()
    story.answer(task, at="2026-08-26 10:00")
    feedback, review = story.clock(task, "feedback"), story.clock(task, "review")
    assert (story.task(task).state, feedback.state) == ("submitted", "stopped")
    assert (review.owner, shown(review.started_at), story.due(task, "review")) == (
        "CENTER",
        "2026-08-26 10:00",
        "2026-08-28 18:00",
    )


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({**RESOLVED, "measures": []}, "measures"),
        ({**RESOLVED, "outcome": "planned"}, "measures"),
        (planned("2026-08-24 09:00"), "measures.0.due_at"),
        ({**parked(), "reason": None}, "reason"),
        ({**parked(), "reason": "x"}, "reason"),
        ({**parked(), "review_at": None}, "review_at"),
        (parked("2026-08-24 09:00"), "review_at"),
        ({**RESOLVED, "measures": [{"kind": "corrective", "text": "x", "handler": WU}]}, "measures.0.handler"),
    ],
)
def test_what_an_outcome_needs(story: Story, answer: dict[str, Any], field: str) -> None:
    task = story.one_task()
    with pytest.raises(Invalid) as refused:
        story.answer(task, **answer)
    assert list(refused.value.errors) == [field]
    assert (story.task(task).state, story.clock(task, "feedback").state) == ("working", "running")


@pytest.mark.parametrize("outcome", ["explained", "not_found"])
def test_some_outcomes_need_no_measure(story: Story, outcome: str) -> None:
    task = story.one_task()
    story.settle(task, **{**RESOLVED, "outcome": outcome, "measures": []})
    assert story.task(task).state == "accepted"


def test_who_answers(story: Story) -> None:
    task = story.one_task()
    story.do("task.sign", CHEN, task)
    for name in (LEADER, HANDLER, ANALYST):  # the handler is another: Chen signed for himself
        with pytest.raises(Forbidden):
            story.do("feedback.submit", name, task, **RESOLVED)
    story.do("task.assign", CHEN, task, handler=HANDLER)
    story.do("feedback.submit", HANDLER, task, **RESOLVED)
    assert story.told("notice.task_answered", task) == [ANALYST]


def test_an_unsigned_task_is_not_answered(story: Story) -> None:
    task = story.one_task()
    with pytest.raises(WrongState) as refused:
        story.do("feedback.submit", CHEN, task, **RESOLVED)
    assert set(refused.value.allowed) == {"sign", "assign", "decline"}


@pytest.mark.parametrize(("at", "late"), [("2026-09-01 18:00", False), ("2026-09-01 18:00:01", True)])
def test_on_time_means_ended_at_the_due_or_before(story: Story, at: str, late: bool) -> None:
    task = story.one_task()
    story.do("task.sign", CHEN, task)
    story.do("feedback.submit", CHEN, task, at=at, **RESOLVED)
    story.sweep("2026-09-03 17:00")
    story.accept(task)
    clock = story.clock(task, "feedback")
    assert (clock.state, clock.ended_at, bool(clock.breaches)) == ("ended", local(at), late)


def test_while_stopped_for_a_verdict_nothing_fires(story: Story) -> None:
    task = story.one_task()
    story.answer(task, at="2026-08-26 10:00")
    story.pass_time("2026-09-10 18:00")
    clock = story.clock(task, "feedback")
    assert [rung.state for rung in clock.rungs] == ["held"] * len(clock.rungs)
    assert (clock.breaches, [breach.holder for breach in story.clock(task, "review").breaches]) == ([], ["CENTER"])


# Withdrawing: the stretch is charged as if the clock had run


def test_a_withdrawn_answer_costs_its_time(story: Story) -> None:
    task = story.one_task()
    story.answer(task, at="2026-08-26 10:00")
    story.do("feedback.withdraw", CHEN, task, at="2026-08-27 10:00")
    clock, review = story.clock(task, "feedback"), story.clock(task, "review")
    assert (story.task(task).state, clock.state, review.state) == ("working", "running", "cancelled")
    assert story.due(task, "feedback") == "2026-09-01 18:00"
    assert {span.state for span in clock.spans} == {"running"}
    assert {span.holder for span in clock.spans} == {"P44"}


def test_a_due_that_passed_meanwhile_fires_at_once(story: Story) -> None:
    task = story.one_task()
    story.answer(task, at="2026-09-01 17:00")
    story.pass_time("2026-09-02 09:00")
    assert story.clock(task, "feedback").breaches == []
    story.do("feedback.withdraw", CHEN, task, at="2026-09-02 09:30")
    story.sweep("2026-09-02 09:30")
    clock = story.clock(task, "feedback")
    assert [(breach.holder, shown(breach.due_at)) for breach in clock.breaches] == [("P44", "2026-09-01 18:00")]
    assert [rung.late for rung in clock.rungs if rung.code == "due"] == [True]


def test_answering_again_before_the_sweep_leaves_the_breach(story: Story) -> None:
    task = story.one_task()
    story.answer(task, at="2026-09-01 17:00")
    story.do("feedback.withdraw", CHEN, task, at="2026-09-02 09:30")
    story.do("feedback.submit", CHEN, task, at="2026-09-02 09:31", **RESOLVED)
    story.accept(task, at="2026-09-02 10:00")
    clock = story.clock(task, "feedback")
    assert (len(clock.breaches), clock.overrun) == (1, 31 * 60)


def test_after_a_withdrawal_the_limit_is_counted_whole(story: Story) -> None:
    task = story.one_task()
    story.answer(task, at="2026-08-26 10:00")
    story.do("feedback.withdraw", CHEN, task, at="2026-08-27 10:00")
    story.do("feedback.submit", CHEN, task, at="2026-08-27 11:00", **RESOLVED)
    story.do("review.send_back", ANALYST, task, at="2026-08-28 11:00", reason="no_evidence")
    # Left at the second submission: the 27th from 11:00 5.5 h, then three days of 7.5 h to September 1st.
    assert story.due(task, "feedback") == "2026-09-02 18:00"


def test_a_withdrawn_answer_does_not_count(story: Story) -> None:
    task = story.one_task()
    story.answer(task, **planned("2026-10-30 18:00"))
    story.do("feedback.withdraw", CHEN, task)
    with pytest.raises(WrongState):
        story.accept(task)
    story.do("feedback.submit", CHEN, task, **RESOLVED)
    story.accept(task)
    assert story.task(task).state == "accepted"


def test_measures_are_counted_within_the_task_and_never_restart(story: Story) -> None:
    task = story.one_task()
    story.answer(task, **planned("2026-10-30 18:00", "2026-11-02 18:00"))
    story.do("review.send_back", ANALYST, task, reason="no_owner_date")
    story.do("feedback.submit", CHEN, task, **planned("2026-11-30 18:00"))
    assert [story.measure(f"{task}/{n}").dropped for n in (1, 2, 3)] == [True, True, False]
