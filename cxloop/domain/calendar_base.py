"""Calendars built on others: what one says itself, laid over what its base says; and what it says beside its hours.

A stored revision is whole, so that it means the same for ever: it bears the base's code and, as `own`, what its
calendar said itself, so that it can be laid anew over a later base.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cxloop.domain.calendar_definition import CalendarError, Definition, read_days

BASE, OWN, WITHDRAWN = "base", "own", "withdrawn"
# Not of the hours: the arithmetic does not read these.
_BESIDE: Final = frozenset({BASE, OWN, WITHDRAWN})
# Hours are one thing: who states a week states it for the whole year, whatever seasons the base has.
_HOURS: Final = ("week", "weeks", "workday_week")


def hours_only(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Give a stored definition as the arithmetic reads it."""
    return {key: value for key, value in definition.items() if key not in _BESIDE}


def as_published(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Give a stored definition as it would be published again: with a base, what the calendar says itself."""
    if BASE not in definition:
        return hours_only(definition)
    return {BASE: definition[BASE], **definition[OWN]}


def lay_over(own: Mapping[str, Any], base: Mapping[str, Any], *, code: str) -> dict[str, Any]:
    """Lay what a calendar says itself (without `base`) over its base's stored definition; the whole, to be stored.

    Days and freezes are joined, an own day rules over the base's; hours are taken as a whole; any other key of its own
    replaces the base's. CalendarError names the own field that cannot be meant.
    """
    below = hours_only(base)
    Definition.read({**below, "days": [], "freezes": [], **own})
    whole = {key: value for key, value in below.items() if key not in _HOURS or "week" not in own}
    whole |= {key: value for key, value in own.items() if key not in {"days", "freezes"}}
    whole["days"] = joined_days(below.get("days", []), own.get("days", []))
    freezes = [*below.get("freezes", []), *own.get("freezes", [])]
    if freezes:
        whole["freezes"] = freezes
    return {**whole, BASE: code, OWN: dict(own)}


def joined_days(
    days: Sequence[Mapping[str, Any]], more: Sequence[Mapping[str, Any]], *, without: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Join two lists of days by date: the second rules; dates `without` are left out. CalendarError if one misreads."""
    read_days(more)
    found = {_date(day): dict(day) for day in [*days, *more]}
    for date in without:
        found.pop(date, None)
    return [found[date] for date in sorted(found)]


def _date(day: Mapping[str, Any]) -> str:
    date = day["date"]
    return date if isinstance(date, str) else str(date.isoformat())


def read_base(definition: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Part what is published into the base's code, if there is one, and what the calendar says itself.

    CalendarError for what only a stored revision bears, and for a base that is no text.
    """
    if not isinstance(definition, Mapping):
        raise CalendarError("definition", "not_an_object")
    for key in (OWN, WITHDRAWN):
        if key in definition:
            raise CalendarError(key, "unknown_key")
    if BASE not in definition:
        return None, dict(definition)
    base = definition[BASE]
    if not isinstance(base, str) or not base:
        raise CalendarError(BASE, "not_a_text")
    return base, {key: value for key, value in definition.items() if key != BASE}
