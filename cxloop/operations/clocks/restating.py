"""State a clock's due anew after a later fact (K11): the rating, several units, another version of the policy."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from ...domain import clocks as rules
from ...domain.calendar import Target, WorkCalendar
from ...domain.policy import Policy
from ...domain.vocabulary import Duty
from ...extensions import db
from ...models.clock import Clock
from ...models.issue import Issue
from ...models.policy import sla_policy
from ...models.task import Task
from . import engine, terms

# Kinds whose length a policy states by severity. Measures run to agreed dates, and an audit is begun and ended apart.
RESTATED = frozenset({"triage", "issue", "sign", "feedback", "contact", "decide", "review", "answer", "verify"})


@dataclass(frozen=True, slots=True)
class Restated:
    """What a clock would be under a severity and a policy version: its target, and all it may take in `calendar`."""

    target: Target
    calendar: str
    whole: int


def restate(clock: Clock, issue: Issue, *, version: int, at: datetime, why: str, act: str) -> bool:
    """State a running or paused clock anew for its issue's severity under a policy version; False: it is so already.

    Consumed time, pauses and extensions count. LookupError when a calendar is missing.
    """
    policy = sla_policy(version)
    found = _restated(clock, issue, policy)
    if (str(found.target), found.calendar) == (clock.target, clock.calendar):
        # Nothing new to state: least of all gets somebody who is late the floor once more.
        clock.severity = issue.severity
        return False
    clock.severity, clock.policy_version = issue.severity, version
    department = terms.unit_of(clock.owner).is_department()
    ladder = policy.ladder(clock.kind, target=found.target, department=department)
    engine.replan(
        clock, at=at, target=found.target, calendar=found.calendar, whole=found.whole, why=why, act=act, ladder=ladder
    )
    return True


def would_be_later(clock: Clock, issue: Issue, *, at: datetime) -> bool:
    """Whether stating a clock anew for its issue's severity would give it more time than it has."""
    found = _restated(clock, issue, sla_policy(clock.policy_version))
    value, _revision, _national = engine.current_calendar(found.calendar)
    moment = max(at, clock.started_at)
    floor = sla_policy(clock.policy_version).floor(issue.severity)
    consumed = engine.consumed_in(clock, value, at)
    left = rules.remaining(calendar=value, at=moment, whole=found.whole, consumed=consumed, floor=floor)
    if clock.due_at is None:
        # Paused: what is left now, in a calendar that may differ, is as long as it would be from here.
        return left > value.worked(moment, engine.calendar_of(clock).advance(moment, clock.remaining or 0))
    return value.advance(moment, left) > clock.due_at


def _restated(clock: Clock, issue: Issue, policy: Policy) -> Restated:
    unit = terms.unit_of(clock.owner)
    code = policy.calendar_code(clock.kind, issue.severity) or unit.calendar
    value, _revision, _national = engine.current_calendar(code)
    task = db.session.get(Task, clock.subject.partition("/")[0])
    begin = clock.started_at
    if clock.kind == "feedback" and task is not None:
        due = _answer_due(clock, task, issue, policy, value)
        target = terms.stated(value, begin, due, in_hours=policy.calendar_code(clock.kind, issue.severity) is not None)
    else:
        target = terms.by_policy(clock.kind, issue, policy, unit, task)
        due = value.due(begin, target)
    return Restated(target, code, value.worked(begin, max(begin, due)) + _extended(clock, value))


def _answer_due(clock: Clock, task: Task, issue: Issue, policy: Policy, calendar: WorkCalendar) -> datetime:
    """When the task would have been due had the issue had this severity when the task landed (K6)."""
    if task.parent is not None:
        return terms.child_due(task, issue, policy, calendar, clock.started_at)
    whole = engine.live_clock(issue.no, "issue")
    if whole is None:
        raise LookupError(f"{issue.no} has no running total clock")
    center = terms.unit_of(whole.owner)
    joint, _revision, _national = engine.current_calendar(
        policy.calendar_code("issue", issue.severity) or center.calendar
    )
    target = terms.by_policy("issue", issue, policy, center)
    return rules.landing_due(
        calendar=calendar,
        end=rules.wave_end(
            calendar=joint,
            # Without what one task's extension carried it on: that is counted where it was granted.
            issue_due=joint.due(whole.started_at, target),
            review=policy.target("wave_end", issue.severity, units=terms.wave_units(task)),
            gather=policy.target("gather", issue.severity) if task.duty == Duty.SUPPORT else None,
        ),
        at=clock.started_at,
        least=policy.target("units_min", issue.severity),
        dispatched_at=_first_dispatch(clock),
    )


def _first_dispatch(clock: Clock) -> datetime | None:
    # After a decline half of what the first dispatch had allowed counts; its clock is the cycle before.
    if clock.plans[0].act not in {"task.redispatch", "task.adjudicate"}:
        return None
    earlier = select(Clock.started_at).where(
        Clock.subject == clock.subject, Clock.kind == clock.kind, Clock.cycle == clock.cycle - 1
    )
    return db.session.scalar(earlier)


def _extended(clock: Clock, calendar: WorkCalendar) -> int:
    """Working seconds by which extensions moved the due, which no later fact takes away."""
    total, before = 0, None
    for plan in clock.plans:
        if plan.why in {"extension", "joint"} and before is not None and plan.due_at is not None:
            total += calendar.worked(before, plan.due_at)
        before = plan.due_at or before
    return total
