"""Are the stored due times what the history says? Every clock is derived again and compared, field by field (F-11)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from ..domain import clocks as rules
from ..domain.derivation import Derived, Fact, Underivable, ending
from ..extensions import db
from ..models.clock import Clock
from ..models.issue import Issue
from .history import Chain, chains, stretches

BATCH = 200
# How long before an outside due it is warned of.
OUTSIDE_DAYS = (3, 1, 0)


@dataclass(frozen=True, slots=True)
class Difference:
    """A stored field that its history does not bear out; for a fact that is missing `derived` says which."""

    clock: int
    name: str
    field: str
    stored: str
    derived: str


@dataclass(frozen=True, slots=True)
class Verified:
    """How much was looked at, and what was wrong."""

    clocks: int
    plans: int
    rungs: int
    differences: tuple[Difference, ...]


def verify_clocks() -> Verified:
    """Derive every clock of every issue again and compare: plans, dues, remainders, overruns, rungs, breaches."""
    numbers = list(db.session.scalars(select(Issue.no).order_by(Issue.no)))
    clocks = plans = rungs = 0
    found: list[Difference] = []
    for first in range(0, len(numbers), BATCH):
        for chain in chains(numbers[first : first + BATCH]):
            for clock in chain.clocks:
                clocks, plans, rungs = clocks + 1, plans + len(clock.plans), rungs + len(clock.rungs)
                found.extend(differences(chain, clock))
        db.session.expunge_all()
    return Verified(clocks, plans, rungs, tuple(found))


def differences(chain: Chain, clock: Clock) -> Iterator[Difference]:
    """What of one clock its history does not bear out."""
    try:
        facts, told = chain.derived(clock)
        pairs = [
            *_plans(clock, told),
            *_clock(clock, facts, told),
            *_rungs(chain, clock, told),
            *_shown(chain, clock, told),
        ]
    except (Underivable, LookupError) as error:
        yield Difference(clock.id, clock.trail_name(), "history", "", f"{type(error).__name__}: {error}")
        return
    for name, stored, derived in pairs:
        if stored != derived:
            yield Difference(clock.id, clock.trail_name(), name, _text(stored), _text(derived))


Pairs = Iterable[tuple[str, Any, Any]]


def _plans(clock: Clock, told: list[Derived]) -> Pairs:
    yield "plan", clock.plan, len(told)
    for plan, derived in zip(clock.plans, told, strict=True):
        yield f"plan.{plan.n}.due_at", plan.due_at, derived.due
        yield f"plan.{plan.n}.consumed", plan.consumed, derived.consumed
        if plan.remaining is not None or derived.due is None:
            yield f"plan.{plan.n}.remaining", plan.remaining, derived.remaining
    dues = {plan.n: derived.due for plan, derived in zip(clock.plans, told, strict=True)}
    for breach in clock.breaches:
        yield f"breach.{breach.plan}.due_at", breach.due_at, dues.get(breach.plan)


def _clock(clock: Clock, facts: list[Fact], told: list[Derived]) -> Pairs:
    end = ending(state=clock.state, facts=facts, told=told, stretches=stretches(clock), ended_at=clock.ended_at)
    yield "started_at", clock.started_at, told[0].at
    yield "due_at", clock.due_at, end.due
    yield "consumed", clock.consumed, told[-1].consumed
    yield "remaining", clock.remaining, end.remaining
    yield "ended_at", clock.ended_at, end.ended_at
    yield "overrun", clock.overrun, end.overrun
    yield "paused", clock.paused, end.paused
    yield "extensions", clock.extensions, sum(fact.why == "extension" for fact in facts)
    yield "provisional", clock.provisional, end.provisional


def _rungs(chain: Chain, clock: Clock, told: list[Derived]) -> Pairs:
    for n, derived in enumerate(told, 1):
        stored = {rung.code: rung.moment for rung in clock.rungs if rung.plan == n}
        wanted = {moment.code: moment.at for moment in derived.moments} | _apart(clock, n, derived, stored)
        wanted |= _promised(chain, clock, stored)
        for code in sorted(stored.keys() | wanted.keys()):
            yield f"rung.{n}.{code}", stored.get(code), wanted.get(code)


def _apart(clock: Clock, n: int, derived: Derived, stored: dict[str, datetime]) -> dict[str, datetime]:
    """Rungs that no ladder knows."""
    special = {"archive": rules.FILE, "reexamine": rules.RECHECK}.get(clock.kind)
    found = {special: derived.due} if special is not None and derived.due is not None else {}
    waited = clock.kind == "verify" and clock.plans[0].act == "issue.advance"
    # Stated anew before it begins, a clock still says when it does; afterwards it does not.
    if waited and (n == 1 or (rules.START in stored and derived.at == clock.started_at)):
        found[rules.START] = clock.started_at
    return found


def _promised(chain: Chain, clock: Clock, stored: dict[str, datetime]) -> dict[str, datetime]:
    """Rungs of promised words and of an outside due: they stand beside the plans, and have moments of their own."""
    found: dict[str, datetime] = {}
    dates = [datetime.fromisoformat(value) for value in chain.past.every(chain.issue.no, "external_due_at") if value]
    warnings = {date - timedelta(days=days) for date in dates for days in OUTSIDE_DAYS}
    for code, moment in stored.items():
        kind, _, count = code.partition(".")
        if kind == "progress":
            next_at = chain.notes.get(f"{clock.subject}/{count}")
            found |= {code: next_at} if next_at is not None else {}
        elif kind == "outside" and moment in warnings:
            found[code] = moment
    return found


def _shown(chain: Chain, clock: Clock, told: list[Derived]) -> Pairs:
    """The due that stands beside the task or measure for the lists."""
    newest = not any(
        row.cycle > clock.cycle for row in chain.clocks if (row.subject, row.kind) == (clock.subject, clock.kind)
    )
    if clock.kind == "feedback" and newest:
        yield "task.due_at", chain.tasks[clock.subject].due_at, told[-1].due
    if clock.kind == "measure" and newest:
        yield "measure.due_at", chain.measures[clock.subject].due_at, told[-1].due


def _text(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
