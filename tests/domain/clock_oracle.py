"""One clock of section 4 by walking minutes: it shares no line with the engine, its rules or its calendar.

Where DESIGN is silent these conventions hold, as the records of decisions and the engine's docstrings state them:

* A plan says what was consumed before it and what remains from it; a later one counts on from there. Re-rating counts
  consumed afresh from the running stretches, in the calendar that holds from now on.
* A pause granted after the due, asked for in time: what was left when it was asked is left, and the stretch between is
  the decider's. A clock past its due is paused with nothing left, and is due again the moment it runs on.
* An answer or a decline ends a pause; a request still open lapses.
* Sent back with nothing left and the floor given before, a clock keeps its old due, and what was not said is said.
* Late by re-rating alone: the due lies before the one that would hold had the issue not been rated harsher, with every
  pause and send-back since moving that one too. An extension is a due of its own: it moves that one not.
"""

from dataclasses import dataclass, field, replace

from tests.domain.minutes import Length, Minutes
from tests.domain.promises import CENTER, FLOOR, LADDERS, band, family

RUNNING, STOPPED, PAUSED, ENDED, CANCELLED, MOVED = "running", "stopped", "paused", "ended", "cancelled", "moved"


@dataclass(frozen=True)
class Plan:
    at: int
    due: int | None
    why: str
    consumed: int
    remaining: int


@dataclass(frozen=True)
class Span:
    state: str
    holder: str
    begin: int
    end: int | None = None


@dataclass(frozen=True)
class Spared:
    """What would hold had the issue not been rated harsher: a due, or while paused what is left."""

    calendar: Minutes
    due: int | None
    left: int = 0


@dataclass
class OneClock:
    """A promise as it goes. `first` is the due that its rating gave it when it began."""

    kind: str
    subject: str
    cycle: int
    owner: str
    code: str
    calendar: Minutes
    severity: int
    target: Length
    begin: int
    first: int
    state: str = RUNNING
    holder: str = ""
    due: int | None = None
    plans: list[Plan] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    breaches: list[tuple[int, int, str, str | None]] = field(default_factory=list)
    armed: set[tuple[str, int]] = field(default_factory=set)
    held: set[tuple[str, int]] = field(default_factory=set)
    until: int | None = None
    paused: int = 0
    extensions: int = 0
    floor_given: bool = False
    overrun: int | None = None
    spared: Spared | None = None
    spared_when_stopped: Spared | None = None

    def __post_init__(self) -> None:
        self.holder = self.owner
        self.spans.append(Span(RUNNING, self.owner, self.begin))
        self.plan(self.begin, self.first, 0, "start")

    @property
    def last(self) -> Plan:
        return self.plans[-1]

    @property
    def is_over(self) -> bool:
        return self.state in {ENDED, CANCELLED, MOVED}

    def plan(self, at: int, due: int, consumed: int, why: str) -> None:
        self.due = due
        left = self.calendar.worked(at, due) if due > at else 0
        self.plans.append(Plan(at, due, why, consumed, left))
        self.held.clear()
        self.armed = {(code, moment) for code, moment in self._moments(at, due, consumed, left) if moment > at}

    def _moments(self, at: int, due: int, consumed: int, left: int) -> list[tuple[str, int]]:
        found = []
        for code, unit, amount in LADDERS[family(self.kind, self.owner), band(self.target)]:
            if unit == "%":
                ahead = (consumed + left) * amount // 100 - consumed
                found.append((code, self.calendar.advance(at, ahead) if ahead > 0 else at))
            elif amount < 0:
                found.append((code, self.calendar.before(due, ("d", -amount))))
            else:
                found.append((code, self.calendar.due(due, ("d", amount))))
        return found

    def consumed(self, at: int) -> int:
        """By the plans: what the last one had behind it, and what was worked since."""
        return self.last.consumed + (self.calendar.worked(self.last.at, at) if at > self.last.at else 0)

    def ran(self, at: int, calendar: Minutes) -> int:
        """By the stretches: all that ran, counted afresh in a calendar."""
        running = [(span.begin, min(span.end or at, at)) for span in self.spans if span.state == RUNNING]
        return sum(calendar.worked(begin, end) for begin, end in running if end > begin)

    def turn(self, state: str, holder: str, at: int) -> None:
        self.spans[-1] = replace(self.spans[-1], end=at)
        self.spans.append(Span(state, holder, at))

    def stop(self, at: int, holder: str) -> None:
        self.state = STOPPED
        self.turn(STOPPED, holder, at)
        self.armed, self.held = set(), self.armed
        self.spared_when_stopped = self.spared
        self._spare_left(at)

    def rerun(self) -> None:
        """As if it had never stopped."""
        self.state = RUNNING
        self.spans[-1] = replace(self.spans[-1], state=RUNNING, holder=self.owner)
        self.armed, self.held = self.held, set()
        self.spared = self.spared_when_stopped

    def send_back(self, at: int) -> None:
        """Under the original limit: the review is not charged; the floor is given once (K9)."""
        assert self.due is not None
        stopped = self.spans[-1].begin
        consumed = self.consumed(stopped)
        whole = self.last.consumed + self.last.remaining
        left = max(whole - consumed, 0)
        floor = min(self.calendar.worked(at, self.calendar.due(at, FLOOR)), whole)
        self.state = RUNNING
        self.turn(RUNNING, self.owner, at)
        self._spare_on(at)
        if left == 0 and self.floor_given:
            self.armed = {(code, moment) for code, moment in self.held if moment > at or code == "due"}
            self.held.clear()
            return
        if left < floor and not self.floor_given:
            left, self.floor_given = floor, True
        self.plan(at, self.calendar.advance(at, left), consumed, "send_back")

    def pause(self, at: int, until: int | None, *, asked: int | None = None) -> None:
        """No due, no rung, no breach, until it runs on (K8). `asked`: when the unit asked for it."""
        assert self.due is not None
        whole = self.last.consumed + self.last.remaining
        since = at
        if asked is not None and at >= self.due:
            since = asked
            self.turn(STOPPED, CENTER, asked)
        left = max(whole - self.consumed(since), 0)
        self._spare_left(since)
        self.state, self.due, self.until = PAUSED, None, until
        self.turn(PAUSED, self.holder, at)
        self._note_pause(at, "pause", whole - left, left)

    def _note_pause(self, at: int, why: str, consumed: int, left: int) -> None:
        self.plans.append(Plan(at, None, why, consumed, left))
        self.held.clear()
        self.armed = set() if self.until is None else {("resume", self.until)}

    def unpause(self, at: int) -> None:
        begun = self.spans[-1].begin
        self.paused += self.calendar.worked(begun, at)
        self.state, self.until = RUNNING, None
        self.turn(RUNNING, self.holder, at)
        self._spare_on(at)
        self.plan(at, self.calendar.advance(at, self.last.remaining), self.last.consumed, "resume")

    def extend(self, at: int, due: int, why: str) -> None:
        """A later due; what it was is kept (K10)."""
        assert self.due is not None
        self.extensions += why == "extension"
        self.plan(at, due, self.consumed(at), why)

    def extended(self, calendar: Minutes) -> int:
        """Working seconds by which extensions moved the due."""
        total, before = 0, None
        for plan in self.plans:
            if plan.why in {"extension", "joint"} and before is not None and plan.due is not None:
                total += calendar.worked(before, plan.due)
            before = plan.due if plan.due is not None else before
        return total

    def left_under(self, at: int, calendar: Minutes, whole: int) -> int:
        """What a rating leaves (K11)."""
        floor = min(calendar.worked(at, calendar.due(at, FLOOR)), whole)
        return max(floor, whole - self.ran(at, calendar))

    def restate(self, at: int, code: str, calendar: Minutes, target: Length, first: int, whole: int, why: str) -> None:
        """A new target; what was consumed counts, in the calendar that holds now (K11)."""
        left = self.left_under(at, calendar, whole)
        self.code, self.calendar, self.target, self.first = code, calendar, target, first
        consumed = self.ran(at, calendar)
        if self.state == PAUSED:
            self._note_pause(at, why, consumed, left)
        else:
            self.plan(at, calendar.advance(at, left), consumed, why)

    def spare(self) -> None:
        """Remember what holds before a harsher rating, unless something more generous is remembered already."""
        if self.spared is None:
            left = self.last.remaining if self.due is None else 0
            self.spared = Spared(self.calendar, self.due, left)

    def _spare_left(self, at: int) -> None:
        if self.spared is not None and self.spared.due is not None:
            left = self.spared.calendar.worked(at, self.spared.due) if self.spared.due > at else 0
            self.spared = replace(self.spared, due=None, left=left)

    def _spare_on(self, at: int) -> None:
        if self.spared is not None and self.spared.due is None:
            self.spared = replace(self.spared, due=self.spared.calendar.advance(at, self.spared.left))

    def breach(self, *, asked: bool) -> None:
        """Late: once a plan, and on whose account (K8 to K11, K14)."""
        n = len(self.plans)
        if self.due is None or any(plan == n for plan, *_rest in self.breaches):
            return
        holder, cause = self.holder, None
        if holder == self.owner and asked:
            holder, cause = CENTER, "undecided"
        elif holder == self.owner != CENTER and self._is_spared(self.due):
            holder, cause = CENTER, "rerated"
        self.breaches.append((n, self.due, holder, cause))

    def _is_spared(self, due: int) -> bool:
        return self.spared is not None and self.spared.due is not None and due < self.spared.due

    def finish(self, at: int, how: str) -> None:
        """Over. Stopped for a verdict in its favour, it ended when it stopped."""
        ended = self.spans[-1].begin if self.state == STOPPED and how == ENDED else at
        if self.due is not None and ended > self.due:
            self.overrun = self.calendar.worked(self.due, ended)
        self.spans[-1] = replace(self.spans[-1], end=at)
        self.state, self.until = how, None
        self.armed, self.held = set(), set()
