"""What is stored of an issue's clocks beside what the oracle says of them."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from cxloop.models.clock import Breach, Clock, ClockPlan, ClockRung, ClockSpan
from cxloop.models.task import Task
from tests.domain.clock_oracle import PAUSED, OneClock
from tests.domain.issue_oracle import OneIssue
from tests.factories import fresh

BEIJING = ZoneInfo("Asia/Shanghai")
Row = dict[str, Any]


class Difference(AssertionError):
    """Program and oracle do not say the same: what, and after which history."""

    def __init__(self, found: list[str], told: list[str]) -> None:
        super().__init__("\n".join(["", *told, "differs (stored | oracle):", *found]))
        self.found, self.told = found, list(told)


def compare(no: str, issue: OneIssue, told: list[str]) -> None:
    """Raise Difference unless every clock of the issue, and every task's due, is as the oracle says."""
    there, expected = stored(no), {_key(clock): expectation(clock) for clock in issue.clocks}
    found = [f"  {key}: only on one side" for key in sorted(there.keys() ^ expected.keys())]
    for key in sorted(there.keys() & expected.keys()):
        ours, theirs = there[key], expected[key]
        found += [
            f"  {key} {name}: {_told(ours[name])} | {_told(theirs[name])}"
            for name in theirs
            if ours[name] != theirs[name]
        ]
    session = fresh()
    for task, due in session.execute(select(Task.no, Task.due_at).where(Task.issue_no == no)):
        clock = issue.clock(task, "feedback")
        if clock is not None and seconds(due) != clock.due:
            found.append(f"  {task}'s due: {_told(seconds(due))} | {_told(clock.due)}")
    if found:
        raise Difference(found, told)


def expectation(clock: OneClock) -> Row:
    """What the oracle says of a clock."""
    return {
        "state": clock.state,
        "due": clock.due,
        "remaining": clock.last.remaining if clock.state == PAUSED else None,
        "until": clock.until,
        "holder": clock.holder,
        "plans": [(p.at, p.due, p.why, p.consumed, p.remaining) for p in clock.plans],
        "spans": [(s.state, s.holder, s.begin, s.end) for s in clock.spans],
        "armed": sorted(clock.armed),
        "breaches": sorted(clock.breaches),
        "paused": clock.paused,
        "extensions": clock.extensions,
        "floor_given": clock.floor_given,
        "overrun": clock.overrun,
    }


def stored(no: str) -> dict[str, Row]:
    """What the database holds of the issue's clocks."""
    session = fresh()
    clocks = session.execute(select(Clock.__table__).where(Clock.chain_kind == "issue", Clock.chain_no == no)).all()
    ids = [row.id for row in clocks]
    found = {row.id: _head(row) for row in clocks}
    for row in session.execute(select(ClockPlan.__table__).where(ClockPlan.clock_id.in_(ids)).order_by(ClockPlan.n)):
        found[row.clock_id]["plans"].append(
            (seconds(row.at), seconds(row.due_at), row.why, row.consumed, row.remaining)
        )
    for row in session.execute(select(ClockSpan.__table__).where(ClockSpan.clock_id.in_(ids)).order_by(ClockSpan.n)):
        found[row.clock_id]["spans"].append((row.state, row.holder, seconds(row.from_at), seconds(row.to_at)))
    armed = select(ClockRung.__table__).where(ClockRung.clock_id.in_(ids), ClockRung.state == "armed")
    for row in session.execute(armed.order_by(ClockRung.code, ClockRung.moment)):
        found[row.clock_id]["armed"].append((row.code, seconds(row.moment)))
    for row in session.execute(select(Breach.__table__).where(Breach.clock_id.in_(ids)).order_by(Breach.plan)):
        found[row.clock_id]["breaches"].append((row.plan, seconds(row.due_at), row.holder, row.cause))
    return {f"{row.subject} {row.kind} {row.cycle}": found[row.id] for row in clocks}


def _head(row: Any) -> Row:
    return {
        "state": row.state, "due": seconds(row.due_at), "remaining": row.remaining, "until": seconds(row.pause_until),
        "holder": row.holder, "paused": row.paused, "extensions": row.extensions, "floor_given": row.floor_given,
        "overrun": row.overrun, "plans": [], "spans": [], "armed": [], "breaches": [],
    }  # fmt: skip


def seconds(at: datetime | None) -> int | None:
    """An instant as whole seconds; one with a fraction is a fault of its own."""
    if at is None:
        return None
    assert not at.microsecond, at
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def said(at: datetime | float) -> str:
    """An instant as Beijing wall-clock time."""
    moment = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    here = moment.astimezone(BEIJING)
    return here.strftime("%m-%d %H:%M:%S" if here.second else "%m-%d %H:%M")


def _key(clock: OneClock) -> str:
    return f"{clock.subject} {clock.kind} {clock.cycle}"


def _told(value: Any) -> str:
    if isinstance(value, int) and value > 10**9:
        return said(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_told(item) for item in value) + "]"
    return str(value)
