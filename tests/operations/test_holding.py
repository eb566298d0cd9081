"""What a unit does before it answers, and what the dispatcher does with a task in the wrong place."""

from datetime import timedelta

import pytest

from cxloop.extensions import db
from cxloop.models.task import Decline
from cxloop.operations.act import Forbidden, Invalid, Unseen, WrongState
from tests.cast import ANALYST, BRANCH, CHEN, HANDLER, LEADER, LIN, OPS, WU, ZHAO
from tests.factories import RESOLVED, Story, fresh, local, planned, shown

DECLINE = {"reason": "not_our_region", "text": "不在本省"}


# Signing: the feedback clock runs from dispatch, whatever the signature does (K5)


@pytest.mark.parametrize("name", [CHEN, HANDLER])
def test_lead_and_liaison_and_handler_sign(story: Story, name: str) -> None:
    task = story.one_task()
    before = story.due(task, "feedback")
    story.do("task.sign", name, task)
    row = story.task(task)
    assert (row.state, row.handler, row.signed_by, row.deemed) == ("working", name, name, False)
    assert story.clock(task, "sign").state == "ended"
    clock = story.clock(task, "feedback")
    assert (story.due(task, "feedback"), clock.started_at) == (before, row.dispatched_at)


def test_signing_late_gains_no_time(story: Story) -> None:
    early, late = story.one_task(), story.one_task()
    story.do("task.sign", CHEN, early, at="2026-08-24 10:05")
    story.do("task.sign", CHEN, late, at="2026-08-25 17:59")
    assert story.due(early, "feedback") == story.due(late, "feedback")


@pytest.mark.parametrize(("name", "refusal"), [(LEADER, Forbidden), (WU, Unseen), (BRANCH, Unseen), (OPS, Unseen)])
def test_nobody_else_signs(story: Story, name: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        story.do("task.sign", name, story.one_task())


def test_those_who_read_all_may_not_sign(story: Story) -> None:
    task = story.one_task()
    for name in (ANALYST, LIN, ZHAO):
        with pytest.raises(Forbidden):
            story.do("task.sign", name, task)


def test_signing_twice_is_refused_with_what_is_possible(story: Story) -> None:
    task = story.one_task()
    story.do("task.sign", CHEN, task)
    with pytest.raises(WrongState) as refused:
        story.do("task.sign", CHEN, task)
    assert (refused.value.state, set(refused.value.allowed)) == (
        "working",
        {"ask", "assign", "decline", "feedback", "pause", "report", "request-extension", "split"},
    )


def test_a_signer_names_a_handler_of_the_own_subtree(story: Story) -> None:
    task = story.one_task()
    with pytest.raises(Invalid):
        story.do("task.sign", CHEN, task, handler=WU)
    story.do("task.sign", CHEN, task, handler=HANDLER)
    assert story.task(task).handler == HANDLER
    assert story.told("notice.task_assigned", task) == [HANDLER]


def test_who_was_given_a_task_in_a_branch_sees_and_answers_it(story: Story) -> None:
    task = story.one_task()
    story.do("task.sign", CHEN, task, handler=BRANCH)
    story.do("feedback.submit", BRANCH, task, **RESOLVED)
    assert story.task(task).submitted_by == BRANCH


def test_a_task_taken_from_somebody_is_gone_from_his_sight(story: Story) -> None:
    task = story.one_task()
    story.do("task.sign", CHEN, task, handler=BRANCH)
    story.do("task.assign", CHEN, task, handler=HANDLER)
    with pytest.raises(Unseen):
        story.do("feedback.submit", BRANCH, task, **RESOLVED)


def test_once_one_handler_is_named_the_others_are_not(story: Story) -> None:
    task = story.one_task()
    story.do("task.assign", CHEN, task, handler=BRANCH)
    with pytest.raises(Forbidden):
        story.do("feedback.submit", HANDLER, task, **RESOLVED)


def test_only_the_lead_assigns(story: Story) -> None:
    task = story.one_task()
    with pytest.raises(Forbidden):
        story.do("task.assign", HANDLER, task, handler=HANDLER)


# Deemed signature


def test_unsigned_at_expiry_is_deemed_signed(story: Story) -> None:
    task = story.one_task()
    story.sweep("2026-08-25 17:59")
    assert story.task(task).state == "dispatched"
    story.sweep("2026-08-25 18:00")
    row, sign = story.task(task), story.clock(task, "sign")
    assert (row.state, row.deemed, row.signed_by, row.handler) == ("working", True, "system", "44lead")
    assert (sign.state, [breach.holder for breach in sign.breaches]) == ("ended", ["P44"])
    assert (story.clock(task, "feedback").state, story.due(task, "feedback")) == ("running", "2026-09-01 18:00")
    assert "chen" in story.told("notice.deemed_signed", task)


def test_signing_at_the_very_due_is_in_time(story: Story) -> None:
    task = story.one_task()
    story.do("task.sign", CHEN, task, at="2026-08-25 18:00")
    story.sweep("2026-08-25 18:00")
    sign = story.clock(task, "sign")
    assert (story.task(task).deemed, sign.breaches, sign.overrun) == (False, [], None)


def test_signing_after_the_due_before_the_sweep_is_late(story: Story) -> None:
    task = story.one_task()
    story.do("task.sign", CHEN, task, at="2026-08-26 09:10")
    sign = story.clock(task, "sign")
    assert ([breach.holder for breach in sign.breaches], sign.overrun) == (["P44"], 600)


# Declining: a window counted from dispatch, whatever the signature


@pytest.mark.parametrize("signed", [False, True])
def test_the_window_closes_to_the_second(story: Story, signed: bool) -> None:
    task, other = story.one_task(), story.one_task()
    end = story.task(task).decline_until
    assert shown(end) == "2026-08-25 18:00"
    if signed:
        story.do("task.sign", CHEN, task)
        story.do("task.sign", CHEN, other)
    story.do("task.decline", CHEN, task, at=end, **DECLINE)
    assert story.task(task).state == "declined"
    with pytest.raises(WrongState) as refused:
        story.do("task.decline", CHEN, other, at=end + timedelta(seconds=1), **DECLINE)
    assert refused.value.why == "window_over"
    assert "decline" not in refused.value.allowed


def test_a_deemed_signature_does_not_reopen_the_window(story: Story) -> None:
    task = story.one_task()
    story.sweep("2026-08-25 18:00")
    with pytest.raises(WrongState):
        story.do("task.decline", CHEN, task, at="2026-08-25 18:01", **DECLINE)


def test_only_the_lead_declines_with_a_known_reason_and_unit(story: Story) -> None:
    task = story.one_task()
    with pytest.raises(Forbidden):
        story.do("task.decline", HANDLER, task, **DECLINE)
    for field, value in (("reason", "tired"), ("proposed_unit", "P99")):
        with pytest.raises(Invalid) as refused:
            story.do("task.decline", CHEN, task, **{**DECLINE, field: value})
        assert list(refused.value.errors) == [field]


def test_while_declined_the_time_is_the_dispatchers(story: Story) -> None:
    task = story.one_task()
    story.do("task.decline", CHEN, task, at="2026-08-24 15:00", **DECLINE)
    feedback, decide = story.clock(task, "feedback"), story.clock(task, "decide")
    assert (feedback.state, feedback.holder, feedback.owner) == ("running", "CENTER", "P44")
    assert (decide.owner, story.due(task, "decide")) == ("CENTER", "2026-08-25 18:00")
    assert story.clock(task, "sign").state == "ended"
    spans = [(span.holder, shown(span.from_at), shown(span.to_at)) for span in feedback.spans]
    assert spans == [("P44", "2026-08-24 10:00", "2026-08-24 15:00"), ("CENTER", "2026-08-24 15:00", "-")]


def test_a_due_that_passes_while_declined_is_the_dispatchers_breach(story: Story) -> None:
    task = story.one_task()
    story.do("task.decline", CHEN, task, at="2026-08-24 15:00", **DECLINE)
    story.sweep("2026-09-01 18:00")
    assert [breach.holder for breach in story.clock(task, "feedback").breaches] == ["CENTER"]


# Redispatching


def test_the_next_unit_starts_anew(story: Story) -> None:
    task = story.one_task("P65")
    story.do("task.decline", "65lead", task, at="2026-08-24 15:00", proposed_unit="P54", **DECLINE)
    story.do("task.redispatch", ANALYST, task, at="2026-08-25 10:00", unit="P54")
    row = story.task(task)
    assert (row.unit, row.state, row.handler, row.declines) == ("P54", "dispatched", None, 1)
    old, new = story.clocks(task, "feedback")
    assert [(clock.owner, clock.state, clock.cycle) for clock in (old, new)] == [
        ("P65", "moved", 1),
        ("P54", "running", 2),
    ]
    assert (old.calendar, new.calendar) == ("CN-65", "CN-54")
    assert story.clock(task, "decide").state == "ended"
    [decline] = fresh().scalars(db.select(Decline))
    assert (decline.upheld, decline.decided_by, decline.unit) == (True, ANALYST, "P65")


def test_the_old_unit_sees_it_no_more_and_the_new_one_does(story: Story) -> None:
    task = story.one_task()
    story.do("task.decline", CHEN, task, **DECLINE)
    story.do("task.redispatch", ANALYST, task, unit="P51")
    with pytest.raises(Unseen):
        story.do("task.sign", CHEN, task)
    story.do("task.sign", WU, task)


def test_after_a_redispatch_half_of_the_first_time_is_left_at_least(story: Story) -> None:
    task = story.one_task()
    # 51.5 working hours lay between dispatch and the wave's end on September 1st.
    story.do("task.decline", CHEN, task, at="2026-08-25 17:00", **DECLINE)
    story.do("task.redispatch", ANALYST, task, at="2026-08-31 10:00", unit="P51")
    assert story.due(task, "feedback") == "2026-09-03 14:45"


def test_a_quick_redispatch_keeps_the_waves_end(story: Story) -> None:
    task = story.one_task()
    story.do("task.decline", CHEN, task, at="2026-08-24 11:00", **DECLINE)
    story.do("task.redispatch", ANALYST, task, at="2026-08-24 11:30", unit="P51")
    assert story.due(task, "feedback") == "2026-09-01 18:00"


def test_sent_back_to_the_same_unit_the_decline_was_refused(story: Story) -> None:
    task = story.one_task()
    story.do("task.decline", CHEN, task, **DECLINE)
    story.do("task.redispatch", ANALYST, task, unit="P44")
    [decline] = fresh().scalars(db.select(Decline))
    assert (decline.upheld, story.task(task).state) == (False, "dispatched")
    assert story.told("notice.decline_refused", task) == [CHEN]
    story.do("task.sign", CHEN, task)


def test_after_two_declines_only_a_binding_dispatch_is_left(story: Story) -> None:
    task = story.one_task()
    story.do("task.decline", CHEN, task, **DECLINE)
    with pytest.raises(WrongState) as early:
        story.do("task.adjudicate", LIN, task, unit="P44")
    assert early.value.why == "without_declined_twice"
    story.do("task.redispatch", ANALYST, task, unit="P51")
    story.do("task.decline", WU, task, **DECLINE)
    with pytest.raises(WrongState) as refused:
        story.do("task.redispatch", ANALYST, task, unit="P44")
    assert refused.value.why == "declined_twice"
    with pytest.raises(Forbidden):
        story.do("task.adjudicate", ANALYST, task, unit="P44")
    story.do("task.adjudicate", LIN, task, unit="P44")
    assert (story.task(task).binding, story.task(task).decline_until) == (True, None)
    with pytest.raises(WrongState) as bound:
        story.do("task.decline", CHEN, task, **DECLINE)
    assert bound.value.why == "bound"


def test_a_task_cannot_be_sent_to_the_center_or_nowhere(story: Story) -> None:
    task = story.one_task()
    story.do("task.decline", CHEN, task, **DECLINE)
    for unit in ("CENTER", "P4401", "P99"):
        with pytest.raises(Invalid) as refused:
            story.do("task.redispatch", ANALYST, task, unit=unit)
        assert list(refused.value.errors) == ["unit"]
    assert story.task(task).state == "declined"


# Transfer


def test_a_transfer_moves_a_task_under_way(story: Story) -> None:
    task = story.one_task()
    story.do("task.sign", CHEN, task)
    story.do("task.transfer", ANALYST, task, at="2026-08-31 10:00", unit="P51", reason="duty_moved")
    row, [old, new] = story.task(task), story.clocks(task, "feedback")
    assert (row.unit, row.state, row.handler, row.signed_by) == ("P51", "dispatched", None, None)
    assert [(clock.owner, clock.state) for clock in (old, new)] == [("P44", "moved"), ("P51", "running")]
    assert shown(old.spans[-1].to_at) == "2026-08-31 10:00"
    # No decline, so no half: two working days at least.
    assert story.due(task, "feedback") == "2026-09-02 18:00"
    with pytest.raises(Unseen):
        story.do("task.sign", CHEN, task)


def test_a_transfer_does_not_carry_a_binding_dispatch_to_another_unit(story: Story) -> None:
    task = story.one_task()
    story.do("task.decline", CHEN, task, **DECLINE)
    story.do("task.redispatch", ANALYST, task, unit="P51")
    story.do("task.decline", WU, task, **DECLINE)
    story.do("task.adjudicate", LIN, task, unit="P44")
    story.do("task.sign", CHEN, task)
    story.do("task.transfer", ANALYST, task, unit="P51", reason="duty_moved")
    assert story.task(task).binding is False
    story.do("task.decline", WU, task, **DECLINE)
    with pytest.raises(Forbidden):
        story.do("task.adjudicate", ANALYST, task, unit="P51")


def test_a_transfer_needs_another_unit_and_a_known_reason(story: Story) -> None:
    task = story.one_task()
    story.do("task.sign", CHEN, task)
    for fields, field in (
        ({"unit": "P44", "reason": "duty_moved"}, "unit"),
        ({"unit": "P51", "reason": "x"}, "reason"),
    ):
        with pytest.raises(Invalid) as refused:
            story.do("task.transfer", ANALYST, task, **fields)
        assert list(refused.value.errors) == [field]


# Cancelling


@pytest.mark.parametrize("state", ["dispatched", "working", "declined", "submitted", "following"])
def test_cancelling_ends_every_clock_of_the_task(story: Story, state: str) -> None:
    no, [task, _other] = story.dispatched({"P44": "separate", "P51": "separate"})
    if state != "dispatched":
        story.do("task.sign", CHEN, task)
    if state == "declined":
        story.do("task.decline", CHEN, task, **DECLINE)
    if state in {"submitted", "following"}:
        story.do("feedback.submit", CHEN, task, **planned("2026-10-30 18:00"))
    if state == "following":
        story.accept(task)
    assert story.task(task).state == state
    story.do("task.cancel", ANALYST, task, reason="covered")
    kinds = ("sign", "feedback", "decide", "review")
    clocks = [clock for kind in kinds for clock in story.clocks(task, kind)] + story.clocks(f"{task}/1", "measure")
    assert not [clock.kind for clock in clocks if clock.state in {"running", "stopped"}]
    assert not [rung.code for clock in clocks for rung in clock.rungs if rung.state in {"armed", "held"}]
    assert (story.task(task).state, story.the_issue(no).state) == ("cancelled", "in_progress")


def test_a_cancelled_task_fires_nothing_more(story: Story) -> None:
    _no, [task, _other] = story.dispatched({"P44": "separate", "P51": "separate"})
    story.do("task.cancel", ANALYST, task, reason="covered")
    story.pass_time("2026-09-30 18:00")
    assert story.clock(task, "feedback").breaches == []


def test_cancelling_after_the_due_leaves_the_breach(story: Story) -> None:
    swept, unswept = story.one_task(), story.one_task("P51")
    story.do("task.sign", CHEN, swept)
    story.do("task.sign", WU, unswept)
    story.do("task.cancel", ANALYST, unswept, at="2026-09-02 09:00", reason="covered")
    story.sweep("2026-09-02 09:00")
    story.do("task.cancel", ANALYST, swept, reason="covered")
    for task in (swept, unswept):
        assert len(story.clock(task, "feedback").breaches) == 1


def test_units_cancel_nothing_and_a_known_reason_is_needed(story: Story) -> None:
    task = story.one_task()
    with pytest.raises(Forbidden):
        story.do("task.cancel", CHEN, task, reason="covered")
    with pytest.raises(Invalid):
        story.do("task.cancel", ANALYST, task, reason="x")


# Attention


def test_a_nudge_tells_and_changes_nothing(story: Story) -> None:
    task = story.one_task()
    version = story.task(task).version
    story.do("task.nudge", ANALYST, task, text="请尽快")
    assert story.told("notice.nudged", task) == ["44lead", "chen", "tang"]
    assert (story.task(task).version, story.entries("issue", task[:14])[-1].act) == (version, "task.nudge")


def test_letters_of_supervision_are_numbered_through_the_year(story: Story) -> None:
    first, second = story.one_task(), story.one_task()
    story.do("task.supervise", ANALYST, first, level="yellow", text="督办")
    story.do("task.supervise", LIN, second, level="red", text="挂牌")
    assert [story.task(task).supervision_number for task in (first, second)] == [
        "体验督办〔2026〕1号",
        "体验督办〔2026〕2号",
    ]
    assert story.told("notice.supervised", first) == ["44lead", "44leader", "chen", "tang"]
    story.do("task.supervise", ANALYST, first, level="yellow", text="解除", on=False)
    assert (story.task(first).supervision, story.task(second).supervision) == (None, "red")


def test_attention_is_the_centers_and_for_open_tasks(story: Story) -> None:
    task = story.one_task()
    with pytest.raises(Forbidden):
        story.do("task.nudge", CHEN, task)
    with pytest.raises(Invalid):
        story.do("task.supervise", ANALYST, task, level="black", text="x")
    story.settle(task)
    with pytest.raises(WrongState):
        story.do("task.nudge", ANALYST, task)


def test_a_moment_before_the_chains_last_counts_as_that_last(story: Story) -> None:
    task = story.one_task(at="2026-08-24 10:00")
    story.do("task.sign", CHEN, task, at="2026-08-24 09:00")
    assert story.task(task).signed_at == local("2026-08-24 10:00")
