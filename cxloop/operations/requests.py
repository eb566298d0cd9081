"""More time for a unit: extensions 延期 and pauses 挂起, asked by the unit, decided by the dispatcher."""

from datetime import datetime
from fractions import Fraction

from sqlalchemy import func, select

from ..domain import clocks as rules
from ..domain.calendar import Target
from ..domain.vocabulary import Role, TaskState
from ..extensions import db
from ..models.clock import Clock, Request
from ..models.issue import Issue
from ..models.policy import codes, sla_policy
from ..models.task import Task
from ..models.user import User
from .act import Forbidden, Invalid, act
from .clocks import step
from .clocks.engine import calendar_of, live_clock
from .clocks.joint import carry_issue, wave_end_of
from .notices import dispatching, people, tell


@act("extension.request")
def request_extension(
    *, task: Task, by: str, at: datetime, reason: str, due_at: datetime, text: str = "", measure: int | None = None
) -> Task:
    """Ask for a later due 延期, in time before the present one (K10). The clock runs on until it is decided.

    Invalid when asked late, at a severity that grants none, for a due that is no later, or once too often.
    """
    _check_reason("extension", reason)
    clock = _clock_of(task, measure)
    due = _running_due(clock)
    policy, issue = sla_policy(clock.policy_version), _issue(task)
    lead = policy.extension_lead(clock.severity)
    if lead is None:
        raise Invalid("due_at", "error.no_extension", severity=clock.severity)
    if clock.extensions >= policy.extensions:
        raise Invalid("due_at", "error.extended_enough", count=clock.extensions)
    last = calendar_of(clock).before(due, lead)
    if at > last:
        raise Invalid("due_at", "error.asked_late", until=last)
    _check_due(due_at, due, issue, clock)
    return _ask(task, clock, rules.EXTENSION, by, at, reason, text, due_at)


def _check_due(wanted: datetime, due: datetime, issue: Issue, clock: Clock) -> None:
    if wanted <= due:
        raise Invalid("due_at", "error.no_later", due=due)
    if issue.external_due_at is not None and clock.kind == "feedback" and wanted > issue.external_due_at:
        raise Invalid("due_at", "error.past_outside_due", due=issue.external_due_at)


@act("extension.grant")
def grant_extension(
    *, task: Task, by: str, at: datetime, due_at: datetime | None = None, text: str | None = None
) -> Task:
    """Grant the due asked for, or an earlier one. Past the wave's end the issue's due moves with it.

    Forbidden to all but the manager beyond the wave's end, beyond the original length, and the second time.
    """
    request, issue = _open(task, rules.EXTENSION), _issue(task)
    clock = request.clock
    due = _running_due(clock)
    granted = due_at or request.wanted_at
    if granted > request.wanted_at:
        raise Invalid("due_at", "error.more_than_asked", due=request.wanted_at)
    if granted <= at:
        raise Invalid("due_at", "error.in_the_past")
    _check_due(granted, due, issue, clock)
    end = wave_end_of(issue, task) if clock.kind == "feedback" else None
    beyond = end is not None and granted > end
    if (beyond or _is_exceptional(clock, due, granted)) and not _manages(by):
        raise Forbidden("manager_only")
    request.granted_at = granted
    if beyond:
        carry_issue(issue, task, to=granted, at=at)
    return _decide(request, rules.GRANTED, by, at, text)


def _is_exceptional(clock: Clock, due: datetime, granted: datetime) -> bool:
    calendar, first = calendar_of(clock), clock.plans[0]
    length = calendar.worked(first.at, first.due_at or first.at)
    return clock.extensions > 0 or calendar.worked(due, granted) > length


def _manages(by: str) -> bool:
    user = db.session.get(User, by)
    return user is not None and Role.CENTER_MANAGER in user.person().roles()


@act("extension.refuse")
def refuse_extension(*, task: Task, by: str, at: datetime, reason: str | None = None, text: str | None = None) -> Task:
    """Refuse the request; the due stays what it was."""
    return _decide(_open(task, rules.EXTENSION), rules.REFUSED, by, at, text or reason)


@act("pause.request")
def request_pause(
    *, task: Task, by: str, at: datetime, reason: str, text: str, until: datetime, measure: int | None = None
) -> Task:
    """Ask for a pause 挂起 until a latest moment, for a reason that grants it so long (K8). The clock runs on.

    Invalid when the due has passed, and for an end in the past, beyond the reason's longest stretch or the total.
    """
    _check_reason("pause", reason)
    clock = _clock_of(task, measure)
    due = _running_due(clock)
    if at >= due or not calendar_of(clock).worked(at, due):
        raise Invalid("until", "error.nothing_left")
    _check_stretch(clock, reason, at, until)
    return _ask(task, clock, rules.PAUSE, by, at, reason, text, until)


def _check_stretch(clock: Clock, reason: str, at: datetime, until: datetime) -> None:
    if until <= at:
        raise Invalid("until", "error.in_the_past")
    calendar, policy = calendar_of(clock), sla_policy(clock.policy_version)
    row = codes().get("reason.pause", reason)
    days = int(row.extra["max_days"]) if row is not None and "max_days" in row.extra else None
    if days is not None:
        longest = calendar.due(at, Target("days", Fraction(days)))
        if until > longest:
            raise Invalid("until", "error.paused_too_long", days=days, until=longest)
    begin = clock.started_at
    most = calendar.worked(begin, calendar.due(begin, policy.paused_most))
    if clock.paused + calendar.worked(at, until) > most:
        raise Invalid("until", "error.paused_enough", most=str(policy.paused_most))


@act("pause.grant")
def grant_pause(*, task: Task, by: str, at: datetime, until: datetime | None = None, text: str | None = None) -> Task:
    """Consent: from now on there is no due time, until it is resumed, by itself at the latest moment granted."""
    request = _open(task, rules.PAUSE)
    granted = until or request.wanted_at
    if granted > request.wanted_at:
        raise Invalid("until", "error.more_than_asked", due=request.wanted_at)
    _check_stretch(request.clock, request.reason, at, granted)
    request.granted_at = granted
    return _decide(request, rules.GRANTED, by, at, text)


@act("pause.refuse")
def refuse_pause(*, task: Task, by: str, at: datetime, reason: str | None = None, text: str | None = None) -> Task:
    """Refuse the pause; the clock has run on."""
    return _decide(_open(task, rules.PAUSE), rules.REFUSED, by, at, text or reason)


@act("clock.resume")
def resume(*, task: Task, by: str, at: datetime, text: str | None = None, measure: int | None = None) -> Task:
    """End a pause 解挂: what was left is left from now on."""
    paused = [clock for clock in _live(task) if clock.state == rules.PAUSED]
    if measure is not None:
        paused = [clock for clock in paused if clock.subject == f"{task.no}/{measure}"]
    if len(paused) != 1:
        raise Invalid("measure", "error.which_measure")
    [clock] = paused
    subject = next((row for row in task.measures if row.number() == clock.subject), task)
    step(subject, act=f"clock.resume:{clock.kind}", at=at)
    told = {*_holders(task), *dispatching(task)}
    tell(told, code="notice.resumed", subject=task.no, at=at, but=by, title=task.title)
    return task


def _check_reason(kind: str, reason: str) -> None:
    if not codes().has(f"reason.{kind}", reason):
        raise Invalid("reason", "error.invalid_code", code=reason)


def _issue(task: Task) -> Issue:
    return db.session.get_one(Issue, task.issue_no)


def _clock_of(task: Task, n: int | None) -> Clock:
    """The clock that runs on the unit: of its answer, or of one of its measures under follow-up."""
    if task.state != TaskState.FOLLOWING:
        if n is not None:
            raise Invalid("measure", "error.not_following")
        found = live_clock(task.no, "feedback")
    else:
        live = [clock for clock in _live(task) if n is None or clock.subject == f"{task.no}/{n}"]
        if len(live) != 1:
            raise Invalid("measure", "error.which_measure")
        [found] = live
    if found is None:
        raise LookupError(f"{task.no} has no running clock")
    return found


def _live(task: Task) -> list[Clock]:
    names = [task.no, *(measure.number() for measure in task.measures)]
    rows = select(Clock).where(
        Clock.subject.in_(names), Clock.kind.in_({"feedback", "measure"}),
        Clock.state.in_({rules.RUNNING, rules.PAUSED}),
    )  # fmt: skip
    return list(db.session.scalars(rows.order_by(Clock.id)))


def _running_due(clock: Clock) -> datetime:
    if clock.due_at is None:
        raise Invalid("reason", "error.is_paused")
    return clock.due_at


def _ask(task: Task, clock: Clock, kind: str, by: str, at: datetime, reason: str, text: str, wanted: datetime) -> Task:
    count = db.session.scalar(select(func.count()).select_from(Request).where(Request.task_no == task.no)) or 0
    request = Request(
        task_no=task.no, task=task, n=count + 1, kind=kind, subject=clock.subject, clock=clock, reason=reason,
        text=text, wanted_at=wanted, by=by, at=at,
    )  # fmt: skip
    db.session.add(request)
    db.session.flush()
    clock.asked_of = task.dispatcher
    step(request, act=f"{kind}.request", at=at)
    told = dispatching(task)
    tell(told, code=f"notice.{kind}_asked", subject=task.no, at=at, but=by, title=task.title, unit=task.unit)
    return task


def _open(task: Task, kind: str) -> Request:
    found = db.session.scalar(
        select(Request).where(Request.task_no == task.no, Request.kind == kind, Request.decided_at.is_(None))
    )
    if found is None:
        raise LookupError(f"{task.no} has no open {kind}")
    return found


def _decide(request: Request, decision: str, by: str, at: datetime, text: str | None) -> Task:
    task, clock = request.task, request.clock
    request.decision, request.decided_by, request.decided_at, request.decision_text = decision, by, at, text
    ending = f"{request.kind}.refuse"
    if decision == rules.GRANTED:
        ending = f"{request.kind}.grant:{clock.kind}"
    step(request, act=ending, at=at)
    clock.asked_of = _still_asked(clock)
    told = {request.by, *_holders(task)}
    tell(told, code=f"notice.{request.kind}_{decision}", subject=task.no, at=at, but=by, title=task.title)
    return task


def _still_asked(clock: Clock) -> str | None:
    """The dispatcher, while another request on the clock waits: an extension beside a pause."""
    db.session.flush()
    other = db.session.scalar(
        select(Request).where(Request.clock_id == clock.id, Request.decided_at.is_(None)).limit(1)
    )
    return None if other is None else other.task.dispatcher


def _holders(task: Task) -> list[str]:
    return [task.handler] if task.handler else people(task.unit, Role.UNIT_LEAD)
