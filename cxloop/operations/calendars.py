"""Acts on calendars: the group's working time, one unit's own days, and the table of national days.

What a calendar is built on is published with it: a base takes along, in one act, all that are built on it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ..domain.calendar import CalendarError, WorkCalendar
from ..domain.calendar_base import BASE, WITHDRAWN, as_published, hours_only, joined_days, lay_over, read_base
from ..domain.calendar_national import Difference, difference, merged, read_national
from ..domain.canonical import canonical, digest, plain
from ..domain.clocks import LIVE
from ..extensions import db
from ..models.calendar import NATIONAL, Calendar, CalendarRevision, based_on, definition_of, newest_definitions
from ..models.clock import Clock
from ..models.policy import calendars_of_policies
from ..models.unit import Unit
from .act import Call, Invalid, Unseen, act

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)
_HOURS = ("week", "weeks", "workday_week")
# After these the running clocks are to be looked at again.
PUBLISHING = frozenset({"calendar.publish", "calendar.import_days", "unit.set_days"})
Chains = Iterable[tuple[str, str]]


def _with_its_kin(call: Call) -> Chains:
    """The chains of the base, which must not change meanwhile, and of all calendars that are built on this one."""
    definition = call.fields.get("definition")
    base = definition.get(BASE) if isinstance(definition, Mapping) else None
    kin = based_on(str(call.on), newest_definitions())
    return [("calendar", code) for code in ([base, *kin] if isinstance(base, str) else kin)]


@act("calendar.publish", also=_with_its_kin)
def publish_calendar(*, on: str, by: str, at: datetime, definition: Mapping[str, Any]) -> Calendar:
    """Publish a revision of a calendar, or of the national days (CN-DAYS); those built on it follow in the same act.

    With `base` the rest is laid over that calendar. Invalid names what makes no sense. Running clocks are re-planned
    by the worker.
    """
    if not _CODE.fullmatch(on):
        raise Invalid("code", "error.invalid_code", code=on)
    _publish(publications(code=on, definition=definition), at=at)
    return db.session.get_one(Calendar, on)


def publications(*, code: str, definition: Any, place: str = "definition") -> dict[str, Any]:
    """What publishing a definition would store, whole, in order: the calendar's own, and those built on it.

    Invalid names the field below `place` that makes no sense. Changes nothing.
    """
    try:
        if code == NATIONAL:
            read_national(definition)
            return {code: plain(definition)}
        definitions = newest_definitions()
        base, own = read_base(definition)
        whole = _laid_over(code, base, own, definitions)
        WorkCalendar.from_definition(hours_only(whole))
        whole = plain(whole)
    except CalendarError as error:
        raise _invalid(error, place) from None
    found = {code: whole}
    for other in based_on(code, definitions):
        found[other] = _followed(other, definitions[other], definitions | found)
    return found


def _invalid(error: CalendarError, place: str) -> Invalid:
    field = error.field if not place or error.field == place else f"{place}.{error.field}"
    return Invalid(field, f"error.{error.message}")


def _laid_over(code: str, base: str | None, own: Mapping[str, Any], definitions: Mapping[str, Any]) -> Any:
    if base is None:
        return own
    if base not in definitions or WITHDRAWN in definitions[base]:
        raise Invalid("definition.base", "error.unknown_calendar", code=base)
    if base == code or base in based_on(code, definitions):
        raise Invalid("definition.base", "error.base_circle", code=base)
    return lay_over(own, definitions[base], code=base)


def _followed(code: str, definition: Mapping[str, Any], definitions: Mapping[str, Any]) -> Any:
    base, own = read_base(as_published(definition))
    try:
        whole = lay_over(own, definitions[str(base)], code=str(base))
    except CalendarError as error:
        raise _invalid(error, f"calendars.{code}") from None
    return {**whole, WITHDRAWN: True} if WITHDRAWN in definition else whole


def _publish(definitions: Mapping[str, Any], *, at: datetime) -> None:
    for code, definition in definitions.items():
        calendar = db.session.get(Calendar, code)
        if calendar is None:
            calendar = Calendar(code=code, revision=0)
            db.session.add(calendar)
            db.session.flush()
        calendar.revision += 1
        revision = CalendarRevision(
            calendar=code, n=calendar.revision, published_at=at, definition=definition,
            digest=digest(canonical(definition)),
        )  # fmt: skip
        db.session.add(revision)
        db.session.flush()


# One unit's own days


@dataclass(frozen=True, slots=True)
class _Own:
    """The calendar in which a unit's own days are kept, whether it is yet to be made, and whose it is."""

    code: str
    is_new: bool
    units: tuple[Unit, ...]


def _own_of(unit: Unit, *, below: bool) -> _Own:
    """The unit's calendar where nothing else needs it; else one of its own, built on the one it shares."""
    same = list(db.session.scalars(select(Unit).where(Unit.calendar == unit.calendar).order_by(Unit.code)))
    mine = [one for one in same if one.code == unit.code or (below and one.path.startswith(unit.path))]
    shared = len(mine) < len(same) or unit.calendar in calendars_of_policies()
    if shared or based_on(unit.calendar, newest_definitions()):
        return _Own(f"{unit.calendar}.{unit.code}", True, tuple(mine))
    return _Own(unit.calendar, False, tuple(mine))


def _with_its_calendars(call: Call) -> Chains:
    unit = db.session.get(Unit, call.on)
    if unit is None:
        return []
    own = _own_of(unit, below=call.fields.get("below", True))
    chains = [("calendar", unit.calendar), ("calendar", own.code)]
    return [*chains, *(("unit", one.code) for one in own.units)] if own.is_new else chains


@act("unit.set_days", also=_with_its_calendars)
def set_unit_days(
    *, unit: Unit, by: str, at: datetime, days: Sequence[Mapping[str, Any]] = (), drop: Sequence[str] = (),
    below: bool = True, **hours: Any,
) -> Unit:  # fmt: skip
    """Give a unit days or hours of its own, or take days back; while it shares its calendar it gets one of its own.

    `days` are put by date, those of `drop` go; the units below it that keep the same calendar come along unless told
    otherwise. Nobody else's due moves. Invalid names what makes no sense.
    """
    own = _own_of(unit, below=below)
    _publish(unit_publications(unit=unit, own=own, days=days, drop=drop, hours=hours), at=at)
    for one in own.units:
        one.calendar = own.code
    return unit


def unit_publications(
    *, unit: Unit, days: Any, drop: Sequence[str], hours: Mapping[str, Any], own: _Own | None = None
) -> dict[str, Any]:
    """What giving a unit days or hours of its own would store. Invalid names the field. Changes nothing."""
    own = own or _own_of(unit, below=True)
    if not (days or drop or hours):
        raise Invalid("days", "error.required")
    if own.is_new:
        names = {"name": f"{unit.name}工作时间", "name_en": f"Working hours of {unit.name_en}"}
        known: dict[str, Any] = {BASE: unit.calendar, **names}
    else:
        known = as_published(definition_of(own.code, db.session.get_one(Calendar, own.code).revision))
    dates = {day["date"] for day in known.get("days", [])}
    for place, date in enumerate(drop):
        if date not in dates:
            raise Invalid(f"drop.{place}", "error.no_such_day")
    try:
        known["days"] = plain(joined_days(known.get("days", []), days, without=drop))
    except CalendarError as error:
        raise _invalid(error, "") from None
    return publications(code=own.code, definition={**_without_seasons(known, hours), **hours}, place="")


def _without_seasons(known: Mapping[str, Any], hours: Mapping[str, Any]) -> dict[str, Any]:
    # A new week is meant for the whole year, unless its seasons come with it.
    return {key: value for key, value in known.items() if key not in _HOURS} if "week" in hours else dict(known)


# The national days, notice by notice


@dataclass(frozen=True, slots=True)
class ImportedDays:
    """What a notice changed in the table; nothing: it was in it already, and no revision was published."""

    calendar: Calendar
    difference: Difference

    def number(self) -> str:
        """The table's code."""
        return self.calendar.code


@act("calendar.import_days")
def import_days(
    *, calendar: Calendar, by: str, at: datetime, days: Sequence[Mapping[str, Any]], year: int | None = None,
    official_until: str | None = None,
) -> ImportedDays:  # fmt: skip
    """Merge a year's notice into the national days: the year is replaced as a whole, other years stay.

    The same notice again publishes nothing. Invalid names the day that makes no sense, and nothing is done.
    """
    table, new = imported(calendar=calendar, days=days, year=year, official_until=official_until)
    if new != table:
        _publish({NATIONAL: new}, at=at)
    return ImportedDays(calendar, difference(table["days"], new["days"]))


def imported(*, calendar: Calendar, days: Any, year: int | None, official_until: str | None) -> tuple[Any, Any]:
    """The national table as it is, and as a notice would make it. Invalid names the field. Changes nothing."""
    if calendar.code != NATIONAL:
        raise Invalid("code", "error.not_national", code=NATIONAL)
    table = definition_of(NATIONAL, calendar.revision)
    try:
        return table, plain(merged(table, days, year=year, official_until=official_until))
    except CalendarError as error:
        raise _invalid(error, "") from None


# What is only asked for


def proposed(
    *, code: str, definition: Any = None, days: Any = None, year: int | None = None, official_until: str | None = None
) -> dict[str, Any]:
    """What publishing would store: a definition; or days, a notice's for the national table, else days of one's own.

    Invalid names what makes no sense. Changes nothing.
    """
    if (definition is None) == (days is None):
        raise Invalid("definition", "error.definition_or_days")
    if definition is not None:
        return publications(code=code, definition=definition)
    calendar = db.session.get(Calendar, code)
    if calendar is None:
        raise Unseen(code)
    if code == NATIONAL:
        return {code: imported(calendar=calendar, days=days, year=year, official_until=official_until)[1]}
    known = as_published(definition_of(code, calendar.revision))
    try:
        known["days"] = plain(joined_days(known.get("days", []), days))
    except CalendarError as error:
        raise _invalid(error, "") from None
    return publications(code=code, definition=known, place="")


def national_difference(new: Mapping[str, Any]) -> Difference:
    """What a national table says otherwise than the one that holds."""
    calendar = db.session.get(Calendar, NATIONAL)
    known = definition_of(NATIONAL, calendar.revision)["days"] if calendar is not None else []
    return difference(known, new["days"])


# What nothing needs


@act("calendar.withdraw")
def withdraw_calendar(*, calendar: Calendar, by: str, at: datetime) -> Calendar:
    """Take a calendar out of use; its revisions stay. Invalid names whoever needs it: units, calendars, clocks."""
    definition = definition_of(calendar.code, calendar.revision)
    if WITHDRAWN in definition:
        raise Unseen(calendar.code)
    needed = needs(calendar.code)
    if needed:
        refused = Invalid("calendar", "error.calendar_needed")
        refused.errors = {kind: (f"error.calendar_needed_{kind}", {"by": names}) for kind, names in needed.items()}
        raise refused
    _publish({calendar.code: {**definition, WITHDRAWN: True}}, at=at)
    calendar.replanned = calendar.revision
    return calendar


def needs(code: str, *, most: int = 20) -> dict[str, str]:
    """Who needs a calendar, by kind, as a list to be read: units, calendars, policies, clocks that are not over."""
    definitions = {one: told for one, told in newest_definitions().items() if WITHDRAWN not in told}
    asking = [one for one, told in definitions.items() if told.get("national")]
    live = select(Clock.subject).where(Clock.calendar == code, Clock.state.in_(LIVE)).distinct().order_by(Clock.subject)
    found: dict[str, Sequence[str]] = {
        "units": list(db.session.scalars(select(Unit.code).where(Unit.calendar == code).order_by(Unit.code))),
        "calendars": asking if code == NATIONAL else based_on(code, definitions),
        "policies": calendars_of_policies().get(code, []),
        "clocks": list(db.session.scalars(live.limit(most + 1))),
    }
    count = {kind: len(names) for kind, names in found.items()}
    if count["clocks"] > most:
        count["clocks"] = db.session.scalar(select(func.count()).select_from(live.order_by(None).subquery())) or 0
    return {
        kind: ", ".join(names[:most]) + (f" (+{count[kind] - most})" if count[kind] > most else "")
        for kind, names in found.items()
        if names
    }
