"""Before an act: what would be due when? Nothing is created by asking."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import select

from ..domain.calendar import CalendarError, Day, WorkCalendar
from ..domain.calendar_national import read_national
from ..domain.policy import RungSpec
from ..domain.preview import Extension, Pause, PreviewError, preview
from ..domain.targets import Target
from ..extensions import db
from ..models.calendar import NATIONAL, Calendar, CalendarRevision, work_calendar
from ..models.policy import SLA, sla_policy, version_in_force
from ..wording import current_locale
from .listing import BadQuery
from .steps import told

LADDER_OF = "feedback"


def what_if(*, fields: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The answer to a preview's fields; `at` is now, unless they say otherwise. BadQuery names what cannot be."""
    calendar, known = _calendar(fields["calendar"])
    target: Target = fields["target"]
    try:
        found = preview(
            calendar=calendar,
            start=fields["start"],
            target=target,
            at=fields.get("at", at),
            pauses=[Pause(row["begins"], row.get("ends")) for row in fields.get("pauses", ())],
            extensions=[Extension(row["at"], row["more"]) for row in fields.get("extensions", ())],
            ladder=_ladder(target, at),
        )
    except PreviewError as error:
        raise BadQuery(error.field, f"error.{error.message}", **error.params) from None
    except CalendarError as error:
        raise BadQuery("target" if error.field == "target" else "start", f"error.{error.message}") from None
    why = told(found.why, calendar.tz, first={"target": target, **known})
    return {
        "due_at": found.due,
        "provisional": found.provisional,
        "worked": found.worked,
        "left": found.left,
        "breached": found.breached,
        "rungs": [{"code": rung.code, "at": rung.at, "plan": rung.plan} for rung in found.rungs],
        "why": why,
    }


def _ladder(target: Target, at: datetime) -> tuple[RungSpec, ...]:
    try:
        return sla_policy(version_in_force(SLA, at)).ladder(LADDER_OF, target=target)
    except LookupError:
        # Before a group has published a policy there is nothing that would be said.
        return ()


def _calendar(value: Any) -> tuple[WorkCalendar, dict[str, Any]]:
    if isinstance(value, Mapping):
        return _defined(value), {}
    if not isinstance(value, str):
        raise BadQuery("calendar", "error.calendar_or_code")
    row = db.session.get(Calendar, value) if value != NATIONAL and "\x00" not in value else None
    if row is None:
        raise BadQuery("calendar", "error.unknown_calendar", code=value[:80])
    national = _newest_national()
    found = work_calendar(value, row.revision, national)
    known = {"calendar": value, "calendar_revision": row.revision, "calendar_name": calendar_name(value, row.revision)}
    return found, known | ({"national_revision": national} if found.official_until is not None else {})


def _newest_national() -> int:
    return db.session.scalar(select(Calendar.revision).where(Calendar.code == NATIONAL)) or 0


def calendar_name(code: str, revision: int) -> str:
    """What people call a calendar, by one of its revisions; its code where it has no name."""
    definition = _definition(db.engine.url.render_as_string(hide_password=True), code, revision) or {}
    own = "name" if current_locale() == "zh" else "name_en"
    return str(definition.get(own) or definition.get("name") or code)


@lru_cache(maxsize=256)
def _definition(_database: str, code: str, revision: int) -> Any:
    # A revision never changes.
    return db.session.scalar(
        select(CalendarRevision.definition).where(CalendarRevision.calendar == code, CalendarRevision.n == revision)
    )


@lru_cache(maxsize=8)
def _national(database: str, revision: int) -> tuple[tuple[Day, ...], date]:
    table = read_national(_definition(database, NATIONAL, revision))
    return tuple(table.days), table.official_until


def _defined(definition: Mapping[str, Any]) -> WorkCalendar:
    revision = _newest_national() if definition.get("national") is True else 0
    try:
        if not revision:
            return WorkCalendar.from_definition(definition)
        days, until = _national(db.engine.url.render_as_string(hide_password=True), revision)
        return WorkCalendar.from_definition(definition, national=days, official_until=until)
    except CalendarError as error:
        name = f"calendar.{error.field}" if error.field else "calendar"
        raise BadQuery(name, f"error.{error.message}") from None
