"""What the unit does with a task before it answers: take it, give it to a person, or decline it."""

from datetime import datetime

from sqlalchemy import func, select

from ...domain.vocabulary import SYSTEM, Role, TaskState
from ...extensions import db
from ...models.policy import codes
from ...models.task import Decline, Task
from ...models.unit import Unit
from ..act import Invalid, act
from ..clocks import step
from ..notices import dispatching, people, tell
from .landing import find_handler


@act("task.sign")
def sign(*, task: Task, by: str, at: datetime, handler: str | None = None) -> Task:
    """Take the task; the handler is the signer unless another is named. The feedback clock has run since dispatch."""
    task.handler = find_handler(handler, task.unit, "handler") if handler else by
    task.signed_at, task.signed_by = at, by
    step(task, act="task.sign", at=at, to=TaskState.WORKING)
    tell([task.handler], code="notice.task_assigned", subject=task.no, at=at, but=by, title=task.title)
    return task


def take_by_default(task: Task, *, at: datetime) -> None:
    """Nobody signed in time: deemed signed 超时自动签收. The lead holds it; the sign clock's breach stays."""
    leads = people(task.unit, Role.UNIT_LEAD)
    task.handler = leads[0] if leads else None
    task.signed_at, task.signed_by, task.deemed = at, SYSTEM, True
    step(task, act="task.sign", at=at, to=TaskState.WORKING)
    tell(leads, code="notice.deemed_signed", subject=task.no, at=at, title=task.title)


@act("task.assign")
def assign(*, task: Task, by: str, at: datetime, handler: str) -> Task:
    """Give the task to a person of the unit's subtree."""
    task.handler = find_handler(handler, task.unit, "handler")
    tell([task.handler], code="notice.task_assigned", subject=task.no, at=at, but=by, title=task.title)
    return task


@act("task.decline")
def decline(
    *, task: Task, by: str, at: datetime, reason: str, text: str, proof: str | None = None,
    proposed_unit: str | None = None,
) -> Task:  # fmt: skip
    """Say "not ours", within the window counted from dispatch; until it is decided the time is the dispatcher's."""
    if not codes().has("reason.decline", reason):
        raise Invalid("reason", "error.invalid_code", code=reason)
    if proposed_unit is not None and db.session.get(Unit, proposed_unit) is None:
        raise Invalid("proposed_unit", "error.unknown_unit", code=proposed_unit)
    count = db.session.scalar(select(func.count()).select_from(Decline).where(Decline.task_no == task.no)) or 0
    db.session.add(
        Decline(
            task_no=task.no,
            n=count + 1,
            unit=task.unit,
            reason=reason,
            text=text,
            proof=proof,
            proposed_unit=proposed_unit,
            by=by,
            at=at,
        )
    )
    task.declines += 1
    step(task, act="task.decline", at=at, to=TaskState.DECLINED)
    tell(dispatching(task), code="notice.task_declined", subject=task.no, at=at, title=task.title, unit=task.unit)
    return task
