"""When people are at work: the hours of the units in which they serve."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from ..extensions import db
from .calendar import NATIONAL, Calendar, work_calendar
from .reference import memo, refer
from .unit import Unit
from .user import Membership

AT_WORK = "at work"


def at_work_from(names: Iterable[str], *, at: datetime) -> dict[str, datetime]:
    """From when each of these people is at work, at `at` or at the next opening; whoever serves nowhere, at once.

    Who serves in several units is at work when the first of them opens. Looked up once a transaction for each person.
    """
    held, wanted = memo(), list(names)
    unknown = [name for name in wanted if (AT_WORK, name, at) not in held]
    if unknown:
        held |= {(AT_WORK, name, at): opening for name, opening in _openings(unknown, at).items()}
    return {name: held[AT_WORK, name, at] for name in wanted}


def _openings(names: list[str], at: datetime) -> dict[str, datetime]:
    serving = (
        select(Membership.user_name, Calendar.code, Calendar.revision)
        .join(Unit, Unit.code == Membership.unit_code)
        .join(Calendar, Calendar.code == Unit.calendar)
        .where(Membership.user_name.in_(names))
    )
    found: dict[str, list[datetime]] = {}
    for name, code, revision in db.session.execute(serving):
        found.setdefault(name, []).append(_next_opening(code, revision, at))
    return {name: min(found.get(name, [at])) for name in names}


def _next_opening(code: str, revision: int, at: datetime) -> datetime:
    key, held = (AT_WORK, code, revision, at), memo()
    if key not in held:
        national = refer(Calendar, NATIONAL)
        held[key] = work_calendar(code, revision, 0 if national is None else national.revision).next_opening(at)
    found: datetime = held[key]
    return found
