"""A task lands on a unit: its clocks start, and the unit is told."""

from datetime import datetime

from sqlalchemy import select

from ...domain.vocabulary import OVER_TASK, Role, TaskState, UnitKind
from ...extensions import db
from ...models.issue import Issue
from ...models.reference import refer
from ...models.task import Predecessor, Task
from ...models.unit import Unit
from ...models.user import Membership, User
from ..act import Invalid
from ..clocks import step
from ..clocks.terms import decline_until
from ..contacts import owe
from ..notices import people, tell

# The center dispatches to these; what lies below a province is reached by the province's own splitting.
DISPATCHABLE = frozenset({UnitKind.PROVINCE, UnitKind.BASE, UnitKind.DEPARTMENT})


def find_unit(code: str, field: str) -> Unit:
    """A unit that a task can be sent to; Invalid otherwise."""
    unit = refer(Unit, code)
    if unit is None or not unit.active:
        raise Invalid(field, "error.unknown_unit", code=code)
    if unit.kind not in DISPATCHABLE:
        raise Invalid(field, "error.not_dispatchable", code=code)
    return unit


def find_handler(name: str, unit: str, field: str) -> str:
    """A person of the unit's subtree who can be given a task; Invalid otherwise."""
    path = db.session.scalar(select(Unit.path).where(Unit.code == unit))
    found = db.session.scalar(
        select(User.name)
        .join(Membership, Membership.user_name == User.name)
        .join(Unit, Unit.code == Membership.unit_code)
        .where(
            User.name == name,
            User.active.is_(True),
            Unit.path.startswith(path or "/", autoescape=True),
            Membership.role.in_({Role.HANDLER, Role.UNIT_LEAD, Role.LIAISON}),
        )
        .limit(1)
    )
    if found is None:
        raise Invalid(field, "error.not_in_unit", name=name)
    return found


def land(task: Task, *, at: datetime, act: str) -> None:
    """The task is the unit's now: `sign` and `feedback` start, whatever the sign-for does later (K5)."""
    step(task, act=act, at=at, to=TaskState.DISPATCHED)
    issue = db.session.get(Issue, task.issue_no)
    if issue is None:
        raise LookupError(task.issue_no)
    task.dispatched_at = at
    task.decline_until = None if task.binding else decline_until(task, issue, at=at)
    owe(task, at=at)
    told = people(task.unit, Role.UNIT_LEAD, Role.LIAISON)
    tell(told, code="notice.task_dispatched", subject=task.no, at=at, title=task.title)


def release_ready(issue: Issue, *, at: datetime) -> None:
    """Send out the planned tasks whose predecessors are all accepted, following or cancelled."""
    db.session.flush()
    waiting = db.session.scalars(
        select(Task).where(Task.issue_no == issue.no, Task.state == TaskState.PLANNED).order_by(Task.n)
    )
    for task in waiting:
        before = select(Task.state).join(Predecessor, Predecessor.after_no == Task.no)
        states = db.session.scalars(before.where(Predecessor.task_no == task.no))
        if all(state in OVER_TASK for state in states):
            land(task, at=at, act="task.release")


def leave_unit(task: Task) -> None:
    """Forget what was the old unit's: who held and signed. Its spans, answers and declines stay on record."""
    task.handler = task.signed_by = task.signed_at = task.submitted_by = task.submitted_at = None
    task.deemed = False
    for measure in task.measures:
        measure.dropped = True
