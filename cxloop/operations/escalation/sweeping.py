"""What is due, and taking it batch by batch."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import InterfaceError, OperationalError

from ...extensions import db
from ...models.clock import Clock, ClockRung
from .firing import fire_chains
from .rungs import armed

# How many chains a transaction takes: few enough that nobody waits long for a head, or for SQLite's one writer.
BATCH = 200
# How many of the soonest rungs are looked at for a batch: a chain may have several, and one look must find a chain.
LOOK = 4 * BATCH
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """A rung that is due, for showing what a sweep would do."""

    moment: datetime
    chain: str
    subject: str
    kind: str
    code: str


def what_is_due(*, at: datetime, most: int = BATCH) -> list[Due]:
    """The rungs that a sweep at this moment would fire, soonest first; changes nothing."""
    rows = db.session.execute(
        select(ClockRung.moment, ClockRung.chain_no, Clock.subject, Clock.kind, ClockRung.code)
        .join(Clock, Clock.id == ClockRung.clock_id)
        .where(armed(), ClockRung.moment <= at)
        .order_by(ClockRung.moment, ClockRung.chain_no, Clock.subject, Clock.kind, ClockRung.code)
        .limit(most)
    )
    return [Due(*row) for row in rows]


def next_moment(*, before: datetime) -> datetime | None:
    """The earliest moment before `before` at which something falls due; None when nothing does."""
    return db.session.scalar(select(func.min(ClockRung.moment)).where(armed(), ClockRung.moment < before))


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


def _fire_apart(kind: str, numbers: Iterable[str], *, at: datetime, origin: str) -> dict[str, int]:
    try:
        return fire_chains(kind, numbers, at=at, origin=origin)
    except (OperationalError, InterfaceError):
        # No chain's fault: the database is away, and the next beat finds everything still armed. A value that cannot be
        # read or a broken constraint is a chain's fault, and must not stop the others.
        raise
    except Exception:
        log.exception("%s of %s cannot be fired together", kind, sorted(numbers))
    fired: dict[str, int] = {}
    for number in sorted(numbers):
        fired |= _fire_clocks_apart(kind, number, at=at, origin=origin)
    return fired


def _fire_clocks_apart(kind: str, number: str, *, at: datetime, origin: str) -> dict[str, int]:
    """Fire a chain clock by clock, the soonest first; what cannot be fired stays armed, and is said."""
    fired = 0
    for clock in _due_clocks(number, at):
        try:
            fired += sum(fire_chains(kind, {number}, at=at, origin=origin, only=clock).values())
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("what is due of clock %s in %s %s cannot be fired; it stays armed", clock, kind, number)
    return {number: fired} if fired else {}


def _due_clocks(number: str, at: datetime) -> list[int]:
    # By the index alone: a moment that nobody can read must not be read here.
    first = func.min(ClockRung.moment)
    rows = select(ClockRung.clock_id).where(armed(), ClockRung.moment <= at, ClockRung.chain_no == number)
    found = list(db.session.scalars(rows.group_by(ClockRung.clock_id).order_by(first, ClockRung.clock_id)))
    db.session.rollback()
    return found


def _due_chains(at: datetime, but: set[str]) -> list[tuple[str, str]]:
    """The chains of the soonest rungs: a look along the index, however much is due behind them."""
    rows = db.session.execute(
        select(ClockRung.chain_kind, ClockRung.chain_no)
        .where(armed(), ClockRung.moment <= at, ClockRung.chain_no.not_in(but))
        .order_by(ClockRung.moment, ClockRung.chain_no)
        .limit(LOOK)
    ).all()
    db.session.rollback()
    return list(dict.fromkeys((kind, number) for kind, number in rows))[:BATCH]
