"""What would be due when (K16): a clock that is only imagined, with its pauses and extensions.

A pause stops consumption between its ends; what was left goes on in working time at its end (K8), never by shifting the
wall clock. An extension adds to the due that holds at its moment: hours of working time, or n whole working days, which
lead to the last closing of the n-th working date after that due. While paused there is no due; an extension then adds
to the due that would hold if the clock ran on at that moment. At one instant a pause ends first, then an extension
is given, then a pause begins. A pause that begins after the due stops nothing: what is late stays late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from . import clocks as rules
from .calendar import Target, WorkCalendar
from .explanation import Piece, Plan, Step, steps
from .policy import RungSpec

EXTENSION, PAUSE, RESUME = "extension", "pause", "resume"


class PreviewError(ValueError):
    """What was imagined cannot be: `field` is the place in the request, `message` a code, with its parameters."""

    def __init__(self, field: str, message: str, **params: Any) -> None:
        super().__init__(f"{field}: {message}")
        self.field, self.message, self.params = field, message, params


@dataclass(frozen=True, slots=True)
class Pause:
    """From when to when; without an end it still lasts."""

    begins: datetime
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Extension:
    """When it is given, and how much: `hours` of working time, or whole working `days`."""

    at: datetime
    more: Target


@dataclass(frozen=True, slots=True)
class Rung:
    """A moment at which something would be said, and by which statement of the due (counted from 1)."""

    code: str
    at: datetime
    plan: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The answer. `left` is negative past the due; without a due (still paused) it is what remains."""

    due: datetime | None
    provisional: bool
    worked: int
    left: int
    breached: bool
    rungs: tuple[Rung, ...]
    why: tuple[Step, ...]


@dataclass(slots=True)
class _Course:
    """The imagined clock as it goes: its plans, its pieces, and where it stands."""

    calendar: WorkCalendar
    plans: list[Plan]
    pieces: list[Piece]
    mark: datetime
    consumed: int = 0
    void: list[Pause] = field(default_factory=list)

    @property
    def last(self) -> Plan:
        return self.plans[-1]

    def plan(self, at: datetime, due: datetime | None, left: int, why: str, **told: Any) -> None:
        self.plans.append(Plan(at, due, self.consumed, left, why, self.calendar, told))

    def settle(self, state: str, until: datetime) -> None:
        """Close the stretch up to a moment."""
        if until > self.mark:
            self.pieces.append(Piece(state, self.mark, until))
            if state == rules.RUNNING:
                self.consumed += self.calendar.worked(self.mark, until)
        self.mark = max(self.mark, until)


def preview(
    *, calendar: WorkCalendar, start: datetime, target: Target, at: datetime, pauses: Sequence[Pause] = (),
    extensions: Sequence[Extension] = (), ladder: Sequence[RungSpec] = (),
) -> Preview:  # fmt: skip
    """Say what would be due when. PreviewError names the pause or extension that cannot be."""
    _check(start, pauses, extensions)
    due = calendar.due(start, target)
    whole = calendar.worked(start, max(start, due))
    course = _Course(calendar, [Plan(start, due, 0, whole, "start", calendar)], [], start)
    for moment, _rank, n, event in _events(pauses, extensions):
        if isinstance(event, Extension):
            _extend(course, event, f"extensions.{n}.at")
        elif moment == event.begins and _rank == 2:
            _pause(course, event)
        elif event not in course.void:
            _resume(course, moment)
    return _answer(course, start, at, ladder)


def _check(start: datetime, pauses: Sequence[Pause], extensions: Sequence[Extension]) -> None:
    for n, pause in enumerate(pauses):
        if pause.begins < start:
            raise PreviewError(f"pauses.{n}.from", "before_start")
        if pause.ends is not None and pause.ends < pause.begins:
            raise PreviewError(f"pauses.{n}.to", "before_start")
    order = sorted(range(len(pauses)), key=lambda n: (pauses[n].begins, n))
    for n, following in pairwise(order):
        ends = pauses[n].ends
        if ends is None:
            raise PreviewError(f"pauses.{n}.to", "pause_without_end")
        if pauses[following].begins < ends:
            raise PreviewError(f"pauses.{following}.from", "overlap")
    for n, extension in enumerate(extensions):
        if extension.at < start:
            raise PreviewError(f"extensions.{n}.at", "before_start")


def _events(
    pauses: Sequence[Pause], extensions: Sequence[Extension]
) -> list[tuple[datetime, int, int, Pause | Extension]]:
    """(moment, rank, place, event) in order: at one instant an end comes before an extension, before a beginning."""
    found: list[tuple[datetime, int, int, Pause | Extension]] = [
        (extension.at, 1, n, extension) for n, extension in enumerate(extensions)
    ]
    for n, pause in enumerate(pauses):
        if pause.ends == pause.begins:
            continue  # It stops nothing.
        found.append((pause.begins, 2, n, pause))
        if pause.ends is not None:
            found.append((pause.ends, 0, n, pause))
    return sorted(found, key=lambda event: event[:3])


def _pause(course: _Course, pause: Pause) -> None:
    due = course.last.due
    if due is None or pause.begins > due:
        course.void.append(pause)
        return
    course.settle(rules.RUNNING, pause.begins)
    course.plan(pause.begins, None, course.calendar.worked(pause.begins, due), PAUSE, until=pause.ends)


def _resume(course: _Course, at: datetime) -> None:
    course.settle(rules.PAUSED, at)
    left = course.last.left
    course.plan(at, course.calendar.advance(at, left), left, RESUME)


def _extend(course: _Course, extension: Extension, name: str) -> None:
    due, at, calendar = course.last.due, extension.at, course.calendar
    if due is not None and at > due:
        raise PreviewError(name, "extension_late")
    paused = due is None
    course.settle(rules.PAUSED if paused else rules.RUNNING, at)
    later = calendar.due(calendar.advance(at, course.last.left) if due is None else due, extension.more)
    course.plan(at, None if paused else later, calendar.worked(at, later), EXTENSION, more=extension.more)


def _answer(course: _Course, start: datetime, at: datetime, ladder: Sequence[RungSpec]) -> Preview:
    last, calendar = course.last, course.calendar
    pieces = [*course.pieces, Piece(rules.PAUSED if last.due is None else rules.RUNNING, course.mark, None)]
    worked = sum(
        calendar.worked(piece.begins, min(piece.ends or at, at))
        for piece in pieces
        if piece.state == rules.RUNNING and at > piece.begins
    )
    # Told to its end, whatever the hour is now: what was imagined for tomorrow has to be explained as well.
    why = list(steps(plans=course.plans, pieces=pieces, at=max(start, course.mark)))
    why[-1:-1] = [Step("pause_void", pause.begins, pause.ends) for pause in course.void]
    return Preview(
        due=last.due,
        provisional=last.due is not None and calendar.is_provisional(last.due),
        worked=worked,
        left=last.consumed + last.left - worked,
        breached=last.due is not None and at > last.due,
        rungs=_rungs(course.plans, ladder),
        why=tuple(why),
    )


def _rungs(plans: Sequence[Plan], ladder: Sequence[RungSpec]) -> tuple[Rung, ...]:
    """The moments that would come: of each statement of the due those ahead of it, until it is stated anew."""
    found = []
    for n, plan in enumerate(plans, 1):
        if plan.due is None:
            continue
        until = plans[n].at if n < len(plans) else None
        ahead = rules.moments(calendar=plan.calendar, ladder=ladder, at=plan.at, due=plan.due, consumed=plan.consumed)
        found += [Rung(moment.code, moment.at, n) for moment in ahead if until is None or moment.at < until]
    return tuple(found)
