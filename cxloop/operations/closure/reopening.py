"""What is over begins anew: a closed, archived or dismissed issue is opened again, in a new cycle."""

from datetime import datetime

from sqlalchemy import select

from ...domain.vocabulary import CENTER, IssueState, ReportState, Role
from ...extensions import db
from ...models.closure import ClosureReport
from ...models.issue import Issue
from ...models.policy import codes
from ...models.task import Task
from ..act import Invalid, act
from ..clocks import step
from ..notices import people, tell


@act("issue.reopen")
def reopen(*, issue: Issue, by: str, at: datetime, reason: str, text: str | None = None) -> Issue:
    """Open an issue again 重新打开: a new cycle with clocks of its own.

    Earlier verdicts, breaches and reports stay; a report that nobody has signed yet is superseded, and its audit ends.
    """
    if not codes().has("reason.reopen", reason):
        raise Invalid("reason", "error.invalid_code", code=reason)
    for report in db.session.scalars(select(ClosureReport).where(ClosureReport.issue_no == issue.no)):
        if report.state == ReportState.PENDING:
            report.state = ReportState.SUPERSEDED
    issue.cycle += 1
    issue.several = False
    issue.closed_at = issue.closed_by = issue.wait_until = issue.review_at = issue.dismiss_reason = None
    step(issue, act="issue.reopen", at=at, to=IssueState.ANALYSING)
    units = db.session.scalars(select(Task.unit).where(Task.issue_no == issue.no, Task.dispatched_at.is_not(None)))
    leads = {name for unit in set(units) for name in people(unit, Role.UNIT_LEAD)}
    told = {*leads, *([issue.analyst] if issue.analyst else people(CENTER, Role.ANALYST))}
    tell(told, code="notice.reopened", subject=issue.no, at=at, but=by, title=issue.title, reason=reason)
    return issue
