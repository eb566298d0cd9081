"""What a publication would move, before it is applied: the running clocks, from when to when. Changes nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from ...domain import clocks as rules
from ...domain.calendar import WorkCalendar
from ...extensions import db
from ...models.calendar import NATIONAL, Calendar, definition_of, newest_definitions, value_of
from ...models.clock import Clock
from ...models.reference import refer
from .recalendar import Anew, reckoned_anew

CHUNK = 500
MOST = 100


@dataclass(frozen=True, slots=True)
class Move:
    """A running clock that a publication would state anew."""

    id: int
    subject: str
    kind: str
    unit: str
    severity: int
    calendar: str
    was_at: datetime
    due_at: datetime
    moves: bool
    becomes_official: bool


@dataclass(slots=True)
class Foresight:
    """What a publication would do to running clocks: how many, and the first of them by their due."""

    calendars: list[str]
    looked_at: int = 0
    moved: int = 0
    official: int = 0
    items: list[Move] = field(default_factory=list)
    more: int = 0


def foresee(definitions: Mapping[str, Any], *, at: datetime, skip: int = 0, most: int = MOST) -> Foresight:
    """What publishing these stored definitions would do at a moment: clocks that move, dues that become official.

    At most `most` of them after the first `skip` are told, the soonest due first; `more` says how many follow.
    """
    values = _values(definitions)
    found = Foresight(sorted(definitions.keys() | values.keys()))
    place = 0
    for clock in _running(list(values)):
        found.looked_at += 1
        anew = reckoned_anew(clock, values[clock.calendar], at=at)
        if not anew.changes(clock):
            continue
        found.moved += anew.moves(clock)
        found.official += clock.provisional and not anew.provisional
        if skip <= place < skip + most:
            found.items.append(_move(clock, anew))
        place += 1
    found.more = max(place - skip - len(found.items), 0)
    return found


def _values(definitions: Mapping[str, Any]) -> dict[str, WorkCalendar]:
    """The calendars that a publication concerns, as they would be: with the national days all that ask for them."""
    row = refer(Calendar, NATIONAL)
    table = definitions.get(NATIONAL) or (definition_of(NATIONAL, row.revision) if row is not None else None)
    concerned = dict(definitions)
    if concerned.pop(NATIONAL, None) is not None:
        concerned = {code: one for code, one in newest_definitions().items() if one.get("national")} | concerned
    return {code: value_of(definition, table, code=code) for code, definition in concerned.items()}


def _running(codes: list[str]) -> Iterator[Clock]:
    rows = select(Clock).where(Clock.calendar.in_(codes), Clock.state == rules.RUNNING).order_by(Clock.due_at, Clock.id)
    rows = rows.options(selectinload(Clock.plans), selectinload(Clock.spans))
    yield from db.session.scalars(rows.execution_options(yield_per=CHUNK))


def _move(clock: Clock, anew: Anew) -> Move:
    return Move(
        clock.id, clock.subject, clock.kind, clock.owner, clock.severity, clock.calendar,
        clock.due_at or anew.due, anew.due, anew.moves(clock), clock.provisional and not anew.provisional,
    )  # fmt: skip
