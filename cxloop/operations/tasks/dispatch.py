"""Decompose an issue into tasks, all in one act."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from typing import Any

from sqlalchemy import func, select

from ...domain.numbers import task_no
from ...domain.vocabulary import CENTER, Duty, IssueState, TaskState
from ...extensions import db
from ...models.issue import Issue, IssueCopy
from ...models.reference import refer
from ...models.task import Predecessor, Task
from ...models.unit import Unit
from ..act import Invalid, act
from ..clocks import replan_issue, step
from ..issues import tasks_of_cycle
from .landing import find_unit, land

MOST_TASKS = 99


@act("issue.dispatch")
def dispatch(
    *, issue: Issue, by: str, at: datetime, tasks: Sequence[Mapping[str, Any]], joint: bool | None = None,
    copies: Sequence[str] = (),
) -> Issue:  # fmt: skip
    """Send out N tasks as one wave, all or nothing. `triage` stops; due times follow from the issue's (K6).

    Invalid names the task and field: an unknown unit, a second main, a support without a main, a circle.
    """
    _check(issue, tasks)
    if joint is not None:
        issue.joint = joint
    for n, code in enumerate(copies):
        _copy(issue, code, f"copies.{n}")
    step(issue, act="issue.dispatch", at=at, to=IssueState.IN_PROGRESS)
    issue.waves += 1
    made = _make(issue, tasks)
    db.session.flush()
    _tell_several(issue, at=at)
    waits = {task_no_ for task_no_, _after in _link(made, tasks)}
    for task in made:
        if task.no not in waits:
            land(task, at=at, act="task.release")
    return issue


def _check(issue: Issue, tasks: Sequence[Mapping[str, Any]]) -> None:
    mains = [task.no for task in tasks_of_cycle(issue) if task.duty == Duty.MAIN and task.state != TaskState.CANCELLED]
    count = db.session.scalar(select(func.max(Task.n)).where(Task.issue_no == issue.no)) or 0
    if count + len(tasks) > MOST_TASKS:
        raise Invalid("tasks", "error.too_many_tasks", max=MOST_TASKS)
    for n, row in enumerate(tasks):
        find_unit(row["unit"], f"tasks.{n}.unit")
        if row["duty"] == Duty.MAIN:
            if mains:
                raise Invalid(f"tasks.{n}.duty", "error.second_main")
            mains.append("new")
    for n, row in enumerate(tasks):
        if row["duty"] == Duty.SUPPORT and not mains:
            raise Invalid(f"tasks.{n}.duty", "error.support_without_main")
    _check_order(tasks)


def _check_order(tasks: Sequence[Mapping[str, Any]]) -> None:
    order: TopologicalSorter[int] = TopologicalSorter()
    for n, row in enumerate(tasks):
        for after in row.get("after") or ():
            if not 0 <= after < len(tasks) or after == n:
                raise Invalid(f"tasks.{n}.after", "error.unknown_predecessor", index=after)
        order.add(n, *(row.get("after") or ()))
    try:
        order.prepare()
    except CycleError as error:
        raise Invalid(f"tasks.{error.args[1][0]}.after", "error.predecessor_circle") from None


def _copy(issue: Issue, code: str, field: str) -> None:
    if refer(Unit, code) is None:
        raise Invalid(field, "error.unknown_unit", code=code)
    if db.session.get(IssueCopy, (issue.no, code)) is None:
        db.session.add(IssueCopy(issue_no=issue.no, unit=code))
        db.session.flush()


def _make(issue: Issue, tasks: Sequence[Mapping[str, Any]]) -> list[Task]:
    first = (db.session.scalar(select(func.max(Task.n)).where(Task.issue_no == issue.no)) or 0) + 1
    made = [
        Task(
            no=task_no(issue=issue.no, n=n),
            issue_no=issue.no,
            n=n,
            unit=row["unit"],
            dispatcher=CENTER,
            duty=row["duty"],
            state=TaskState.PLANNED,
            title=row["title"],
            wanted=row["wanted"],
            criterion=row.get("criterion"),
            contact_wanted=bool(row.get("contact_wanted")),
            cycle=issue.cycle,
            wave=issue.waves,
            handler=None,
            binding=False,
            declines=0,
            send_backs=0,
            child_n=0,
        )
        for n, row in enumerate(tasks, first)
    ]
    db.session.add_all(made)
    return made


def _link(made: Sequence[Task], tasks: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    pairs = [
        (task.no, made[after].no)
        for task, row in zip(made, tasks, strict=True)
        for after in sorted(set(row.get("after") or ()))
    ]
    db.session.add_all(Predecessor(task_no=task, after_no=after) for task, after in pairs)
    return pairs


def _tell_several(issue: Issue, *, at: datetime) -> None:
    # "For one unit" holds until the first dispatch tells that there are several; the promise is re-stated then (K11).
    units = {task.unit for task in tasks_of_cycle(issue) if task.state != TaskState.CANCELLED}
    if len(units) > 1 and not issue.several:
        issue.several = True
        replan_issue(issue, at=at, why="several", act="issue.dispatch")
