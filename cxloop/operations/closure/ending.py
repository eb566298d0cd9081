"""Issues that end before they are dispatched: dismissed, or merged into another."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from ...domain.vocabulary import IssueState
from ...extensions import db
from ...models.issue import Issue
from ...models.policy import codes
from ...models.signal import Signal
from ..act import Call, Invalid, act
from ..clocks import step
from ..contacts import joined
from ..notices import tell

MERGEABLE_INTO = frozenset({IssueState.NEW, IssueState.ANALYSING, IssueState.IN_PROGRESS})


@act("issue.dismiss")
def dismiss(*, issue: Issue, by: str, at: datetime, reason: str, text: str | None = None) -> Issue:
    """Make no issue of it 不予立项; whoever raised it is answered."""
    if not codes().has("reason.dismiss", reason):
        raise Invalid("reason", "error.invalid_code", code=reason)
    issue.dismiss_reason = reason
    step(issue, act="issue.dismiss", at=at, to=IssueState.DISMISSED)
    raisers = set(db.session.scalars(select(Signal.registered_by).where(Signal.issue_no == issue.no)))
    params = {"title": issue.title, "reason": reason, "text": text or ""}
    tell({issue.opened_by, *raisers}, code="notice.dismissed", subject=issue.no, at=at, but=by, **params)
    return issue


def _merge_chains(call: Call) -> Iterable[tuple[str, str]]:
    yield "issue", call.fields["into"]
    for no in db.session.scalars(select(Signal.no).where(Signal.issue_no == call.on)):
        yield "signal", no


@act("issue.merge", also=_merge_chains)
def merge(*, issue: Issue, by: str, at: datetime, into: str, reach: int | None = None) -> Issue:
    """Merge the issue into another 并案: its signals move, reach is added unless given; it stays as a pointer."""
    target = db.session.get(Issue, into)
    if target is None:
        raise Invalid("into", "error.unknown_issue", no=into)
    if target.no == issue.no:
        raise Invalid("into", "error.itself")
    if target.state not in MERGEABLE_INTO:
        raise Invalid("into", "error.not_mergeable", no=into)
    for signal in list(db.session.scalars(select(Signal).where(Signal.issue_no == issue.no).order_by(Signal.no))):
        signal.issue_no = target.no
        joined(signal, at=at)
    known = [value for value in (target.reach, issue.reach) if value is not None]
    target.reach = reach if reach is not None else (sum(known) if known else None)
    issue.merged_into = target.no
    step(issue, act="issue.merge", at=at, to=IssueState.MERGED)
    tell([issue.opened_by], code="notice.merged", subject=issue.no, at=at, but=by, title=issue.title, into=target.no)
    return issue
