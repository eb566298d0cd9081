"""The table of national days: one list for all calendars that ask for it, official up to a date; notice by notice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from cxloop.domain.calendar_definition import CalendarError, Day, read_date, read_days, read_text

# The State Council publishes next year's days late in the year; from November on somebody should ask.
ASKED_FROM: Final = 11
_TEXTS: Final = ("source", "name", "name_en", "note")
_DECEMBER: Final = 12


@dataclass(frozen=True, slots=True)
class National:
    """The table as it is read."""

    official_until: date
    days: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a new table says otherwise than the one before, by date."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def read_national(definition: Any) -> National:
    """Read {official_until, days, source?, name?, name_en?, note?}; CalendarError names what cannot be meant."""
    if not isinstance(definition, Mapping):
        raise CalendarError("definition", "not_an_object")
    for key in definition:
        if key not in {"official_until", "days", *_TEXTS}:
            raise CalendarError(str(key), "unknown_key")
    for key in ("official_until", "days"):
        if key not in definition:
            raise CalendarError(key, "required")
    for key in _TEXTS:
        read_text(definition.get(key, ""), key)
    return National(read_date(definition["official_until"], "official_until"), read_days(definition["days"]))


def merged(
    table: Mapping[str, Any], days: Sequence[Mapping[str, Any]], *, year: int | None, official_until: str | None
) -> dict[str, Any]:
    """Merge a year's notice into a table: the year is replaced as a whole, other years stay as they are.

    `year` is the notice's; absent, that of most of its days. A notice speaks of the last days of the year before too:
    those December days are put singly. CalendarError for a day of any other year, and for a year that leaves a gap.
    """
    named = read_days(days)
    if not named:
        raise CalendarError("days", "empty")
    of = year if year is not None else Counter(day.date.year for day in named).most_common(1)[0][0]
    for place, day in enumerate(named):
        if day.date.year != of and (day.date.year, day.date.month) != (of - 1, _DECEMBER):
            raise CalendarError(f"days.{place}.date", "other_year")
    until = date.fromisoformat(table["official_until"])
    if official_until is None and of > until.year + 1:
        raise CalendarError("year", "year_gap")
    new = {day.date.isoformat() for day in named}
    kept = [day for day in table["days"] if not str(day["date"]).startswith(f"{of:04}-") and day["date"] not in new]
    end = max(until, date(of, 12, 31)) if official_until is None else read_date(official_until, "official_until")
    return {
        **table,
        "official_until": end.isoformat(),
        "days": sorted([*kept, *(dict(day) for day in days)], key=lambda day: str(day["date"])),
    }


def difference(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> Difference:
    """Tell by date what one list of days says otherwise than another."""
    old, new = ({str(day["date"]): dict(day) for day in days} for days in (before, after))
    return Difference(
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(day for day in new.keys() & old.keys() if new[day] != old[day])),
        tuple(sorted(old.keys() - new.keys())),
    )


def missing_year(official_until: date, *, today: date) -> int | None:
    """The first year whose notice is missing and should be asked for by now; None while the table reaches far enough.

    The current year's always should be there; the next one's from November on.
    """
    wanted = today.year + (today.month >= ASKED_FROM)
    return official_until.year + 1 if official_until < date(wanted, 12, 31) else None
