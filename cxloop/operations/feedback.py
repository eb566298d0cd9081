"""The unit answers 回单, and may take its answer back while nobody has judged it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ..domain.vocabulary import MeasureState, Outcome, TaskState
from ..extensions import db
from ..models.measure import Measure
from ..models.policy import codes
from ..models.task import Feedback, Task
from .act import Invalid, act
from .clocks import step
from .issues import last_feedback
from .notices import dispatching, tell
from .tasks.landing import find_handler


@act("feedback.submit")
def submit(
    *, task: Task, by: str, at: datetime, outcome: str, cause: str, result: str,
    measures: Sequence[Mapping[str, Any]] = (), reply: str | None = None, reason: str | None = None,
    review_at: datetime | None = None,
) -> Task:  # fmt: skip
    """Answer the task: the unit's clock stops, the dispatcher's `review` starts.

    `planned` needs a measure with a due ahead, `resolved` a measure, `parked` a reason and a date of re-examination
    ahead; Invalid names the field.
    """
    _check(outcome, measures, reason, review_at, at)
    count = db.session.scalar(select(func.count()).select_from(Feedback).where(Feedback.task_no == task.no)) or 0
    feedback = Feedback(
        task_no=task.no, n=count + 1, cycle=task.cycle, unit=task.unit, outcome=outcome, cause=cause, result=result,
        reply=reply, reason=reason, review_at=review_at, submitted_by=by, submitted_at=at,
    )  # fmt: skip
    task.feedbacks.append(feedback)
    _promise(task, feedback.n, measures)
    task.submitted_by, task.submitted_at = by, at
    step(task, act="feedback.submit", at=at, to=TaskState.SUBMITTED)
    tell(dispatching(task), code="notice.task_answered", subject=task.no, at=at, title=task.title, unit=task.unit)
    return task


def _check(
    outcome: str, measures: Sequence[Mapping[str, Any]], reason: str | None, review_at: datetime | None, at: datetime
) -> None:
    if outcome == Outcome.RESOLVED and not measures:
        raise Invalid("measures", "error.measure_wanted")
    if outcome == Outcome.PLANNED and not any(row.get("due_at") for row in measures):
        raise Invalid("measures", "error.measure_with_due_wanted")
    for n, row in enumerate(measures):
        if row.get("due_at") is not None and row["due_at"] <= at:
            raise Invalid(f"measures.{n}.due_at", "error.not_ahead")
    if outcome == Outcome.PARKED:
        if reason is None or not codes().has("reason.unresolvable", reason):
            raise Invalid("reason", "error.required" if reason is None else "error.invalid_code", code=reason or "")
        if review_at is None or review_at <= at:
            raise Invalid("review_at", "error.required" if review_at is None else "error.not_ahead")


def _promise(task: Task, feedback_n: int, measures: Sequence[Mapping[str, Any]]) -> None:
    before = len(task.measures)
    for measure in task.measures:
        measure.dropped = True
    for n, row in enumerate(measures, before + 1):
        handler = row.get("handler")
        if handler is not None:
            find_handler(handler, task.unit, f"measures.{n - before - 1}.handler")
        task.measures.append(
            Measure(
                task_no=task.no,
                n=n,
                feedback_n=feedback_n,
                kind=row["kind"],
                text=row["text"],
                handler=handler,
                agreed_at=row.get("due_at"),
                due_at=row.get("due_at"),
                state=MeasureState.OPEN,
                dropped=False,
            )
        )


@act("feedback.withdraw")
def withdraw(*, task: Task, by: str, at: datetime) -> Task:
    """Take the answer back: the stretch since is the unit's as if the clock had run on."""
    feedback = last_feedback(task)
    feedback.withdrawn_at = at
    for measure in task.measures:
        measure.dropped = True
    step(task, act="feedback.withdraw", at=at, to=TaskState.WORKING)
    tell(dispatching(task), code="notice.task_withdrawn", subject=task.no, at=at, title=task.title)
    return task
