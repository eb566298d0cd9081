"""Attention from the center: a reminder 催办, or supervision with a numbered letter 督办."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ...domain.numbers import issue_year, letter_no
from ...domain.vocabulary import Role
from ...extensions import db
from ...models.attention import Supervision
from ...models.numbering import take_numbers
from ...models.policy import codes
from ...models.task import Task
from ..act import Invalid, act
from ..notices import people, tell


@act("task.nudge")
def nudge(*, task: Task, by: str, at: datetime, text: str | None = None) -> Task:
    """Remind whoever holds the task; nothing else changes."""
    told = [task.handler] if task.handler else people(task.unit, Role.UNIT_LEAD)
    tell(told, code="notice.nudged", subject=task.no, at=at, but=by, title=task.title, text=text or "")
    return task


@act("task.supervise")
def supervise(
    *, task: Task, by: str, at: datetime, level: str, text: str, on: bool = True, wanted: str | None = None,
    due_at: datetime | None = None,
) -> Task:  # fmt: skip
    """Put the task on top of every list at a level, with a numbered letter that says what is wanted by when.

    `on=False` ends the supervision. Invalid for an unknown level, or a due that has passed.
    """
    if due_at is not None and due_at <= at:
        raise Invalid("due_at", "error.in_the_past")
    if not codes().has("supervision", level):
        raise Invalid("level", "error.invalid_code", code=level)
    if on:
        attend(task, level=level, at=at, text=text, by=by, wanted=wanted, due_at=due_at)
    else:
        task.supervision = None
        _end(task, by, at)
    return task


def _end(task: Task, by: str, at: datetime) -> None:
    open_ = select(Supervision).where(Supervision.task_no == task.no, Supervision.ended_at.is_(None))
    for row in db.session.scalars(open_):
        row.ended_at, row.ended_by = at, by


def attend(
    task: Task, *, level: str, at: datetime, text: str, by: str, wanted: str | None = None,
    due_at: datetime | None = None,
) -> None:  # fmt: skip
    """Supervise a task: a letter is numbered, and the unit's lead and leader are told."""
    year = issue_year(at=at)
    task.supervision, task.supervised_at = level, at
    task.supervision_number = letter_no(year=year, n=take_numbers("letter", year)[0])
    _end(task, by, at)
    count = db.session.scalar(select(func.count()).select_from(Supervision).where(Supervision.task_no == task.no))
    row = Supervision(task_no=task.no, n=(count or 0) + 1, level=level, number=task.supervision_number, text=text)
    row.wanted, row.due_at, row.by, row.at = wanted, due_at, by, at
    db.session.add(row)
    told = people(task.unit, Role.UNIT_LEAD, Role.LEADER)
    params: dict[str, Any] = {"title": task.title, "level": level, "number": task.supervision_number, "text": text}
    tell(told, code="notice.supervised", subject=task.no, at=at, **params)
