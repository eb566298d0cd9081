"""What a sweep costs: 1,000 due rungs among 1,000, 10,000, 100,000 (or a million) running clocks, beside a floor.

Each clock belongs to a task of an issue of its own: the worst case, for every chain is locked and sealed apart.
"""

import hashlib
import json
import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, cast, insert, literal, select, text, update

from bench.places import fresh_group
from cxloop.extensions import db
from cxloop.models.chain import GENESIS
from cxloop.models.clock import Breach, Clock, ClockPlan, ClockRung, ClockSpan
from cxloop.models.entry import Entry
from cxloop.models.issue import Issue
from cxloop.models.notice import Notice
from cxloop.models.task import Task
from cxloop.operations import escalation

DUE = 1_000
ROUNDS = 5
SIZES = (1_000, 10_000, 100_000)
START = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
FAR = START + timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Figure:
    """Seconds for 1,000 due rungs among `running` clocks: our sweep, and the floor."""

    engine: str
    running: int
    sweep: float
    floor: float


def measure(engine: str, running: int) -> Figure:
    """Time ROUNDS sweeps and ROUNDS floors in turn, in one database, each on 1,000 rungs armed for it."""
    with fresh_group(engine):
        fill(running)
        sweeps, floors = [], []
        for n in range(1, ROUNDS + 1):
            for times, work in ((sweeps, _swept), (floors, _bare)):
                at = START + timedelta(hours=len(sweeps) + len(floors) + 1)
                arm(at)
                began = time.perf_counter()
                fired = work(at)
                times.append(time.perf_counter() - began)
                if fired != DUE:
                    raise RuntimeError(f"round {n}: {fired} rungs, not {DUE}")
        return Figure(engine, running, statistics.median(sweeps), statistics.median(floors))


def _swept(at: datetime) -> int:
    return escalation.sweep(at=at)


def fill(running: int) -> None:
    """Insert clocks that run far into the future, each with its issue, task, plan, span and two armed rungs."""
    numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < running))
    for entity, columns in _rows(numbers.c.n):
        table = entity.__table__
        values = [_value(table.c[name], value).label(name) for name, value in columns.items()]
        db.session.execute(insert(table).from_select(list(columns), select(*values).select_from(numbers)))
    db.session.commit()
    _settle()


def _rows(n: Any) -> list[tuple[Any, dict[str, Any]]]:
    # Seven digits, so that a million fit.
    no = literal("CX-2026-") + cast(cast(n + 1_000_000, Integer), String)
    task = no + "-T01"
    chain = {"chain_kind": "issue", "chain_no": no}
    rung = {"clock_id": n, **chain, "plan": 1, "state": "armed", "late": False}
    calendar = {"calendar": "CN", "calendar_revision": 1, "national_revision": 1, "policy_version": 1, "target": "6 d"}
    return [
        (Issue, {
            "no": no, "title": "宽带反复掉线", "description": "多省", "channel": "hotline", "severity": 3,
            "rated": True, "urgency": "normal", "state": "in_progress", "cycle": 1, "several": False, "joint": False,
            "analyst": "analyst", "waves": 1, "opened_by": "analyst", "opened_at": START, "head_seq": 3,
            "head_hash": GENESIS, "head_at": START, "version": 3,
        }),
        (Task, {
            "no": task, "issue_no": no, "n": 1, "child_n": 0, "unit": "P44", "dispatcher": "CENTER",
            "duty": "separate", "state": "working", "title": "排查", "wanted": "逐户回访", "cycle": 1, "wave": 1,
            "handler": "chen", "deemed": False, "binding": False, "declines": 0, "send_backs": 0, "answered": False,
            "due_at": FAR, "version": 3,
        }),
        (Clock, {
            "id": n, **chain, "subject": task, "kind": "feedback", "cycle": 1, "severity": 3, "owner": "P44",
            "holder": "P44", "state": "running", **calendar, "started_at": START, "due_at": FAR, "provisional": False,
            "plan": 1, "consumed": 0, "floor_given": False,
        }),
        (ClockPlan, {
            "clock_id": n, "n": 1, "at": START, "due_at": FAR, "why": "start", "act": "task.release", **calendar,
            "consumed": 0,
        }),
        (ClockSpan, {"clock_id": n, "n": 1, "state": "running", "holder": "P44", "from_at": START}),
        (ClockRung, {**rung, "code": "p75", "moment": FAR - timedelta(days=2)}),
        (ClockRung, {**rung, "code": "due", "moment": FAR}),
    ]  # fmt: skip


def _value(column: Any, value: Any) -> Any:
    return value if isinstance(value, ColumnElement) else literal(value, column.type)


def arm(at: datetime) -> None:
    """Give the first 1,000 clocks a new plan, due at this moment."""
    clocks, rungs = Clock.__table__, ClockRung.__table__
    db.session.execute(update(clocks).where(clocks.c.id <= DUE).values(plan=clocks.c.plan + 1, due_at=at))
    columns = [clocks.c.id, clocks.c.chain_kind, clocks.c.chain_no, clocks.c.plan]
    given = {"code": "due", "moment": at, "state": "armed", "late": False}
    chosen = select(*columns, *(literal(value, rungs.c[name].type) for name, value in given.items()))
    names = ["clock_id", "chain_kind", "chain_no", "plan", *given]
    db.session.execute(insert(rungs).from_select(names, chosen.where(clocks.c.id <= DUE)))
    db.session.commit()
    db.session.remove()


def _settle() -> None:
    """Let the database look at what was put in and write it down, as its own housekeeping would."""
    commands = ("VACUUM ANALYZE", "CHECKPOINT") if db.engine.dialect.name == "postgresql" else ("ANALYZE",)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for command in commands:
            connection.execute(text(command))


def _bare(at: datetime) -> int:
    """The floor: one UPDATE … RETURNING of the due rungs and the inserts they need, nothing read, nothing checked."""
    rungs = ClockRung.__table__
    with db.engine.connect().execution_options(writing=True) as connection, connection.begin():
        claimed = (
            update(rungs)
            .where(rungs.c.state == "armed", rungs.c.moment <= at)
            .values(state="fired", fired_at=at, late=False)
            .returning(rungs.c.clock_id, rungs.c.chain_no, rungs.c.plan)
        )
        rows = connection.execute(claimed).all()
        missed = {"at": at, "due_at": at, "policy_version": 1, "holder": "P44"}
        breaches = [{"clock_id": id_, "plan": plan, **missed} for id_, _no, plan in rows]
        connection.execute(insert(Breach.__table__), breaches)
        connection.execute(insert(Notice.__table__), [row for _id, no, _plan in rows for row in _notices(no, at)])
        connection.execute(insert(Entry.__table__), [_entry(no, plan, at) for _id, no, plan in rows])
    return len(rows)


RECEIVERS = ("44lead", "analyst", "chen")
# The floor does not move heads: its entries lie beyond those of the sweep.
APART = 1_000_000


def _notices(no: str, at: datetime) -> list[dict[str, Any]]:
    params = {"title": "排查", "kind": "feedback", "rung": "due", "due_at": at.isoformat()}
    told = {"code": "notice.breach", "subject": f"{no}-T01", "params": params, "at": at, "visible_at": at}
    return [{"user_name": name, **told} for name in RECEIVERS]


def _entry(no: str, plan: int, at: datetime) -> dict[str, Any]:
    subject = f"{no}-T01/clock.feedback.1"
    fields = {"at": at, "due_at": at, "holder": "P44", "plan": 1, "policy_version": 1, "fired_at": at}
    changes = [{"subject": subject, "field": f, "before": None, "after": str(v)} for f, v in fields.items()]
    body = json.dumps({"chain": ["issue", no], "act": "clock.fire", "at": str(at), "changes": changes})
    return {
        "chain_kind": "issue", "chain_no": no, "seq": APART + plan, "act_id": f"issue:{no}:{plan}", "act": "clock.fire",
        "subject": f"{no}-T01", "actor": "system", "actor_name": "system", "at": at, "origin": "worker", "body": body,
        "hash": hashlib.sha256(body.encode()).hexdigest(),
    }  # fmt: skip
