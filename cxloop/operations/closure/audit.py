"""The audit's word on a closure, and the archive."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from ...domain.vocabulary import CENTER, IssueState, ReportState, Role
from ...extensions import db
from ...models.closure import ClosureReport, Opinion
from ...models.issue import Issue
from ..act import act
from ..clocks import step
from ..notices import people, tell


def pending_report(issue: Issue) -> ClosureReport:
    """The report of the present closing."""
    report = db.session.scalar(
        select(ClosureReport).where(ClosureReport.issue_no == issue.no).order_by(ClosureReport.n.desc()).limit(1)
    )
    if report is None:
        raise LookupError(f"{issue.no} has no closure report")
    return report


def _opine(report: ClosureReport, verdict: str, text: str, by: str, at: datetime) -> None:
    count = db.session.scalar(select(func.count()).select_from(Opinion).where(Opinion.report_no == report.no)) or 0
    report.opinions.append(Opinion(report_no=report.no, n=count + 1, verdict=verdict, text=text, by=by, at=at))


@act("audit.approve")
def approve(*, issue: Issue, by: str, at: datetime, opinion: str) -> Issue:
    """Agree with the closure: the issue is archived."""
    report = pending_report(issue)
    _opine(report, "approve", opinion, by, at)
    report.state = ReportState.APPROVED
    step(issue, act="audit.approve", at=at, to=IssueState.ARCHIVED)
    told = [report.closed_by, *([issue.analyst] if issue.analyst else [])]
    tell(told, code="notice.approved", subject=issue.no, at=at, title=issue.title)
    return issue


@act("audit.return")
def give_back(*, issue: Issue, by: str, at: datetime, findings: Sequence[str]) -> Issue:
    """Return the closure with findings: back to verifying, without a new effect wait."""
    report = pending_report(issue)
    _opine(report, "return", "\n".join(findings), by, at)
    report.state = ReportState.RETURNED
    issue.closed_at = issue.closed_by = None
    step(issue, act="audit.return", at=at, to=IssueState.VERIFYING)
    told = [report.closed_by, *([issue.analyst] if issue.analyst else people(CENTER, Role.ANALYST))]
    tell(told, code="notice.returned", subject=issue.no, at=at, title=issue.title)
    return issue


def archive(issue: Issue, *, at: datetime) -> None:
    """File an undrawn closure when the audit window has passed."""
    pending_report(issue).state = ReportState.FILED
    step(issue, act="closure.archive", at=at, to=IssueState.ARCHIVED)
