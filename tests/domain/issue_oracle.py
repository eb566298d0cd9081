"""An issue, its tasks and all their clocks by the rules of section 4, on top of the oracle's one clock.

More conventions where DESIGN is silent, as stated in the records of decisions:

* A task's answer is re-rated to what it would have been had the issue had its new severity when the task landed (K6):
  the issue's due at that moment, with the pauses and extensions that it had had by then; own extensions stay on top.
  For how many units is asked as it is known now.
* A clock is restated only where its rating changes its target or its calendar. Stopped ones never change.
* While nobody has a running or paused answer, the joint due runs.
* An extension moves the issue to the earliest closing of a day from which the review still begins at the granted due.
* A signature is deemed to be given when the clockwork comes by.
* A paused clock is lengthened by a milder rating if it would be due later, were it to run on now.
"""

from dataclasses import dataclass, field
from itertools import pairwise

from tests.domain.clock_oracle import CANCELLED, ENDED, MOVED, PAUSED, RUNNING, OneClock
from tests.domain.minutes import Length, Minutes
from tests.domain.promises import (
    CENTER,
    LONGEST_PAUSE,
    MOST_EXTENSIONS,
    MOST_PAUSED,
    SEVERE,
    calendar_code,
    is_department,
    minutes,
)

RESTATED = {"triage", "issue", "sign", "feedback", "decide", "review"}


@dataclass
class Request:
    n: int
    kind: str
    at: int
    wanted: int
    open: bool = True

    @property
    def subject(self) -> str:
        return f"/request.{self.n}"


@dataclass
class OneTask:
    no: str
    unit: str
    duty: str
    state: str = "dispatched"
    landed: int = 0
    dispatched: int | None = None  # the landing before, once it was declined
    window: int = 0
    declines: int = 0
    requests: list[Request] = field(default_factory=list)

    def asked(self, kind: str) -> Request | None:
        return next((row for row in self.requests if row.open and row.kind == kind), None)


@dataclass
class OneIssue:
    """`do` an act at a moment, or let time `pass`; what every clock then says is in `clocks`."""

    no: str
    severity: int
    opened: int
    rated: bool = False
    several: bool = False
    tasks: dict[str, OneTask] = field(default_factory=dict)
    clocks: list[OneClock] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._start("triage", self.no, self._target("triage"), self.opened)
        self._start("issue", self.no, self._target("issue"), self.opened)

    # Questions

    def clock(self, subject: str, kind: str) -> OneClock | None:
        """The clock of a subject and kind that is not over."""
        return next((c for c in self.clocks if (c.subject, c.kind) == (subject, kind) and not c.is_over), None)

    def _the(self, subject: str, kind: str) -> OneClock:
        found = self.clock(subject, kind)
        assert found is not None, (subject, kind)
        return found

    @property
    def whole(self) -> OneClock:
        return self._the(self.no, "issue")

    def _target(self, kind: str, unit: str = CENTER) -> Length:
        if kind == "issue":
            kind = "several" if self.several else "single"
        elif kind == "sign" and is_department(unit):
            kind = "sign_department"
        return SEVERE[self.severity][kind]

    def wave_end(self, due: int, joint: Minutes, duty: str = "separate") -> int:
        end = joint.before(due, self._target("review"))
        return joint.before(end, self._target("gather")) if duty == "support" else end

    def may_decline(self, task: OneTask, at: int) -> bool:
        """Within the window from dispatch, whatever the signature; it is as long as the time for signing."""
        return task.state in {"dispatched", "working"} and task.declines < 2 and at <= task.window

    def refuses_extension(self, task: OneTask, at: int, wanted: int) -> bool:
        """Asked late, at a severity that grants none, once too often, or for no later due (K10)."""
        clock = self._the(task.no, "feedback")
        lead = SEVERE[clock.severity].get("lead")
        if clock.due is None or lead is None or clock.extensions >= MOST_EXTENSIONS:
            return True
        return at > clock.calendar.before(clock.due, lead) or wanted <= clock.due

    def refuses_pause(self, task: OneTask, at: int, until: int, *, granting: bool = False) -> bool:
        """With nothing left, without an end ahead, beyond the reason's longest stretch or all pauses' limit (K8)."""
        clock = self._the(task.no, "feedback")
        if not granting and (clock.due is None or at >= clock.due or not clock.calendar.worked(at, clock.due)):
            return True
        calendar = clock.calendar
        most = calendar.worked(clock.begin, calendar.due(clock.begin, MOST_PAUSED))
        too_much = until > at and clock.paused + calendar.worked(at, until) > most
        return until <= at or until > calendar.due(at, LONGEST_PAUSE) or too_much

    # Acts of the center

    def rate(self, at: int, severity: int) -> None:
        """The first rating states the dues; no consent is needed."""
        softened = self.rated and severity > self.severity
        if self.rated and severity == self.severity:
            return
        self.severity, self.rated = severity, True
        if not softened:
            self._restate_center(at, "rated")

    def dispatch(self, at: int, units: dict[str, tuple[str, str]]) -> None:
        """`units`: task number → (unit, duty). All of them land in one act, in that order."""
        self._finish(self.no, "triage", at, ENDED)
        known = {task.unit for task in self.tasks.values() if task.state != "cancelled"}
        if len(known | {unit for unit, _duty in units.values()}) > 1 and not self.several:
            self.several = True
            self._restate_center(at, "several")
        for no, (unit, duty) in units.items():
            self.tasks[no] = OneTask(no, unit, duty)
            self._land(self.tasks[no], at)

    def _restate_center(self, at: int, why: str) -> None:
        for kind in ("triage", "issue"):
            clock = self.clock(self.no, kind)
            if clock is not None:
                self._restate(clock, at, why)

    def rerate(self, at: int, severity: int, *, longer: bool) -> None:
        """Harsher: everything anew. Milder: nothing earlier, and later only with consent (K11)."""
        milder = severity > self.severity
        self.severity = severity
        live = [c for c in self.clocks if c.kind in RESTATED and c.state in {RUNNING, PAUSED}]
        for clock in sorted(live, key=lambda c: c.kind != "issue"):
            if milder and not (longer and self._would_be_later(clock, at)):
                continue
            if not milder:
                clock.spare()
            self._restate(clock, at, "rerate")

    def _would_be_later(self, clock: OneClock, at: int) -> bool:
        _code, calendar, _target, _first, whole = self._under(clock)
        due = calendar.advance(at, clock.left_under(at, calendar, whole))
        now = clock.calendar.advance(at, clock.last.remaining) if clock.due is None else clock.due
        return due > now

    def _restate(self, clock: OneClock, at: int, why: str) -> None:
        code, calendar, target, first, whole = self._under(clock)
        same = first == clock.first if clock.kind == "feedback" else target == clock.target
        clock.severity = self.severity
        if not same or code != clock.code:
            clock.restate(at, code, calendar, target, first, whole, why)

    def _under(self, clock: OneClock) -> tuple[str, Minutes, Length, int, int]:
        """What a clock would be at the issue's severity: calendar, target, first due, all that it may take."""
        code = calendar_code(clock.owner, self.severity)
        calendar = minutes(code)
        if clock.kind == "feedback":
            first = self._landing(self.tasks[clock.subject], clock.begin, self._issue_due_at(clock.begin), code)
            target = _stated(calendar, clock.begin, first, code)
        else:
            target = self._target(clock.kind, clock.owner)
            first = calendar.due(clock.begin, target)
        whole = calendar.worked(clock.begin, max(clock.begin, first)) + clock.extended(calendar)
        return code, calendar, target, first, whole

    def _issue_due_at(self, moment: int) -> int:
        """What the issue's due would have been at a moment past, at its severity of now."""
        whole = self.whole
        calendar = minutes(calendar_code(CENTER, self.severity))
        left = calendar.worked(whole.begin, calendar.due(whole.begin, self._target("issue")))
        before = [plan for plan in whole.plans if plan.at < moment]
        for earlier, plan in pairwise(before):
            if plan.why == "joint" and earlier.due is not None and plan.due is not None:
                left += calendar.worked(earlier.due, plan.due)
        running = [s for s in whole.spans if s.state == RUNNING and s.begin < moment]
        for span in running:
            end = min(span.end or moment, moment)
            if calendar.worked(span.begin, end) >= left:
                return calendar.advance(span.begin, left)
            left -= calendar.worked(span.begin, end)
        return calendar.advance(moment, left)

    # Landing (K6)

    def _land(self, task: OneTask, at: int) -> None:
        if self.whole.state == PAUSED:
            self.whole.unpause(at)
        code = calendar_code(task.unit, self.severity)
        self._start("sign", task.no, self._target("sign", task.unit), at, task.unit)
        assert self.whole.due is not None
        first = self._landing(task, at, self.whole.due, code, self.whole.calendar)
        self._start("feedback", task.no, _stated(minutes(code), at, first, code), at, task.unit, first)
        task.state, task.landed = "dispatched", at
        task.window = minutes(code).due(at, self._target("sign", task.unit))
        self._join(at)

    def _landing(self, task: OneTask, at: int, issue_due: int, code: str, joint: Minutes | None = None) -> int:
        joint = joint or minutes(calendar_code(CENTER, self.severity))
        own = minutes(code)
        end = self.wave_end(issue_due, joint, task.duty)
        dues = [end, own.due(at, self._target("units_min"))]
        if task.dispatched is not None and task.dispatched < end:
            dues.append(own.advance(at, own.worked(task.dispatched, end) // 2))
        return max(dues)

    # Acts of the unit, and verdicts

    def sign(self, task: OneTask, at: int) -> None:
        self._finish(task.no, "sign", at, ENDED)
        task.state = "working"

    def decline(self, task: OneTask, at: int) -> None:
        self._finish(task.no, "sign", at, ENDED)
        clock = self._wake(task, at)
        clock.holder = CENTER
        clock.turn(RUNNING, CENTER, at)
        self._start("decide", task.no, self._target("decide"), at)
        task.state, task.declines = "declined", task.declines + 1
        self._join(at)

    def redispatch(self, task: OneTask, at: int, unit: str) -> None:
        self._finish(task.no, "decide", at, ENDED)
        self._finish(task.no, "feedback", at, MOVED)
        task.unit, task.dispatched = unit, task.landed
        self._land(task, at)

    def submit(self, task: OneTask, at: int) -> None:
        self._wake(task, at).stop(at, CENTER)
        self._start("review", task.no, self._target("review"), at)
        task.state = "submitted"
        self._join(at)

    def withdraw(self, task: OneTask, at: int) -> None:
        self._the(task.no, "feedback").rerun()
        self._finish(task.no, "review", at, CANCELLED)
        task.state = "working"
        self._join(at)

    def send_back(self, task: OneTask, at: int) -> None:
        self._the(task.no, "feedback").send_back(at)
        self._finish(task.no, "review", at, ENDED)
        task.state = "working"
        self._join(at)

    def accept(self, task: OneTask, at: int) -> None:
        self._finish(task.no, "feedback", at, ENDED)
        self._finish(task.no, "review", at, ENDED)
        task.state = "accepted"
        self._join(at)

    def cancel(self, task: OneTask, at: int) -> None:
        self._lapse(task, at)
        for kind in ("sign", "feedback", "decide", "review"):
            self._finish(task.no, kind, at, CANCELLED)
        task.state = "cancelled"
        self._join(at)

    def _wake(self, task: OneTask, at: int) -> OneClock:
        """Whoever answers or declines needs no more time."""
        self._lapse(task, at)
        clock = self._the(task.no, "feedback")
        if clock.state == PAUSED:
            clock.unpause(at)
        return clock

    def _lapse(self, task: OneTask, at: int) -> None:
        for request in task.requests:
            if request.open:
                request.open = False
                self._finish(task.no + request.subject, "decide", at, CANCELLED)

    # More time

    def ask(self, task: OneTask, at: int, kind: str, wanted: int) -> None:
        request = Request(len(task.requests) + 1, kind, at, wanted)
        task.requests.append(request)
        self._start("decide", task.no + request.subject, self._target("decide"), at)

    def decide(self, task: OneTask, at: int, kind: str, granted: int | None) -> None:
        """Grant a due or a latest end, or refuse."""
        request = task.asked(kind)
        assert request is not None
        request.open = False
        self._finish(task.no + request.subject, "decide", at, ENDED)
        clock = self._the(task.no, "feedback")
        if granted is None:
            return
        if kind == "pause":
            clock.pause(at, granted, asked=request.at)
            self._join(at)
            return
        self._carry(at, granted)
        clock.extend(at, granted, "extension")

    def _carry(self, at: int, granted: int) -> None:
        due, joint = self.whole.due, self.whole.calendar
        assert due is not None
        if granted <= self.wave_end(due, joint):
            return
        carried = joint.due(granted, self._target("review"))
        while self.wave_end(carried, joint) < granted:
            carried = joint.due(carried, ("d", 1))
        if carried > due:
            self.whole.extend(at, carried, "joint")

    def resume(self, task: OneTask, at: int) -> None:
        self._the(task.no, "feedback").unpause(at)
        self._join(at)

    # Time

    def fire(self, at: int) -> None:
        """What is armed and due by now, in the order of its moments; a pause ends at its own, seen late or not."""
        while due := [(m, c.subject, c.kind, code, c) for c in self.clocks for code, m in c.armed if m <= at]:
            moment, _subject, _kind, code, clock = min(due, key=lambda row: row[:4])
            clock.armed.remove((code, moment))
            if code == "resume":
                self.resume(self.tasks[clock.subject], moment)
            elif code == "due":
                self._expire(clock, at)

    def _expire(self, clock: OneClock, at: int) -> None:
        task = self.tasks.get(clock.subject)
        clock.breach(asked=clock.kind == "feedback" and task is not None and any(r.open for r in task.requests))
        if clock.kind == "sign" and task is not None:
            self.sign(task, at)

    def _join(self, at: int) -> None:
        """The joint due is paused exactly while every running or paused answer is (K6)."""
        states = {c.state for c in self.clocks if c.kind == "feedback" and c.state in {RUNNING, PAUSED}}
        if states == {PAUSED} and self.whole.state == RUNNING:
            self.whole.pause(at, None)
        elif states != {PAUSED} and self.whole.state == PAUSED:
            self.whole.unpause(at)

    def _start(
        self, kind: str, subject: str, target: Length, at: int, owner: str = CENTER, first: int | None = None
    ) -> None:
        code = calendar_code(owner, self.severity)
        cycle = 1 + sum(c.subject == subject and c.kind == kind for c in self.clocks)
        due = minutes(code).due(at, target) if first is None else first
        self.clocks.append(OneClock(kind, subject, cycle, owner, code, minutes(code), self.severity, target, at, due))

    def _finish(self, subject: str, kind: str, at: int, how: str) -> None:
        clock = self.clock(subject, kind)
        if clock is not None:
            clock.finish(at, how)


def _stated(calendar: Minutes, begin: int, due: int, code: str) -> Length:
    """A stretch in the words of a target: whole working days, hours where there is none or around the clock."""
    days = 0
    while code != "ALWAYS" and calendar.due(begin, ("d", days + 1)) <= due:
        days += 1
    return ("d", days) if days else ("h", calendar.worked(begin, due) if due > begin else 0)
