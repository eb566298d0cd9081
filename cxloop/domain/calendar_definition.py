"""What a calendar is told: time zone, hours of the week, seasons, days. Reading it refuses whatever cannot be meant."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final, Literal, Self, cast
from zoneinfo import ZoneInfo

Interval = tuple[int, int]  # seconds after local midnight, half-open; 86400 is the end 24:00
Week = tuple[tuple[Interval, ...], ...]  # seven weekdays, Monday first
Kind = Literal["holiday", "workday"]

_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
_MONTH_DAY: Final = re.compile(r"(\d\d)-(\d\d)", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_UNKEPT: Final = re.compile("[\x00\ud800-\udfff]")
_KEYS: Final = {"tz", "week", "weeks", "workday_week", "days", "national", "freezes", "name", "name_en", "note"}
_TEXT_KEYS: Final = ("name", "name_en", "note")
_LEAP: Final = 2000  # a month-day is read in a leap year, so that 02-29 may bound a season


class CalendarError(ValueError):
    """A calendar or a question to it that cannot be meant: `field` names the place, `message` is a code."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Day:
    """A date that the week does not decide: a holiday, or a make-up workday (调休上班日)."""

    date: date
    kind: Kind
    name: str = ""
    source: str = ""
    intervals: tuple[Interval, ...] | None = None  # its own hours; absent: Monday's


@dataclass(frozen=True, slots=True)
class Pattern:
    """A week and when it holds: between two dates, or each year between two (month, day), ends included."""

    week: Week
    first: date | tuple[int, int]
    last: date | tuple[int, int] | None

    def holds(self, day: date) -> bool:
        """Say whether this pattern may decide `day`. A yearly season may cross the new year."""
        if isinstance(self.first, date):
            return self.first <= day and (self.last is None or day <= cast(date, self.last))
        at, last = (day.month, day.day), cast("tuple[int, int]", self.last)
        return self.first <= at <= last if self.first <= last else at >= self.first or at <= last


@dataclass(frozen=True, slots=True)
class Freeze:
    """A label on dates (封网): working time runs on; it explains a pause and warns about a planned date."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Definition:
    """A calendar's definition, read and found sound."""

    tz: ZoneInfo
    week: Week
    patterns: tuple[Pattern, ...]
    workday_week: Week | None
    days: Mapping[date, Day]
    national: bool
    freezes: tuple[Freeze, ...]

    @classmethod
    def read(cls, value: object) -> Self:
        """Read a JSON-like definition; CalendarError names the first field that cannot be meant."""
        fields = _fields(value, "", required={"tz", "week"}, allowed=_KEYS)
        for key in _TEXT_KEYS:
            read_text(fields.get(key, ""), key)
        national = fields.get("national", False)
        if not isinstance(national, bool):
            raise CalendarError("national", "not_a_boolean")
        workday_week = fields.get("workday_week")
        return cls(
            tz=_zone(fields["tz"]),
            week=_week(fields["week"], "week"),
            patterns=tuple(_pattern(item, name) for name, item in _items(fields.get("weeks", []), "weeks")),
            workday_week=None if workday_week is None else _week(workday_week, "workday_week"),
            days={day.date: day for day in read_days(fields.get("days", []))},
            national=national,
            freezes=tuple(_freeze(item, name) for name, item in _items(fields.get("freezes", []), "freezes")),
        )

    def week_of(self, day: date) -> Week:
        """Give the week pattern that holds on `day`: the last listed one that covers it, else the plain week."""
        for pattern in reversed(self.patterns):
            if pattern.holds(day):
                return pattern.week
        return self.week

    def hours_of(self, date: date, day: Day | None) -> tuple[Interval, ...]:
        """Give the local intervals worked on `date`, which `day` decides where there is one."""
        if day is None:
            return self.week_of(date)[date.weekday()]
        if day.kind == "holiday":
            return ()
        if day.intervals is not None:
            return day.intervals
        own = self.workday_week[date.weekday()] if self.workday_week else ()
        return own or self.week_of(date)[0]


def read_days(value: object, field: str = "days") -> tuple[Day, ...]:
    """Read a list of {date, kind, name?, source?, intervals?}; the same date twice is refused."""
    days: dict[date, Day] = {}
    for name, item in _items(value, field):
        fields = _fields(item, name, required={"date", "kind"}, allowed={"name", "source", "intervals"})
        if fields["kind"] not in ("holiday", "workday"):
            raise CalendarError(f"{name}.kind", "bad_kind")
        intervals = fields.get("intervals")
        day = Day(
            date=read_date(fields["date"], f"{name}.date"),
            kind=fields["kind"],
            name=read_text(fields.get("name", ""), f"{name}.name"),
            source=read_text(fields.get("source", ""), f"{name}.source"),
            intervals=None if intervals is None else _intervals(intervals, f"{name}.intervals"),
        )
        if day.intervals is not None and bool(day.intervals) == (day.kind == "holiday"):
            raise CalendarError(f"{name}.intervals", "bad_hours")  # a holiday has none, a workday has some
        if days.setdefault(day.date, day) != day:
            raise CalendarError(f"{name}.date", "duplicate")
    return tuple(days.values())


def _pattern(value: object, field: str) -> Pattern:
    """Read {valid_from, valid_until?, week}: dates, or month-days (then both), which recur every year."""
    fields = _fields(value, field, required={"valid_from", "week"}, allowed={"valid_until"})
    week = _week(fields["week"], f"{field}.week")
    if isinstance(fields["valid_from"], str) and _MONTH_DAY.fullmatch(fields["valid_from"]):
        if "valid_until" not in fields:
            raise CalendarError(f"{field}.valid_until", "required")
        return Pattern(
            week=week,
            first=_month_day(fields["valid_from"], f"{field}.valid_from"),
            last=_month_day(fields["valid_until"], f"{field}.valid_until"),
        )
    first = read_date(fields["valid_from"], f"{field}.valid_from")
    until = fields.get("valid_until")
    last = None if until is None else read_date(until, f"{field}.valid_until")
    if last is not None and last < first:
        raise CalendarError(f"{field}.valid_until", "reversed")
    return Pattern(week=week, first=first, last=last)


def _freeze(value: object, field: str) -> Freeze:
    fields = _fields(value, field, required={"name", "from", "to"}, allowed=set())
    freeze = Freeze(
        name=read_text(fields["name"], f"{field}.name"),
        first=read_date(fields["from"], f"{field}.from"),
        last=read_date(fields["to"], f"{field}.to"),
    )
    if freeze.last < freeze.first:
        raise CalendarError(f"{field}.to", "reversed")
    return freeze


def _week(value: object, field: str) -> Week:
    """Read {"0": [[from, to], …], …}; a weekday left out is not worked, a week wholly unworked is refused."""
    if not isinstance(value, Mapping):
        raise CalendarError(field, "not_an_object")
    worked = {str(weekday): hours for weekday, hours in value.items()}
    for weekday in worked:
        if weekday not in {"0", "1", "2", "3", "4", "5", "6"}:
            raise CalendarError(f"{field}.{weekday}", "unknown_key")
    if len(worked) != len(value):  # 0 beside "0"
        raise CalendarError(field, "duplicate")
    week = tuple(_intervals(worked.get(str(n), []), f"{field}.{n}") for n in range(7))
    if not any(week):
        raise CalendarError(field, "empty_week")
    return week


def _intervals(value: object, field: str) -> tuple[Interval, ...]:
    """Read [["09:00", "12:00"], …] in any order; they may touch, not overlap."""
    intervals: list[Interval] = []
    for name, item in _items(value, field):
        if not isinstance(item, Sequence) or isinstance(item, str) or len(item) != 2:
            raise CalendarError(name, "not_an_interval")
        start, end = (_time(clock, name) for clock in item)
        if start >= end:
            raise CalendarError(name, "reversed")
        intervals.append((start, end))
    intervals.sort()
    if any(left[1] > right[0] for left, right in pairwise(intervals)):
        raise CalendarError(field, "overlap")
    return tuple(intervals)


def _time(value: object, field: str) -> int:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise CalendarError(field, "bad_time")
    hours, minutes = value.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def read_date(value: object, field: str) -> date:
    """Read a date such as 2026-10-01, or one that already is; CalendarError names the field."""
    try:
        if isinstance(value, date) and type(value) is date:  # TOML has dates of its own
            return value
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise CalendarError(field, "bad_date")


def _month_day(value: object, field: str) -> tuple[int, int]:
    match = _MONTH_DAY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise CalendarError(field, "bad_date")
    day = read_date(f"{_LEAP}-{match[0]}", field)
    return day.month, day.day


def _zone(value: object) -> ZoneInfo:
    try:
        if isinstance(value, str) and value:
            return ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or a folder of the zone files
        pass
    raise CalendarError("tz", "bad_zone")


def read_text(value: object, field: str) -> str:
    """Read a text; CalendarError names the field of what is none, and of characters that no database keeps."""
    if not isinstance(value, str):
        raise CalendarError(field, "not_a_text")
    if _UNKEPT.search(value):
        raise CalendarError(field, "characters")
    return value


def _items(value: object, field: str) -> list[tuple[str, object]]:
    """Give each element of a list with the name of its place."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise CalendarError(field, "not_a_list")
    return [(f"{field}.{place}", item) for place, item in enumerate(value)]


def _fields(value: object, field: str, *, required: set[str], allowed: set[str]) -> Mapping[str, object]:
    prefix = f"{field}." if field else ""
    if not isinstance(value, Mapping):
        raise CalendarError(field or "definition", "not_an_object")
    for key in value:
        if key not in required | allowed:
            raise CalendarError(f"{prefix}{key}", "unknown_key")
    for key in sorted(required):
        if key not in value:
            raise CalendarError(f"{prefix}{key}", "required")
    return value
