"""Random histories of one issue, told to the program and to the oracle alike, and the first difference between them.

A history is a list of steps drawn once from a seed; a step that makes no sense when its turn comes does nothing. So any
step can be left out, and `smallest` finds the shortest list that still differs.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update

from cxloop.extensions import db
from cxloop.models.clock import ClockRung
from cxloop.operations.act import Invalid
from cxloop.operations.escalation import sweep
from tests.cast import ANALYST, LIN, lead_of
from tests.domain.clock_oracle import PAUSED
from tests.domain.issue_oracle import OneIssue, OneTask
from tests.factories import RESOLVED, Story
from tests.operations.drawn import PLACES, Step
from tests.operations.stored import Difference, compare, said

MINUTE, HOUR, DAY = 60, 3600, 86400
MOST_ACTS = 8
IN_VAIN = 0.15  # how often something is asked that has to be refused


class History:
    """One history as it is told; `told` holds the steps that took place, as sentences."""

    def __init__(self, begin: dict[str, Any]) -> None:
        self.begin, self.now = begin, begin["at"]
        self.story, self.told, self.acts = Story(), list[str](), 0
        at = _moment(self.now)
        fields = {"title": "掉线", "description": "多省", "channel": "hotline", "severity": begin["severity"]}
        self.no = str(self.story.do("issue.open", ANALYST, at=at, **fields).no)
        self.issue = OneIssue(self.no, begin["severity"], self.now)
        self.told.append(f"{said(self.now)} open at severity {begin['severity']}")
        if begin["rated"] is not None:
            self._do("issue.analyse", ANALYST, self.no, severity=begin["rated"], category="home.fault_repair")
            self.issue.rate(self.now, begin["rated"])
        self.check()

    def check(self) -> None:
        compare(self.no, self.issue, self.told)

    def run(self, steps: Sequence[Step]) -> list[Step]:
        """Take the steps, comparing after each that took place; gives those that did."""
        taken = []
        for step in steps:
            if self.acts < MOST_ACTS and self.take(step):
                self.acts += step.act not in {"dispatch", "sign"}
                taken.append(step)
                self.check()
        self.pass_time(self.now + 25 * DAY)
        self.told.append(f"{said(self.now)} time has passed")
        self.check()
        return taken

    def take(self, step: Step) -> bool:
        act = getattr(self, f"_{step.act}")
        tasks = [] if step.act in ISSUES_OWN else [t for t in self.issue.tasks.values() if FITS[step.act](self, t)]
        if step.act not in ISSUES_OWN and not tasks:
            return False
        self.pass_time(self._then(step.gap))
        if step.act in ISSUES_OWN:
            return bool(act(step))
        everyone = list(self.issue.tasks.values())
        wanted = int(step.task * len(everyone))
        task = min(tasks, key=lambda one: (everyone.index(one) - wanted) % len(everyone))
        return FITS[step.act](self, task) and bool(act(task, step))

    def _then(self, gap: tuple[str, float, int]) -> int:
        kind, figure, offset = gap
        if kind == "minutes":
            return int(self.now + figure * MINUTE)
        first, last = self.now + (2 - min(offset, 0)) * MINUTE, self.now + 20 * DAY
        if kind == "due":
            moments = {c.due for c in self.issue.clocks if c.kind == "feedback" and not c.is_over and c.due is not None}
        else:
            moments = {m for c in self.issue.clocks for _code, m in c.armed}
        ahead = sorted(m for m in moments if first < m < last)
        if not ahead:
            return self.now + MINUTE
        return ahead[int(figure * len(ahead))] // MINUTE * MINUTE + offset * MINUTE

    def pass_time(self, until: int) -> None:
        """The clockwork looks, as the history has it; whatever falls due before `until` is looked at."""
        while (moment := self._next(until)) is not None:
            at = max(moment, self.now)
            self.issue.fire(at)
            sweep(at=_moment(at))
            self.now = at
        self.now = max(until, self.now)

    def _next(self, until: int) -> int | None:
        armed = [(m, c.kind, code) for c in self.issue.clocks for code, m in c.armed if m < until]
        if self.begin["sweeps"] == "each":
            return min((m for m, _kind, _code in armed), default=None)
        last = max((m for m, _kind, _code in armed), default=None)
        if self.begin["sweeps"] == "late":
            return last
        return min((m for m, kind, code in armed if code == "resume" or (kind, code) == ("sign", "due")), default=last)

    def _do(self, act: str, by: str, on: str, **fields: Any) -> None:
        self.story.do(act, by, on, at=_moment(self.now), **fields)
        shown = {name: said(value) if isinstance(value, datetime) else value for name, value in fields.items()}
        self.told.append(f"{said(self.now)} {act} {on[len(self.no) :]} {shown if act in TELLING else ''}".rstrip())

    # The center

    def _dispatch(self, _step: Step) -> bool:
        begin = self.begin
        duties = ["main", "support", "separate"] if begin["main"] else ["separate"] * 3
        self._send(list(zip(begin["places"], duties, strict=True))[: begin["units"]])
        return True

    def _send(self, parts: list[tuple[str, str]]) -> None:
        count = len(self.issue.tasks)
        rows = [{"unit": unit, "duty": duty, "title": "排查", "wanted": "逐户回访"} for unit, duty in parts]
        self._do("issue.dispatch", ANALYST, self.no, tasks=rows)
        self.told[-1] += f" {parts}"
        self.issue.dispatch(self.now, {f"{self.no}-T{count + n:02}": part for n, part in enumerate(parts, 1)})

    def _wave(self, step: Step) -> bool:
        if not self.issue.tasks or len(self.issue.tasks) > 4:
            return False
        self._send([(PLACES[int(step.figure * len(PLACES))], "separate")])
        return True

    def _rerate(self, step: Step) -> bool:
        severity, longer = 1 + int(step.figure * 4), step.other < 0.6
        if severity == self.issue.severity or not self.issue.tasks:
            return False
        self._do("issue.rerate", LIN, self.no, severity=severity, reason="x", longer=longer)
        self.issue.rerate(self.now, severity, longer=longer)
        return True

    def _redispatch(self, task: OneTask, step: Step) -> bool:
        unit = PLACES[int(step.figure * len(PLACES))]
        act, by = ("task.adjudicate", LIN) if task.declines >= 2 else ("task.redispatch", ANALYST)
        self._do(act, by, task.no, unit=unit)
        self.issue.redispatch(task, self.now, unit)
        return True

    def _send_back(self, task: OneTask, _step: Step) -> bool:
        self._do("review.send_back", ANALYST, task.no, reason="no_evidence")
        self.issue.send_back(task, self.now)
        return True

    def _accept(self, task: OneTask, _step: Step) -> bool:
        self._do("review.accept", ANALYST, task.no)
        self.issue.accept(task, self.now)
        return True

    def _cancel(self, task: OneTask, _step: Step) -> bool:
        self._do("task.cancel", ANALYST, task.no, reason="covered")
        self.issue.cancel(task, self.now)
        return True

    # The unit

    def _sign(self, task: OneTask, _step: Step) -> bool:
        self._do("task.sign", lead_of(task.unit), task.no)
        self.issue.sign(task, self.now)
        return True

    def _submit(self, task: OneTask, _step: Step) -> bool:
        self._do("feedback.submit", lead_of(task.unit), task.no, **RESOLVED)
        self.issue.submit(task, self.now)
        return True

    def _withdraw(self, task: OneTask, _step: Step) -> bool:
        self._do("feedback.withdraw", lead_of(task.unit), task.no)
        self.issue.withdraw(task, self.now)
        return True

    def _decline(self, task: OneTask, _step: Step) -> bool:
        if not self.issue.may_decline(task, self.now):
            return False
        self._do("task.decline", lead_of(task.unit), task.no, reason="not_our_region", text="x")
        self.issue.decline(task, self.now)
        return True

    def _resume(self, task: OneTask, step: Step) -> bool:
        self._do("clock.resume", ANALYST if step.figure < 0.5 else lead_of(task.unit), task.no)
        self.issue.resume(task, self.now)
        return True

    # More time

    def _ask_pause(self, task: OneTask, step: Step) -> bool:
        wanted = self._ahead(step, 8 * DAY)
        refused = self.issue.refuses_pause(task, self.now, wanted)
        if refused and step.other > IN_VAIN:
            return False
        return self._ask(task, "pause", wanted, refused, until=_moment(wanted), reason="third_party", text="等函")

    def _ask_extension(self, task: OneTask, step: Step) -> bool:
        clock = self.issue.clock(task.no, "feedback")
        due = self.now if clock is None or clock.due is None else max(clock.due, self.now)
        wanted = due // MINUTE * MINUTE + self._ahead(step, 5 * DAY) - self.now
        if step.other < 0.4:
            wanted = self.issue.whole.calendar.due(wanted, ("d", 1))
        refused = self.issue.refuses_extension(task, self.now, wanted)
        if refused and step.other > IN_VAIN:
            return False
        return self._ask(task, "extension", wanted, refused, due_at=_moment(wanted), reason="site_work")

    def _ahead(self, step: Step, most: int) -> int:
        return self.now + int(step.figure**2 * most) // MINUTE * MINUTE + MINUTE

    def _ask(self, task: OneTask, kind: str, wanted: int, refused: bool, **fields: Any) -> bool:
        if self._is_refused(refused, f"{kind}.request", lead_of(task.unit), task.no, **fields):
            return False
        self.issue.ask(task, self.now, kind, wanted)
        return True

    def _is_refused(self, refused: bool, act: str, by: str, on: str, **fields: Any) -> bool:
        try:
            self._do(act, by, on, **fields)
        except Invalid as error:
            if not refused:
                raise Difference([f"{act} on {on} is refused: {error}"], self.told) from None
            return True
        if refused:
            raise Difference([f"{act} on {on} is not refused"], self.told)
        return False

    def _grant_pause(self, task: OneTask, step: Step) -> bool:
        asked = task.asked("pause")
        assert asked is not None
        until = asked.wanted
        if step.figure < 0.3 and asked.wanted - self.now > HOUR:
            until = self.now + int((asked.wanted - self.now) * step.other) // MINUTE * MINUTE + MINUTE
        refused = self.issue.refuses_pause(task, self.now, until, granting=True)
        if self._is_refused(refused, "pause.grant", ANALYST, task.no, until=_moment(until)):
            return False
        self.issue.decide(task, self.now, "pause", until)
        return True

    def _grant_extension(self, task: OneTask, step: Step) -> bool:
        asked, clock = task.asked("extension"), self.issue.clock(task.no, "feedback")
        assert asked is not None
        assert clock is not None
        granted = asked.wanted
        if step.figure < 0.3 and clock.due is not None and asked.wanted - clock.due > HOUR:
            granted = clock.due + int((asked.wanted - clock.due) * step.other) // MINUTE * MINUTE + MINUTE
        refused = clock.due is None or granted <= max(self.now, clock.due) or granted > asked.wanted
        if self._is_refused(refused, "extension.grant", LIN, task.no, due_at=_moment(granted)):
            return False
        self.issue.decide(task, self.now, "extension", granted)
        return True

    def _refuse_pause(self, task: OneTask, _step: Step) -> bool:
        self._do("pause.refuse", ANALYST, task.no)
        self.issue.decide(task, self.now, "pause", None)
        return True

    def _refuse_extension(self, task: OneTask, _step: Step) -> bool:
        self._do("extension.refuse", ANALYST, task.no)
        self.issue.decide(task, self.now, "extension", None)
        return True

    def is_paused(self, task: OneTask) -> bool:
        clock = self.issue.clock(task.no, "feedback")
        return clock is not None and clock.state == PAUSED

    def others_open(self, task: OneTask) -> bool:
        """Whether the issue stays with the units without this task."""
        return any(t is not task and t.state not in {"cancelled", "accepted"} for t in self.issue.tasks.values())


ISSUES_OWN = {"dispatch", "wave", "rerate"}
TELLING = {"issue.analyse", "issue.rerate", "pause.request", "pause.grant", "extension.request", "extension.grant",
           "task.redispatch", "task.adjudicate"}  # fmt: skip
# When an act makes sense at all; whether it is granted is the oracle's to say.
FITS = {
    "sign": lambda _h, t: t.state == "dispatched",
    "submit": lambda _h, t: t.state == "working",
    "withdraw": lambda _h, t: t.state == "submitted",
    "send_back": lambda _h, t: t.state == "submitted",
    "accept": lambda h, t: t.state == "submitted" and h.issue.severity > 2 and h.others_open(t),
    "decline": lambda h, t: h.issue.may_decline(t, h.now),
    "redispatch": lambda _h, t: t.state == "declined",
    "cancel": lambda h, t: t.state not in {"cancelled", "accepted"} and h.others_open(t),
    "ask_pause": lambda h, t: t.state == "working" and not t.asked("pause") and not h.is_paused(t),
    "grant_pause": lambda h, t: t.state == "working" and t.asked("pause") and not h.is_paused(t),
    "refuse_pause": lambda _h, t: t.state == "working" and t.asked("pause"),
    "ask_extension": lambda h, t: t.state == "working" and not t.asked("extension"),
    "grant_extension": lambda _h, t: t.state == "working" and t.asked("extension"),
    "refuse_extension": lambda _h, t: t.state == "working" and t.asked("extension"),
    "resume": lambda h, t: t.state == "working" and h.is_paused(t),
}


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def tell(begin: dict[str, Any], steps: Sequence[Step]) -> list[Step]:
    """Tell one history to both; raises Difference. What it leaves armed is put away: the next one is alone."""
    history = None
    try:
        history = History(begin)
        return history.run(steps)
    finally:
        db.session.rollback()
        db.session.execute(update(ClockRung).where(ClockRung.state == "armed").values(state="cancelled"))
        db.session.commit()


def smallest(begin: dict[str, Any], steps: Sequence[Step]) -> tuple[dict[str, Any], list[Step], Difference]:
    """The shortest history that still differs, by leaving out one part after the other."""
    left, found = list(steps), _difference(begin, steps)
    assert found is not None
    for step in reversed(steps):
        fewer = [other for other in left if other is not step]
        again = _difference(begin, fewer)
        if again is not None:
            left, found = fewer, again
    for simpler in ({"rated": None}, {"sweeps": "each"}, {"units": 1}, {"units": 2}, {"main": False}, {"delay": 0}):
        again = _difference(begin | simpler, left)
        if again is not None:
            begin, found = begin | simpler, again
    return begin, left, found


def _difference(begin: dict[str, Any], steps: Sequence[Step]) -> Difference | None:
    try:
        tell(begin, steps)
    except Difference as difference:
        return difference
    return None
