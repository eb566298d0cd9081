"""Every due time derived again from the facts of a clock's history alone (F-11): its targets, agreed and granted dates,
calendars and stretches. No due time, remainder or consumed time that is stored goes in.

`derive` retells a clock plan by plan. What it gives is compared with what is stored (queries/verification).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from . import clocks as rules
from .calendar import Target, WorkCalendar
from .policy import RungSpec

NEXT_DAY = Target("days", Fraction(1))
EXTENDING = frozenset({"extension", "joint"})


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a task's due comes from when it lands on a unit (K6): the issue's due, less review and gathering."""

    joint: WorkCalendar
    issue_due: datetime
    review: Target
    gather: Target | None
    least: Target
    first: datetime | None = None
    # Nothing may pass what somebody outside waits for.
    outside: datetime | None = None

    def end(self) -> datetime:
        """When the wave's answers must be in."""
        return rules.wave_end(calendar=self.joint, issue_due=self.issue_due, review=self.review, gather=self.gather)

    def due(self, calendar: WorkCalendar, at: datetime) -> datetime:
        """The task's due when it lands at this moment."""
        due = rules.landing_due(calendar=calendar, end=self.end(), at=at, least=self.least, dispatched_at=self.first)
        return min(due, self.outside) if self.outside is not None and self.outside > at else due


@dataclass(frozen=True, slots=True)
class Handed:
    """Where the due of a task comes from that a unit handed down: the due of its own, less the time to gather."""

    joint: WorkCalendar
    end: datetime
    gather: Target
    least: Target

    def due(self, calendar: WorkCalendar, at: datetime) -> datetime:
        """The task's due when it is handed down at this moment: at least the floor, never after its own while ahead."""
        due = max(self.joint.before(self.end, self.gather), calendar.due(at, self.least))
        return min(due, self.end) if self.end > at else due


@dataclass(frozen=True, slots=True)
class Carried:
    """How far a task's extension carries the issue: to a due at which an answer at `to` can still be reviewed."""

    to: datetime
    review: Target
    outside: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of one plan beside the due time that came out of it; without a landing the target leads there.

    `date` is an agreed or granted moment: of a measure, an extension, a re-examination, a ledger. `since` is when a
    pause was asked for, `until` its latest end.
    """

    at: datetime
    why: str
    calendar: WorkCalendar
    target: Target
    floor: Target
    ladder: tuple[RungSpec, ...] = ()
    landing: Landing | Handed | None = None
    date: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    carried: Carried | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A span as stored: open at its end while it lasts."""

    state: str
    begins: datetime
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class Derived:
    """What a plan must say: due (None while paused), seconds consumed before it and remaining from it on."""

    at: datetime
    due: datetime | None
    consumed: int
    remaining: int
    moments: tuple[rules.Moment, ...]


class Underivable(Exception):
    """The history lacks a fact that a plan needs; the message names it."""


def derive(*, kind: str, facts: Sequence[Fact], stretches: Sequence[Stretch]) -> list[Derived]:
    """Retell a clock: one `Derived` for each plan. Underivable where a fact is missing."""
    course = _Course(kind, list(stretches))
    for fact in facts:
        course.take(fact)
    return course.told


class _Course:
    def __init__(self, kind: str, stretches: list[Stretch]) -> None:
        self.kind, self.stretches = kind, stretches
        self.told: list[Derived] = []
        self.facts: list[Fact] = []
        self.floor_given = False

    def take(self, fact: Fact) -> None:
        """Derive the next plan."""
        if not self.told:
            self._state(fact, _first_due(self.kind, fact), 0)
        else:
            _HOW.get(fact.why, _Course._restate)(self, fact)
        self.facts.append(fact)

    @property
    def last(self) -> Derived:
        return self.told[-1]

    @property
    def started(self) -> datetime:
        return self.told[0].at

    def reckon(self, at: datetime) -> tuple[int, int, int]:
        """(whole, consumed, left) at a moment, by the last plan."""
        last, calendar = self.last, self.facts[-1].calendar
        if last.due is None:
            return last.consumed + last.remaining, last.consumed, last.remaining
        consumed = last.consumed + (calendar.worked(last.at, at) if at > last.at else 0)
        whole = last.consumed + (calendar.worked(last.at, last.due) if last.due > last.at else 0)
        return whole, consumed, whole - consumed

    def ran(self, calendar: WorkCalendar, at: datetime) -> int:
        """Working seconds run up to a moment, counted afresh. Who was restated then was running: see `_late_pause`."""
        total = 0
        for stretch in self.stretches:
            inside = stretch.begins < at and (stretch.ends is None or stretch.ends > at)
            if stretch.state == rules.RUNNING or (stretch.state == rules.STOPPED and inside):
                end = at if stretch.ends is None else min(stretch.ends, at)
                total += calendar.worked(stretch.begins, end) if end > stretch.begins else 0
        return total

    def _state(self, fact: Fact, due: datetime, consumed: int) -> None:
        left = fact.calendar.worked(fact.at, due) if due > fact.at else 0
        moments = rules.moments(calendar=fact.calendar, ladder=fact.ladder, at=fact.at, due=due, consumed=consumed)
        self.told.append(Derived(fact.at, due, consumed, left, moments))

    def _hold(self, fact: Fact, consumed: int, remaining: int) -> None:
        moments = () if fact.until is None else (rules.Moment(rules.RESUME, fact.until),)
        self.told.append(Derived(fact.at, None, consumed, remaining, moments))

    def _send_back(self, fact: Fact) -> None:
        stopped = [stretch for stretch in self.stretches if stretch.state == rules.STOPPED and stretch.ends == fact.at]
        if not stopped:
            raise Underivable("send_back without the stretch in which it stood still")
        whole, consumed, left = self.reckon(stopped[-1].begins)
        if self.kind == "measure":
            granted = [told.due for told, known in self._pairs() if known.why == "extension" and told.due is not None]
            least = max(granted, default=self.facts[0].date)
            if least is None:
                raise Underivable("the agreed date of a measure")
            self._state(fact, max(least, fact.calendar.due(fact.at, fact.floor)), consumed)
            return
        floor = None if self.floor_given else fact.floor
        due = rules.resumed(calendar=fact.calendar, at=fact.at, left=left, whole=whole, floor=floor)
        self.floor_given = self.floor_given or due > fact.calendar.advance(fact.at, max(left, 0))
        self._state(fact, due, consumed)

    def _pause(self, fact: Fact) -> None:
        due = self.last.due
        late = due is not None and fact.at >= due and fact.since is not None
        whole, _consumed, left = self.reckon(fact.since if late and fact.since is not None else fact.at)
        self._hold(fact, whole - max(left, 0), max(left, 0))

    def _resume(self, fact: Fact) -> None:
        self._state(fact, fact.calendar.advance(fact.at, self.last.remaining), self.last.consumed)

    def _extend(self, fact: Fact) -> None:
        due = fact.date if fact.carried is None else self._carry(fact, fact.carried)
        if due is None:
            raise Underivable("the due that was granted")
        self._state(fact, due, self.reckon(fact.at)[1])

    def _carry(self, fact: Fact, carried: Carried) -> datetime:
        calendar = fact.calendar
        due = calendar.due(carried.to, carried.review)
        while rules.wave_end(calendar=calendar, issue_due=due, review=carried.review, gather=None) < carried.to:
            due = calendar.due(due, NEXT_DAY)
        return due if carried.outside is None else min(due, carried.outside)

    def _restate(self, fact: Fact) -> None:
        """A later fact (K11): the whole by the new target and extensions, less what has run, or the floor."""
        calendar, start = fact.calendar, self.started
        due = calendar.due(start, fact.target) if fact.landing is None else fact.landing.due(calendar, start)
        whole = calendar.worked(start, max(start, due)) + self.extended(calendar)
        consumed = self.ran(calendar, fact.at)
        left = rules.remaining(calendar=calendar, at=fact.at, whole=whole, consumed=consumed, floor=fact.floor)
        if self.last.due is None:
            until = [told.moments[0].at for told in (self.last,) if told.moments]
            self.told.append(
                Derived(fact.at, None, consumed, left, tuple(rules.Moment(rules.RESUME, at) for at in until))
            )
            return
        self._state(fact, calendar.advance(fact.at, left), consumed)

    def extended(self, calendar: WorkCalendar) -> int:
        """Working seconds by which extensions moved the due so far."""
        total, before = 0, None
        for told, fact in self._pairs():
            if fact.why in EXTENDING and before is not None and told.due is not None:
                total += calendar.worked(before, told.due)
            before = told.due or before
        return total

    def _recalendar(self, fact: Fact) -> None:
        """A calendar was published (K12): the target's own due there, or the same working time less what has run."""
        old, new, start, due = self.facts[-1].calendar, fact.calendar, self.started, self.last.due
        if due is None:
            raise Underivable("a paused clock is not stated anew by a calendar")
        consumed = self.ran(new, fact.at)
        if fact.target.unit in {"hours", "days"}:
            due = self._moved(fact, old, due, start, consumed)
        self._state(fact, due, consumed)

    def _moved(self, fact: Fact, old: WorkCalendar, due: datetime, start: datetime, consumed: int) -> datetime:
        new, target = fact.calendar, fact.target
        whole, before, _left = self.reckon(fact.at)
        left = whole - before
        if old.due(start, target) == due:
            whole = new.worked(start, max(start, new.due(start, target)))
        if due <= fact.at and whole - consumed <= 0:
            return due
        found = new.advance(fact.at, max(whole - consumed, 1))
        return due if left > 0 and found == old.advance(fact.at, left) else found

    def _pairs(self) -> list[tuple[Derived, Fact]]:
        return list(zip(self.told, self.facts, strict=False))


def _first_due(kind: str, fact: Fact) -> datetime:
    if fact.why == "ledger":
        if fact.date is None:
            raise Underivable("the due that was taken over")
        return fact.date
    if fact.landing is not None:
        return fact.landing.due(fact.calendar, fact.at)
    if kind == "measure":
        return max(fact.date or fact.at, fact.calendar.due(fact.at, fact.floor))
    if kind == "reexamine":
        return max(fact.date or fact.at, fact.at)
    return fact.calendar.due(fact.at, fact.target)


_HOW: dict[str, Callable[[_Course, Fact], None]] = {
    "send_back": _Course._send_back,
    "pause": _Course._pause,
    "resume": _Course._resume,
    "extension": _Course._extend,
    "joint": _Course._extend,
    "outside": _Course._extend,
    "calendar": _Course._recalendar,
}


@dataclass(frozen=True, slots=True)
class Ending:
    """What a clock itself must say after its last plan."""

    due: datetime | None
    remaining: int | None
    ended_at: datetime | None
    overrun: int | None
    paused: int
    provisional: bool


def ending(
    *, state: str, facts: Sequence[Fact], told: Sequence[Derived], stretches: Sequence[Stretch],
    ended_at: datetime | None,
) -> Ending:  # fmt: skip
    """What follows for the clock as a whole: one that stood still for a verdict ended, in favour, when it stopped.

    `ended_at` as stored counts only for a clock that was over before it began.
    """
    last, calendar = told[-1], facts[-1].calendar
    span = stretches[-1]
    ended = span.ends if state not in rules.LIVE else None
    if state == rules.ENDED and span.state == rules.STOPPED:
        ended = span.begins
    elif ended is not None and ended_at is not None and ended_at < stretches[0].begins:
        ended = ended_at
    late = last.due is not None and ended is not None and ended > last.due
    # Each stretch once, in the calendar that was adopted when it ended.
    resumed: dict[datetime, WorkCalendar] = {}
    for fact in facts:
        if fact.why == "resume":
            resumed.setdefault(fact.at, fact.calendar)
    held = [row for row in stretches if row.state == rules.PAUSED and row.ends in resumed]
    paused = sum(resumed[row.ends].worked(row.begins, row.ends) for row in held if row.ends is not None)
    return Ending(
        due=last.due,
        remaining=last.remaining if state == rules.PAUSED else None,
        ended_at=ended,
        overrun=calendar.worked(last.due, ended) if late and last.due is not None and ended is not None else None,
        paused=paused,
        provisional=last.due is not None and calendar.is_provisional(last.due),
    )
