"""Running clocks after a publication (K12): each is reckoned anew in the calendar that holds now, once.

The worker does it in batches, the soonest due first: a clock that moves gets an entry of its own, a plan and its rungs,
and its unit a notice; of the others it only notes that they were looked at. Stopped and paused clocks are left alone:
they adopt the newest revision when they run on.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import selectinload

from ...domain import clocks as rules
from ...domain.calendar import Target, WorkCalendar
from ...domain.lifecycle import ACTS
from ...domain.vocabulary import SYSTEM
from ...extensions import db
from ...models.calendar import NATIONAL, Calendar, CalendarRevision
from ...models.chain import root_classes
from ...models.clock import Clock
from ...models.issue import Issue
from ...models.measure import Measure
from ...models.task import Task
from ...models.unit import Unit
from .. import trail
from ..act import record, writing
from ..notices import leave, people, receivers, worded
from . import engine
from .drive import show_due

log = logging.getLogger(__name__)
ACT = ACTS["clock.replan"].name
BY = "calendar.publish"
# How many chains a transaction takes: their heads are held meanwhile, and on SQLite the one writer's lock.
BATCH = 100
# An act that read the older revision may still be under way; later than this none is.
GRACE = timedelta(minutes=2)
# Rungs that no ladder knows; they go along with their clock.
_APART = frozenset({rules.START, rules.FILE, rules.RECHECK})


@dataclass(frozen=True, slots=True)
class Anew:
    """What a running clock comes to in another calendar, or another revision of its own."""

    at: datetime
    due: datetime
    consumed: int
    provisional: bool

    def moves(self, clock: Clock) -> bool:
        """Whether the clock's stated due is another one now."""
        return self.due != clock.due_at

    def changes(self, clock: Clock) -> bool:
        """Whether anything is to be stated anew: the due, or that it is official by now."""
        return self.moves(clock) or self.provisional != clock.provisional


def reckoned_anew(clock: Clock, new: WorkCalendar, *, at: datetime) -> Anew:
    """Reckon a running clock in `new`: what its target gives there, or its working seconds, less what it has run.

    Agreed dates stay. A due that has passed stays unless it lies ahead again; one that was ahead never ends before now.
    """
    due, target = clock.due_at, Target.parse(clock.target)
    if due is None:
        raise ValueError(f"{clock.trail_name()} has no due time")
    moment = max(at, clock.started_at)
    consumed = engine.consumed_in(clock, new, at)
    if target.unit in {"hours", "days"}:
        due = _due(clock, target, new, moment, consumed)
    return Anew(moment, due, consumed, new.is_provisional(due))


def _due(clock: Clock, target: Target, new: WorkCalendar, moment: datetime, consumed: int) -> datetime:
    old, start, due = engine.calendar_of(clock), clock.started_at, clock.due_at or moment
    whole, before, _left = engine.reckon(clock, moment)
    left = whole - before
    if old.due(start, target) == due:
        whole = new.worked(start, max(start, new.due(start, target)))
    if due <= moment and whole - consumed <= 0:
        return due
    found = new.advance(moment, max(whole - consumed, 1))
    # A due granted outside the working hours stays as it was granted where nothing changed before it.
    return due if left > 0 and found == old.advance(moment, left) else found


# What is behind


@dataclass(frozen=True, slots=True)
class _Pending:
    """The calendars with a publication under which not all running clocks were looked at, by code."""

    rows: dict[str, tuple[int, datetime]]

    def behind(self) -> ColumnElement[bool]:
        """Running clocks that were last looked at under an older revision of their calendar or the national days."""
        newer = select(Calendar.code).where(Calendar.code == Clock.calendar, Calendar.revision > Clock.checked_revision)
        wanted = [and_(Clock.calendar.in_(self.rows), newer.correlate(Clock).exists())]
        if NATIONAL in self.rows:
            wanted.append(Clock.checked_national < self.rows[NATIONAL][0])
        return and_(Clock.state == rules.RUNNING, or_(*wanted))

    def astray(self) -> ColumnElement[bool]:
        """Running clocks of units that were given another calendar by one of the publications."""
        codes = [code for code in self.rows if code != NATIONAL]
        now = select(Unit.code).where(
            Unit.code == Clock.owner, Unit.calendar.in_(codes), Unit.calendar != Clock.calendar
        )
        return and_(Clock.state == rules.RUNNING, now.correlate(Clock).exists())


def _pending() -> _Pending | None:
    newest = and_(CalendarRevision.calendar == Calendar.code, CalendarRevision.n == Calendar.revision)
    rows = select(Calendar.code, Calendar.revision, CalendarRevision.published_at).join(CalendarRevision, newest)
    found = db.session.execute(rows.where(Calendar.replanned < Calendar.revision)).all()
    db.session.rollback()
    return _Pending({code: (n, at) for code, n, at in found}) if found else None


def _chains(pending: _Pending, but: Iterable[str], most: int) -> list[tuple[datetime, str, str]]:
    """(due, kind, number) of the chains with clocks to be looked at, the soonest due first."""
    first = func.min(Clock.due_at)
    rows = select(Clock.chain_kind, Clock.chain_no, first).where(pending.behind(), Clock.chain_no.not_in(list(but)))
    rows = rows.group_by(Clock.chain_kind, Clock.chain_no).order_by(first, Clock.chain_no).limit(most)
    found = {(kind, number): due for kind, number, due in db.session.execute(rows)}
    # Few: the clocks of single units. Those that run in the policy's calendar stay where they are.
    for clock in db.session.scalars(select(Clock).where(pending.astray(), Clock.chain_no.not_in(list(but)))):
        if engine.calendar_now(clock) != clock.calendar:
            found.setdefault((clock.chain_kind, clock.chain_no), clock.due_at)
    db.session.rollback()
    return sorted((due, *chain) for chain, due in found.items() if due is not None)[:most]


# The driver


def replan_all(*, at: datetime, origin: str = "worker", grace: timedelta = GRACE, batches: int | None = None) -> int:
    """Look at every running clock that a publication may concern, in batches; returns how many were stated anew.

    Costs one small query when nothing was published. What is busy stays for the next time, and so do, after so many
    `batches`, the clocks that are not due yet. Once nothing is left, and the publication is older than `grace`, the
    calendar is noted as done.
    """
    pending = _pending()
    if pending is None:
        return 0
    stated, done, seen, left = 0, 0, set[str](), False
    while chains := _chains(pending, seen, BATCH):
        if batches is not None and done >= batches and chains[0][0] > at:
            return stated
        for kind in sorted({kind for _due, kind, _number in chains}):
            numbers = {number for _due, found, number in chains if found == kind}
            taken = _replan_apart(kind, numbers, pending, at=at, origin=origin)
            left = left or len(taken) < len(numbers)
            seen |= numbers
            stated += sum(taken.values())
        done += 1
    if not left:
        _settle(pending, before=at - grace)
    return stated


def _settle(pending: _Pending, *, before: datetime) -> None:
    done = {code: n for code, (n, published) in pending.rows.items() if published <= before}

    def write() -> None:
        for code, n in done.items():
            # Published again meanwhile, it is looked at again.
            same = (Calendar.code == code, Calendar.revision == n)
            db.session.execute(update(Calendar).where(*same).values(replanned=n))

    if done:
        record(write)


def _replan_apart(kind: str, numbers: set[str], pending: _Pending, *, at: datetime, origin: str) -> dict[str, int]:
    """Replan these chains; one that cannot be is logged, and the others are all the same."""
    try:
        return _replan(kind, numbers, pending, at=at, origin=origin)
    except (OperationalError, InterfaceError):
        # The database is away: no chain's fault.
        raise
    except Exception:
        if len(numbers) == 1:
            log.exception("the clocks of %s %s cannot be re-planned; they keep their due times", kind, *numbers)
            return {}
    taken: dict[str, int] = {}
    for number in sorted(numbers):
        taken |= _replan_apart(kind, {number}, pending, at=at, origin=origin)
    return taken


def _replan(kind: str, numbers: Iterable[str], pending: _Pending, *, at: datetime, origin: str) -> dict[str, int]:
    """Replan the clocks of these chains in one transaction; says how many in which. Busy chains are not in the answer.

    A clock is an act of its own, so a chain gets as many entries as clocks of it are stated anew.
    """
    with writing():
        cls = root_classes()[kind]
        key = cls.__mapper__.primary_key[0]
        heads = select(cls).where(key.in_(numbers)).order_by(key).with_for_update(of=cls, skip_locked=True)
        roots: dict[str, Any] = {root.number(): root for root in db.session.scalars(heads)}
        batch = _Batch.read(roots, pending, at)
        for turn in batch.turns():
            trail.listen(db.session())
            acts = [trail.Apart(batch.restate(clock, origin), roots[clock.chain_no]) for clock in turn]
            trail.seal_apart(db.session(), acts)
        leave(batch.notices)
    return {number: batch.stated.get(number, 0) for number in roots}


@dataclass(frozen=True, slots=True)
class _Batch:
    """The clocks of some chains, what restating them needs, read for all at once, and the notices it leaves."""

    roots: dict[str, Any]
    clocks: Sequence[Clock]
    subjects: dict[str, Task | Measure]
    published: dict[tuple[str, int], datetime]
    people: Callable[..., list[str]]
    moments: dict[str, datetime]
    anew: dict[int, Anew]
    stated: dict[str, int]
    notices: list[dict[str, Any]]

    @classmethod
    def read(cls, roots: dict[str, Any], pending: _Pending, at: datetime) -> "_Batch":
        whole = [selectinload(part) for part in (Clock.plans, Clock.spans, Clock.rungs, Clock.breaches)]
        rows = select(Clock).where(Clock.chain_no.in_(roots), or_(pending.behind(), pending.astray())).options(*whole)
        clocks = list(db.session.scalars(rows.order_by(Clock.chain_no, Clock.subject, Clock.kind, Clock.cycle)))
        numbers = {clock.subject.partition("/")[0] for clock in clocks if clock.kind in {"feedback", "measure"}}
        subjects: dict[str, Task | Measure] = {
            task.no: task for task in db.session.scalars(select(Task).where(Task.no.in_(numbers)))
        }
        followed = select(Measure).where(Measure.task_no.in_(numbers))
        subjects |= {row.number(): row for row in db.session.scalars(followed)}
        dates = select(CalendarRevision.calendar, CalendarRevision.n, CalendarRevision.published_at)
        dates = dates.where(CalendarRevision.calendar.in_(pending.rows))
        published = {(code, n): since for code, n, since in db.session.execute(dates)}
        moments = {number: max(at, root.head_at or at) for number, root in roots.items()}
        return cls(roots, clocks, subjects, published, cache(people), moments, {}, {}, [])

    def turns(self) -> Iterator[list[Clock]]:
        """The clocks to be stated anew, in turns with one of each chain; the others are noted as looked at."""
        queues: dict[str, list[Clock]] = {}
        for clock in self.clocks:
            code = engine.calendar_now(clock)
            value, revision, national = engine.current_calendar(code)
            anew = reckoned_anew(clock, value, at=self.moments[clock.chain_no])
            if code != clock.calendar or anew.changes(clock):
                self.anew[clock.id] = anew
                queues.setdefault(clock.chain_no, []).append(clock)
            else:
                clock.checked_revision, clock.checked_national = revision, national
        self.stated.update({number: len(queue) for number, queue in queues.items()})
        while queues:
            yield [queue.pop(0) for _number, queue in sorted(queues.items())]
            queues = {number: queue for number, queue in queues.items() if queue}

    def restate(self, clock: Clock, origin: str) -> trail.Seal:
        """State one clock's due anew, with its rungs; gives the entry that tells so."""
        anew, was, at = self.anew[clock.id], clock.due_at, self.moments[clock.chain_no]
        published = self._published(clock)
        if was is not None and published is not None and was < published:
            # It had passed before anybody said otherwise: that stays on record (TMR-12).
            engine.note_lateness(clock, at=at)
        apart = [rung for rung in clock.rungs if rung.state == rules.ARMED and rung.code in _APART]
        value = engine.adopt(clock, engine.calendar_now(clock))
        ladder = engine.ladder_of(clock)
        engine.plan(
            clock, at=anew.at, due=anew.due, consumed=anew.consumed, why="calendar", act=BY, ladder=ladder,
            calendar=value,
        )  # fmt: skip
        for rung in apart:
            engine.arm(clock, [rules.Moment(rung.code, anew.due if rung.moment == was else rung.moment)])
        self._show(clock, was, at)
        return trail.Seal(ACT, clock.subject, SYSTEM, SYSTEM, at, origin, {})

    def _published(self, clock: Clock) -> datetime | None:
        """When the first revision appeared under which the clock was not looked at yet."""
        code = engine.calendar_now(clock)
        last = {clock.calendar: clock.checked_revision, NATIONAL: clock.checked_national}
        known = [at for (of, n), at in self.published.items() if of in {code, NATIONAL} and n > last.get(of, 0)]
        return min(known, default=None)

    def _show(self, clock: Clock, was: datetime | None, at: datetime) -> None:
        subject = self.subjects.get(clock.subject)
        if subject is None:
            return
        show_due(subject, clock)
        issue, task = self.roots[clock.chain_no], self.subjects.get(clock.subject.partition("/")[0])
        if was == clock.due_at or was is None or clock.due_at is None:
            return
        if not isinstance(issue, Issue) or not isinstance(task, Task):
            return
        handler = subject.handler if isinstance(subject, Measure) else None
        told = receivers(["handler"], issue=issue, task=task, handler=handler, look_up=self.people)
        params: dict[str, Any] = {"kind": clock.kind, "was_at": was.isoformat(), "due_at": clock.due_at.isoformat()}
        about: dict[str, Any] = {"subject": clock.subject, "rated": issue.severity, "title": task.title}
        self.notices.extend(worded(told, code="notice.due_moved", at=at, **about, **params))
