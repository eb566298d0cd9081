"""Time acts: the sweep fires each rung once, writes breaches, and ends what time ends.

An issue's rungs stand or fall together, under the head of its chain, with their notices, breaches, deemed signatures
and entry, however many workers sweep and whenever one of them dies. Many issues share a transaction.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import contains_eager

from ..domain import clocks as rules
from ..domain.lifecycle import ACTS as LIFECYCLE
from ..domain.vocabulary import SYSTEM, IssueState, TaskState
from ..extensions import db
from ..models.chain import root_classes
from ..models.clock import Clock, ClockRung
from ..models.issue import Issue
from ..models.measure import Measure
from ..models.task import Task
from ..models.unit import Unit
from . import trail
from .act import writing
from .clocks import engine
from .closure import archive
from .notices import leave, people, receivers, worded
from .tasks import take_by_default

# How many chains a transaction takes: few enough that nobody waits long for a head, or for SQLite's one writer.
BATCH = 200
log = logging.getLogger(__name__)
ACT = LIFECYCLE["clock.fire"].name
ON_OTHERS_ACCOUNT = ("analyst", "center_manager")


@dataclass(frozen=True, slots=True)
class Due:
    """A rung that is due, for showing what a sweep would do."""

    moment: datetime
    chain: str
    subject: str
    kind: str
    code: str


def _armed(at: datetime) -> Any:
    return ClockRung.state == rules.ARMED, ClockRung.moment <= at


def what_is_due(*, at: datetime, most: int = BATCH) -> list[Due]:
    """The rungs that a sweep at this moment would fire, soonest first; changes nothing."""
    rows = db.session.execute(
        select(ClockRung.moment, ClockRung.chain_no, Clock.subject, Clock.kind, ClockRung.code)
        .join(Clock, Clock.id == ClockRung.clock_id)
        .where(*_armed(at))
        .order_by(ClockRung.moment, ClockRung.chain_no, Clock.subject, Clock.kind, ClockRung.code)
        .limit(most)
    )
    return [Due(*row) for row in rows]


def next_moment(*, before: datetime) -> datetime | None:
    """The earliest moment before `before` at which something falls due; None when nothing does."""
    found = select(func.min(ClockRung.moment)).where(ClockRung.state == rules.ARMED, ClockRung.moment < before)
    return db.session.scalar(found)


def sweep(*, at: datetime, origin: str = "worker", apart: bool = False) -> int:
    """Fire everything that is due at `at`; returns how many rungs fired or collapsed.

    A chain that somebody holds is left for the next beat (PostgreSQL); SQLite's writers wait for one another.
    `apart`: one damaged chain is logged and stays armed, for all to see, and the others fire all the same.
    """
    fire = _fire_apart if apart else fire_chains
    fired, passed_over = 0, set[str]()
    while True:
        chains = _due_chains(at, passed_over)
        if not chains:
            return fired
        for kind in sorted({kind for kind, _number in chains}):
            numbers = {number for found, number in chains if found == kind}
            taken = fire(kind, numbers, at=at, origin=origin)
            passed_over |= numbers - taken.keys()
            fired += sum(taken.values())


def _fire_apart(kind: str, numbers: set[str], *, at: datetime, origin: str) -> dict[str, int]:
    try:
        return fire_chains(kind, numbers, at=at, origin=origin)
    except DBAPIError:
        # No chain's fault: the database is away, and the next beat finds everything still armed.
        raise
    except Exception:
        if len(numbers) == 1:
            log.exception("what is due in %s %s cannot be fired; it stays armed", kind, *numbers)
            return {}
    fired: dict[str, int] = {}
    for number in sorted(numbers):
        fired |= _fire_apart(kind, {number}, at=at, origin=origin)
    return fired


def _due_chains(at: datetime, but: Iterable[str]) -> list[tuple[str, str]]:
    rows = db.session.execute(
        select(ClockRung.chain_kind, ClockRung.chain_no, func.min(ClockRung.moment).label("first"))
        .where(*_armed(at), ClockRung.chain_no.not_in(list(but)))
        .group_by(ClockRung.chain_kind, ClockRung.chain_no)
        .order_by("first", ClockRung.chain_no)
        .limit(BATCH)
    ).all()
    db.session.rollback()
    return [(kind, number) for kind, number, _first in rows]


def fire_chains(kind: str, numbers: Iterable[str], *, at: datetime, origin: str) -> dict[str, int]:
    """Fire what is due in these chains, in one transaction with an entry for each; says how many rungs in which.

    Chains that are busy, or in which nothing is due any more, are not in the answer. What the rungs need is read for
    all of them at once: a chain's own transaction would cost ten times as much.
    """
    with writing():
        cls = root_classes()[kind]
        key = cls.__mapper__.primary_key[0]
        heads = select(cls).where(key.in_(numbers)).order_by(key).with_for_update(of=cls, skip_locked=True)
        roots: dict[str, Any] = {root.number(): root for root in db.session.scalars(heads)}
        known = _Known.read(_due_rungs(roots, at))
        fired = {number: _fire_chain(roots[number], rungs, at, known) for number, rungs in known.rungs.items()}
        seals = [
            trail.Seal(ACT, rungs[0].clock.subject, SYSTEM, SYSTEM, fired[number], origin, {})
            for number, rungs in known.rungs.items()
        ]
        leave(known.notices)
        trail.seal_apart(db.session(), seals, [roots[number] for number in known.rungs])
    return {number: len(rungs) for number, rungs in known.rungs.items()}


def _fire_chain(root: Any, rungs: list[ClockRung], at: datetime, known: "_Known") -> datetime:
    """Fire one chain's rungs; returns the moment they fired at, which is not before the chain's last entry."""
    at = max(at, root.head_at or at)
    highest = _highest(rungs)
    for rung in rungs:
        _fire(rung, at=at, overtaken=highest[rung.clock_id] is not rung, known=known)
    return at


def _due_rungs(numbers: Iterable[str], at: datetime) -> list[ClockRung]:
    return list(
        db.session.scalars(
            select(ClockRung)
            .join(ClockRung.clock)
            .where(ClockRung.chain_no.in_(list(numbers)), *_armed(at))
            .order_by(ClockRung.chain_no, ClockRung.moment, Clock.subject, Clock.kind, ClockRung.code)
            .options(contains_eager(ClockRung.clock).selectinload(Clock.breaches))
        )
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What firing a batch needs, read for all of it at once, and the notices it leaves."""

    rungs: dict[str, list[ClockRung]]
    tasks: dict[str, Task]
    measures: dict[str, Measure]
    units: list[Unit]
    people: Callable[..., list[str]]
    notices: list[dict[str, Any]]

    @classmethod
    def read(cls, rungs: list[ClockRung]) -> "_Known":
        by_chain: dict[str, list[ClockRung]] = {}
        for rung in rungs:
            by_chain.setdefault(rung.chain_no, []).append(rung)
        subjects = {rung.clock.subject for rung in rungs if rung.clock.subject != rung.chain_no}
        numbers = {subject.partition("/")[0] for subject in subjects}
        followed = {subject.partition("/")[0] for subject in subjects if "/" in subject}
        tasks = db.session.scalars(select(Task).where(Task.no.in_(numbers))) if numbers else ()
        measures = db.session.scalars(select(Measure).where(Measure.task_no.in_(followed))) if followed else ()
        # Held here so that the session, which holds records weakly, answers for them without asking again.
        units = db.session.scalars(select(Unit).where(Unit.code.in_({rung.clock.owner for rung in rungs})))
        return cls(
            by_chain, {task.no: task for task in tasks}, {row.number(): row for row in measures}, list(units),
            cache(people), [],
        )  # fmt: skip


def _highest(rungs: Iterable[ClockRung]) -> dict[int, ClockRung]:
    """The rung of each clock that is told; the others collapse into it.

    An unsigned task is deemed signed at its due: what stands after that would never have come, so it overtakes nothing.
    """
    highest: dict[int, ClockRung] = {}
    for rung in rungs:
        last = highest.get(rung.clock_id)
        if last is None or rung.clock.kind != "sign" or last.code != rules.DUE:
            highest[rung.clock_id] = rung
    return highest


def _fire(rung: ClockRung, *, at: datetime, overtaken: bool, known: _Known) -> None:
    if rung.state != rules.ARMED:
        # An earlier rung of this very sweep ended the clock: a deemed signature, say.
        return
    clock = rung.clock
    rung.state = rules.COLLAPSED if overtaken else rules.FIRED
    rung.fired_at, rung.late = at, _is_late(rung, at)
    if rung.code == rules.DUE:
        engine.breach(clock, at=at)
    issue, task, measure = _subject(clock, known)
    if not overtaken:
        _tell(rung, clock, issue, task, measure, at, known)
    if rung.code == rules.DUE and clock.kind == "sign" and task is not None and task.state == TaskState.DISPATCHED:
        take_by_default(task, at=at)
    if rung.code == rules.FILE and issue.state == IssueState.CLOSED:
        archive(issue, at=at)


def _is_late(rung: ClockRung, at: datetime) -> bool:
    return (at - rung.moment).total_seconds() > engine.policy_of(rung.clock).rung_late_seconds


def _subject(clock: Clock, known: _Known) -> tuple[Issue, Task | None, Measure | None]:
    # The issue is the chain's root, which is locked: the session has it.
    issue = db.session.get(Issue, clock.chain_no)
    if issue is None:
        raise LookupError(f"clock {clock.id} is of no issue")
    if clock.subject == issue.no:
        return issue, None, None
    return issue, known.tasks.get(clock.subject.partition("/")[0]), known.measures.get(clock.subject)


def _tell(
    rung: ClockRung, clock: Clock, issue: Issue, task: Task | None, measure: Measure | None, at: datetime,
    known: _Known,
) -> None:  # fmt: skip
    # Past its due on the dispatcher's account, a unit's clock is the center's to hear of.
    codes = _receivers(rung, clock) if clock.holder == clock.owner else ON_OTHERS_ACCOUNT
    handler = None if measure is None else measure.handler
    held = task if clock.kind not in {"decide", "review"} else None
    told = receivers(codes, issue=issue, task=held, handler=handler, look_up=known.people)
    code = "notice.breach" if rung.code == rules.DUE else "notice.rung"
    if rung.code == rules.START:
        code = "notice.wait_over"
    params = {
        "kind": clock.kind,
        "rung": rung.code,
        "due_at": None if clock.due_at is None else clock.due_at.isoformat(),
    }
    title = issue.title if task is None else task.title
    known.notices.extend(worded(told, code=code, subject=clock.subject, at=at, title=title, **params))


def _receivers(rung: ClockRung, clock: Clock) -> tuple[str, ...]:
    if rung.code == rules.START:
        return ("analyst", "center_manager")
    ladder = engine.ladder_of(clock)
    return next((spec.receivers for spec in ladder if spec.code == rung.code), ())
