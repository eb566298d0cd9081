"""Calendars as people ask about them: which there are, how far they are official, and why a date is worked or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from ..domain.calendar import WorkCalendar
from ..domain.calendar_base import BASE, OWN, WITHDRAWN, as_published
from ..domain.calendar_national import missing_year
from ..domain.numbers import SHANGHAI
from ..domain.permissions import Person
from ..extensions import db
from ..models.calendar import NATIONAL, Calendar, CalendarRevision, current_revision, work_calendar
from ..models.unit import Unit
from .listing import BadQuery, Listing, everyone

MOST_DAYS = 400
MOST_MOVES = 100


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far the national days are official, and the first year whose notice should be asked for by now."""

    official_until: date
    missing: int | None

    def is_past(self, today: date) -> bool:
        """Whether due times from today on are guesses."""
        return self.official_until < today


def horizon(*, at: datetime) -> Horizon | None:
    """How far the national days reach; None where there are none."""
    newest = (Calendar.code == CalendarRevision.calendar) & (Calendar.revision == CalendarRevision.n)
    found = db.session.scalar(
        select(CalendarRevision.definition).join(Calendar, newest).where(Calendar.code == NATIONAL)
    )
    if found is None:
        return None
    until = date.fromisoformat(found["official_until"])
    return Horizon(until, missing_year(until, today=at.astimezone(SHANGHAI).date()))


def calendar_views(calendars: Sequence[Calendar], _person: Person, at: datetime) -> list[dict[str, Any]]:
    """Calendars at their newest revision: what each is built on, who keeps it, how far it is official."""
    definitions = _newest([row.code for row in calendars])
    units: dict[str, list[str]] = {}
    for code, calendar in db.session.execute(select(Unit.code, Unit.calendar).order_by(Unit.position)):
        units.setdefault(calendar, []).append(code)
    known = horizon(at=at)
    return [_view(row, definitions.get(row.code), units.get(row.code, []), known) for row in calendars]


def _newest(codes: Sequence[str]) -> dict[str, CalendarRevision]:
    newest = (Calendar.code == CalendarRevision.calendar) & (Calendar.revision == CalendarRevision.n)
    rows = select(CalendarRevision).join(Calendar, newest).where(CalendarRevision.calendar.in_(codes))
    return {row.calendar: row for row in db.session.scalars(rows)}


def _view(row: Calendar, newest: CalendarRevision | None, units: list[str], known: Horizon | None) -> dict[str, Any]:
    definition = {} if newest is None else newest.definition
    asks = row.code == NATIONAL or bool(definition.get("national"))
    return {
        "code": row.code,
        "revision": row.revision,
        "version": row.version,
        "name": definition.get("name", ""),
        "name_en": definition.get("name_en", ""),
        "base": definition.get(BASE),
        "withdrawn": WITHDRAWN in definition,
        "published_at": None if newest is None else newest.published_at,
        "units": units,
        "official_until": known.official_until.isoformat() if asks and known is not None else None,
        "missing_notice": known.missing if asks and known is not None else None,
        # Running clocks that the worker has not looked at yet.
        "replanning": row.replanned < row.revision,
    }


def find_calendar(*, code: str, person: Person, at: datetime) -> dict[str, Any] | None:
    """One calendar with its newest definition, or None."""
    row = db.session.get(Calendar, code)
    if row is None:
        return None
    view = calendar_views([row], person, at)[0]
    newest = _newest([code]).get(code)
    if newest is not None:
        own = as_published(newest.definition)
        whole = {key: value for key, value in newest.definition.items() if key not in {BASE, OWN, WITHDRAWN}}
        view |= {"definition": whole, "own": own, "digest": newest.digest}
    return view


def days(*, code: str, first: date, last: date) -> list[dict[str, Any]] | None:
    """Why each date is worked or not, with its hours; None where no such calendar has hours.

    BadQuery for more than 400 dates, for an end before the start, and beyond the years that calendars answer for.
    """
    revision = None if code == NATIONAL else current_revision(code)
    if revision is None:
        return None
    if last < first:
        raise BadQuery("to", "error.before_start")
    if (last - first).days >= MOST_DAYS:
        raise BadQuery("to", "error.too_many", max=MOST_DAYS)
    calendar = work_calendar(code, revision, current_revision(NATIONAL) or 0)
    return [_day(calendar, first + timedelta(days=n)) for n in range((last - first).days + 1)]


def _day(calendar: WorkCalendar, day: date) -> dict[str, Any]:
    told = calendar.explain(day)
    view: dict[str, Any] = {
        "date": day.isoformat(),
        "working": told.working,
        "why": told.why,
        "name": told.name,
        "source": told.source,
        "hours": [list(hours) for hours in calendar.hours_on(day)],
        "provisional": not calendar.is_official(day),
    }
    freezes = [freeze.name for freeze in calendar.freezes if freeze.first <= day <= freeze.last]
    return view | {"freeze": "、".join(freezes)} if freezes else view


LISTING = Listing(
    name="calendars", entity=Calendar, seen=everyone, view=calendar_views, sorts={"code": Calendar.code}, order="code"
)
