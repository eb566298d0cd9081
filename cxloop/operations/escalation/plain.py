"""Rungs that only tell and, at the due, leave a breach: fired as rows, without a record being loaded.

Nearly all that falls due is of this kind, and a record costs many times its row: loaded, watched, compared, flushed.
What changes more goes record by record (`recorded`). Both leave the same: the tests fire one history both ways.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update

from ...domain import clocks as rules
from ...extensions import db
from ...models.clock import Breach, ClockRung
from .. import trail
from .rungs import DueRung, highest, portions
from .scenes import Scenes
from .special import special
from .telling import Telling


def is_plain(rungs: Sequence[DueRung]) -> bool:
    """Whether none of a chain's due rungs changes more than itself."""
    return not any(special(rung.code, rung.kind).has_effect for rung in rungs)


@dataclass(slots=True)
class Rows:
    """What the plain chains of a batch write: the rungs by what becomes of them, and the breaches."""

    rungs: defaultdict[tuple[str, datetime, bool], list[int]] = field(default_factory=lambda: defaultdict(list))
    breaches: list[dict[str, Any]] = field(default_factory=list)

    def write(self) -> None:
        """Write all of it, with one statement for what is alike."""
        connection = db.session.connection()
        for (state, at, late), ids in self.rungs.items():
            fired = update(ClockRung).values(state=state, fired_at=at, late=late)
            for portion in portions(ids):
                connection.execute(fired.where(ClockRung.id.in_(portion)))
        if self.breaches:
            connection.execute(insert(Breach), self.breaches)


def fire_plain(
    rungs: Sequence[DueRung], *, at: datetime, scenes: Scenes, telling: Telling, rows: Rows
) -> list[trail.Change]:
    """Fire a chain's rungs; gives the changes for its entry."""
    told, changes = highest(rungs), list[trail.Change]()
    for rung in rungs:
        state = rules.FIRED if rung.id in told else rules.COLLAPSED
        rows.rungs[state, at, telling.is_late(rung, rung.moment, at)].append(rung.id)
        clock = f"{rung.subject}/clock.{rung.kind}.{rung.cycle}"
        changes.append(trail.change(f"{clock}/{rung.armed_by}.{rung.code}", "fired_at", None, at))
        if rung.code == rules.DUE and rung.due_at is not None and rung.breached is None:
            breach = _breach(rung, rung.due_at, at)
            rows.breaches.append(breach)
            changes += trail.born(Breach, f"{clock}/breach.{rung.plan}", breach)
        if rung.id in told:
            telling.tell(rung.code, rung, scenes.at(rung), at)
    return changes


def _breach(rung: DueRung, due: datetime, at: datetime) -> dict[str, Any]:
    holder, cause = rules.account(
        holder=rung.holder, owner=rung.owner, due=due, asked_of=rung.asked_of, rerated_until=rung.rerated_until
    )
    return {
        "clock_id": rung.clock_id, "plan": rung.plan, "at": at, "due_at": due, "policy_version": rung.policy_version,
        "holder": holder, "cause": cause,
    }  # fmt: skip
