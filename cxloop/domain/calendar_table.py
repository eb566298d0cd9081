"""The open stretches of a calendar as running totals, so that adding working time is two bisections."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cxloop.domain.calendar_definition import Interval

DAY: Final = 86_400
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


@dataclass(slots=True)
class Table:
    """The open stretches of some whole local years, in seconds of UTC, with their running total.

    `low` and `high` bound the instants it can answer for: a day inside the years, as local years begin hours off UTC.
    """

    first: int
    last: int
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    totals: list[int] = field(default_factory=lambda: [0])  # seconds open before stretch i; the last is all of them
    dates: list[int] = field(default_factory=list)  # the working dates, in days since 1970
    closings: list[int] = field(default_factory=list)  # the last closing of each
    low: int = field(init=False)
    high: int = field(init=False)

    def __post_init__(self) -> None:
        self.low = (day_number(date(self.first, 1, 1)) + 1) * DAY
        self.high = day_number(date(self.last, 12, 31)) * DAY

    def fill(self, *, tz: ZoneInfo, hours_of: Callable[[date], Sequence[Interval]]) -> Table:
        """Fill an empty table with what `hours_of` says of each local date in the zone; give the table back."""
        closings: dict[int, int] = {}
        for day, start, end in _stretches(tz, hours_of, date(self.first, 1, 1), date(self.last, 12, 31)):
            self.starts.append(start)
            self.ends.append(end)
            self.totals.append(self.totals[-1] + end - start)
            closings[day] = end
        for day in sorted(closings):
            self.dates.append(day)
            self.closings.append(closings[day])
        return self

    def is_open(self, instant: int) -> bool:
        """Say whether `instant` lies in an open stretch."""
        place = bisect_right(self.starts, instant) - 1
        return place >= 0 and instant < self.ends[place]

    def worked_before(self, instant: int) -> int:
        """Give the seconds open between the table's beginning and `instant`."""
        place = bisect_right(self.starts, instant) - 1
        if place < 0:
            return 0
        return self.totals[place] + min(instant, self.ends[place]) - self.starts[place]


def _stretches(
    tz: ZoneInfo, hours_of: Callable[[date], Sequence[Interval]], first: date, last: date
) -> Iterator[tuple[int, int, int]]:
    """Give (date, start, end) of all that is open on these local dates, in the order of time.

    Going through the stretches of one offset, and not through the dates, makes clock changes no exception.
    """
    low, high = day_number(first), day_number(last)
    hours = [hours_of(date.fromordinal(EPOCH_DAY + number)) for number in range(low, high + 1)]
    for begin, finish, offset in _offsets(tz, (low - 2) * DAY, (high + 3) * DAY):
        for number in range(max(low, (begin + offset) // DAY), min(high, (finish + offset - 1) // DAY) + 1):
            midnight = number * DAY - offset
            for opening, closing in hours[number - low]:
                start, end = max(midnight + opening, begin), min(midnight + closing, finish)
                if start < end:
                    yield number, start, end


def _offsets(tz: ZoneInfo, first: int, last: int) -> Iterator[tuple[int, int, int]]:
    """Give (from, to, offset) in seconds: the stretches in which the zone's offset from UTC does not change."""
    begin, offset = first, _offset(tz, first)
    for sample in range(first + DAY, last + 1, DAY):  # no zone changes twice within a day
        if (later := _offset(tz, sample)) != offset:
            change = _first_change(tz, sample - DAY, offset)
            yield begin, change, offset
            begin, offset = change, later
    yield begin, last, offset


def _first_change(tz: ZoneInfo, low: int, offset: int) -> int:
    """Give the second within the day from `low` at which the zone's offset is no longer `offset`."""
    return low + bisect_left(range(low, low + DAY), True, key=lambda at: _offset(tz, at) != offset)


def _offset(tz: ZoneInfo, instant: int) -> int:
    difference = at_second(instant).astimezone(tz).utcoffset() or timedelta()
    return difference.days * DAY + difference.seconds


def at_second(seconds: int) -> datetime:
    """Give the instant in UTC that lies `seconds` after 1970 began."""
    return EPOCH + timedelta(seconds=seconds)


def day_number(day: date) -> int:
    """Give the date as days since 1970-01-01."""
    return day.toordinal() - EPOCH_DAY
