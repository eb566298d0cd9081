"""A clock that is only imagined, by walking minutes: what `POST /clocks/preview` has to answer.

Where DESIGN is silent the conventions are those stated with `cxloop.domain.preview`: at one instant a pause ends first,
then an extension is given, then a pause begins; a pause that begins after the due stops nothing; an extension adds to
the due that holds at its moment, or would if the clock ran on then. An extension after the due is refused (K10).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.domain.minutes import Length, Minutes
from tests.domain.promises import LADDERS, band

Pause = tuple[int, int | None]
Extension = tuple[int, Length]


class ExtensionLate(Exception):
    """One of the extensions comes after the due."""


@dataclass
class Imagined:
    """The imagined clock: when it ran, its dues with their moments, and what is left when it has none."""

    calendar: Minutes
    start: int
    target: Length
    ran: list[tuple[int, int | None]] = field(default_factory=list)
    plans: list[tuple[int, int | None, int]] = field(default_factory=list)
    whole: int = 0

    def live(self, pauses: Sequence[Pause], extensions: Sequence[Extension]) -> None:
        """Let it all happen, in the order of the moments."""
        due = self.calendar.due(self.start, self.target)
        self.whole = self.calendar.worked(self.start, due)
        self.ran.append((self.start, None))
        self.plans.append((self.start, due, 0))
        void = set[Pause]()
        for at, rank, event in self._events(pauses, extensions):
            if rank == 1:
                self._extend(at, event)
            elif rank == 0 and event not in void:
                self.ran.append((at, None))
                self._plan(at)
            elif rank == 2 and at > (self.plans[-1][1] or at):
                void.add(event)
            elif rank == 2:
                self.ran[-1] = (self.ran[-1][0], at)
                self.plans.append((at, None, self.worked(at)))

    def _events(self, pauses: Sequence[Pause], extensions: Sequence[Extension]) -> list[tuple[int, int, tuple]]:
        found = [(at, 1, (at, more)) for at, more in extensions]
        for pause in pauses:
            if pause[0] != pause[1]:
                found += [(pause[0], 2, pause)] + ([(pause[1], 0, pause)] if pause[1] is not None else [])
        return sorted(found, key=lambda row: row[:2])

    def _plan(self, at: int) -> None:
        consumed = self.worked(at)
        self.plans.append((at, self.calendar.advance(at, self.whole - consumed), consumed))

    def _extend(self, at: int, extension: Extension) -> None:
        due, consumed = self.plans[-1][1], self.worked(at)
        if due is not None and at > due:
            raise ExtensionLate
        begin = self.calendar.advance(at, self.whole - consumed) if due is None else due
        later = self.calendar.due(begin, extension[1])
        self.whole = consumed + self.calendar.worked(at, later)
        self.plans.append((at, None if due is None else later, consumed))

    @property
    def due(self) -> int | None:
        return self.plans[-1][1]

    def worked(self, at: int) -> int:
        """What has been worked by then."""
        stretches = ((begin, at if end is None else min(end, at)) for begin, end in self.ran)
        return sum(self.calendar.worked(begin, end) for begin, end in stretches if end > begin)

    def rungs(self) -> list[tuple[str, int, int]]:
        """(code, moment, plan): of each due what is ahead of it, until it is stated anew."""
        found = []
        for n, (at, due, consumed) in enumerate(self.plans, 1):
            if due is None:
                continue
            until = self.plans[n][0] if n < len(self.plans) else None
            moments = sorted((moment, code) for code, moment in self._moments(at, due, consumed) if moment > at)
            found += [(code, moment, n) for moment, code in moments if until is None or moment < until]
        return found

    def _moments(self, at: int, due: int, consumed: int) -> list[tuple[str, int]]:
        whole = consumed + (self.calendar.worked(at, due) if due > at else 0)
        found = []
        for code, unit, amount in LADDERS["unit", band(self.target)]:
            if unit == "%":
                found.append((code, self.calendar.advance(at, max(whole * amount // 100 - consumed, 0))))
            elif amount < 0:
                found.append((code, self.calendar.before(due, ("d", -amount))))
            else:
                found.append((code, self.calendar.due(due, ("d", amount))))
        return found
