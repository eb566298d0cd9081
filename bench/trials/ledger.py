"""What the clockwork wrote, as keys and counts: two databases that began alike must end alike, whoever was killed."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from cxloop.domain.clocks import ARMED
from cxloop.extensions import db
from cxloop.models.clock import Breach, Clock, ClockRung
from cxloop.models.entry import Entry
from cxloop.models.notice import Notice
from cxloop.models.task import Task
from cxloop.queries.trail import verify

Counted = Counter[Any]
RESUMED = "notice.resumed"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that firing leaves behind, without the moments at which it happened."""

    rungs: Counted
    breaches: Counted
    deemed: Counted
    notices: Counted
    told: Counted
    faults: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far a trial's ledger is from that of one undisturbed sweep."""

    rungs: int
    breaches: int
    deemed: int
    told: int
    phantom: int
    missing: int
    double: int
    faults: int

    def holds(self) -> bool:
        """Whether nothing is missing, double or out of place."""
        return not any(getattr(self, name) for name in self.__slots__)


def read() -> Ledger:
    """Read the current application's database."""
    name = (Clock.subject, Clock.kind, Clock.cycle)
    rungs = select(*name, ClockRung.plan, ClockRung.code, ClockRung.state).join(Clock, Clock.id == ClockRung.clock_id)
    breaches = select(*name, Breach.plan, Breach.holder, Breach.due_at).join(Clock, Clock.id == Breach.clock_id)
    notices = select(Notice.user_name, Notice.code, Notice.subject, Notice.params)
    found = Ledger(
        rungs=Counter(map(tuple, db.session.execute(rungs.where(ClockRung.state != ARMED)))),
        breaches=Counter(map(tuple, db.session.execute(breaches))),
        deemed=Counter(db.session.scalars(select(Task.no).where(Task.deemed.is_(True)))),
        notices=Counter(
            (who, code, subject, _without_new_dues(code, params))
            for who, code, subject, params in db.session.execute(notices)
        ),
        told=_told(),
        faults=len(verify()[3]),
    )
    db.session.remove()
    return found


def _without_new_dues(code: str, params: dict[str, Any]) -> str:
    # What is left of a paused clock is left from the moment at which it runs on, and that is the worker's.
    kept = {name: value for name, value in params.items() if (code, name) != (RESUMED, "due_at")}
    return json.dumps(kept, sort_keys=True)


def _told() -> Counted:
    """How often the trail tells of each change that time made. Moments are left out, and so are versions and heads."""
    told: Counted = Counter()
    bodies = db.session.scalars(select(Entry.body).where(Entry.act == "clock.fire"))
    for body in bodies:
        changes = json.loads(body)["changes"]
        told.update((change["subject"], change["field"]) for change in changes)
    return told


def compare(trial: Ledger, alone: Ledger) -> Verdict:
    """Compare a trial with what one sweep writes that nobody disturbs."""
    surplus = trial.notices - alone.notices
    return Verdict(
        rungs=_apart(trial.rungs, alone.rungs),
        breaches=_apart(trial.breaches, alone.breaches),
        deemed=_apart(trial.deemed, alone.deemed),
        told=_apart(trial.told, alone.told),
        phantom=sum(count for key, count in surplus.items() if key not in alone.notices),
        missing=sum((alone.notices - trial.notices).values()),
        double=sum(count for key, count in surplus.items() if key in alone.notices),
        faults=trial.faults,
    )


def _apart(one: Counted, other: Counted) -> int:
    return sum(((one - other) + (other - one)).values())


def notices() -> int:
    """How many notices there are."""
    found = db.session.scalar(select(func.count()).select_from(Notice)) or 0
    db.session.remove()
    return found
