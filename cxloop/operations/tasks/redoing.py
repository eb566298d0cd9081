"""Done again 原单重办: an accepted task goes back to its unit when the customers say that nothing has changed."""

from datetime import datetime

from sqlalchemy import func, select

from ...domain.vocabulary import Duty, Role, TaskState
from ...extensions import db
from ...models.issue import Issue
from ...models.policy import codes
from ...models.progress import Redo
from ...models.task import Task
from ..act import Invalid, act
from ..clocks import step
from ..contacts import owe
from ..notices import people, tell


@act("task.redo")
def redo(*, task: Task, by: str, at: datetime, reason: str, text: str) -> Task:
    """Have a unit do its task again after an ineffective verdict; the reason says by whose fault.

    Its open measures are cancelled, its clock starts anew with the target for redoing. Invalid for an unknown reason,
    and for a second main in the cycle.
    """
    if not codes().has("reason.redo", reason):
        raise Invalid("reason", "error.invalid_code", code=reason)
    issue = db.session.get_one(Issue, task.issue_no)
    _check_main(task, issue)
    count = db.session.scalar(select(func.count()).select_from(Redo).where(Redo.task_no == task.no)) or 0
    db.session.add(Redo(task_no=task.no, n=count + 1, cycle=issue.cycle, reason=reason, text=text, by=by, at=at))
    for measure in task.measures:
        if not measure.dropped:
            step(measure, act="measure.cancel", at=at)
            measure.dropped = True
    task.cycle, task.answered = issue.cycle, False
    task.accepted_at = task.accepted_by = task.submitted_by = task.submitted_at = None
    step(issue, act="task.redo:issue", at=at)
    step(task, act="task.redo", at=at, to=TaskState.WORKING)
    owe(task, at=at)
    told = [task.handler] if task.handler else people(task.unit, Role.UNIT_LEAD)
    tell({*told, *people(task.unit, Role.UNIT_LEAD)}, code="notice.redo", subject=task.no, at=at, title=task.title)
    return task


def _check_main(task: Task, issue: Issue) -> None:
    other = select(Task.no).where(
        Task.issue_no == issue.no, Task.cycle == issue.cycle, Task.duty == Duty.MAIN, Task.no != task.no,
        Task.state != TaskState.CANCELLED, Task.parent.is_(None),
    )  # fmt: skip
    if task.duty == Duty.MAIN and db.session.scalar(other.limit(1)) is not None:
        raise Invalid("reason", "error.second_main")
