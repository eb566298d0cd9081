"""Who stands in for whom 代理, and who is on duty 值班."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select

from ..domain.permissions import Person
from ..extensions import db
from ..models.delegation import Delegation, DutyDay
from ..models.unit import Unit
from ..models.user import User
from .act import Invalid, act
from .notices import tell


@act("delegation.set")
def set_delegation(
    *, user: User, by: str, at: datetime, deputy: str, to_at: datetime, from_at: datetime | None = None
) -> User:
    """Let a colleague act for a person from one moment to another, with the person's roles and never more.

    Invalid for oneself, for somebody of another unit, for a time that has passed, and for a circle.
    """
    begins = from_at or at
    other = db.session.get(User, deputy)
    if other is None or not other.active or deputy == user.name:
        raise Invalid("deputy", "error.no_deputy", name=deputy)
    if not _colleagues(user.person(), other.person()):
        raise Invalid("deputy", "error.not_in_unit", name=deputy)
    if begins < at:
        raise Invalid("from_at", "error.in_the_past")
    if to_at <= begins:
        raise Invalid("to_at", "error.before_start")
    _check_circle(user.name, deputy, begins, to_at)
    count = db.session.scalar(select(func.count()).select_from(Delegation).where(Delegation.principal == user.name))
    row = Delegation(principal=user.name, n=(count or 0) + 1, deputy=deputy, from_at=begins, to_at=to_at)
    row.set_by, row.at = by, at
    db.session.add(row)
    params = {"deputy": other.display_name, "to_at": to_at.isoformat()}
    tell({user.name, deputy}, code="notice.delegated", subject=user.name, at=at, but=by, **params)
    return user


def _colleagues(one: Person, other: Person) -> bool:
    tops = [{m.path.split("/")[1] for m in person.memberships} for person in (one, other)]
    return bool(tops[0] & tops[1])


def _check_circle(principal: str, deputy: str, begins: datetime, ends: datetime) -> None:
    """Nobody may come to stand in for oneself, by however many others, at one moment."""
    rows = select(Delegation.principal, Delegation.deputy).where(
        Delegation.from_at < ends, Delegation.to_at > begins,
        or_(Delegation.ended_at.is_(None), Delegation.ended_at > begins),
    )  # fmt: skip
    pairs = db.session.execute(rows).all()
    seen, reached = {deputy}, [deputy]
    while reached:
        here = reached.pop()
        for one, other in pairs:
            if one == here and other not in seen:
                seen.add(other)
                reached.append(other)
    if principal in seen:
        raise Invalid("deputy", "error.deputy_circle", name=deputy)


@act("delegation.end")
def end_delegation(*, user: User, by: str, at: datetime, n: int) -> User:
    """End a delegation before its time."""
    found = db.session.scalar(select(Delegation).where(Delegation.principal == user.name, Delegation.n == n))
    if found is None or found.ended_at is not None or found.to_at <= at:
        raise Invalid("n", "error.not_found")
    found.ended_at = at
    return user


@act("unit.set_duty")
def set_duty(*, unit: Unit, by: str, at: datetime, days: Sequence[Mapping[str, Any]]) -> Unit:
    """State who is on duty on which local dates; what was said before of these dates is replaced.

    Invalid for a person who does not serve in the unit or below it.
    """
    for n, row in enumerate(days):
        if not _serves(row["user"], unit):
            raise Invalid(f"days.{n}.user", "error.not_in_unit", name=row["user"])
    db.session.execute(delete(DutyDay).where(DutyDay.unit == unit.code, DutyDay.day.in_({row["day"] for row in days})))
    rows = {(row["day"], row["user"]): row for row in days}
    db.session.add_all(
        DutyDay(unit=unit.code, day=day, user_name=name, phone=row.get("phone")) for (day, name), row in rows.items()
    )
    return unit


def _serves(name: str, unit: Unit) -> bool:
    user = db.session.get(User, name)
    return user is not None and user.active and any(m.path.startswith(unit.path) for m in user.person().memberships)
