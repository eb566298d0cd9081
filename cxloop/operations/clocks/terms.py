"""How long each kind of clock may take for its subject: target, calendar and due at the moment it starts."""

from datetime import datetime
from fractions import Fraction

from sqlalchemy import func, select

from ...domain import clocks as rules
from ...domain.calendar import Target, WorkCalendar
from ...domain.policy import Policy
from ...domain.vocabulary import CENTER, URGENT, Duty, UnitKind
from ...extensions import db
from ...models.issue import Issue
from ...models.measure import Measure
from ...models.policy import SLA, codes, sla_policy, version_in_force
from ...models.reference import refer
from ...models.task import Task
from ...models.unit import Unit
from .engine import Terms, calendar_of, current_calendar, live_clock

# A task that comes from a ledger brings its due with it.
TAKEN_OVER = "task.release:ledger"
BY_POLICY = ("triage", "issue", "sign", "decide", "review", "audit", "archive", "verify")


def unit_of(code: str) -> Unit:
    """A unit that must exist."""
    unit = refer(Unit, code)
    if unit is None:
        raise LookupError(f"no unit {code}")
    return unit


def audit_unit() -> str:
    """The unit that audits; the center where the group has none of its own."""
    return db.session.scalar(select(Unit.code).where(Unit.kind == UnitKind.AUDIT).order_by(Unit.code)) or CENTER


def terms_for(
    kind: str, issue: Issue, task: Task | None, measure: Measure | None, *, at: datetime, act: str = ""
) -> Terms:
    """The terms of a new clock; an answer that `task.redo` wants again has a target of its own.

    LookupError when no policy is in force or a calendar is missing.
    """
    version = version_in_force(SLA, at)
    policy = sla_policy(version)
    owner = _owner(kind, task)
    unit = unit_of(owner)
    # What is urgent is triaged around the clock, before anybody has rated it.
    severity = 1 if kind == "triage" and issue.urgency == URGENT else issue.severity
    code = policy.calendar_code(kind, severity) or unit.calendar
    calendar, _revision, _national = current_calendar(code)
    if measure is not None and kind == "measure":
        target, due = _measure(measure, calendar, policy, issue, at)
    elif kind == "reexamine":
        due = max(issue.review_at or at, at)
        target = Target("natural_days", Fraction(max((due - at).days, 1)))
    elif kind == "feedback" and task is not None:
        target, due = _answer(task, issue, policy, calendar, at, act)
    else:
        stated_apart = policy.appeal_decision if act == "appeal.file" else None
        target = stated_apart or by_policy(kind, issue, policy, unit, task, severity)
        due = calendar.due(at, target)
    ladder = policy.ladder(kind, target=target, department=unit.is_department())
    why = "ledger" if act == TAKEN_OVER and kind == "feedback" else "start"
    return Terms(owner, code, target, due, ladder, version, severity, why=why)


def by_policy(
    kind: str, issue: Issue, policy: Policy, unit: Unit, task: Task | None = None, severity: int | None = None
) -> Target:
    """The target that the policy states for a kind at the issue's severity; a review's depends on its task's wave."""
    units = wave_units(task) if kind == "review" and task is not None else 1
    return policy.target(
        kind, severity or issue.severity, department=unit.is_department(), several=issue.several, units=units
    )


def wave_units(task: Task) -> int:
    """How many units the task's own wave went to, or was split among."""
    same = Task.parent.is_(None) if task.parent is None else Task.parent == task.parent
    counted = select(func.count(Task.unit.distinct()))
    return db.session.scalar(counted.where(Task.issue_no == task.issue_no, Task.wave == task.wave, same)) or 1


def _owner(kind: str, task: Task | None) -> str:
    if kind in {"audit", "archive"}:
        return audit_unit()
    if task is None:
        return CENTER
    return task.dispatcher if kind in {"decide", "review", "answer"} else task.unit


def _answer(
    task: Task, issue: Issue, policy: Policy, calendar: WorkCalendar, at: datetime, act: str
) -> tuple[Target, datetime]:
    if act == "task.redo":
        target = policy.target("redo", issue.severity)
        return target, calendar.due(at, target)
    if act == TAKEN_OVER and task.due_at is not None:
        # In wall-clock time: no calendar that is published later moves what was promised before there was one.
        return Target("natural_hours", Fraction(int((task.due_at - at).total_seconds()), 3600)), task.due_at
    reckon = feedback_due if task.parent is None else child_due
    due = reckon(task, issue, policy, calendar, at)
    return stated(calendar, at, due, in_hours=policy.calendar_code("feedback", issue.severity) is not None), due


def child_due(task: Task, issue: Issue, policy: Policy, calendar: WorkCalendar, at: datetime) -> datetime:
    """When a task that was split from another must be answered: before the other's due, so that its unit can gather.

    At least the floor from now, but never after the other's due while that lies ahead.
    """
    above = live_clock(task.parent or "", "feedback")
    if above is None:
        raise LookupError(f"{task.parent} has no running clock")
    joint = calendar_of(above)
    end = above.due_at or joint.advance(at, above.remaining or 0)
    before = joint.before(end, policy.target("gather", issue.severity))
    due = max(before, calendar.due(at, policy.floor(issue.severity)))
    return min(due, end) if end > at else due


def _measure(
    measure: Measure, calendar: WorkCalendar, policy: Policy, issue: Issue, at: datetime
) -> tuple[Target, datetime]:
    agreed = measure.agreed_at or at
    # Accepted late by the center, a date that has passed would break the unit's promise for it.
    due = max(agreed, calendar.due(at, policy.floor(issue.severity)))
    return Target("natural_days", Fraction(max((due - at).days, 1))), due


def feedback_due(task: Task, issue: Issue, policy: Policy, calendar: WorkCalendar, at: datetime) -> datetime:
    """When a task that lands on a unit now must be answered (K6)."""
    whole = live_clock(issue.no, "issue")
    if whole is None or whole.due_at is None:
        raise LookupError(f"{issue.no} has no running total clock")
    end = rules.wave_end(
        calendar=calendar_of(whole),
        issue_due=whole.due_at,
        review=policy.target("wave_end", issue.severity, units=wave_units(task)),
        gather=policy.target("gather", issue.severity) if task.duty == Duty.SUPPORT else None,
    )
    # Set only while a task lands again after a decline; a first landing and a transfer have none.
    again = task.dispatched_at
    least = policy.target("units_min", issue.severity)
    due = rules.landing_due(calendar=calendar, end=end, at=at, least=least, dispatched_at=again)
    outside = issue.external_due_at
    # Nothing of ours may pass what somebody outside waits for.
    return min(due, outside) if outside is not None and outside > at else due


def stated(calendar: WorkCalendar, start: datetime, due: datetime, *, in_hours: bool) -> Target:
    """The stretch to a due time in the words of a target, so that the ladder for its length can be chosen."""
    seconds = calendar.worked(start, due) if due > start else 0
    if in_hours:
        return Target("hours", Fraction(seconds, 3600))
    days = 0
    closing = calendar.due(start, Target("days", Fraction(1)))
    while closing <= due and days < MOST_DAYS:
        days += 1
        closing = calendar.due(closing, Target("days", Fraction(1)))
    return Target("days", Fraction(days)) if days else Target("hours", Fraction(seconds, 3600))


MOST_DAYS = 400


def wait_until(issue: Issue, *, at: datetime) -> datetime:
    """When the effect wait ends: the category's natural days, or the criterion's window where it is longer."""
    calendar, _revision, _national = current_calendar(unit_of(CENTER).calendar)
    policy = sla_policy(version_in_force(SLA, at))
    days = int(policy.effect_wait.amount)
    category = codes().get("category", issue.category) if issue.category else None
    if category is not None:
        days = int(category.extra.get("wait_days", days))
    if issue.effect_window_days is not None:
        days = max(days, issue.effect_window_days)
    return calendar.due(at, Target("natural_days", Fraction(days)))


def decline_until(task: Task, issue: Issue, *, at: datetime) -> datetime:
    """Until when the unit may decline: a window counted from dispatch, whatever the signature."""
    policy = sla_policy(version_in_force(SLA, at))
    unit = unit_of(task.unit)
    calendar, _revision, _national = current_calendar(policy.calendar_code("sign", issue.severity) or unit.calendar)
    window = policy.target("decline_window", issue.severity, department=unit.is_department())
    return calendar.due(at, window)
