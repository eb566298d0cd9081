"""The dispatcher judges answers and measures."""

from datetime import datetime
from typing import Any

from ..domain.vocabulary import (
    EFFECT_SEVERITIES,
    OUTCOMES_WITH_FOLLOW_UP,
    MeasureState,
    Outcome,
    Role,
    TaskState,
)
from ..extensions import db
from ..models.issue import Issue
from ..models.measure import Measure
from ..models.policy import SLA, codes, sla_policy, version_in_force
from ..models.task import Task
from .act import Invalid, act
from .clocks import start_measure, step
from .issues import advance, check_code, last_feedback, plan_wait
from .notices import dispatching, people, tell
from .tasks import attend, release_ready


@act("review.accept")
def accept(
    *, task: Task, by: str, at: datetime, remark: str | None = None, quality: int | None = None,
    cause: str | None = None, liability: str | None = None,
) -> Task:  # fmt: skip
    """Accept an answer: done, or followed while a plan is carried out. The last one moves the issue on.

    Invalid at severity 1-2 while no effect criterion stands, and for unknown codes.
    """
    issue = issue_of_task(task)
    if task.parent is None and issue.severity in EFFECT_SEVERITIES and not issue.has_effect():
        raise Invalid("effect", "error.effect_wanted")
    check_code("cause", cause, "cause")
    check_code("liability", liability, "liability")
    feedback = last_feedback(task)
    feedback.verdict, feedback.verdict_text = "accept", remark
    feedback.reviewed_by, feedback.reviewed_at = by, at
    task.quality, task.cause, task.liability = quality, cause, liability
    task.answered, task.accepted_by = True, by
    if feedback.outcome in OUTCOMES_WITH_FOLLOW_UP:
        step(task, act="review.accept:following", at=at, to=TaskState.FOLLOWING)
    else:
        task.accepted_at = at
        step(task, act="review.accept:accepted", at=at, to=TaskState.ACCEPTED)
    _follow(task, feedback.outcome, by, at)
    tell(_holders(task), code="notice.task_accepted", subject=task.no, at=at, title=task.title)
    release_ready(issue, at=at)
    advance(issue, at=at)
    return task


def issue_of_task(task: Task) -> Issue:
    """The issue a task is part of."""
    issue = db.session.get(Issue, task.issue_no)
    if issue is None:
        raise LookupError(task.issue_no)
    return issue


def _holders(task: Task) -> list[str]:
    return [task.handler] if task.handler else people(task.unit, Role.UNIT_LEAD)


def _follow(task: Task, outcome: str, by: str, at: datetime) -> None:
    # A dated measure of a plan is followed by its own clock; what bears no date was done with the answer.
    for measure in task.measures:
        if measure.dropped:
            continue
        if outcome == Outcome.PLANNED and measure.agreed_at is not None:
            start_measure(measure, at=at)
            continue
        measure.done_at = measure.confirmed_at = at
        measure.confirmed_by = by
        measure.state = MeasureState.CONFIRMED


@act("review.send_back")
def send_back(*, task: Task, by: str, at: datetime, reason: str, text: str | None = None) -> Task:
    """Send an answer back 退回重办 under the original limit (K9); the third time supervises the task."""
    if not codes().has("reason.send_back", reason):
        raise Invalid("reason", "error.invalid_code", code=reason)
    feedback = last_feedback(task)
    feedback.verdict, feedback.verdict_reason, feedback.verdict_text = "send_back", reason, text
    feedback.reviewed_by, feedback.reviewed_at = by, at
    task.send_backs += 1
    step(task, act="review.send_back", at=at, to=TaskState.WORKING)
    params: dict[str, Any] = {"title": task.title, "count": task.send_backs}
    tell(_holders(task), code="notice.task_sent_back", subject=task.no, at=at, **params)
    if task.send_backs >= sla_policy(version_in_force(SLA, at)).send_backs:
        told = [*people(task.unit, Role.UNIT_LEAD), *people(None, Role.CENTER_MANAGER)]
        tell(told, code="notice.third_send_back", subject=task.no, at=at, **params)
        if task.supervision not in {"yellow", "red"}:
            attend(task, level="yellow", at=at, text=text or "", by=by)
    return task


@act("measure.complete")
def complete(*, measure: Measure, by: str, at: datetime, text: str) -> Task:
    """Report a measure as carried out, with the evidence in words; its clock stops for the verdict."""
    measure.done_at, measure.done_by, measure.evidence = at, by, text
    step(measure, act="measure.complete", at=at, to=MeasureState.DONE)
    params: dict[str, Any] = {"title": measure.text, "n": measure.n}
    tell(dispatching(measure.task), code="notice.measure_done", subject=measure.task_no, at=at, **params)
    return measure.task


@act("measure.confirm")
def confirm(*, measure: Measure, by: str, at: datetime, text: str | None = None) -> Task:
    """Confirm a measure; the last one makes the task accepted, and the effect wait can begin."""
    measure.confirmed_at, measure.confirmed_by = at, by
    step(measure, act="measure.confirm", at=at, to=MeasureState.CONFIRMED)
    task = measure.task
    if all(row.dropped or row.state == MeasureState.CONFIRMED for row in task.measures):
        task.accepted_at = at
        step(task, act="task.follow", at=at, to=TaskState.ACCEPTED)
        issue = issue_of_task(task)
        if issue.wait_until is None:
            plan_wait(issue, at=at)
    return task


@act("measure.send_back")
def return_measure(*, measure: Measure, by: str, at: datetime, reason: str, text: str | None = None) -> Task:
    """Send a measure back: it is open again, due at the agreed date or, if that is near, after the floor."""
    if not codes().has("reason.send_back", reason):
        raise Invalid("reason", "error.invalid_code", code=reason)
    step(measure, act="measure.send_back", at=at, to=MeasureState.OPEN)
    params: dict[str, Any] = {"title": measure.text, "n": measure.n}
    tell(_holders(measure.task), code="notice.measure_sent_back", subject=measure.task_no, at=at, **params)
    return measure.task
