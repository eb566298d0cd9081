"""The group itself: units, people, closure reports."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, false, or_, select, true

from ..domain.permissions import Person
from ..domain.vocabulary import Role
from ..extensions import db
from ..models.closure import ClosureReport
from ..models.delegation import Delegation, DutyDay
from ..models.scope import reports_seen
from ..models.unit import Unit
from ..models.user import Membership, User
from .listing import BadQuery, Listing, everyone, is_one_of, is_true


def unit_views(units: Sequence[Unit], _person: Person, _at: datetime) -> list[dict[str, Any]]:
    """Units: codes and names are seen by all."""
    names = ("code", "name", "name_en", "short", "kind", "parent", "calendar", "owns", "sign_off", "active", "version")
    return [{name: getattr(unit, name) for name in names} for unit in units]


def find_unit(*, code: str, person: Person, at: datetime) -> dict[str, Any] | None:
    """One unit, or None."""
    unit = db.session.get(Unit, code)
    return None if unit is None else unit_views([unit], person, at)[0]


def users_seen(person: Person) -> ColumnElement[bool]:
    """Center, audit and admin see all people; a unit its own subtree's."""
    if person.reads_all() or Role.ADMIN in person.roles():
        return true()
    below = select(Membership.user_name).join(Unit, Unit.code == Membership.unit_code)
    paths = [Unit.path.startswith(path, autoescape=True) for path in person.unit_paths()]
    return or_(User.name == person.name, User.name.in_(below.where(or_(false(), *paths))))


def user_views(users: Sequence[User], _person: Person, at: datetime) -> list[dict[str, Any]]:
    """People, without anything secret."""
    lent = _lent(users, at)
    return [
        {
            "name": user.name,
            "display_name": user.display_name,
            "display_name_en": user.display_name_en,
            "locale": user.locale,
            "active": user.active,
            "version": user.version,
            "memberships": [
                {"unit": m.unit_code, "role": m.role}
                for m in sorted(user.memberships, key=lambda m: (m.unit_code, m.role))
            ],
            "stands_in": lent.get(user.name, []),
        }
        for user in users
    ]


def _lent(users: Sequence[User], at: datetime) -> dict[str, list[dict[str, Any]]]:
    """Who stands in for each of these people, now or later."""
    rows = select(Delegation).where(
        Delegation.principal.in_({user.name for user in users}),
        Delegation.to_at > at,
        or_(Delegation.ended_at.is_(None), Delegation.ended_at > at),
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in db.session.scalars(rows.order_by(Delegation.principal, Delegation.n)):
        told = {"n": row.n, "deputy": row.deputy, "from_at": row.from_at, "to_at": row.to_at}
        found.setdefault(row.principal, []).append(told)
    return found


def duty(*, code: str, begin: date, end: date, person: Person, at: datetime) -> dict[str, Any] | None:
    """A unit's duty roster over some dates; phones for those who see the unit's people. None for an unknown unit."""
    unit = db.session.get(Unit, code)
    if unit is None:
        return None
    trusted = person.reads_all() or any(unit.path.startswith(path) for path in person.unit_paths())
    rows = (
        select(DutyDay, User.display_name)
        .join(User, User.name == DutyDay.user_name)
        .where(DutyDay.unit == code, DutyDay.day >= begin, DutyDay.day <= end)
        .order_by(DutyDay.day, DutyDay.user_name)
    )
    return {
        "items": [
            {
                "day": row.day.isoformat(),
                "user": row.user_name,
                "display_name": name,
                "phone": row.phone if trusted else None,
            }
            for row, name in db.session.execute(rows)
        ]
    }


def find_user(*, name: str, person: Person, at: datetime) -> dict[str, Any] | None:
    """One person, or None."""
    user = db.session.scalar(select(User).where(User.name == name, users_seen(person)))
    return None if user is None else user_views([user], person, at)[0]


def report_views(reports: Sequence[ClosureReport], _person: Person, _at: datetime) -> list[dict[str, Any]]:
    """Closure reports: the frozen content with its digest, and the audit's word."""
    return [
        {
            "no": row.no,
            "issue": row.issue_no,
            "state": row.state,
            "version": row.version,
            "cycle": row.cycle,
            "closed_by": row.closed_by,
            "closed_at": row.closed_at,
            "drawn": row.drawn,
            "drawn_why": row.drawn_why,
            "drawn_roll": row.drawn_roll,
            "sha256": row.sha256,
            "opinions": [{"verdict": o.verdict, "text": o.text, "by": o.by, "at": o.at} for o in row.opinions],
        }
        for row in reports
    ]


def find_report(*, no: str, person: Person, at: datetime) -> dict[str, Any] | None:
    """One report with its content and canonical text, or None."""
    return _report(select(ClosureReport).where(ClosureReport.no == no), person, at)


def latest_report(*, issue_no: str, person: Person, at: datetime) -> dict[str, Any] | None:
    """An issue's latest report with its content, or None."""
    rows = select(ClosureReport).where(ClosureReport.issue_no == issue_no).order_by(ClosureReport.n.desc()).limit(1)
    return _report(rows, person, at)


def _report(rows: Any, person: Person, at: datetime) -> dict[str, Any] | None:
    # The whole case stands in it, other units' answers too: it is the center's and the audit's paper.
    row = db.session.scalar(rows.where(reports_seen(person))) if person.reads_all() else None
    if row is None:
        return None
    return report_views([row], person, at)[0] | {"content": json.loads(row.body), "canonical": row.body}


def _without_lead(text: str) -> ColumnElement[bool]:
    """Units that nobody is appointed to answer for."""
    if text not in {"true", "false"}:
        raise BadQuery("without_lead", "error.not_a_boolean")
    led = select(Membership.unit_code).join(User, User.name == Membership.user_name)
    with_one = Unit.code.in_(led.where(Membership.role == Role.UNIT_LEAD, User.active.is_(True)))
    return ~with_one if text == "true" else with_one


UNITS = Listing(
    name="units",
    entity=Unit,
    seen=everyone,
    view=unit_views,
    filters={"kind": is_one_of(Unit.kind), "parent": is_one_of(Unit.parent), "active": is_true(Unit.active)}
    | {"without_lead": _without_lead},
    search=(Unit.code, Unit.name, Unit.name_en, Unit.short),
    sorts={"code": Unit.code, "position": Unit.position},
    order="position",
)
USERS = Listing(
    name="users",
    entity=User,
    seen=users_seen,
    view=user_views,
    filters={"active": is_true(User.active)},
    search=(User.name, User.display_name, User.display_name_en),
    sorts={"name": User.name},
    order="name",
)
REPORTS = Listing(
    name="closure-reports",
    entity=ClosureReport,
    seen=lambda person: reports_seen(person) if person.reads_all() else false(),
    view=report_views,
    filters={"state": is_one_of(ClosureReport.state), "issue": is_one_of(ClosureReport.issue_no)},
    search=(ClosureReport.no,),
    sorts={"no": ClosureReport.no, "closed_at": ClosureReport.closed_at},
    order="-no",
)
