"""The working-time calendar (K1, K2): a value, apart from any record, that adds and measures working time.

Its conventions:

* An instant is open when its local wall time lies in an interval of its local date. So a clock change needs no rule of
  its own: an hour that does not exist is not worked, an hour that comes twice is worked twice.
* Time is counted in whole seconds; the fraction of a second of an instant is dropped before counting, so that
  worked(a, b) + worked(b, c) = worked(a, c) exactly. A length of nothing gives the instant back as it came.
* Instants come in with any offset and go out in UTC.
* Where the national table ends, the week alone decides: never an error, but `is_provisional` says so.
* It answers for 1970 to 2199; what lies or leads beyond is refused as `beyond_horizon`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from cxloop.domain.calendar_definition import CalendarError, Day, Definition, Freeze, Interval, read_days
from cxloop.domain.calendar_table import DAY, EPOCH, Table, at_second, day_number
from cxloop.domain.targets import Target

__all__ = ["CalendarError", "Day", "Explanation", "Freeze", "Target", "WorkCalendar", "read_days"]

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2199
_LOWEST: Final = day_number(date(FIRST_YEAR, 1, 1)) * DAY
_HIGHEST: Final = day_number(date(LAST_YEAR, 12, 31)) * DAY

Why = Literal["week", "weekend", "holiday", "workday", "local"]


class Explanation(NamedTuple):
    """Whether a date is worked, and what decided it; `name` and `source` are those of the deciding day, else empty."""

    working: bool
    why: Why
    name: str = ""
    source: str = ""


class WorkCalendar:
    """Working time of one definition. Immutable; keep it, for its tables are built once, year by year, when asked."""

    __slots__ = ("_definition", "_national", "_table", "code", "freezes", "official_until", "tz")

    code: str
    tz: ZoneInfo
    official_until: date | None
    freezes: tuple[Freeze, ...]

    def __init__(
        self, definition: Definition, *, national: Sequence[Day], official_until: date | None, code: str
    ) -> None:
        self.code = code
        self.tz = definition.tz
        self.official_until = official_until if definition.national else None
        self.freezes = definition.freezes
        self._definition = definition
        self._national = {day.date: day for day in national} if definition.national else {}
        self._table: Table | None = None

    @classmethod
    def from_definition(
        cls,
        definition: Mapping[str, object],
        *,
        national: Sequence[Day] | None = None,
        official_until: date | None = None,
        code: str = "",
    ) -> WorkCalendar:
        """Read a definition (DESIGN section 7; see `config/calendars`); `national` counts only if it asks for it.

        Keys: `tz`; `week` {"0": [["09:00", "12:00"], …], …} with 0 = Monday; `days` [{date, kind, name?, intervals?}],
        which overrule the national ones; `national` (absent: false); `weeks` [{valid_from, valid_until?, week}] for
        seasons, dates or yearly month-days ("05-01" to "09-30"), ends included, the last listed that holds wins;
        `workday_week`, the hours of make-up workdays (absent: Monday's); `freezes` [{name, from, to}], labels only.
        CalendarError (a ValueError) names the field and a code: overlap, reversed, empty_week, bad_zone, bad_date,
        bad_time, bad_kind, duplicate, unknown_key, required and their like.
        """
        read = Definition.read(definition)
        return cls(read, national=national or (), official_until=official_until, code=code)

    def __repr__(self) -> str:
        return f"<WorkCalendar {self.code or 'unnamed'} {self.tz.key}>"

    def due(self, start: datetime, target: Target) -> datetime:
        """Give the instant a target from `start` ends: hours at an interval's end at the latest, never an opening.

        Days end at the last closing of the n-th working date after the local date of `start`. Natural days keep the
        wall time: over a clock change a day has 23 or 25 hours; a wall time that does not exist is moved on by the
        gap, of one that comes twice the first is meant. A target of nothing is due at `start`.
        """
        if target.unit == "hours":
            return self.advance(start, target.seconds)
        return self._shift(start, target, 1)

    def before(self, end: datetime, target: Target) -> datetime:
        """Give the latest instant a target before `end` may begin: hours at an opening, never the evening before.

        Days lead to the last closing of the n-th working date before the local date of `end`; a closing at 24:00
        belongs to the date it closes.
        """
        if target.unit == "hours":
            return self.retreat(end, target.seconds)
        return self._shift(end, target, -1)

    def worked(self, start: datetime, end: datetime) -> int:
        """Give the seconds of working time from `start` to `end`; ValueError if `end` is earlier."""
        low, high = _seconds(start, "start"), _seconds(end, "end")
        if low > high:
            raise CalendarError("end", "reversed")
        table = self._covering(low, high)
        return table.worked_before(high) - table.worked_before(low)

    def advance(self, start: datetime, seconds: int) -> datetime:
        """Give the earliest instant from `start` on by which `seconds` have been worked."""
        instant = _seconds(start, "start")
        if not _counted(seconds):
            return start.astimezone(UTC)
        table = self._covering(instant, instant)
        goal = table.worked_before(instant) + seconds
        while table.totals[-1] < goal:
            table = self._longer(table, 1)
        place = bisect_left(table.totals, goal) - 1
        return at_second(table.starts[place] + goal - table.totals[place])

    def retreat(self, end: datetime, seconds: int) -> datetime:
        """Give the latest instant up to `end` after which `seconds` are still worked."""
        instant = _seconds(end, "end")
        if not _counted(seconds):
            return end.astimezone(UTC)
        table = self._covering(instant, instant)
        while (rest := table.worked_before(instant) - seconds) < 0:
            table = self._longer(table, -1)
        place = bisect_right(table.totals, rest) - 1
        return at_second(table.starts[place] + rest - table.totals[place])

    def is_open(self, at: datetime) -> bool:
        """Say whether working time runs at `at`; a closing itself is no longer open."""
        instant = _seconds(at, "at")
        return self._covering(instant, instant).is_open(instant)

    def next_opening(self, at: datetime) -> datetime:
        """Give the earliest open instant from `at` on: `at` itself while open."""
        instant = _seconds(at, "at")
        table = self._covering(instant, instant)
        place = bisect_right(table.ends, instant)
        while place == len(table.ends):
            table = self._longer(table, 1)
            place = bisect_right(table.ends, instant)
        opening = table.starts[place]
        return at_second(opening) if opening > instant else at.astimezone(UTC)

    def is_provisional(self, at: datetime) -> bool:
        """Say whether a due at `at` lies past the official national days, so that the next notice may move it."""
        if not self._definition.national:
            return False
        if self.official_until is None:
            return True
        return self._date_closed_by(_seconds(at, "at")) > day_number(self.official_until)

    def is_official(self, day: date) -> bool:
        """Say whether no notice can change `day` any more; always so where no national days count."""
        if not self._definition.national:
            return True
        return self.official_until is not None and day <= self.official_until

    def explain(self, day: date) -> Explanation:
        """Say whether `day` is worked at all, and why."""
        decided, working = self._day(day), bool(self._hours(day))
        if decided is None:
            return Explanation(working, "week" if working else "weekend")
        why: Why = "local" if day in self._definition.days else decided.kind
        return Explanation(working, why, decided.name, decided.source)

    def hours_on(self, day: date) -> tuple[tuple[str, str], ...]:
        """Give the local intervals of `day` as they are written: ("09:00", "12:00"), the end of a day as "24:00"."""
        return tuple((_clock(start), _clock(end)) for start, end in self._hours(day))

    def _day(self, day: date) -> Day | None:
        return self._definition.days.get(day) or self._national.get(day)

    def _shift(self, at: datetime, target: Target, direction: Literal[1, -1]) -> datetime:
        """Move by a target that is not working hours."""
        instant = _seconds(at, "start" if direction == 1 else "end")
        if target.amount == 0:
            return at.astimezone(UTC)
        if target.unit == "natural_hours":
            moved = instant + direction * target.seconds
        elif target.unit == "natural_days":
            moved = self._same_wall_time(instant, direction * int(target.amount))
        elif direction == 1:
            moved = self._closing_after(instant, int(target.amount))
        else:
            moved = self._closing_before(instant, int(target.amount))
        return at_second(_within_years(moved, "target"))

    def _same_wall_time(self, instant: int, days: int) -> int:
        wall = at_second(instant).astimezone(self.tz).replace(tzinfo=None, fold=0)
        try:
            return _seconds((wall + timedelta(days=days)).replace(tzinfo=self.tz), "target")
        except OverflowError:
            raise CalendarError("target", "beyond_horizon") from None

    def _closing_after(self, instant: int, count: int) -> int:
        table = self._covering(instant, instant)
        place = bisect_right(table.dates, self._local_date(instant)) + count - 1
        while place >= len(table.dates):
            table = self._longer(table, 1)
        return table.closings[place]

    def _closing_before(self, instant: int, count: int) -> int:
        day = self._date_closed_by(instant)
        table = self._covering(instant, instant)
        while (place := bisect_left(table.dates, day) - count) < 0:
            table = self._longer(table, -1)
        return table.closings[place]

    def _local_date(self, instant: int) -> int:
        return day_number(at_second(instant).astimezone(self.tz).date())

    def _date_closed_by(self, instant: int) -> int:
        """Give the local date an end belongs to: a closing at 24:00 belongs to its day, not to the next."""
        day = self._local_date(instant)
        if self._local_date(instant - 1) == day:
            return day
        table = self._covering(instant, instant)
        place = bisect_left(table.dates, day) - 1
        return table.dates[place] if place >= 0 and table.closings[place] == instant else day

    def _covering(self, low: int, high: int) -> Table:
        table = self._table
        if table is not None and table.low <= low and high < table.high:
            return table
        first = at_second(low - DAY).year
        last = at_second(high + DAY).year
        if table is not None:
            first, last = min(first, table.first), max(last, table.last)
        return self._built(first, last)

    def _longer(self, table: Table, direction: Literal[1, -1]) -> Table:
        """Reach further, twice as far each time: a far goal costs no more than the years up to it."""
        reach = table.last - table.first + 1
        if direction == 1:
            return self._built(table.first, max(table.last + 1, min(table.last + reach, LAST_YEAR + 1)))
        return self._built(min(table.first - 1, max(table.first - reach, FIRST_YEAR - 1)), table.last)

    def _built(self, first: int, last: int) -> Table:
        """Build and keep the table of these years. One assignment at the end: safe for threads, at worst done twice."""
        if first < FIRST_YEAR - 1 or last > LAST_YEAR + 1:
            raise CalendarError("target", "beyond_horizon")
        self._table = table = Table(first, last).fill(tz=self.tz, hours_of=self._hours)
        return table

    def _hours(self, day: date) -> tuple[Interval, ...]:
        return self._definition.hours_of(day, self._day(day))


def _seconds(at: datetime, name: str) -> int:
    """Give an instant in whole seconds since 1970; a naive time has no instant and is refused."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise CalendarError(name, "naive")
    passed = at - EPOCH
    return _within_years(passed.days * DAY + passed.seconds, name)


def _within_years(instant: int, name: str) -> int:
    if not _LOWEST <= instant < _HIGHEST:
        raise CalendarError(name, "beyond_horizon")
    return instant


def _counted(seconds: int) -> int:
    if seconds < 0:
        raise CalendarError("target", "negative")
    return seconds


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}"
