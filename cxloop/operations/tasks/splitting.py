"""A unit hands its task down 省内转派: children for units of its own subtree, whose answers it reviews itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ...domain.numbers import child_no
from ...domain.vocabulary import OPEN_TASK, Duty, TaskState
from ...extensions import db
from ...models.reference import refer
from ...models.task import Task
from ...models.unit import Unit
from ..act import Invalid, act
from ..clocks import step
from .landing import land

MOST_CHILDREN = 99


@act("task.split")
def split(*, task: Task, by: str, at: datetime, tasks: Sequence[Mapping[str, Any]]) -> Task:
    """Split the task among units below one's own; all or nothing. The task's own clock is untouched.

    Invalid names the row: a unit that is not below, one that is not active, more children than there are numbers.
    """
    count = db.session.scalar(select(func.max(Task.child_n)).where(Task.parent == task.no)) or 0
    if count + len(tasks) > MOST_CHILDREN:
        raise Invalid("tasks", "error.too_many_tasks", max=MOST_CHILDREN)
    above = refer(Unit, task.unit)
    for n, row in enumerate(tasks):
        check_below(row["unit"], above, f"tasks.{n}.unit")
    made = [_child(task, row, n) for n, row in enumerate(tasks, count + 1)]
    db.session.add_all(made)
    db.session.flush()
    for child in made:
        land(child, at=at, act="task.release")
    return task


def check_below(code: str, above: Unit | None, field: str) -> None:
    """Invalid unless the unit lies below another in the tree."""
    unit = refer(Unit, code)
    if unit is None or not unit.active:
        raise Invalid(field, "error.unknown_unit", code=code)
    # Downward only: neither to oneself, nor upward, nor to a sibling.
    if above is None or unit.code == above.code or not unit.path.startswith(above.path):
        raise Invalid(field, "error.not_below", code=code)


def _child(task: Task, row: Mapping[str, Any], n: int) -> Task:
    return Task(
        no=child_no(task=task.no, n=n), issue_no=task.issue_no, n=task.n, child_n=n, parent=task.no, unit=row["unit"],
        dispatcher=task.unit, duty=Duty.SEPARATE, state=TaskState.PLANNED, title=row["title"], wanted=row["wanted"],
        criterion=row.get("criterion"), contact_wanted=bool(row.get("contact_wanted")), cycle=task.cycle,
        wave=task.wave, binding=False, declines=0, send_backs=0,
    )  # fmt: skip


def open_children(task: Task) -> list[Task]:
    """The tasks split from this one that are not over."""
    rows = select(Task).where(Task.parent == task.no, Task.state.in_(OPEN_TASK)).order_by(Task.child_n)
    return list(db.session.scalars(rows))


def cancel_children(task: Task, *, at: datetime) -> None:
    """The task goes away or elsewhere: what was split from it is withdrawn with it."""
    for child in open_children(task):
        step(child, act="task.cancel", at=at, to=TaskState.CANCELLED)
        for measure in child.measures:
            if not measure.dropped:
                step(measure, act="measure.cancel", at=at)
                measure.dropped = True
