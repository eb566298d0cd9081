"""More time: extensions (K10) and pauses (K8), and what they do to the joint due (K6)."""

from datetime import timedelta
from typing import Any

import pytest

from cxloop.extensions import db
from cxloop.models.clock import Request
from cxloop.models.issue import Issue
from cxloop.operations.act import Forbidden, Invalid, Unseen, WrongState, writing
from tests.cast import ANALYST, CHEN, HANDLER, LEADER, LIN, TANG, WU
from tests.factories import Story, fresh, local, planned, shown

SITE = {"reason": "site_work", "text": "光缆敷设"}
WAIT = {"reason": "third_party", "text": "等物业函件"}


def held(story: Story, unit: str = "P44", *, severity: int = 3) -> str:
    """A task that its unit has signed: at severity 3 due on Tuesday, 1 September, 18:00."""
    task = story.one_task(unit, severity=severity)
    story.do("task.sign", CHEN if unit == "P44" else f"{unit[1:]}lead", task)
    return task


def ask(story: Story, task: str, due: str, *, by: str = CHEN, at: str = "2026-08-27 10:00", **said: Any) -> None:
    story.do("extension.request", by, task, at=at, due_at=local(due), **{**SITE, **said})


def pause(story: Story, task: str, until: str, *, by: str = CHEN, at: str = "2026-08-25 10:00", **said: Any) -> None:
    story.do("pause.request", by, task, at=at, until=local(until), **{**WAIT, **said})


def paused(story: Story, task: str, *, at: str = "2026-08-25 10:00", until: str = "2026-09-04 18:00") -> None:
    pause(story, task, until, at=at)
    story.do("pause.grant", ANALYST, task, at=at)


def requests(task: str) -> list[Request]:
    return list(fresh().scalars(db.select(Request).where(Request.task_no == task).order_by(Request.n)))


# Extensions


def test_an_extension_moves_one_task_and_keeps_the_original(story: Story) -> None:
    no, [one, two] = story.dispatched({"P44": "separate", "P31": "separate"})
    story.do("task.sign", CHEN, one)
    before, joint = story.due(one, "feedback"), story.due(no, "issue")
    end = story.clock(one, "feedback").due_at
    story.do("extension.request", CHEN, one, at="2026-08-27 10:00", due_at=end + timedelta(hours=1), **SITE)
    assert story.due(one, "feedback") == before
    assert story.clock(f"{one}/request.1", "decide").state == "running"
    story.do("extension.grant", LIN, one, at="2026-08-27 15:00")
    clock = story.clock(one, "feedback")
    assert [(plan.why, shown(plan.due_at)) for plan in clock.plans] == [
        ("start", before),
        ("extension", shown(end + timedelta(hours=1))),
    ]
    assert story.task(one).due_at == clock.due_at
    assert story.due(two, "feedback") == before
    assert story.due(no, "issue") > joint
    assert story.clock(no, "issue").plans[-1].why == "joint"
    assert story.clock(f"{one}/request.1", "decide").state == "ended"
    assert (clock.extensions, clock.asked_of) == (1, None)


def test_within_the_wave_the_analyst_may_grant_and_the_issue_stays(story: Story) -> None:
    no, [_main, support] = story.dispatched({"P44": "main", "P31": "support"})
    story.do("task.sign", "31lead", support)
    joint, end = story.due(no, "issue"), story.clock(support, "feedback").due_at
    asked = end + timedelta(hours=1)
    story.do("extension.request", "31lead", support, at="2026-08-26 10:00", due_at=asked, **SITE)
    story.do("extension.grant", ANALYST, support)
    assert story.clock(support, "feedback").due_at == asked
    assert story.due(no, "issue") == joint


def test_past_the_wave_only_the_manager_grants(story: Story) -> None:
    task = held(story)
    ask(story, task, "2026-09-03 18:00")
    with pytest.raises(Forbidden, match="manager_only"):
        story.do("extension.grant", ANALYST, task)
    story.do("extension.grant", LIN, task, due_at=local("2026-09-02 18:00"), text="只到二日")
    assert story.due(task, "feedback") == "2026-09-02 18:00"
    assert [(row.decision, row.decided_by, row.decision_text) for row in requests(task)] == [
        ("granted", LIN, "只到二日")
    ]


def test_the_issue_is_carried_so_far_that_the_review_still_fits(story: Story) -> None:
    task = held(story)
    ask(story, task, "2026-09-02 20:00")
    story.do("extension.grant", LIN, task)
    # Two working days of review after an answer that comes in on the evening of the second.
    assert story.due(task[:-4], "issue") == "2026-09-07 18:00"


def test_a_second_one_is_the_managers_and_a_third_is_not_to_be_had(story: Story) -> None:
    _no, [_main, task] = story.dispatched({"P44": "main", "P31": "support"})
    story.do("task.sign", "31lead", task)
    for n, by in enumerate((ANALYST, LIN), 1):
        due = story.clock(task, "feedback").due_at + timedelta(minutes=30)
        story.do("extension.request", "31lead", task, at=f"2026-08-2{4 + n} 11:00", due_at=due, **SITE)
        if n == 2:
            with pytest.raises(Forbidden, match="manager_only"):
                story.do("extension.grant", ANALYST, task)
        story.do("extension.grant", by, task)
    with pytest.raises(Invalid) as refused:
        story.do("extension.request", "31lead", task, due_at=due + timedelta(hours=1), **SITE)
    assert refused.value.errors["due_at"][0] == "error.extended_enough"


@pytest.mark.parametrize(
    ("severity", "due", "at", "field", "code"),
    [
        (3, "2026-09-03 18:00", "2026-08-31 18:01", "due_at", "error.asked_late"),
        (3, "2026-09-03 18:00", "2026-09-02 10:00", "due_at", "error.asked_late"),
        (3, "2026-09-01 18:00", "2026-08-27 10:00", "due_at", "error.no_later"),
        (1, "2026-09-03 18:00", "2026-08-24 10:30", "due_at", "error.no_extension"),
    ],
)
def test_what_is_asked_late_or_for_nothing_is_refused(
    story: Story, severity: int, due: str, at: str, field: str, code: str
) -> None:
    task = held(story, severity=severity)
    with pytest.raises(Invalid) as refused:
        ask(story, task, due, at=at)
    assert refused.value.errors[field][0] == code
    assert requests(task) == []


def test_never_past_an_outside_due(story: Story) -> None:
    task = held(story)
    with writing():
        db.session.get_one(Issue, task[:-4]).external_due_at = local("2026-09-02 18:00")
    with pytest.raises(Invalid) as refused:
        ask(story, task, "2026-09-03 18:00")
    assert refused.value.errors["due_at"][0] == "error.past_outside_due"


def test_more_than_was_asked_is_not_granted(story: Story) -> None:
    task = held(story)
    ask(story, task, "2026-09-02 18:00")
    with pytest.raises(Invalid):
        story.do("extension.grant", LIN, task, due_at=local("2026-09-03 18:00"))


def test_a_refused_request_leaves_the_due(story: Story) -> None:
    task = held(story)
    before = story.due(task, "feedback")
    ask(story, task, "2026-09-02 18:00")
    with pytest.raises(WrongState, match="extension_asked"):
        ask(story, task, "2026-09-02 18:00")
    story.do("extension.refuse", ANALYST, task, text="请按期完成")
    assert story.due(task, "feedback") == before
    assert story.told("notice.extension_refused", task) == [CHEN]
    with pytest.raises(WrongState, match="without_extension_asked"):
        story.do("extension.grant", LIN, task)


def test_who_asked_does_not_decide(story: Story) -> None:
    task = held(story)
    ask(story, task, "2026-09-02 18:00", by=TANG)
    for act in ("extension.grant", "extension.refuse"):
        with pytest.raises(Forbidden, match="segregation"):
            story.do(act, TANG, task)


@pytest.mark.parametrize(("name", "refusal"), [(LEADER, Forbidden), (ANALYST, Forbidden), (WU, Unseen)])
def test_only_the_units_lead_and_handler_ask(story: Story, name: str, refusal: type[Exception]) -> None:
    task = held(story)
    with pytest.raises(refusal):
        ask(story, task, "2026-09-02 18:00", by=name)


def test_expiry_while_undecided_is_the_dispatchers(story: Story) -> None:
    task = held(story)
    ask(story, task, "2026-09-03 18:00", at="2026-08-31 10:00")
    story.pass_time("2026-09-02 10:00")
    [breach] = story.clock(task, "feedback").breaches
    assert (breach.holder, breach.cause) == ("CENTER", "undecided")
    assert story.clock(f"{task}/request.1", "decide").breaches
    story.do("extension.grant", LIN, task)
    clock = story.clock(task, "feedback")
    assert (shown(clock.due_at), len(clock.breaches), clock.asked_of) == ("2026-09-03 18:00", 1, None)
    story.pass_time("2026-09-08 10:00")
    breaches = story.clock(task, "feedback").breaches
    assert [(row.plan, row.holder, row.cause) for row in breaches] == [(1, "CENTER", "undecided"), (2, "P44", None)]


def test_a_request_lapses_when_the_answer_goes_up(story: Story) -> None:
    task = held(story)
    ask(story, task, "2026-09-02 18:00")
    story.answer(task)
    assert [row.decision for row in requests(task)] == ["lapsed"]
    assert story.clock(f"{task}/request.1", "decide").state == "cancelled"
    assert story.clock(task, "feedback").asked_of is None


def test_a_measure_is_extended_by_itself(story: Story) -> None:
    task = held(story)
    story.answer(task, **planned("2026-10-30 18:00", "2026-11-30 18:00"))
    story.accept(task)
    with pytest.raises(Invalid) as refused:
        ask(story, task, "2026-11-06 18:00", at="2026-10-20 10:00")
    assert refused.value.errors["measure"][0] == "error.which_measure"
    ask(story, task, "2026-11-06 18:00", at="2026-10-20 10:00", measure=1)
    story.do("extension.grant", ANALYST, task)
    assert story.due(f"{task}/1", "measure") == shown(story.measure(f"{task}/1").due_at) == "2026-11-06 18:00"
    assert shown(story.measure(f"{task}/1").agreed_at) == "2026-10-30 18:00"
    story.do("measure.complete", CHEN, f"{task}/1", at="2026-10-30 10:00", text="x")
    story.do("measure.send_back", ANALYST, f"{task}/1", reason="no_evidence")
    assert story.due(f"{task}/1", "measure") == "2026-11-06 18:00"


# Pauses


def test_a_pause_moves_the_due_by_what_was_paused(story: Story) -> None:
    task = held(story)
    paused(story, task)
    clock = story.clock(task, "feedback")
    # 25 August 10:00 to 1 September 18:00: 6.5 h of that day and five whole days of 7.5 h.
    assert (clock.state, clock.due_at, clock.remaining) == ("paused", None, int((6.5 + 5 * 7.5) * 3600))
    assert story.task(task).due_at is None
    story.do("clock.resume", ANALYST, task, at="2026-08-25 15:00")
    clock = story.clock(task, "feedback")
    # Three and a half working hours were paused (the lunch break is none).
    assert (clock.state, shown(clock.due_at), clock.paused) == ("running", "2026-09-02 14:00", int(3.5 * 3600))
    assert [plan.why for plan in clock.plans] == ["start", "pause", "resume"]
    assert [(span.state, span.holder) for span in clock.spans] == [
        ("running", "P44"), ("paused", "P44"), ("running", "P44"),
    ]  # fmt: skip


def test_while_paused_nothing_fires_and_at_its_end_it_runs_on_by_itself(story: Story) -> None:
    task = held(story)
    paused(story, task, at="2026-09-01 17:59", until="2026-09-07 10:00")
    story.pass_time("2026-09-07 09:59")
    clock = story.clock(task, "feedback")
    assert (clock.state, clock.remaining, clock.breaches) == ("paused", 60, [])
    story.pass_time("2026-09-07 10:01")
    clock = story.clock(task, "feedback")
    assert (clock.state, shown(clock.due_at)) == ("running", "2026-09-07 10:01")
    assert story.told("notice.resumed", task)
    story.pass_time("2026-09-08 10:00")
    assert [row.plan for row in story.clock(task, "feedback").breaches] == [3]


def test_the_joint_due_is_paused_exactly_while_all_are(story: Story) -> None:
    no, [one, two] = story.dispatched({"P44": "separate", "P31": "separate"})
    for task, by in ((one, CHEN), (two, "31lead")):
        story.do("task.sign", by, task)
    paused(story, one, at="2026-08-25 10:00")
    assert story.clock(no, "issue").state == "running"
    pause(story, two, "2026-09-04 18:00", by="31lead", at="2026-08-25 11:00")
    story.do("pause.grant", ANALYST, two, at="2026-08-25 11:00")
    before = story.clock(no, "issue").plans[-2].due_at
    assert story.clock(no, "issue").state == "paused"
    story.do("clock.resume", CHEN, one, at="2026-08-26 11:00")
    joint = story.clock(no, "issue")
    assert (joint.state, joint.due_at - before) == ("running", timedelta(days=1))


def test_an_answer_ends_a_pause_and_may_begin_the_joint_one(story: Story) -> None:
    no, [one, two] = story.dispatched({"P44": "separate", "P31": "separate"})
    for task, by in ((one, CHEN), (two, "31lead")):
        story.do("task.sign", by, task)
    paused(story, one)
    story.answer(two)
    assert story.clock(no, "issue").state == "paused"
    story.answer(one)
    assert story.clock(one, "feedback").state == "stopped"
    assert story.clock(no, "issue").state == "running"


def test_a_new_wave_lets_the_joint_due_run(story: Story) -> None:
    no, [one] = story.dispatched({"P44": "separate"})
    story.do("task.sign", CHEN, one)
    paused(story, one)
    assert story.clock(no, "issue").state == "paused"
    [two] = story.dispatch(no, {"P31": "separate"}, at="2026-08-26 10:00")
    assert story.clock(no, "issue").state == "running"
    assert story.due(two, "feedback") > "2026-09-01"


@pytest.mark.parametrize(
    ("until", "said", "code"),
    [
        ("2026-08-24 18:00", {}, "error.in_the_past"),
        ("2026-09-09 18:00", {}, "error.paused_too_long"),
        ("2026-08-31 18:00", {"reason": "customer_unreached"}, "error.paused_too_long"),
        ("2026-08-31 18:00", {"reason": "no_such"}, "error.invalid_code"),
    ],
)
def test_a_pause_has_an_end_within_what_its_reason_grants(story: Story, until: str, said: Any, code: str) -> None:
    task = held(story)
    with pytest.raises(Invalid) as refused:
        pause(story, task, until, **said)
    assert code in {found[0] for found in refused.value.errors.values()}


def test_all_pauses_together_have_a_limit(story: Story) -> None:
    task = held(story)
    for begin, end in (("2026-08-25 09:00", "2026-09-08 09:00"), ("2026-09-08 09:30", "2026-09-21 17:00")):
        paused(story, task, at=begin, until=end)
        story.do("clock.resume", CHEN, task, at=end)
    with pytest.raises(Invalid) as refused:
        pause(story, task, "2026-09-23 18:00", at="2026-09-21 17:05")
    assert refused.value.errors["until"][0] == "error.paused_enough"


def test_what_was_asked_in_time_is_given_back_when_the_decision_comes_too_late(story: Story) -> None:
    task = held(story)
    pause(story, task, "2026-09-07 18:00", at="2026-09-01 16:00")
    story.pass_time("2026-09-02 10:00")
    story.do("pause.grant", ANALYST, task, at="2026-09-02 10:00")
    clock = story.clock(task, "feedback")
    assert (clock.remaining, [row.cause for row in clock.breaches]) == (2 * 3600, ["undecided"])
    assert [(span.state, span.holder) for span in clock.spans] == [
        ("running", "P44"), ("stopped", "CENTER"), ("paused", "P44"),
    ]  # fmt: skip


def test_handlers_resume_and_others_see_nothing(story: Story) -> None:
    task = held(story)
    story.do("task.assign", CHEN, task, handler=HANDLER)
    paused(story, task)
    with pytest.raises(Unseen):
        story.do("clock.resume", WU, task)
    story.do("clock.resume", HANDLER, task)
    with pytest.raises(WrongState, match="without_paused"):
        story.do("clock.resume", HANDLER, task)


def test_a_second_pause_waits_for_the_first_to_end(story: Story) -> None:
    task = held(story)
    paused(story, task)
    for act, said in (("pause.request", {"until": local("2026-09-04 18:00"), **WAIT}),
                      ("extension.request", {"due_at": local("2026-09-04 18:00"), **SITE})):  # fmt: skip
        with pytest.raises(WrongState, match="is_paused"):
            story.do(act, CHEN, task, **said)


def test_a_cancelled_task_ends_its_pause(story: Story) -> None:
    task = held(story)
    paused(story, task)
    story.do("task.cancel", ANALYST, task, reason="covered")
    story.pass_time("2026-09-10 10:00")
    clock = story.clock(task, "feedback")
    assert (clock.state, clock.remaining, [r.state for r in clock.rungs if r.code == "resume"]) == (
        "cancelled", None, ["cancelled"],
    )  # fmt: skip


def test_a_worker_that_stood_still_lengthens_no_pause(story: Story) -> None:
    task = held(story)
    paused(story, task, at="2026-09-01 17:00", until="2026-09-07 10:00")
    story.sweep("2026-09-09 10:00")
    clock = story.clock(task, "feedback")
    assert ([plan.why for plan in clock.plans], shown(clock.due_at)) == (
        ["start", "pause", "resume"],
        "2026-09-07 11:00",
    )
    assert [(row.plan, row.holder) for row in clock.breaches] == [(3, "P44")]
