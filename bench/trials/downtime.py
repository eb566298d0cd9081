"""F-07: what fell due while nothing ran fires once, soon, in the order in which it was due, and is marked late."""

import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import URL, select

from bench.places import copy_of_database
from bench.trials import events as made
from bench.trials import ledger
from bench.trials.fleet import Fleet, looking, wait
from bench.trials.kills import WORKERS, opened, undisturbed
from cxloop.domain.clocks import ARMED
from cxloop.extensions import db
from cxloop.models.clock import Clock, ClockRung
from cxloop.models.notice import Notice

# What was missed lies between an hour and two minutes back: all of it is more than the minute late that counts.
LONGEST, SHORTEST = timedelta(hours=1), timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Figure:
    """One round: seconds count from the start of the worker processes, not from their first beat."""

    events: int
    fired: int
    late: int
    true_moment: int
    out_of_order: int
    seconds: float
    verdict: ledger.Verdict


def measure(*, events: int, seed: int) -> Figure:
    """Let `events` rungs pass with no worker, start the workers, and count; as `kills.measure` on copies."""
    first = datetime.now(UTC) - LONGEST
    chosen = made.choose(events, seed=seed, first=first, seconds=(LONGEST - SHORTEST).total_seconds())
    with copy_of_database() as url, tempfile.TemporaryDirectory(prefix="cxtrial-") as name:
        folder = Path(name)
        with opened(url, folder):
            made.arm(chosen)
        seconds = _start_and_wait(url, folder)
        with opened(url, folder):
            rungs = _fired(chosen)
            trial, disorder = ledger.read(), _out_of_order(chosen)
    moments = {event.rung: event.moment for event in chosen}
    told = [rung for rung in rungs if rung.id in {event.rung for event in chosen if event.kind}]
    return Figure(
        events=events,
        fired=len(told),
        late=sum(rung.late for rung in told),
        true_moment=sum(rung.moment == moments[rung.id] for rung in told),
        out_of_order=disorder,
        seconds=seconds,
        verdict=ledger.compare(trial, undisturbed(chosen)),
    )


def _start_and_wait(url: URL, folder: Path) -> float:
    running, began = Fleet(url, folder), time.monotonic()
    waiting = select(ClockRung.id).where(ClockRung.state == ARMED, ClockRung.moment <= datetime.now(UTC)).limit(1)
    with looking(url) as connection:
        try:
            for _ in range(WORKERS[url.get_backend_name()]):
                running.start()
            wait(lambda: connection.scalar(waiting) is None, what="all that was missed fires")
            return time.monotonic() - began
        finally:
            running.stop()


def _fired(chosen: list[made.Event]) -> list[ClockRung]:
    ids = {event.rung for event in chosen}
    rows = db.session.scalars(select(ClockRung).where(ClockRung.fired_at.is_not(None)))
    return [rung for rung in rows if rung.id in ids]


def _out_of_order(chosen: list[made.Event]) -> int:
    """How many notices within an issue were left before one whose rung was due earlier."""
    rungs = {event.rung: event for event in chosen if event.kind}
    names = select(ClockRung.id, ClockRung.code, Clock.subject, Clock.kind).join(Clock, Clock.id == ClockRung.clock_id)
    due = {(subject, kind, code): rungs[id_] for id_, code, subject, kind in db.session.execute(names) if id_ in rungs}
    last: dict[str, datetime] = {}
    disorder = 0
    fired = Notice.code.in_(("notice.rung", "notice.breach", "notice.wait_over"))
    for notice in db.session.scalars(select(Notice).where(fired).order_by(Notice.id)):
        event = due.get((notice.subject, notice.params["kind"], notice.params["rung"]))
        if event is None:
            continue
        disorder += event.moment < last.get(event.chain, event.moment)
        last[event.chain] = event.moment
    return disorder
