"""Did the customer feel it? Verdicts on the effect, with numbers."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from ..domain.vocabulary import CENTER, EFFECT_SEVERITIES, IssueState, Role, Verdict
from ..extensions import db
from ..models.issue import Issue, Verification
from .act import Invalid, act
from .clocks import step
from .issues import check_code
from .notices import people, tell


@act("verification.record")
def record(
    *, issue: Issue, by: str, at: datetime, verdict: str, method: str, text: str,
    after: Mapping[str, Any] | None = None,
) -> Issue:  # fmt: skip
    """Record a verdict on the effect; `ineffective` opens a new cycle in which the center owes the next wave.

    Before the wait ends it is allowed and marked early. Invalid at severity 1-2 without numbers, and for an
    `effective` that misses the target and does not say why.
    """
    check_code("verify_method", method, "method")
    if after is None and issue.severity in EFFECT_SEVERITIES:
        raise Invalid("after", "error.numbers_wanted")
    count = db.session.scalar(select(func.count()).select_from(Verification).where(Verification.issue_no == issue.no))
    value = None if after is None else after["value"]
    met = meets_target(issue, value)
    if verdict == Verdict.EFFECTIVE and met is False and not text.strip():
        raise Invalid("text", "error.required")
    db.session.add(
        Verification(
            issue_no=issue.no,
            n=(count or 0) + 1,
            cycle=issue.cycle,
            verdict=verdict,
            method=method,
            text=text,
            after_value=value,
            after_n=None if after is None else after["n"],
            meets_target=met,
            early=issue.wait_until is None or at < issue.wait_until,
            by=by,
            at=at,
        )
    )
    db.session.flush()
    if verdict == Verdict.INEFFECTIVE:
        _again(issue, at=at)
    return issue


def meets_target(issue: Issue, value: Decimal | None) -> bool | None:
    """Whether a figure reaches the target, in the direction from the baseline to it; None where one is missing."""
    if value is None or issue.effect_target is None or issue.effect_value is None:
        return None
    if issue.effect_target <= issue.effect_value:
        return value <= issue.effect_target
    return value >= issue.effect_target


def _again(issue: Issue, *, at: datetime) -> None:
    issue.cycle += 1
    # How many units the new cycle concerns is told by its first dispatch.
    issue.several = False
    step(issue, act="verification.record:ineffective", at=at, to=IssueState.IN_PROGRESS)
    issue.wait_until = None
    told = [issue.analyst] if issue.analyst else people(CENTER, Role.ANALYST)
    tell(told, code="notice.ineffective", subject=issue.no, at=at, title=issue.title, cycle=issue.cycle)
