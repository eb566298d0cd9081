"""What all requests have in common: which clock, one open at a time, a decision owed in time, and its notices."""

from datetime import datetime

from sqlalchemy import func, select

from ...domain import clocks as rules
from ...domain.vocabulary import Role, TaskState
from ...extensions import db
from ...models.clock import Clock, Request
from ...models.issue import Issue
from ...models.policy import codes
from ...models.task import Task
from ..act import Invalid
from ..clocks import step
from ..clocks.engine import live_clock
from ..notices import dispatching, people, tell


def check_reason(kind: str, reason: str) -> None:
    """Invalid where the group's list of reasons for this act does not know the code."""
    if not codes().has(f"reason.{kind}", reason):
        raise Invalid("reason", "error.invalid_code", code=reason)


def issue_of_task(task: Task) -> Issue:
    """The issue a task is part of."""
    return db.session.get_one(Issue, task.issue_no)


def clock_of(task: Task, n: int | None) -> Clock:
    """The clock that runs on the unit: of its answer, or of one of its measures under follow-up."""
    if task.state != TaskState.FOLLOWING:
        if n is not None:
            raise Invalid("measure", "error.not_following")
        found = live_clock(task.no, "feedback")
    else:
        live = [clock for clock in live_clocks(task) if n is None or clock.subject == f"{task.no}/{n}"]
        if len(live) != 1:
            raise Invalid("measure", "error.which_measure")
        [found] = live
    if found is None:
        raise LookupError(f"{task.no} has no running clock")
    return found


def live_clocks(task: Task) -> list[Clock]:
    """The running and paused clocks of a task's answer and measures."""
    names = [task.no, *(measure.number() for measure in task.measures)]
    rows = select(Clock).where(
        Clock.subject.in_(names), Clock.kind.in_({"feedback", "measure"}),
        Clock.state.in_({rules.RUNNING, rules.PAUSED}),
    )  # fmt: skip
    return list(db.session.scalars(rows.order_by(Clock.id)))


def running_due(clock: Clock) -> datetime:
    """When a clock is due; Invalid while it is paused and has no due."""
    if clock.due_at is None:
        raise Invalid("reason", "error.is_paused")
    return clock.due_at


def ask(request: Request, *, excuses: bool = True) -> Task:
    """Put a request before the dispatcher, whose decision is owed in time.

    `excuses`: if the due passes while it waits, that is the dispatcher's. Asking for a transfer excuses nothing.
    """
    task = request.task
    counted = select(func.count()).select_from(Request).where(Request.task_no == task.no)
    request.n = (db.session.scalar(counted) or 0) + 1
    db.session.add(request)
    db.session.flush()
    if excuses:
        request.clock.asked_of = task.dispatcher
    step(request, act=f"{request.kind}.request", at=request.at)
    tell(
        dispatching(task), code=f"notice.{request.kind}_asked", subject=task.no, at=request.at, but=request.by,
        title=task.title, unit=task.unit,
    )  # fmt: skip
    return task


def open_request(task: Task, kind: str) -> Request:
    """The request of a kind that waits for its decision; the lifecycle table let nobody here without one."""
    found = db.session.scalar(
        select(Request).where(Request.task_no == task.no, Request.kind == kind, Request.decided_at.is_(None))
    )
    if found is None:
        raise LookupError(f"{task.no} has no open {kind}")
    return found


def moment_granted(request: Request, given: datetime | None, *, field: str, at: datetime) -> datetime:
    """What is granted of the moment asked for: all of it, or an earlier one ahead. Invalid otherwise."""
    if request.wanted_at is None:
        raise RuntimeError(f"{request.trail_name()} asks for no moment")
    granted = given or request.wanted_at
    if granted > request.wanted_at:
        raise Invalid(field, "error.more_than_asked", due=request.wanted_at)
    if granted <= at:
        raise Invalid(field, "error.in_the_past")
    return granted


def decide(request: Request, decision: str, by: str, at: datetime, text: str | None) -> Task:
    """Note the decision, let the clocks follow, and tell whoever asked."""
    task, clock = request.task, request.clock
    request.decision, request.decided_by, request.decided_at, request.decision_text = decision, by, at, text
    ending = f"{request.kind}.refuse"
    if decision == rules.GRANTED:
        ending = f"{request.kind}.grant:{clock.kind}"
    step(request, act=ending, at=at)
    clock.asked_of = _still_asked(clock)
    told = {request.by, *holders(task)}
    tell(told, code=f"notice.{request.kind}_{decision}", subject=task.no, at=at, but=by, title=task.title)
    return task


def _still_asked(clock: Clock) -> str | None:
    """The dispatcher, while another request on the clock waits: an extension beside a pause."""
    db.session.flush()
    waiting = select(Request).where(
        Request.clock_id == clock.id, Request.decided_at.is_(None), Request.kind != rules.TRANSFER
    )
    other = db.session.scalar(waiting.limit(1))
    return None if other is None else other.task.dispatcher


def holders(task: Task) -> list[str]:
    """Who has the task in hand: the handler, else the unit's leads."""
    return [task.handler] if task.handler else people(task.unit, Role.UNIT_LEAD)
