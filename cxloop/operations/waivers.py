"""Excusing a breach 超时免责: a second row beside it, which nothing erases (K14)."""

from datetime import datetime

from ..domain.vocabulary import Role
from ..extensions import db
from ..models.clock import Breach, Clock, Waiver
from ..models.policy import codes
from .act import Invalid, act
from .notices import people, tell


@act("breach.waive")
def waive(*, clock: Clock, by: str, at: datetime, reason: str, text: str, plan: int | None = None) -> Clock:
    """Excuse a breach of a clock with a reason and words; `plan` says which, where there are several.

    Invalid for an unknown reason and where it is not clear which breach is meant.
    """
    if not codes().has("reason.waiver", reason):
        raise Invalid("reason", "error.invalid_code", code=reason)
    breach = _which(clock, plan)
    excuse(breach, reason=reason, text=text, by=by, at=at)
    leads = people(clock.owner, Role.UNIT_LEAD, Role.ANALYST)
    tell(leads, code="notice.waived", subject=clock.subject, at=at, but=by, kind=clock.kind, reason=reason)
    return clock


def excuse(breach: Breach, *, reason: str, text: str, by: str, at: datetime) -> None:
    """Write the second row beside a breach."""
    db.session.add(Waiver(breach_id=breach.id, breach=breach, reason=reason, text=text, by=by, at=at))
    db.session.flush()


def _which(clock: Clock, plan: int | None) -> Breach:
    open_ = [row for row in clock.breaches if row.waiver is None and (plan is None or row.plan == plan)]
    if len(open_) != 1:
        raise Invalid("plan", "error.which_breach")
    return open_[0]
