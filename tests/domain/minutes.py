"""A calendar as the plain list of its worked minutes, found by walking minute by minute; seconds are counted inside.

Instants are whole seconds since 1970 in UTC. The walk goes forward from the first day given, as far as it is asked.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from tests.domain.oracle import Walker

DAY = 24 * 60
Length = tuple[str, int]  # ("h", seconds), ("d", working days), ("nh", seconds), ("nd", natural days)


class Minutes:
    """Working time of one definition from a day on."""

    def __init__(
        self, definition: Mapping[str, Any], national: list[dict[str, Any]] | None = None, *, first: date
    ) -> None:
        self.walker = Walker(definition, national)
        self.edge = self.begin = int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp()) // 60
        self.open: list[int] = []
        self.dates: list[date] = []
        self.last: dict[date, int] = {}

    def worked(self, start: int, end: int) -> int:
        """Seconds worked between two instants."""
        return self._passed(end) - self._passed(start)

    def due(self, start: int, length: Length) -> int:
        """When a length from an instant on is over (K2)."""
        unit, amount = length
        if amount == 0:
            return start
        if unit == "h":
            return self.advance(start, amount)
        if unit == "d":
            return self._closing(self._day(start), amount)
        return start + amount if unit == "nh" else self._same_wall_time(start, amount)

    def advance(self, start: int, seconds: int) -> int:
        """The earliest instant by which so much has been worked."""
        if seconds == 0:
            return start
        goal = self._passed(start) + seconds
        full = -(-goal // 60) - 1
        while len(self.open) <= full:
            self._walk()
        return self.open[full] * 60 + goal - full * 60

    def before(self, end: int, length: Length) -> int:
        """The latest instant from which a length still ends by `end`."""
        unit, amount = length
        if unit == "h":
            goal = self._passed(end) - amount
            return self.open[goal // 60] * 60 + goal % 60
        return self._closing(self._closed_day(end), -amount)

    def opens(self, at: int) -> bool:
        """Whether the minute of an instant is worked."""
        return self.walker.open(_instant(at))

    def is_past(self, at: int, day: date) -> bool:
        """Whether an instant lies after a date; a closing at 24:00 belongs to the date it closes."""
        return self._closed_day(at) > day

    def _passed(self, at: int) -> int:
        minute = at // 60
        assert minute >= self.begin, "asked for a time before the walk began"
        while self.edge <= minute:
            self._walk()
        place = bisect_left(self.open, minute)
        inside = place < len(self.open) and self.open[place] == minute
        return place * 60 + (at % 60 if inside else 0)

    def _walk(self) -> None:
        """One more day, minute by minute; where the clocks do not change in it, without asking the wall each time."""
        zone, end = self.walker.zone, self.edge + DAY
        early, late = _instant(self.edge * 60).astimezone(zone), _instant(end * 60).astimezone(zone)
        offset = early.utcoffset()
        assert offset is not None
        if offset != late.utcoffset():
            self._add((minute, self._day(minute * 60)) for minute in range(self.edge, end) if self.opens(minute * 60))
        else:
            for day in sorted({early.date(), late.date()}):
                midnight = int((datetime(day.year, day.month, day.day, tzinfo=UTC) - offset).timestamp()) // 60
                there = (midnight + minute for minute in sorted(self.walker.of(day)))
                self._add((minute, day) for minute in there if self.edge <= minute < end)
        self.edge = end

    def _add(self, found: Iterable[tuple[int, date]]) -> None:
        for minute, day in found:
            if day not in self.last:
                insort(self.dates, day)
            self.last[day] = minute
            self.open.append(minute)

    def _closing(self, day: date, count: int) -> int:
        """The last closing of the count-th working date after a date, or before it where the count is negative.

        Before the walk began nothing is known: then its beginning.
        """
        while True:
            place = bisect_right(self.dates, day) + count - 1 if count > 0 else bisect_left(self.dates, day) + count
            if place < 0:
                return self.begin * 60
            if place < len(self.dates):
                closing = self.last[self.dates[place]] + 1
                # A date may come back after midnight: known only when the walk is two days further.
                if self.edge > closing + 2 * DAY:
                    return closing * 60
            self._walk()

    def _day(self, at: int) -> date:
        return _instant(at).astimezone(self.walker.zone).date()

    def _closed_day(self, at: int) -> date:
        day, eve = self._day(at), self._day(at - 1)
        return eve if eve != day and self.opens(at - 1) else day

    def _same_wall_time(self, start: int, days: int) -> int:
        """The first instant at which the wall shows the same time so many days later, past a gap as far as into it."""
        zone = self.walker.zone
        goal = int(_instant(start).astimezone(zone).replace(tzinfo=UTC).timestamp()) + days * DAY * 60
        at = before = goal - 16 * 3600
        while (wall := int(_instant(at + 60).astimezone(zone).replace(tzinfo=UTC).timestamp())) < goal:
            at += 60
            before = wall
        return at + goal - before


def _instant(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)
