"""Notices: who is told what, as codes and parameters; the wording is the reader's language, at reading time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from ..domain.numbers import SHANGHAI, issue_of
from ..domain.vocabulary import CENTER, Role
from ..extensions import db
from ..models.delegation import DutyDay
from ..models.hours import at_work_from
from ..models.issue import Issue
from ..models.notice import Notice
from ..models.policy import SLA, sla_policy, version_in_force
from ..models.reference import memo
from ..models.standing import with_deputies
from ..models.task import Task
from ..models.user import Membership, User
from .act import record

AT_ONCE = "severities that do not wait"


def people(unit: str | None, *roles: str) -> list[str]:
    """The active people who hold one of the roles in a unit (in any unit when None), by name."""
    found = (
        select(Membership.user_name)
        .join(User, User.name == Membership.user_name)
        .where(Membership.role.in_(roles), User.active.is_(True))
    )
    if unit is not None:
        found = found.where(Membership.unit_code == unit)
    return sorted(set(db.session.scalars(found)))


def receivers(
    codes: Iterable[str], *, issue: Issue, task: Task | None, handler: str | None = None,
    look_up: Callable[..., list[str]] = people,
) -> list[str]:  # fmt: skip
    """The people behind receiver codes; `handler` is the unit's lead where nobody is named.

    `look_up` stands in for `people` where many are asked for at once and the answers can be kept.
    """
    found: set[str] = set()
    for code in codes:
        found.update(_behind(code, issue, task, handler, look_up))
    return sorted(found)


def _behind(
    code: str, issue: Issue, task: Task | None, handler: str | None, people: Callable[..., list[str]]
) -> list[str]:
    if code == "auditor":
        return people(None, Role.AUDITOR)
    if code in {"analyst", "center_manager"}:
        return _watching(code, issue, task, people)
    if task is None:
        return []
    if code == "handler":
        named = handler or task.handler
        return [named] if named else people(task.unit, Role.UNIT_LEAD)
    return people(task.unit, {"lead": Role.UNIT_LEAD, "liaison": Role.LIAISON, "leader": Role.LEADER}[code])


def _watching(code: str, issue: Issue, task: Task | None, people: Callable[..., list[str]]) -> list[str]:
    if task is not None and task.dispatcher != CENTER:
        # What a unit has handed down is its own to watch over.
        return people(task.dispatcher, Role.UNIT_LEAD)
    if code == "center_manager":
        return people(CENTER, Role.CENTER_MANAGER)
    return [issue.analyst] if issue.analyst else people(CENTER, Role.ANALYST)


def dispatching(task: Task) -> list[str]:
    """The people who decide for a task's dispatcher: the center's analyst, or the splitting unit's lead."""
    if task.dispatcher != CENTER:
        return people(task.dispatcher, Role.UNIT_LEAD)
    issue = db.session.get(Issue, task.issue_no)
    return [issue.analyst] if issue is not None and issue.analyst else people(CENTER, Role.ANALYST)


def tell(to: Iterable[str], *, code: str, subject: str, at: datetime, but: str | None = None, **params: Any) -> None:
    """Leave a notice for each of these people, except the one who acted."""
    issue = db.session.get(Issue, issue_of(no=subject))
    severity = None if issue is None else issue.severity
    told = worded(set(to) - {but}, code=code, subject=subject, at=at, rated=severity, **params)
    db.session.add_all(Notice(**row) for row in told)


def worded(
    to: Iterable[str], *, code: str, subject: str, at: datetime, rated: int | None, **params: Any
) -> list[dict[str, Any]]:
    """The same notices as rows, for whoever leaves many at once with `leave`.

    They are seen within the receiver's working hours (K13), or at once where an issue so rated cannot wait. What is
    told happened at `at` all the same.
    """
    names = sorted(with_deputies(_with_duty(set(to), rated, at), at=at))
    shown = {} if _cannot_wait(rated, at) else at_work_from(names, at=at)
    told = {"code": code, "subject": subject, "params": params, "at": at}
    return [{"user_name": name, **told, "visible_at": shown.get(name, at)} for name in names]


def _with_duty(names: set[str], severity: int | None, at: datetime) -> set[str]:
    """What cannot wait goes to whoever is on duty today in the units of those who are told, too."""
    if not names or not _cannot_wait(severity, at):
        return names
    today = at.astimezone(SHANGHAI).date()
    serving = select(Membership.unit_code).where(Membership.user_name.in_(names))
    on_duty = select(DutyDay.user_name).where(DutyDay.day == today, DutyDay.unit.in_(serving))
    return names | set(db.session.scalars(on_duty))


def _cannot_wait(severity: int | None, at: datetime) -> bool:
    if severity is None:
        return False
    held = memo()
    if (AT_ONCE, at) not in held:
        held[AT_ONCE, at] = sla_policy(version_in_force(SLA, at)).at_once
    return severity in held[AT_ONCE, at]


def leave(rows: Sequence[Mapping[str, Any]]) -> None:
    """Leave many notices with one statement."""
    if rows:
        db.session.connection().execute(insert(Notice), rows)


def mark_read(*, name: str, at: datetime, id_: int | None = None) -> None:
    """Note that a person has read one of their notices, or all; no act, and nobody else's."""
    # Nobody has read what is not shown yet.
    unread = update(Notice).where(Notice.user_name == name, Notice.read_at.is_(None), Notice.visible_at <= at)
    chosen = unread if id_ is None else unread.where(Notice.id == id_)
    record(lambda: db.session.execute(chosen.values(read_at=at)))
