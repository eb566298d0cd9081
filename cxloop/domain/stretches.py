"""Working time told day by day: which dates a stretch of time covers, how much of each is worked, and why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from .calendar import WorkCalendar

# Up to so many dates each has its own line; then whole days and weekends are summed up, what is special stays.
ALL_DAYS = 10
# A stretch of years is one sum in its middle: nobody reads a thousand lines, and nobody should have to wait for them.
MOST_DAYS = 400
EDGE = 3

WORKED, SKIPPED, RUN = "worked", "skipped", "run"
PLAIN = frozenset({"week", "weekend"})


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a date worked (from, to, seconds), dates that are not, or a run of dates summed up exactly.

    `why` is what decided the date (week, weekend, holiday, workday, local); `off_hours` where a working date lends
    nothing to the stretch. `worked_days` counts the dates in it on which something was worked.
    """

    kind: str
    first: date
    last: date
    seconds: int
    begins: datetime | None = None
    ends: datetime | None = None
    why: str = ""
    name: str = ""
    worked_days: int = 0


def rows(calendar: WorkCalendar, start: datetime, end: datetime) -> tuple[Row, ...]:
    """The lines of a stretch. Their seconds add up to `calendar.worked(start, end)`; none where `end` is not later."""
    if end <= start:
        return ()
    first, last = _date(calendar, start), _date(calendar, end)
    if _midnight(calendar, last) == end and last > first:
        last -= timedelta(days=1)
    count = (last - first).days + 1
    if count <= ALL_DAYS:
        return tuple(_joined(_days(calendar, start, end, first, last)))
    if count <= MOST_DAYS:
        return tuple(_summed(calendar, list(_days(calendar, start, end, first, last))))
    head, tail = first + timedelta(days=EDGE), last - timedelta(days=EDGE)
    opening, closing = _midnight(calendar, head), _midnight(calendar, tail + timedelta(days=1))
    middle = Row(RUN, head, tail, calendar.worked(opening, closing))
    before = _joined(_days(calendar, start, opening, first, head - timedelta(days=1)))
    after = _joined(_days(calendar, closing, end, tail + timedelta(days=1), last))
    return (*before, middle, *after)


def _date(calendar: WorkCalendar, at: datetime) -> date:
    return at.astimezone(calendar.tz).date()


def _midnight(calendar: WorkCalendar, day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=calendar.tz).astimezone(UTC)


def _days(calendar: WorkCalendar, start: datetime, end: datetime, first: date, last: date) -> Iterator[Row]:
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        low, high = max(start, _midnight(calendar, day)), min(end, _midnight(calendar, day + timedelta(days=1)))
        yield _day(calendar, day, low, max(low, high))


def _day(calendar: WorkCalendar, day: date, low: datetime, high: datetime) -> Row:
    told = calendar.explain(day)
    seconds = calendar.worked(low, high)
    if not seconds:
        return Row(SKIPPED, day, day, 0, why="off_hours" if told.working else told.why, name=told.name)
    begins = calendar.next_opening(low)
    ends = calendar.advance(low, seconds)
    return Row(WORKED, day, day, seconds, begins, ends, told.why, told.name, worked_days=1)


def _joined(days: Iterable[Row]) -> Iterator[Row]:
    """Dates off for the same reason stand in one line."""
    for (kind, why, name), found in groupby(days, key=lambda row: (row.kind, row.why, row.name)):
        if kind == WORKED:
            yield from found
            continue
        same = list(found)
        yield Row(SKIPPED, same[0].first, same[-1].last, 0, why=why, name=name)


def _summed(calendar: WorkCalendar, days: Sequence[Row]) -> Iterator[Row]:
    """Whole ordinary days and weekends between the first and the last date are summed up."""
    yield days[0]
    for plain, found in groupby(days[1:-1], key=lambda row: _is_plain(calendar, row)):
        same = list(found)
        if plain and len(same) > 1:
            worked = [row for row in same if row.kind == WORKED]
            seconds = sum(row.seconds for row in worked)
            yield Row(RUN, same[0].first, same[-1].last, seconds, worked_days=len(worked))
        else:
            yield from _joined(same)
    yield days[-1]


def _is_plain(calendar: WorkCalendar, row: Row) -> bool:
    return row.why in PLAIN
