"""Time acts: the sweep fires each rung once, writes breaches, and ends what time ends.

One issue's rungs at one moment are one transaction, under the head of the issue's chain: notices, breach, deemed
signature and entry stand or fall together, however many workers sweep and whenever one of them dies.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ..domain import clocks as rules
from ..domain.lifecycle import ACTS as LIFECYCLE
from ..domain.vocabulary import SYSTEM, IssueState, TaskState
from ..extensions import db
from ..models.chain import root_classes
from ..models.clock import Clock, ClockRung
from ..models.issue import Issue
from ..models.measure import Measure
from ..models.task import Task
from . import trail
from .act import begin_writing
from .clocks import engine
from .closure import archive
from .notices import receivers, tell
from .tasks import take_by_default

BATCH = 200
ACT = LIFECYCLE["clock.fire"].name


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


def sweep(*, at: datetime, origin: str = "worker") -> int:
    """Fire everything that is due at `at`; returns how many rungs fired or collapsed.

    A chain that somebody holds is left for the next beat (PostgreSQL); SQLite's writers wait for one another.
    """
    fired, passed_over = 0, set[str]()
    while True:
        chains = _due_chains(at, passed_over)
        if not chains:
            return fired
        for kind, number in chains:
            count = fire_chain(kind, number, at=at, origin=origin)
            if not count:
                passed_over.add(number)
            fired += count


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


def fire_chain(kind: str, number: str, *, at: datetime, origin: str) -> int:
    """Fire what is due in one chain, in one transaction; 0 when it is busy or nothing is due any more."""
    begin_writing()
    try:
        cls = root_classes()[kind]
        key = cls.__mapper__.primary_key[0]
        root: Any = db.session.scalar(select(cls).where(key == number).with_for_update(of=cls, skip_locked=True))
        rungs = [] if root is None else _due_rungs(number, at)
        if not rungs:
            db.session.rollback()
            return 0
        at = max(at, root.head_at or at)
        highest = _highest(rungs)
        for rung in rungs:
            _fire(rung, at=at, overtaken=highest[rung.clock_id] is not rung)
        subject = rungs[0].clock.subject
        trail.seal(db.session(), trail.Seal(ACT, subject, SYSTEM, SYSTEM, at, origin, {}), [root])
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        trail.forget(db.session())
    return len(rungs)


def _due_rungs(number: str, at: datetime) -> list[ClockRung]:
    return list(
        db.session.scalars(
            select(ClockRung)
            .join(Clock, Clock.id == ClockRung.clock_id)
            .where(ClockRung.chain_no == number, *_armed(at))
            .order_by(ClockRung.moment, Clock.subject, Clock.kind, ClockRung.code)
        )
    )


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


def _fire(rung: ClockRung, *, at: datetime, overtaken: bool) -> None:
    if rung.state != rules.ARMED:
        # An earlier rung of this very sweep ended the clock: a deemed signature, say.
        return
    clock = rung.clock
    rung.state = rules.COLLAPSED if overtaken else rules.FIRED
    rung.fired_at, rung.late = at, (at - rung.moment).total_seconds() > rules.LATE_AFTER_SECONDS
    if rung.code == rules.DUE:
        engine.breach(clock, at=at)
    issue, task, measure = _subject(clock)
    if not overtaken:
        _tell(rung, clock, issue, task, measure, at)
    if rung.code == rules.DUE and clock.kind == "sign" and task is not None and task.state == TaskState.DISPATCHED:
        take_by_default(task, at=at)
    if rung.code == rules.FILE and issue.state == IssueState.CLOSED:
        archive(issue, at=at)


def _subject(clock: Clock) -> tuple[Issue, Task | None, Measure | None]:
    issue = db.session.get(Issue, clock.chain_no)
    if issue is None:
        raise LookupError(f"clock {clock.id} is of no issue")
    if clock.subject == issue.no:
        return issue, None, None
    task_no, _, n = clock.subject.partition("/")
    measure = None
    if n:
        measure = db.session.scalar(select(Measure).where(Measure.task_no == task_no, Measure.n == int(n)))
    return issue, db.session.get(Task, task_no), measure


def _tell(
    rung: ClockRung, clock: Clock, issue: Issue, task: Task | None, measure: Measure | None, at: datetime
) -> None:
    codes = _receivers(rung, clock)
    handler = None if measure is None else measure.handler
    held = task if clock.kind not in {"decide", "review"} else None
    told = receivers(codes, issue=issue, task=held, handler=handler)
    code = "notice.breach" if rung.code == rules.DUE else "notice.rung"
    if rung.code == rules.START:
        code = "notice.wait_over"
    params = {
        "kind": clock.kind,
        "rung": rung.code,
        "due_at": None if clock.due_at is None else clock.due_at.isoformat(),
    }
    title = issue.title if task is None else task.title
    tell(told, code=code, subject=clock.subject, at=at, title=title, **params)


def _receivers(rung: ClockRung, clock: Clock) -> tuple[str, ...]:
    if rung.code == rules.START:
        return ("analyst", "center_manager")
    ladder = engine.ladder_of(clock)
    return next((spec.receivers for spec in ladder if spec.code == rung.code), ())
