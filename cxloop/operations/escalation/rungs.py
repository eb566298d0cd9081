"""The rungs that are due, as rows: what firing them needs to know of their clocks."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, literal, select

from ...domain import clocks as rules
from ...extensions import db
from ...models.clock import Breach, Clock, ClockRung


class DueRung(NamedTuple):
    """A due rung and its clock; `breached` is the breach that the clock's plan has already."""

    id: int
    code: str
    moment: datetime
    armed_by: int
    clock_id: int
    chain_no: str
    subject: str
    kind: str
    cycle: int
    owner: str
    holder: str
    target: str
    policy_version: int
    plan: int
    due_at: datetime | None
    asked_of: str | None
    rerated_until: datetime | None
    breached: int | None


_CLOCKS = (
    Clock.id, Clock.chain_no, Clock.subject, Clock.kind, Clock.cycle, Clock.owner, Clock.holder, Clock.target,
    Clock.policy_version, Clock.plan, Clock.due_at, Clock.asked_of, Clock.rerated_until,
)  # fmt: skip


def armed() -> ColumnElement[bool]:
    """That a rung waits for its moment. Written into the statement, so that any plan may use the index of the armed."""
    return ClockRung.state == literal(rules.ARMED, literal_execute=True)


def due_rungs(numbers: Iterable[str], at: datetime, only: int | None = None) -> dict[str, list[DueRung]]:
    """What is due in these chains, chain by chain, in the order in which it fires (`only`: of one clock)."""
    of = () if only is None else (ClockRung.clock_id == only,)
    rows = db.session.execute(
        select(ClockRung.id, ClockRung.code, ClockRung.moment, ClockRung.plan, *_CLOCKS, Breach.id)
        .join(Clock, Clock.id == ClockRung.clock_id)
        .outerjoin(Breach, and_(Breach.clock_id == Clock.id, Breach.plan == Clock.plan))
        .where(ClockRung.chain_no.in_(list(numbers)), armed(), ClockRung.moment <= at, *of)
        .order_by(ClockRung.chain_no, ClockRung.moment, Clock.subject, Clock.kind, ClockRung.code)
    )
    found: dict[str, list[DueRung]] = {}
    for row in rows:
        rung = DueRung._make(row)
        found.setdefault(rung.chain_no, []).append(rung)
    return found


def highest(rungs: Sequence[DueRung]) -> set[int]:
    """The rung of each clock that is told, by id; the others collapse into it.

    An unsigned task is deemed signed at its due: what stands after that would never have come, so it overtakes nothing.
    """
    told: dict[int, Any] = {}
    for rung in rungs:
        last = told.get(rung.clock_id)
        if last is None or rung.kind != "sign" or last.code != rules.DUE:
            told[rung.clock_id] = rung
    return {rung.id for rung in told.values()}


# A statement takes 32,766 values on SQLite, 65,535 on PostgreSQL; after weeks of silence a batch may have more.
PORTION = 1000


def portions(values: Iterable[Any]) -> Iterator[list[Any]]:
    """The values in lists that fit a statement."""
    listed = list(values)
    return (listed[start : start + PORTION] for start in range(0, len(listed), PORTION))
