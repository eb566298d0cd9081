"""Since when a unit has had its tasks: what another had written before is not for it to read."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from ..extensions import db
from ..models.clock import Clock
from ..models.task import Task


def held_since(numbers: Iterable[str]) -> dict[str, datetime]:
    """Task → the moment it landed on its present unit, for those that another unit had before."""
    rows = (
        select(Clock.subject, Clock.owner, Clock.started_at, Task.unit)
        .join(Task, Task.no == Clock.subject)
        .where(Clock.kind == "feedback", Task.no.in_(list(numbers)))
        .order_by(Clock.subject, Clock.cycle)
    )
    found: dict[str, datetime] = {}
    last: dict[str, str] = {}
    for no, owner, started_at, _unit in db.session.execute(rows):
        if last.get(no, owner) != owner:
            found[no] = started_at
        last[no] = owner
    return found
