"""Acts on calendars: the group's working time, and the table of national days."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from ..domain.calendar import CalendarError, WorkCalendar, read_days
from ..domain.canonical import canonical, digest
from ..extensions import db
from ..models.calendar import NATIONAL, Calendar, CalendarRevision
from .act import Invalid, act


@act("calendar.publish")
def publish_calendar(*, on: str, by: str, at: datetime, definition: Mapping[str, Any]) -> Calendar:
    """Publish a revision of a calendar, or of the national days (CN-DAYS). Invalid names what makes no sense."""
    _check_calendar(on, definition)
    calendar = db.session.get(Calendar, on)
    if calendar is None:
        calendar = Calendar(code=on, revision=0)
        db.session.add(calendar)
        db.session.flush()
    calendar.revision += 1
    db.session.add(
        CalendarRevision(
            calendar=on,
            n=calendar.revision,
            published_at=at,
            definition=dict(definition),
            digest=digest(canonical(definition)),
        )
    )
    db.session.flush()
    return calendar


def _check_calendar(code: str, definition: Mapping[str, Any]) -> None:
    try:
        if code != NATIONAL:
            WorkCalendar.from_definition(definition, code=code)
            return
        for name in ("official_until", "days"):
            if name not in definition:
                raise Invalid(f"definition.{name}", "error.required")
        read_days(definition["days"])
        if not _is_date(definition["official_until"]):
            raise CalendarError("official_until", "bad_date")
    except CalendarError as error:
        raise Invalid(f"definition.{error.field}", "error.calendar", why=error.message) from None


def _is_date(text: object) -> bool:
    try:
        return isinstance(text, str) and date.fromisoformat(text) is not None
    except ValueError:
        return False
