"""What the dispatcher does with a task that is in the wrong place, or not wanted any more."""

from datetime import datetime

from sqlalchemy import select

from ...domain.vocabulary import CENTER, Role, TaskState
from ...extensions import db
from ...models.issue import Issue
from ...models.policy import codes
from ...models.reference import refer
from ...models.task import Decline, Task
from ...models.unit import Unit
from ..act import Invalid, act
from ..clocks import step
from ..guidance import find_citation
from ..issues import advance, plan_wait
from ..notices import people, tell
from .landing import find_unit, land, leave_unit, release_ready
from .splitting import cancel_children, check_below


@act("task.redispatch")
def redispatch(*, task: Task, by: str, at: datetime, unit: str, text: str | None = None) -> Task:
    """Decide a decline: send the task to another unit, or back to the same one, which signs again."""
    _decide(task, unit, by, at)
    send(task, unit, at=at, act="task.redispatch")
    return task


@act("task.adjudicate")
def adjudicate(
    *, task: Task, by: str, at: datetime, unit: str, text: str | None = None, cites: str | None = None
) -> Task:
    """Decide repeated declines with binding force: this unit cannot decline 裁定派单(不可再退).

    An HQ department is the center's peer: binding it must cite a leader's instruction or a conference of the issue.
    """
    found = refer(Unit, unit)
    if cites is not None:
        task.bound_by = find_citation(db.session.get_one(Issue, task.issue_no), cites, "cites")
    elif found is not None and found.is_department():
        raise Invalid("cites", "error.citation_wanted")
    _decide(task, unit, by, at)
    task.binding = True
    send(task, unit, at=at, act="task.adjudicate")
    return task


@act("task.transfer")
def transfer(*, task: Task, by: str, at: datetime, unit: str, reason: str) -> Task:
    """Move a task under way to another unit; the old unit's time stays on record."""
    if not codes().has("reason.transfer", reason):
        raise Invalid("reason", "error.invalid_code", code=reason)
    if unit == task.unit:
        raise Invalid("unit", "error.same_unit", code=unit)
    # A transfer is no decline: the new unit's due comes from the wave's end alone. Nor is it binding: the manager bound
    # the old unit, and an analyst's transfer must not bind another by that word.
    task.dispatched_at = None
    task.binding = False
    send(task, unit, at=at, act="task.transfer")
    return task


def _decide(task: Task, unit: str, by: str, at: datetime) -> None:
    pending = db.session.scalar(
        select(Decline).where(Decline.task_no == task.no, Decline.decided_at.is_(None)).order_by(Decline.n.desc())
    )
    if pending is None:
        raise LookupError(f"{task.no} has no decline to decide")
    pending.decided_at, pending.decided_by, pending.upheld = at, by, unit != task.unit
    code = "notice.decline_upheld" if pending.upheld else "notice.decline_refused"
    tell([pending.by], code=code, subject=task.no, at=at, title=task.title)


def send(task: Task, unit: str, *, at: datetime, act: str) -> None:
    """Let a task land on a unit; what another unit had split from it is withdrawn."""
    _find_target(task, unit)
    if unit != task.unit:
        cancel_children(task, at=at)
        leave_unit(task)
        task.unit = unit
    land(task, at=at, act=act)


def _find_target(task: Task, unit: str) -> None:
    if task.dispatcher == CENTER:
        find_unit(unit, "unit")
    else:
        check_below(unit, refer(Unit, task.dispatcher), "unit")


@act("task.cancel")
def cancel(*, task: Task, by: str, at: datetime, reason: str, text: str | None = None) -> Task:
    """Withdraw a task: its clocks are cancelled, its successors released; the last open one may move the issue."""
    if not codes().has("reason.cancel", reason):
        raise Invalid("reason", "error.invalid_code", code=reason)
    was_planned = task.state == TaskState.PLANNED
    cancel_children(task, at=at)
    step(task, act="task.cancel", at=at, to=TaskState.CANCELLED)
    for measure in task.measures:
        if not measure.dropped:
            step(measure, act="measure.cancel", at=at)
            measure.dropped = True
    if not was_planned:
        told = [task.handler] if task.handler else people(task.unit, Role.UNIT_LEAD)
        tell(told, code="notice.task_cancelled", subject=task.no, at=at, but=by, title=task.title)
    issue = db.session.get(Issue, task.issue_no)
    if issue is not None:
        release_ready(issue, at=at)
        advance(issue, at=at)
        if issue.wait_until is None:
            # It may have been the last one followed: the effect wait was held up by it alone.
            plan_wait(issue, at=at)
    return task
