"""Working time found by walking minute by minute: slow, plain, and sharing no line with the calendar it judges.

It reads a definition as written and knows one rule: a minute is worked when the clock on the wall, in the calendar's
zone, shows a time inside an interval of that day. Instants are UTC and lie on whole minutes.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


class Walker:
    def __init__(self, definition: Mapping[str, Any], national: list[dict[str, Any]] | None = None) -> None:
        self.definition = definition
        self.zone = ZoneInfo(definition["tz"])
        self.special = {day["date"]: day for day in national or [] if definition.get("national")}
        self.special |= {day["date"]: day for day in definition.get("days", [])}
        self.minutes: dict[date, set[int]] = {}

    def worked(self, start: datetime, end: datetime) -> int:
        """Seconds worked between two instants."""
        count = 0
        while start < end:
            count += self.open(start)
            start += MINUTE
        return count * 60

    def due(self, start: datetime, minutes: int) -> datetime:
        while minutes:
            minutes -= self.open(start)
            start += MINUTE
        return start

    def before(self, end: datetime, minutes: int) -> datetime:
        while minutes:
            end -= MINUTE
            minutes -= self.open(end)
        return end

    def due_days(self, start: datetime, days: int) -> datetime:
        return self.closing(start.astimezone(self.zone).date(), days, timedelta(days=1))

    def before_days(self, end: datetime, days: int) -> datetime:
        day, eve = end.astimezone(self.zone).date(), (end - MINUTE).astimezone(self.zone).date()
        if eve != day and self.open(end - MINUTE):  # 24:00 closes the day that ends, it does not begin the next
            day = eve
        return self.closing(day, days, timedelta(days=-1))

    def closing(self, day: date, count: int, step: timedelta) -> datetime:
        """The last closing of the count-th working date in a direction, `day` itself not counted."""
        found: datetime | None = None
        while count:
            day += step
            found = self.last_minute(day)
            count -= found is not None
        assert found is not None
        return found + MINUTE

    def last_minute(self, day: date) -> datetime | None:
        if not self.of(day):
            return None
        at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=2)
        for _ in range(4 * 24 * 60):
            at -= MINUTE
            if self.open(at) and at.astimezone(self.zone).date() == day:
                return at
        return None

    def open(self, at: datetime) -> bool:
        wall = at.astimezone(self.zone)
        day = wall.date()
        if day not in self.minutes:
            self.minutes[day] = self.of(day)
        return wall.hour * 60 + wall.minute in self.minutes[day]

    def of(self, day: date) -> set[int]:
        """The minutes of a date that are worked, as the definition says."""
        weekday = str(day.weekday())
        special = self.special.get(day.isoformat())
        if special is None:
            intervals = self.week(day).get(weekday, [])
        elif special["kind"] == "holiday":
            intervals = []
        else:
            make_up = self.definition.get("workday_week", {})
            intervals = special.get("intervals") or make_up.get(weekday) or self.week(day).get("0", [])
        return {minute for start, end in intervals for minute in range(self.clock(start), self.clock(end))}

    def week(self, day: date) -> Mapping[str, Any]:
        week: Mapping[str, Any] = self.definition["week"]
        for season in self.definition.get("weeks", []):
            first, last = season["valid_from"], season.get("valid_until", "9999-12-31")
            today = day.isoformat() if len(first) == 10 else day.isoformat()[5:]
            inside = first <= today <= last if first <= last else not last < today < first
            week = season["week"] if inside else week
        return week

    @staticmethod
    def clock(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])
