"""Clocks as they are read: with their plans, spans, rungs and breaches."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from ..domain.clocks import RUNNING
from ..domain.permissions import Person
from ..extensions import db
from ..models.clock import Breach, Clock, ClockPlan, Request
from ..models.scope import clocks_seen
from .listing import Listing, is_number, is_one_of

_HEAD = (
    "id",
    "subject",
    "kind",
    "cycle",
    "severity",
    "owner",
    "holder",
    "state",
    "target",
    "calendar",
    "calendar_revision",
    "national_revision",
    "policy_version",
    "started_at",
    "due_at",
    "provisional",
    "remaining",
    "pause_until",
    "paused",
    "extensions",
    "stopped_at",
    "ended_at",
    "overrun",
)
_PLAN = (
    "n",
    "at",
    "due_at",
    "why",
    "act",
    "target",
    "calendar",
    "calendar_revision",
    "national_revision",
    "policy_version",
    "consumed",
    "remaining",
)
_SPAN = ("n", "state", "holder", "from_at", "to_at")
_RUNG = ("plan", "code", "moment", "state", "fired_at", "late")
_BREACH = ("plan", "at", "due_at", "policy_version", "holder", "cause")
_WAIVER = ("reason", "text", "by", "at")
_REQUEST = ("n", "kind", "reason", "text", "wanted_at", "granted_at", "by", "at")
_DECISION = ("decision", "decided_by", "decided_at", "decision_text")


def _pick(record: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def views(clocks: Sequence[Clock], _person: Person, at: datetime) -> list[dict[str, Any]]:
    """A page of clocks, without their rows."""
    first = select(ClockPlan.clock_id, ClockPlan.due_at).where(ClockPlan.n == 1)
    numbers = [clock.id for clock in clocks]
    rows = db.session.execute(first.where(ClockPlan.clock_id.in_(numbers))).all()
    originals = {row.clock_id: row.due_at for row in rows}
    return [_head(clock, at, originals.get(clock.id)) for clock in clocks]


def _head(clock: Clock, at: datetime, original: datetime | None) -> dict[str, Any]:
    view = _pick(clock, _HEAD)
    # The first promise is kept for ever, whatever was granted later.
    view["original_due_at"] = original
    view["overdue"] = clock.state == RUNNING and clock.due_at is not None and at > clock.due_at
    return view


def _whole(clock: Clock, at: datetime, requests: Sequence[Request]) -> dict[str, Any]:
    view = _head(clock, at, clock.plans[0].due_at)
    view["plans"] = [_pick(row, _PLAN) for row in clock.plans]
    view["spans"] = [_pick(row, _SPAN) for row in clock.spans]
    view["rungs"] = [_pick(row, _RUNG) for row in clock.rungs]
    view["breaches"] = [_breach(row) for row in clock.breaches]
    view["requests"] = [_pick(row, (*_REQUEST, *_DECISION)) for row in requests if row.clock_id == clock.id]
    return view


def _breach(row: Breach) -> dict[str, Any]:
    view = _pick(row, _BREACH)
    view["waiver"] = None if row.waiver is None else _pick(row.waiver, _WAIVER)
    return view


def _requests(clocks: Sequence[Clock]) -> list[Request]:
    """What units asked for on these clocks; who sees a clock sees what was asked on it."""
    ids = [clock.id for clock in clocks]
    rows = select(Request).where(Request.clock_id.in_(ids)).order_by(Request.id)
    return list(db.session.scalars(rows)) if ids else []


_ROWS = (
    selectinload(Clock.plans),
    selectinload(Clock.spans),
    selectinload(Clock.rungs),
    selectinload(Clock.breaches).joinedload(Breach.waiver),
)


def find(*, id_: int, person: Person, at: datetime) -> dict[str, Any] | None:
    """One clock with its rows, or None when the person may not see it."""
    clock = db.session.scalar(select(Clock).where(Clock.id == id_, clocks_seen(person)).options(*_ROWS))
    return None if clock is None else _whole(clock, at, _requests([clock]))


def of_task(*, no: str, person: Person, at: datetime) -> list[dict[str, Any]]:
    """The clocks of a task and of its measures, as they began."""
    rows = (
        select(Clock)
        .where(or_(Clock.subject == no, Clock.subject.startswith(f"{no}/", autoescape=True)), clocks_seen(person))
        .order_by(Clock.started_at, Clock.id)
        .options(*_ROWS)
    )
    clocks = list(db.session.scalars(rows))
    requests = _requests(clocks)
    return [_whole(clock, at, requests) for clock in clocks]


LISTING = Listing(
    name="clocks",
    entity=Clock,
    seen=clocks_seen,
    view=views,
    filters={
        "kind": is_one_of(Clock.kind),
        "state": is_one_of(Clock.state),
        "owner": is_one_of(Clock.owner),
        "holder": is_one_of(Clock.holder),
        "subject": is_one_of(Clock.subject),
        "severity": is_number(Clock.severity, low=1, high=4),
    },
    sorts={"id": Clock.id, "due_at": Clock.due_at, "started_at": Clock.started_at},
    order="-id",
)
