"""Acts on issues until they are dispatched, and the step they take by themselves: advance."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ..domain.numbers import issue_no, issue_year
from ..domain.vocabulary import CENTER, OVER_TASK, IssueState, Outcome, Role, TaskState
from ..extensions import db
from ..models.issue import Issue
from ..models.measure import Measure
from ..models.numbering import take_numbers
from ..models.policy import codes
from ..models.signal import Signal
from ..models.task import Feedback, Task
from ..models.user import User
from . import signals as voices
from .act import Invalid, act
from .clocks import replan_issue, rerate, start_verify, step
from .notices import people, tell

DEFAULT_SEVERITY = 3
# Analysing while units already work may change everything but the rating: that is an act of its own.
BEFORE_DISPATCH = frozenset({IssueState.NEW, IssueState.ANALYSING})
WITH_THE_UNIT = frozenset({TaskState.DISPATCHED, TaskState.WORKING, TaskState.SIGNING})


def check_code(name: str, code: str | None, field: str) -> None:
    """Invalid when a list of the group does not know the code."""
    if code is not None and not codes().has(name, code):
        raise Invalid(field, "error.invalid_code", code=code)


@act("issue.open", also=lambda call: [("signal", no) for no in call.fields.get("signals") or ()])
def open_issue(
    *, by: str, at: datetime, title: str, description: str, channel: str, severity: int | None = None,
    urgency: str = "normal", signals: Sequence[str] = (),
) -> Issue:  # fmt: skip
    """Open an issue from one or many signals; its `triage` and total clocks start.

    The provisional severity is the channel's unless given. Invalid for an unknown channel or a signal not to be linked.
    """
    check_code("channel", channel, "channel")
    check_code("urgency", urgency, "urgency")
    row = codes().get("channel", channel)
    year = issue_year(at=at)
    issue = Issue(
        no=issue_no(year=year, n=take_numbers("issue", year)[0]), title=title, description=description,
        channel=channel, severity=severity or int((row and row.extra.get("severity")) or DEFAULT_SEVERITY),
        urgency=urgency, state=IssueState.NEW, cycle=1, opened_by=by, opened_at=at,
    )  # fmt: skip
    db.session.add(issue)
    db.session.flush()
    step(issue, act="issue.open", at=at, to=IssueState.NEW)
    for n, no in enumerate(signals):
        voices.attach(_linkable_signal(no, f"signals.{n}"), issue, at=at, act="signal.link")
    tell(people(CENTER, Role.ANALYST), code="notice.issue_opened", subject=issue.no, at=at, but=by, title=title)
    return issue


def _linkable_signal(no: str, field: str) -> Signal:
    signal = db.session.get(Signal, no)
    if signal is None:
        raise Invalid(field, "error.unknown_signal", no=no)
    if signal.state not in voices.UNLINKED:
        raise Invalid(field, "error.signal_not_linkable", no=no)
    return signal


@act("issue.analyse")
def analyse(
    *, issue: Issue, by: str, at: datetime, severity: int | None = None, analyst: str | None = None,
    category: str | None = None, touchpoint: str | None = None, product: str | None = None, reach: int | None = None,
    root_cause: Mapping[str, str] | None = None, effect: Mapping[str, Any] | None = None,
) -> Issue:  # fmt: skip
    """Rate and analyse. The first rating re-states the due times of the center's running clocks (K11).

    Invalid for unknown codes, for an analyst who is none, and for a severity once units are at work.
    """
    for name, value in (("category", category), ("touchpoint", touchpoint), ("product", product)):
        check_code(name, value, name)
        if value is not None:
            setattr(issue, name, value)
    issue.analyst = _analyst(analyst) if analyst is not None else issue.analyst or by
    if reach is not None:
        issue.reach = reach
    if root_cause is not None:
        check_code("cause", root_cause["class"], "root_cause.class")
        issue.cause_class, issue.cause_text = root_cause["class"], root_cause["text"]
    if effect is not None:
        set_effect(issue, effect)
    if severity is not None and (severity != issue.severity or not issue.rated):
        _rate(issue, severity, at)
    step(issue, act="issue.analyse", at=at, to=_after_analysis(issue))
    return issue


def _after_analysis(issue: Issue) -> str:
    return IssueState.ANALYSING if issue.state in BEFORE_DISPATCH else issue.state


def _analyst(name: str) -> str:
    user = db.session.get(User, name)
    if user is None or not user.person().is_center():
        raise Invalid("analyst", "error.not_center", name=name)
    return name


def _rate(issue: Issue, severity: int, at: datetime) -> None:
    if issue.state not in BEFORE_DISPATCH:
        if severity == issue.severity:
            return
        raise Invalid("severity", "error.rated_already")
    softened = issue.rated and severity > issue.severity
    issue.severity, issue.rated = severity, True
    if softened:
        # The first rating states the dues; a milder one afterwards gives nobody more time without consent (K11).
        return
    replan_issue(issue, at=at, why="rated", act="issue.analyse")


@act("issue.rerate")
def rerate_issue(
    *, issue: Issue, by: str, at: datetime, severity: int, reason: str, effect: Mapping[str, Any] | None = None,
    longer: bool = False,
) -> Issue:  # fmt: skip
    """Rate an issue anew while units work on it 级别调整 (K11): consumed time, pauses and extensions count.

    A milder rating moves no due earlier, and later only when `longer` says that the center consents. Invalid when the
    severity is the same.
    """
    if severity == issue.severity:
        raise Invalid("severity", "error.same_severity", severity=severity)
    if effect is not None:
        set_effect(issue, effect)
    milder = severity > issue.severity
    issue.severity, issue.rated, issue.rerated = severity, True, True
    rerate(issue, at=at, milder=milder, longer=longer)
    open_tasks = [task for task in tasks_of_cycle(issue) if task.state in WITH_THE_UNIT]
    told = {name for task in open_tasks for name in _told_of(task)}
    tell(told, code="notice.rerated", subject=issue.no, at=at, but=by, title=issue.title, severity=severity)
    return issue


def _told_of(task: Task) -> list[str]:
    return [task.handler] if task.handler else people(task.unit, Role.UNIT_LEAD)


def set_effect(issue: Issue, effect: Mapping[str, Any]) -> None:
    """State how one will know that the customers feel it: metric, baseline with n, target, window."""
    issue.effect_metric = effect["metric"]
    issue.effect_value, issue.effect_n = effect["baseline"]["value"], effect["baseline"]["n"]
    issue.effect_target, issue.effect_window_days = effect["target"], effect["window_days"]


def tasks_of_cycle(issue: Issue) -> list[Task]:
    """The tasks that decide this cycle: those without a parent."""
    return list(
        db.session.scalars(
            select(Task)
            .where(Task.issue_no == issue.no, Task.cycle == issue.cycle, Task.parent.is_(None))
            .order_by(Task.n)
        )
    )


def advance(issue: Issue, *, at: datetime) -> None:
    """Go on by itself when every task of the cycle is answered or cancelled: to verifying, or back to analysing.

    Called by whatever may have ended the last task; does nothing otherwise.
    """
    if issue.state != IssueState.IN_PROGRESS:
        return
    db.session.flush()
    tasks = tasks_of_cycle(issue)
    if not tasks or any(task.state not in OVER_TASK for task in tasks):
        return
    if any(task.answered for task in tasks if task.state != TaskState.CANCELLED):
        step(issue, act="issue.advance", at=at, to=IssueState.VERIFYING)
        plan_wait(issue, at=at)
    else:
        step(issue, act="issue.advance:unanswered", at=at, to=IssueState.ANALYSING)
    told = [issue.analyst] if issue.analyst else people(CENTER, Role.ANALYST)
    tell(told, code="notice.issue_advanced", subject=issue.no, at=at, title=issue.title, state=issue.state)


def plan_wait(issue: Issue, *, at: datetime) -> None:
    """Plan the effect wait once nothing is followed any more; parked answers do not count."""
    if issue.state == IssueState.VERIFYING and not still_followed(issue):
        start_verify(issue, at=at, act="issue.advance")


def still_followed(issue: Issue) -> bool:
    """Whether a measure of a task under follow-up is not confirmed yet."""
    db.session.flush()
    return bool(
        db.session.scalar(
            select(Measure.id)
            .join(Task, Task.no == Measure.task_no)
            .where(
                Task.issue_no == issue.no,
                Task.parent.is_(None),
                Task.state == TaskState.FOLLOWING,
                Measure.state != "confirmed",
                Measure.dropped.is_(False),
            )
            .limit(1)
        )
    )


def last_feedback(task: Task) -> Feedback:
    """The answer that counts: the last one not withdrawn."""
    for feedback in reversed(task.feedbacks):
        if feedback.withdrawn_at is None:
            return feedback
    raise LookupError(f"{task.no} has no answer")


def is_parked(task: Task) -> bool:
    """Whether the task under follow-up waits for its date of re-examination."""
    return task.state == TaskState.FOLLOWING and last_feedback(task).outcome == Outcome.PARKED
