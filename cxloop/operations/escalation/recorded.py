"""Rungs with an effect: fired one after the other, record by record, with the whole chain they stand in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from ...domain import clocks as rules
from ...extensions import db
from ...models.clock import Clock, ClockRung
from ...models.unit import Unit
from ..clocks import engine
from .rungs import DueRung, highest, portions
from .scenes import Scene, Scenes
from .special import special
from .telling import Telling


@dataclass(frozen=True, slots=True)
class Records:
    """The records that the effects of some chains work on, read for all of them at once."""

    rungs: dict[int, ClockRung]
    scenes: Scenes
    # Held so that the session, which holds records weakly, answers for them without asking again.
    units: list[Unit]

    @classmethod
    def read(cls, rungs: Sequence[DueRung]) -> "Records":
        """Read them; the roots among them are locked already."""
        whole = (
            select(ClockRung)
            .join(ClockRung.clock)
            .options(contains_eager(ClockRung.clock).selectinload(Clock.breaches))
        )
        found = {
            record.id: record
            for portion in portions(rung.id for rung in rungs)
            for record in db.session.scalars(whole.where(ClockRung.id.in_(portion)))
        }
        units = db.session.scalars(select(Unit).where(Unit.code.in_({rung.owner for rung in rungs}))) if rungs else ()
        return cls(found, Scenes.of_records(rungs), list(units))


def fire_recorded(rungs: Sequence[DueRung], *, at: datetime, records: Records, telling: Telling) -> None:
    """Fire a chain's rungs one after the other; the trail notes what changes."""
    told = highest(rungs)
    for due in rungs:
        rung = records.rungs[due.id]
        # An earlier rung of this very sweep may have ended the clock: a deemed signature, say.
        if rung.state == rules.ARMED:
            _fire(rung, records.scenes.at(due), at=at, overtaken=due.id not in told, telling=telling)


def _fire(rung: ClockRung, scene: Scene, *, at: datetime, overtaken: bool, telling: Telling) -> None:
    clock = rung.clock
    rung.state = rules.COLLAPSED if overtaken else rules.FIRED
    rung.fired_at, rung.late = at, telling.is_late(clock, rung.moment, at)
    if rung.code == rules.DUE:
        engine.breach(clock, at=at)
    row = special(rung.code, clock.kind)
    if row.before_telling is not None:
        row.before_telling(clock, scene, at)
    if not overtaken:
        telling.tell(rung.code, clock, scene, at)
    if row.after_telling is not None:
        row.after_telling(clock, scene, at)
