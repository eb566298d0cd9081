"""The joint due (K6): where a wave ends, and how one task's extension carries the whole issue with it."""

from datetime import datetime
from fractions import Fraction

from ...domain import clocks as rules
from ...domain.calendar import Target
from ...models.clock import Clock
from ...models.issue import Issue
from ...models.policy import sla_policy
from ...models.task import Task
from . import engine, terms

NEXT_DAY = Target("days", Fraction(1))


def wave_end_of(issue: Issue, task: Task) -> datetime | None:
    """When the answers of a task's wave must be in; None while the issue's own clock has no due."""
    whole = engine.live_clock(issue.no, "issue")
    if whole is None or whole.due_at is None:
        return None
    return _end(whole, issue, task, whole.due_at)


def _end(whole: Clock, issue: Issue, task: Task, due: datetime) -> datetime:
    review = engine.policy_of(whole).target("wave_end", issue.severity, units=terms.wave_units(task))
    return rules.wave_end(calendar=engine.calendar_of(whole), issue_due=due, review=review, gather=None)


def carry_issue(issue: Issue, task: Task, *, to: datetime, at: datetime, act: str = "extension.grant") -> None:
    """Move the issue's due so that an answer at `to` can still be reviewed in time; never past the outside due."""
    whole = engine.live_clock(issue.no, "issue")
    if whole is None or whole.due_at is None:
        return
    calendar, policy = engine.calendar_of(whole), sla_policy(whole.policy_version)
    review = policy.target("wave_end", issue.severity, units=terms.wave_units(task))
    due = calendar.due(to, review)
    while _end(whole, issue, task, due) < to:
        # Granted after closing hours: the day that ends there does not hold it.
        due = calendar.due(due, NEXT_DAY)
    if issue.external_due_at is not None:
        due = min(due, issue.external_due_at)
    if due <= whole.due_at:
        return
    engine.extend(whole, at=at, due=due, why="joint", act=act, ladder=engine.ladder_of(whole))
