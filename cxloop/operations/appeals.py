"""Appeals 申诉: a unit contests what is held against it, once and in time; another person than the first decides."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from ..domain.vocabulary import CENTER, Role
from ..extensions import db
from ..models.appeal import REFUSED, UPHELD, Appeal
from ..models.clock import Breach, Clock
from ..models.closure import ClosureReport, Liability
from ..models.policy import SLA, codes, sla_policy, version_in_force
from ..models.task import Feedback, Task
from .act import Invalid, act
from .clocks import step
from .clocks.engine import current_calendar
from .clocks.terms import unit_of
from .notices import people, tell
from .waivers import excuse


@dataclass(frozen=True, slots=True)
class Matter:
    """What is contested: its lasting name, when it was held against the unit, and by whom."""

    ref: str
    since: datetime
    first_by: str | None


@act("appeal.file")
def file_appeal(
    *, task: Task, by: str, at: datetime, matter: str, text: str, clock: int | None = None, plan: int | None = None,
    feedback: int | None = None,
) -> Task:  # fmt: skip
    """Contest a breach, a send-back, a quality mark or a liability of one's own, within the policy's days, once.

    Until it is decided it stays out of published figures. Invalid where there is nothing such, too late, or again.
    """
    found = _FINDERS[matter](task, clock, plan, feedback)
    policy = sla_policy(version_in_force(SLA, at))
    calendar, _revision, _national = current_calendar(unit_of(task.unit).calendar)
    last = calendar.due(found.since, policy.appeal)
    if at > last:
        raise Invalid("matter", "error.appealed_late", until=last)
    if db.session.scalar(select(Appeal.id).where(Appeal.matter == matter, Appeal.ref == found.ref)) is not None:
        raise Invalid("matter", "error.appealed_already")
    count = db.session.scalar(select(func.count()).select_from(Appeal).where(Appeal.issue_no == task.issue_no)) or 0
    row = Appeal(
        issue_no=task.issue_no, n=count + 1, unit=task.unit, task_no=task.no, matter=matter, ref=found.ref,
        first_by=found.first_by, text=text, by=by, at=at,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    step(row, act="appeal.file", at=at)
    told = people(CENTER, Role.CENTER_MANAGER)
    tell(told, code="notice.appealed", subject=task.no, at=at, but=by, title=task.title, unit=task.unit)
    return task


def _breach(task: Task, clock: int | None, plan: int | None, _feedback: int | None) -> Matter:
    mine = select(Breach).join(Breach.clock).where(Clock.owner == task.unit, Breach.holder == task.unit)
    own = (Clock.subject == task.no) | Clock.subject.startswith(f"{task.no}/", autoescape=True)
    rows = [row for row in db.session.scalars(mine.where(own)) if plan is None or row.plan == plan]
    rows = [row for row in rows if clock is None or row.clock_id == clock]
    if len(rows) != 1:
        raise Invalid("clock", "error.which_breach")
    return Matter(rows[0].trail_name(), rows[0].at, None)


def _send_back(task: Task, _clock: int | None, _plan: int | None, feedback: int | None) -> Matter:
    rows = [row for row in task.feedbacks if row.verdict == "send_back" and row.unit == task.unit]
    rows = [row for row in rows if feedback is None or row.n == feedback]
    if not rows:
        raise Invalid("feedback", "error.nothing_to_appeal")
    return _judged(rows[-1], rows[-1].trail_name())


def _quality(task: Task, _clock: int | None, _plan: int | None, _feedback: int | None) -> Matter:
    rows = [row for row in task.feedbacks if row.verdict == "accept"]
    if task.quality is None or not rows:
        raise Invalid("matter", "error.nothing_to_appeal")
    return _judged(rows[-1], f"{task.no}/quality.{rows[-1].n}")


def _judged(row: Feedback, ref: str) -> Matter:
    if row.reviewed_at is None:
        raise LookupError(f"{row.trail_name()} was not reviewed")
    return Matter(ref, row.reviewed_at, row.reviewed_by)


def _liability(task: Task, _clock: int | None, _plan: int | None, _feedback: int | None) -> Matter:
    report = db.session.scalar(
        select(ClosureReport)
        .join(Liability, Liability.report_no == ClosureReport.no)
        .where(ClosureReport.issue_no == task.issue_no, Liability.unit == task.unit)
        .order_by(ClosureReport.n.desc())
        .limit(1)
    )
    if report is None:
        raise Invalid("matter", "error.nothing_to_appeal")
    return Matter(f"{report.no}/liability.{task.unit}", report.closed_at, report.closed_by)


_FINDERS = {"breach": _breach, "send_back": _send_back, "quality": _quality, "liability": _liability}


@act("appeal.uphold")
def uphold(*, appeal: Appeal, by: str, at: datetime, text: str, reason: str | None = None) -> Appeal:
    """Agree with the unit. A breach is excused with a reason; the rest counts no more. Nothing is erased."""
    if appeal.matter == "breach":
        if reason is None or not codes().has("reason.waiver", reason):
            raise Invalid("reason", "error.required" if reason is None else "error.invalid_code", code=reason or "")
        breach = _breach_named(appeal)
        if breach.waiver is None:
            excuse(breach, reason=reason, text=text, by=by, at=at)
    return _decide(appeal, UPHELD, text, by, at)


def _breach_named(appeal: Appeal) -> Breach:
    rows = db.session.scalars(select(Breach).join(Breach.clock).where(Clock.chain_no == appeal.issue_no))
    return next(row for row in rows if row.trail_name() == appeal.ref)


@act("appeal.refuse")
def refuse(*, appeal: Appeal, by: str, at: datetime, text: str) -> Appeal:
    """Let it stand, and say why."""
    return _decide(appeal, REFUSED, text, by, at)


def _decide(appeal: Appeal, decision: str, text: str, by: str, at: datetime) -> Appeal:
    appeal.decision, appeal.decided_by, appeal.decided_at, appeal.decision_text = decision, by, at, text
    step(appeal, act=f"appeal.{'uphold' if decision == UPHELD else 'refuse'}", at=at)
    told = {appeal.by, *people(appeal.unit, Role.UNIT_LEAD)}
    tell(told, code=f"notice.appeal_{decision}", subject=appeal.task_no or appeal.issue_no, at=at, but=by, text=text)
    return appeal
