"""Attention from the center: a reminder 催办, or supervision with a numbered letter 督办."""

from datetime import datetime
from typing import Any

from ...domain.numbers import issue_year, letter_no
from ...domain.vocabulary import Role
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
def supervise(*, task: Task, by: str, at: datetime, level: str, text: str, on: bool = True) -> Task:
    """Put the task on top of every list at a level, with a numbered letter; `on=False` ends the supervision."""
    if not codes().has("supervision", level):
        raise Invalid("level", "error.invalid_code", code=level)
    if on:
        attend(task, level=level, at=at, text=text)
    else:
        task.supervision = None
    return task


def attend(task: Task, *, level: str, at: datetime, text: str) -> None:
    """Supervise a task: a letter is numbered, and the unit's lead and leader are told."""
    year = issue_year(at=at)
    task.supervision, task.supervised_at = level, at
    task.supervision_number = letter_no(year=year, n=take_numbers("letter", year)[0])
    told = people(task.unit, Role.UNIT_LEAD, Role.LEADER)
    params: dict[str, Any] = {"title": task.title, "level": level, "number": task.supervision_number, "text": text}
    tell(told, code="notice.supervised", subject=task.no, at=at, **params)
