"""What starts, stops and ends each clock, and the arithmetic of its due times.

`EFFECTS` is keyed by act (K4), not by a pair of states: withdrawing and sending back go the same way and do different
things. Where one act has two endings the key is `act:ending`. Everything here is pure; the rows live in the models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from .calendar import Target, WorkCalendar
from .policy import RungSpec
from .vocabulary import CENTER

RUNNING, STOPPED, PAUSED = "running", "stopped", "paused"
ENDED, CANCELLED, MOVED = "ended", "cancelled", "moved"
LIVE = frozenset({RUNNING, STOPPED, PAUSED})
STATES = (RUNNING, STOPPED, PAUSED, ENDED, CANCELLED, MOVED)

KINDS = (
    "triage",
    "issue",
    "sign",
    "feedback",
    "contact",
    "decide",
    "review",
    "measure",
    "verify",
    "answer",
    "round",
    "correction",
    "audit",
    "archive",
    "reexamine",
)
# Rungs that are not a stage of an alert ladder: the effect wait is over; an undrawn closure is filed; a pause has
# reached its latest end; what was parked is to be looked at again.
START, FILE, RESUME, RECHECK = "start", "file", "resume", "recheck"
# A word on the way was promised: numbered by its note, for one plan may see many.
PROGRESS = "progress"
# A regulator waits: three days before the outside due, one day before, and when it has come, in natural time.
OUTSIDE = "outside"
OUTSIDE_RUNGS = (("outside.3d", 3), ("outside.1d", 1), ("outside.due", 0))
DUE = "due"
# What a unit may ask for, and what becomes of it; a request lapses when the answer goes up or the task goes away.
EXTENSION, PAUSE, TRANSFER = "extension", "pause", "transfer"
REQUESTS = (EXTENSION, PAUSE, TRANSFER)
GRANTED, REFUSED, LAPSED = "granted", "refused", "lapsed"
DECISIONS = (GRANTED, REFUSED, LAPSED)
# On whose account a breach is, and why, where it is not the owner's own.
UNDECIDED, RERATED = "undecided", "rerated"
ARMED, HELD, FIRED, COLLAPSED = "armed", "held", "fired", "collapsed"
RUNG_STATES = (ARMED, HELD, FIRED, COLLAPSED, CANCELLED)


@dataclass(frozen=True, slots=True)
class Effect:
    """What an act does to the clock of one kind of its subject."""

    verb: str
    kind: str


def _effects(text: str) -> tuple[Effect, ...]:
    return tuple(Effect(*part.split()) for part in text.split(", ")) if text else ()


# start: a new cycle of the clock · stop: for somebody's verdict · resume: under the original limit (K9) ·
# rerun: as if it had never stopped · end: done · cancel: the subject is gone · move: the task goes elsewhere ·
# charge: the dispatcher pays · pause, unpause: with the dispatcher's consent (K8) · extend: a later due (K10).
EFFECTS: dict[str, tuple[Effect, ...]] = {
    "issue.open": _effects("start triage, start issue"),
    "issue.take_over": _effects("start issue"),
    "issue.dispatch": _effects("end triage"),
    "issue.dismiss": _effects("end triage, cancel issue"),
    "issue.merge": _effects("end triage, cancel issue"),
    "issue.reopen": _effects("cancel audit, cancel archive, cancel reexamine, start triage, start issue"),
    "issue.recheck": _effects("end reexamine"),
    "issue.advance": _effects("end issue"),
    "issue.advance:unanswered": _effects("start triage"),
    "verification.record:ineffective": _effects("end verify, start triage, start issue"),
    "closure.close:drawn": _effects("end verify, start audit"),
    "closure.close:undrawn": _effects("end verify, start archive"),
    "closure.close:parked": _effects("start reexamine"),
    "closure.archive": _effects("end archive"),
    "audit.approve": _effects("end audit"),
    "audit.return": _effects("end audit, start verify"),
    "task.release": _effects("start sign, start feedback"),
    "task.release:ledger": _effects("start sign, start feedback"),
    "task.sign": _effects("end sign"),
    "task.decline": _effects("end sign, charge feedback, charge contact, start decide"),
    "task.redispatch": _effects("end decide, move sign, move feedback, move contact, start sign, start feedback"),
    "task.adjudicate": _effects("end decide, move sign, move feedback, move contact, start sign, start feedback"),
    "task.transfer": _effects("move sign, move feedback, move contact, start sign, start feedback"),
    "task.cancel": _effects("cancel sign, cancel feedback, cancel contact, cancel decide, cancel review"),
    # Customers of the issue are to be called 需联系客户; the last of them was reached, or three times not.
    "contact.owe": _effects("start contact"),
    "contact.settle": _effects("end contact"),
    "extension.request": _effects("start decide"),
    "extension.grant:feedback": _effects("end decide, extend feedback"),
    "extension.grant:measure": _effects("end decide, extend measure"),
    "extension.refuse": _effects("end decide"),
    "pause.request": _effects("start decide"),
    "pause.grant:feedback": _effects("end decide, pause feedback"),
    "pause.grant:measure": _effects("end decide, pause measure"),
    "pause.refuse": _effects("end decide"),
    "request.lapse": _effects("cancel decide"),
    "clock.resume:feedback": _effects("unpause feedback"),
    "clock.resume:measure": _effects("unpause measure"),
    "transfer.request": _effects("start decide"),
    "transfer.grant": _effects("move sign, move feedback, move contact, start sign, start feedback"),
    "transfer.grant:feedback": _effects("end decide"),
    "transfer.refuse": _effects("end decide"),
    "appeal.file": _effects("start decide"),
    "appeal.uphold": _effects("end decide"),
    "appeal.refuse": _effects("end decide"),
    "task.ask": _effects("start answer"),
    "task.answer": _effects("end answer"),
    "task.redo": _effects("start feedback"),
    "task.redo:issue": _effects("end triage"),
    "feedback.submit:signing": _effects("unpause feedback"),
    "feedback.sign": _effects("stop feedback, start review"),
    "feedback.submit": _effects("stop feedback, start review"),
    "feedback.withdraw": _effects("rerun feedback, cancel review"),
    "review.accept:accepted": _effects("end feedback, cancel contact, end review"),
    "review.accept:following": _effects("end feedback, cancel contact, end review"),
    "review.send_back": _effects("resume feedback, end review"),
    "measure.follow": _effects("start measure"),
    "measure.complete": _effects("stop measure, start review"),
    "measure.confirm": _effects("end measure, end review"),
    "measure.send_back": _effects("resume measure, end review"),
    "measure.cancel": _effects("cancel measure, cancel review"),
}


def account(
    *, holder: str, owner: str, due: datetime, asked_of: str | None, rerated_until: datetime | None
) -> tuple[str, str | None]:
    """On whose account a missed due is, and why where it is not the holder's own.

    A request made in time that nobody decided is the decider's (K10); late by a harsher re-rating alone is the
    center's (K11).
    """
    if holder != owner:
        return holder, None
    if asked_of is not None:
        return asked_of, UNDECIDED
    if rerated_until is not None and due < rerated_until and owner != CENTER:
        return CENTER, RERATED
    return holder, None


def remaining(*, calendar: WorkCalendar, at: datetime, whole: int, consumed: int, floor: Target) -> int:
    """What is left in working seconds after a later fact changed the whole (K11): at least the floor, or the whole."""
    least = min(calendar.worked(at, calendar.due(at, floor)), whole)
    return max(least, whole - consumed)


def replanned(
    *, calendar: WorkCalendar, start: datetime, target: Target, consumed: int, floor: Target, at: datetime
) -> datetime:
    """The due after a later fact changed the target (K11): what was consumed counts, at least the floor is left."""
    whole = calendar.worked(start, max(start, calendar.due(start, target)))
    return calendar.advance(at, remaining(calendar=calendar, at=at, whole=whole, consumed=consumed, floor=floor))


def resumed(*, calendar: WorkCalendar, at: datetime, left: int, whole: int, floor: Target | None) -> datetime:
    """The due time after a send-back (K9): what was left at the submission, or once the floor if less remains."""
    least = 0 if floor is None else min(calendar.worked(at, calendar.due(at, floor)), whole)
    return calendar.advance(at, max(left, least, 0))


def wave_end(*, calendar: WorkCalendar, issue_due: datetime, review: Target, gather: Target | None) -> datetime:
    """When a wave's answers must be in, so that the center can still review in time; supports `gather` earlier."""
    end = calendar.before(issue_due, review)
    return end if gather is None else calendar.before(end, gather)


def landing_due(
    *, calendar: WorkCalendar, end: datetime, at: datetime, least: Target, dispatched_at: datetime | None = None
) -> datetime:
    """A task's due when it lands on a unit (K6): the wave's end, but never less than `least` from now.

    After a redispatch (`dispatched_at` given) also half of the working time the first dispatch had allowed, so that a
    late decision does not starve the second unit.
    """
    dues = [end, calendar.due(at, least)]
    if dispatched_at is not None and dispatched_at < end:
        dues.append(calendar.advance(at, calendar.worked(dispatched_at, end) // 2))
    return max(dues)


def is_outside(code: str) -> bool:
    """Whether a rung is of an issue's outside due, which no plan of ours moves."""
    return code.partition(".")[0] == OUTSIDE


def is_promise(code: str) -> bool:
    """Whether a rung reminds of a promised word on the way."""
    return code.partition(".")[0] == PROGRESS


@dataclass(frozen=True, slots=True)
class Moment:
    """When a rung of a plan fires."""

    code: str
    at: datetime


def moments(
    *, calendar: WorkCalendar, ladder: Sequence[RungSpec], at: datetime, due: datetime, consumed: int
) -> tuple[Moment, ...]:
    """A plan made `at`, with `consumed` working seconds behind it: its moments after `at`; others do not exist."""
    whole = consumed + (calendar.worked(at, due) if due > at else 0)
    found = [Moment(rung.code, _moment(calendar, rung, at, due, whole, consumed)) for rung in ladder]
    return tuple(sorted((m for m in found if m.at > at), key=lambda m: (m.at, m.code)))


def _moment(calendar: WorkCalendar, rung: RungSpec, at: datetime, due: datetime, whole: int, consumed: int) -> datetime:
    if rung.percent is not None:
        ahead = int(Fraction(whole * rung.percent, 100)) - consumed
        return calendar.advance(at, ahead) if ahead > 0 else at
    if rung.offset is None:
        return due
    return calendar.due(due, rung.offset) if rung.sign > 0 else calendar.before(due, rung.offset)
