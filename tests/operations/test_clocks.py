"""Whose time was it? Spans add up without gaps, and every stored due can be derived again from its plans (K7, K16)."""

from datetime import datetime, timedelta
from itertools import pairwise

from cxloop.domain.calendar import Target
from cxloop.extensions import db
from cxloop.models.calendar import work_calendar
from cxloop.models.clock import Clock, ClockPlan
from cxloop.operations.act import Refused
from tests.cast import ANALYST, CHEN
from tests.factories import Story, eventful, fresh, local, shown


def all_clocks() -> list[Clock]:
    return list(fresh().scalars(db.select(Clock).order_by(Clock.id)))


def spans_leave_no_gap_and_add_up(story: Story, no: str) -> None:
    for clock in all_clocks():
        spans = clock.spans
        assert spans[0].from_at == clock.started_at
        assert all(one.to_at == next_one.from_at for one, next_one in pairwise(spans)), clock.trail_name()
        assert [span.n for span in spans] == list(range(1, len(spans) + 1))
        over = clock.state in {"ended", "cancelled", "moved"}
        assert (spans[-1].to_at is not None) == over
        if over:
            parts = sum(((span.to_at - span.from_at) for span in spans), timedelta())
            assert parts == max(spans[-1].to_at, clock.started_at) - clock.started_at


def a_running_stretch_is_its_holders(story: Story, no: str) -> None:
    clock = story.clocks(f"{no}-T01", "feedback")[0]
    told = [(span.state, span.holder, shown(span.from_at), shown(span.to_at)) for span in clock.spans]
    assert told[:4] == [
        ("running", "P44", "2026-08-24 10:00", "2026-08-26 10:00"),
        ("running", "P44", "2026-08-26 10:00", "2026-08-28 12:00"),
        ("stopped", "CENTER", "2026-08-28 12:00", "2026-08-31 12:00"),
        ("running", "P44", "2026-08-31 12:00", told[3][3]),
    ]


def every_stored_due_is_its_last_plans(story: Story, no: str) -> None:
    for clock in all_clocks():
        plans = clock.plans
        assert (clock.due_at, clock.plan) == (plans[-1].due_at, len(plans))
        assert [plan.n for plan in plans] == list(range(1, len(plans) + 1))


def every_due_by_policy_can_be_derived_again(story: Story, no: str) -> None:
    stated = {"triage", "issue", "sign", "decide", "review", "verify", "audit", "archive"}
    checked = 0
    for clock in all_clocks():
        first = clock.plans[0]
        if clock.kind in stated and first.why == "start":
            calendar = work_calendar(first.calendar, first.calendar_revision, first.national_revision)
            assert calendar.due(first.at, Target.parse(first.target)) == first.due_at, clock.trail_name()
            checked += 1
    assert checked > 20


def a_plan_after_a_send_back_leaves_what_was_left(story: Story, no: str) -> None:
    clock = story.clocks(f"{no}-T01", "feedback")[0]
    first, second = clock.plans
    calendar = work_calendar(clock.calendar, clock.calendar_revision, clock.national_revision)
    stopped = local("2026-08-28 12:00")
    assert second.consumed == calendar.worked(first.at, stopped)
    left = calendar.worked(stopped, first.due_at)
    assert calendar.worked(second.at, second.due_at) == left


def every_plan_says_why_and_by_which_act(story: Story, no: str) -> None:
    found = {(plan.why, plan.act) for plan in fresh().scalars(db.select(ClockPlan))}
    assert ("send_back", "review.send_back") in found
    assert ("several", "issue.dispatch") in found
    assert ("start", "task.redispatch") in found
    assert all(why and act for why, act in found)


def clocks_of_a_subject_are_counted_on(story: Story, no: str) -> None:
    for subject, kind in ((no, "triage"), (no, "issue"), (f"{no}-T03", "feedback"), (f"{no}-T01", "review")):
        cycles = [clock.cycle for clock in story.clocks(subject, kind)]
        assert cycles == list(range(1, len(cycles) + 1))
        assert len(cycles) >= 2


CHECKS = (
    spans_leave_no_gap_and_add_up,
    a_running_stretch_is_its_holders,
    every_stored_due_is_its_last_plans,
    every_due_by_policy_can_be_derived_again,
    a_plan_after_a_send_back_leaves_what_was_left,
    every_plan_says_why_and_by_which_act,
    clocks_of_a_subject_are_counted_on,
)


def test_an_eventful_history_adds_up(story: Story) -> None:
    no = eventful(story)
    for check in CHECKS:
        check(story, no)


def test_an_overrun_is_working_time(story: Story) -> None:
    task = story.one_task()
    story.do("task.sign", CHEN, task)
    story.answer(task, at="2026-09-02 10:00")
    story.accept(task)
    assert story.clock(task, "feedback").overrun == 3600  # from 18:00, one hour after nine


def test_a_refused_act_moves_no_clock(story: Story) -> None:
    task = story.one_task()

    def picture() -> list[tuple[str, str, datetime | None, int]]:
        return [(clock.trail_name(), clock.state, clock.due_at, len(clock.spans)) for clock in all_clocks()]

    before = picture()
    for act, by in (("review.accept", ANALYST), ("feedback.withdraw", CHEN), ("task.transfer", CHEN)):
        try:
            story.do(act, by, task, **({"unit": "P51", "reason": "duty_moved"} if act == "task.transfer" else {}))
        except Refused:
            continue
        raise AssertionError(f"{act} was not refused")
    assert picture() == before


def test_policies_are_pinned_at_the_start(story: Story) -> None:
    from cxloop.models.policy import PolicyVersion

    old = story.issue(at="2026-08-24 10:00")
    body = fresh().scalar(db.select(PolicyVersion.body).where(PolicyVersion.policy == "sla"))
    body["severity"]["3"]["triage"] = "2 d"
    story.do("policy.publish", "ops", "sla", at="2026-08-24 11:00", body=body)
    new = story.issue(at="2026-08-24 12:00")
    assert (story.due(old, "triage"), story.clock(old, "triage").policy_version) == ("2026-08-25 18:00", 1)
    assert (story.due(new, "triage"), story.clock(new, "triage").policy_version) == ("2026-08-26 18:00", 2)


def test_a_policy_takes_effect_when_it_says(story: Story) -> None:
    from cxloop.models.policy import PolicyVersion

    body = fresh().scalar(db.select(PolicyVersion.body).where(PolicyVersion.policy == "sla"))
    body["severity"]["3"]["triage"] = "2 d"
    begins = local("2026-09-01 00:00")
    story.do("policy.publish", "ops", "sla", at="2026-08-24 11:00", body=body, effective_from=begins)
    before, after = story.issue(at="2026-08-31 17:00"), story.issue(at="2026-09-01 09:00")
    assert [story.clock(no, "triage").policy_version for no in (before, after)] == [1, 2]


def test_a_calendars_new_revision_holds_for_clocks_that_start_later(story: Story) -> None:
    from cxloop.models.calendar import CalendarRevision

    old = story.issue(at="2026-08-24 10:00")
    definition = fresh().scalar(
        db.select(CalendarRevision.definition).where(CalendarRevision.calendar == "CN", CalendarRevision.n == 1)
    )
    typhoon = {**definition, "days": [{"date": "2026-08-25", "kind": "holiday", "name": "台风"}]}
    story.do("calendar.publish", "ops", "CN", at="2026-08-24 11:00", definition=typhoon)
    new = story.issue(at="2026-08-24 12:00")
    assert (story.due(old, "triage"), story.due(new, "triage")) == ("2026-08-25 18:00", "2026-08-26 18:00")
