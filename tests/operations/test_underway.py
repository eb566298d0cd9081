"""On the way: notes, questions, signatures inside the unit, tasks in the wrong place, tasks done again."""

from typing import Any

import pytest

from cxloop.extensions import db
from cxloop.models.progress import Redo
from cxloop.operations.act import Forbidden, Invalid, WrongState
from tests.cast import ANALYST, CHEN, HANDLER, LEADER, LIN, OPS, WU
from tests.factories import RESOLVED, Story, fresh, local, planned, shown


def held(story: Story, **more: Any) -> str:
    task = story.one_task(**more)
    story.do("task.sign", CHEN, task)
    return task


# Progress


def test_a_promised_word_that_does_not_come_is_asked_for_and_is_no_breach(story: Story) -> None:
    task = held(story)
    due = story.due(task, "feedback")
    story.do("progress.report", CHEN, task, text="备件已到", next_at=local("2026-08-26 10:00"))
    assert (story.task(task).state, story.due(task, "feedback")) == ("working", due)
    story.pass_time("2026-08-26 10:05")
    assert {CHEN, ANALYST} <= set(story.told("notice.silent", task))
    assert story.clock(task, "feedback").breaches == []


def test_the_next_word_takes_the_reminders_place(story: Story) -> None:
    task = held(story)
    story.do("progress.report", CHEN, task, text="x", next_at=local("2026-08-26 10:00"))
    story.do("progress.report", CHEN, task, text="y", next_at=local("2026-08-27 10:00"))
    story.pass_time("2026-08-26 18:00")
    assert story.told("notice.silent", task) == []
    story.do("progress.report", CHEN, task, text="z")
    story.pass_time("2026-08-28 10:00")
    assert story.told("notice.silent", task) == []
    with pytest.raises(Invalid):
        story.do("progress.report", CHEN, task, text="x", next_at=local("2026-08-20 10:00"))


def test_a_promise_stands_through_an_extension_and_not_through_an_answer(story: Story) -> None:
    task = held(story)
    story.do("progress.report", CHEN, task, text="x", next_at=local("2026-08-28 10:00"))
    due = local("2026-09-02 18:00")
    story.do("extension.request", CHEN, task, reason="site_work", text="x", due_at=due)
    story.do("extension.grant", LIN, task)
    assert [r.state for r in story.clock(task, "feedback").rungs if r.code.startswith("progress")] == ["armed"]
    story.answer(task)
    story.pass_time("2026-08-28 18:00")
    assert story.told("notice.silent", task) == []


# Questions


def test_a_question_is_answered_and_the_units_clock_has_run_on(story: Story) -> None:
    task = held(story)
    story.do("task.ask", CHEN, task, text="口径是什么?")
    owed = story.clock(f"{task}/question.1", "answer")
    assert (owed.owner, shown(owed.due_at)) == ("CENTER", "2026-08-27 18:00")
    with pytest.raises(WrongState):
        story.do("task.answer", ANALYST, story.one_task(), text="x")
    story.do("task.answer", ANALYST, task, at="2026-08-26 10:00", text="按公示口径")
    assert [(span.state, span.holder) for span in story.clock(task, "feedback").spans] == [("running", "P44")]
    assert story.told("notice.answered", task) == [CHEN]


@pytest.mark.parametrize("swept", [True, False])
def test_what_an_answer_is_late_is_the_centers(story: Story, swept: bool) -> None:
    task = held(story)
    story.do("task.ask", CHEN, task, text="口径?")
    if swept:
        story.pass_time("2026-08-28 10:00")
    story.do("task.answer", ANALYST, task, at="2026-08-28 12:00", text="x")
    spans = [(span.holder, shown(span.from_at), shown(span.to_at)) for span in story.clock(task, "feedback").spans]
    assert spans == [
        ("P44", "2026-08-24 10:00", "2026-08-27 18:00"),
        ("CENTER", "2026-08-27 18:00", "2026-08-28 12:00"),
        ("P44", "2026-08-28 12:00", "-"),
    ]
    assert len(story.clock(f"{task}/question.1", "answer").breaches) == 1


def test_two_open_questions_are_told_apart(story: Story) -> None:
    task = held(story)
    for text in ("一", "二"):
        story.do("task.ask", CHEN, task, text=text)
    with pytest.raises(Invalid):
        story.do("task.answer", ANALYST, task, text="x")
    story.do("task.answer", ANALYST, task, text="x", question=2)
    story.do("task.answer", ANALYST, task, text="x")


# Signing off


def test_the_leader_signs_while_the_clock_runs_on(story: Story) -> None:
    task = held(story)
    story.do("unit.set_sign_off", OPS, "P44", sign_off="leader")
    story.do("task.assign", CHEN, task, handler=HANDLER)
    story.do("feedback.submit", HANDLER, task, **RESOLVED)
    assert (story.task(task).state, story.clock(task, "feedback").state) == ("signing", "running")
    assert story.told("notice.sign_wanted", task) == [LEADER]
    with pytest.raises(Forbidden, match="leader_only"):
        story.do("feedback.sign", CHEN, task)
    story.do("feedback.sign", LEADER, task)
    assert (story.task(task).state, story.clock(task, "feedback").state) == ("submitted", "stopped")
    [answer] = story.task(task).feedbacks
    assert (answer.submitted_by, answer.signed_by) == (HANDLER, LEADER)


def test_what_the_leader_returns_is_written_again(story: Story) -> None:
    task = held(story)
    story.do("unit.set_sign_off", OPS, "P44", sign_off="leader")
    story.do("feedback.submit", CHEN, task, **planned("2026-10-30 18:00"))
    story.do("feedback.return", LEADER, task, text="措施不实")
    assert story.task(task).state == "working"
    assert CHEN in story.told("notice.not_signed", task)
    story.do("feedback.submit", CHEN, task, **RESOLVED)
    story.do("feedback.sign", LEADER, task)
    story.accept(task)
    assert story.task(task).state == "accepted"


def test_a_lead_who_answers_needs_no_leads_signature(story: Story) -> None:
    task = held(story)
    story.do("unit.set_sign_off", OPS, "P44", sign_off="lead")
    story.answer(task)
    assert story.task(task).state == "submitted"


# In the wrong place, after the window


def test_a_transfer_is_asked_for_after_the_window_and_the_clock_runs_on(story: Story) -> None:
    task = held(story)
    said = {"reason": "cause_elsewhere", "text": "集团平台", "unit": "D03"}
    with pytest.raises(WrongState, match="without_window_over"):
        story.do("transfer.request", CHEN, task, **said)
    story.do("transfer.request", CHEN, task, at="2026-08-26 10:00", **said)
    clock = story.clock(task, "feedback")
    assert (clock.state, clock.holder, clock.asked_of) == ("running", "P44", None)
    story.do("transfer.refuse", ANALYST, task, text="仍由你省牵头")
    story.do("transfer.request", CHEN, task, **said)
    story.do("transfer.grant", ANALYST, task)
    row = story.task(task)
    assert (row.unit, row.state, row.binding) == ("D03", "dispatched", False)
    assert [one.state for one in story.clocks(task, "feedback")] == ["moved", "running"]
    assert story.clock(f"{task}/request.2", "decide").state == "ended"


def test_a_department_is_bound_by_an_instruction_or_a_conference(story: Story) -> None:
    no, [task] = story.dispatched({"P11": "separate"})
    said = {"reason": "not_our_region", "text": "x"}
    story.do("task.decline", "11lead", task, **said)
    story.do("task.redispatch", ANALYST, task, unit="P31")
    story.do("task.decline", "31lead", task, **said)
    with pytest.raises(Invalid) as refused:
        story.do("task.adjudicate", LIN, task, unit="D03")
    assert refused.value.errors["cites"][0] == "error.citation_wanted"
    with pytest.raises(Invalid):
        story.do("task.adjudicate", LIN, task, unit="D03", cites="conference.1")
    story.do("issue.confer", ANALYST, no, units=["P11", "P31", "D03"], minutes="……", decisions="信息技术部牵头")
    story.do("issue.instruct", ANALYST, no, office="集团分管领导", text="一周内拿出方案")
    story.do("task.adjudicate", LIN, task, unit="D03", cites="conference.1")
    assert (story.task(task).unit, story.task(task).binding, story.task(task).bound_by) == ("D03", True, "conference.1")


# Done again


def ineffective(story: Story) -> tuple[str, list[str]]:
    no, tasks = story.dispatched({"P44": "separate", "P51": "separate"})
    for task in tasks:
        story.settle(task)
    story.verdict(no, "ineffective")
    return no, tasks


def test_one_unsatisfied_province_does_its_task_again(story: Story) -> None:
    no, [mine, other] = ineffective(story)
    story.do("task.redo", ANALYST, mine, reason="unit_fault", text="退费未到账")
    row = story.task(mine)
    assert (row.state, row.cycle, row.answered, story.task(other).state) == ("working", 2, False, "accepted")
    clock = story.clock(mine, "feedback")
    assert (clock.cycle, clock.target, clock.state) == (2, "3 d", "running")
    assert story.clock(no, "triage").state == "ended"
    story.do("feedback.submit", CHEN, mine, **RESOLVED)
    story.accept(mine)
    assert story.the_issue(no).state == "verifying"
    rows = fresh().scalars(db.select(Redo)).all()
    assert [(one.task_no, one.reason, one.cycle) for one in rows] == [(mine, "unit_fault", 2)]


def test_only_after_an_ineffective_verdict_and_once_a_cycle(story: Story) -> None:
    no, [mine, _other] = ineffective(story)
    said = {"reason": "unit_fault", "text": "x"}
    with pytest.raises(Forbidden):
        story.do("task.redo", WU, _other, **said)
    with pytest.raises(Invalid):
        story.do("task.redo", ANALYST, mine, reason="no_such", text="x")
    story.do("task.redo", ANALYST, mine, **said)
    story.do("feedback.submit", CHEN, mine, **RESOLVED)
    story.accept(mine)
    with pytest.raises(WrongState, match="without_redoable"):
        story.do("task.redo", ANALYST, mine, **said)
    done = story.one_task(at="2026-08-26 10:00")
    story.settle(done)
    with pytest.raises(WrongState, match="without_redoable"):
        story.do("task.redo", ANALYST, done, **said)
    assert no
