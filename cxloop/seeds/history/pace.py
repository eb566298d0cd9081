"""How people spend their time: somewhere within what is left, in their own working hours, never on the stroke."""

from datetime import datetime, timedelta
from random import Random

from cxloop.domain.vocabulary import CENTER
from cxloop.seeds.history.stage import CHINA, Stage

MINUTE = 60


class Pace:
    """Moments at which people act. At severity 1 they act at once, day and night."""

    def __init__(self, stage: Stage, rng: Random, severity: int) -> None:
        self.stage, self.rng, self.severity = stage, rng, severity

    def soon(self, unit: str, at: datetime, low: int, high: int) -> datetime:
        """After `low` to `high` minutes of the unit's working time; on severity 1 of the clock on the wall."""
        seconds = self.rng.randint(low * MINUTE, high * MINUTE)
        return self.stage.hours(unit, severity=self.severity).advance(at, seconds)

    def within(self, unit: str, at: datetime, due: datetime, low: float, high: float) -> datetime:
        """At a share between `low` and `high` of the unit's working time from `at` to `due`; a minute at least."""
        calendar = self.stage.hours(unit, severity=self.severity)
        left = calendar.worked(at, due) if due > at else 0
        return calendar.advance(at, max(MINUTE, int(left * self.rng.uniform(low, high))))

    def by(
        self, unit: str, at: datetime, due: datetime, *, on_time: float, low: float = 0.15, high: float = 0.93
    ) -> datetime:
        """Before `due` with the chance `on_time`, else some hours of work after it."""
        if self.rng.random() < on_time and due > at:
            return self.within(unit, at, due, low, high)
        return self.soon(unit, max(at, due), 40, 420)

    def desk(self, at: datetime, low: int, high: int) -> datetime:
        """After some minutes of the center's work."""
        return self.soon(CENTER, at, low, high)

    def workday(self, unit: str, at: datetime, days: int) -> datetime:
        """Half past five on the first working day that is `days` natural days away or more."""
        day = at.astimezone(CHINA).replace(hour=17, minute=30, second=0, microsecond=0) + timedelta(days=days)
        calendar = self.stage.hours(unit)
        while not calendar.worked(day.replace(hour=9), day):
            day += timedelta(days=1)
        return day
