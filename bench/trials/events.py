"""What is to fire in a trial: tasks made by acts, and then one rung a clock moved to a near moment by SQL.

By acts alone a rung lies hours away at least. So the acts make the issues, tasks and clocks as they always do, and
`arm` then writes other moments into `clock_rungs` (and the same due, or end of a pause, into `clocks` and
`clock_plans`). Nothing else is touched, and no rung is made, fired or cancelled by hand.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, select, update

from cxloop.domain.clocks import ARMED, DUE, RESUME
from cxloop.extensions import db
from cxloop.models.clock import Clock, ClockPlan, ClockRung
from cxloop.operations import escalation
from tests.cast import lead_of
from tests.factories import Story

# As many tasks an issue as a usual wave has: several workers find something to do, and chains have several rungs.
UNITS = ("P44", "P51", "P11", "P31", "P33")
# The tasks of every third issue are overdue already: what they have left are the escalations after the due.
OVERDUE = 3
# Of every third issue, the next after an overdue one, two tasks are paused: they run on by themselves.
PAUSED, PAUSED_TASKS = 1, 2
WARNING, BREACH, ESCALATION, DEEMED, RESUMED = "warning", "due", "escalation", "deemed signature", "auto-resume"


@dataclass(frozen=True, slots=True)
class Event:
    """One rung that is to fire in a trial."""

    rung: int
    clock: int
    chain: str
    kind: str
    moment: datetime


def prepare(count: int) -> None:
    """Make tasks enough for `count` events, by acts, in the current application's database."""
    at = datetime.now(UTC) - timedelta(minutes=5)
    story = Story()
    issues = -(-count // (2 * len(UNITS)))
    late = []
    for n in range(issues):
        tasks = _issue(story, at)
        if n % OVERDUE == 0:
            late += tasks
        if n % OVERDUE == PAUSED:
            _pause(story, tasks[:PAUSED_TASKS], at)
    _let_pass(late, at + timedelta(minutes=1))
    db.session.remove()


def _issue(story: Story, at: datetime) -> list[str]:
    # Story's own short cuts take Beijing's wall clock as text; here all happens at one moment just passed.
    no = story.do("issue.open", "analyst", at=at, title="掉线", description="多省", channel="hotline").no
    story.do("issue.analyse", "analyst", no, at=at, severity=3, category="home.fault_repair")
    rows = [{"unit": unit, "duty": "separate", "title": "排查", "wanted": "逐户回访"} for unit in UNITS]
    story.do("issue.dispatch", "analyst", no, at=at, tasks=rows)
    return [f"{no}-T{n:02}" for n in range(1, len(UNITS) + 1)]


def _pause(story: Story, tasks: Sequence[str], at: datetime) -> None:
    for task, unit in zip(tasks, UNITS, strict=False):
        story.do("task.sign", lead_of(unit), task, at=at)
        wish = {"reason": "third_party", "text": "等物业函件", "until": at + timedelta(days=3)}
        story.do("pause.request", lead_of(unit), task, at=at, **wish)
        story.do("pause.grant", "analyst", task, at=at)


def _let_pass(tasks: Sequence[str], at: datetime) -> None:
    """Bring these tasks' answers past their due, and let the clockwork say so."""
    found = db.session.execute(
        select(ClockRung.id, Clock.id, ClockRung.code)
        .join(Clock, Clock.id == ClockRung.clock_id)
        .where(Clock.subject.in_(tasks), Clock.kind == "feedback", ClockRung.state == ARMED)
    ).all()
    before = [(rung, clock, code) for rung, clock, code in found if not code.startswith("over")]
    _move([Event(rung, clock, "", BREACH if code == DUE else WARNING, at) for rung, clock, code in before])
    escalation.sweep(at=at + timedelta(seconds=1))


def choose(count: int, *, seed: int, first: datetime, seconds: float) -> list[Event]:
    """Choose `count` rungs and a moment for each, within `seconds` from `first`; the same for the same seed.

    At most one a clock is chosen, with those before it, which pass at the same moment and collapse into it: with
    others of the same clock a second apart it would be the workers' pace that decides which of them are told.
    """
    draw = random.Random(seed)
    rows = db.session.execute(
        select(ClockRung.id, ClockRung.code, ClockRung.clock_id, Clock.kind, ClockRung.chain_no)
        .join(Clock, Clock.id == ClockRung.clock_id)
        .where(ClockRung.state == ARMED)
        .order_by(ClockRung.clock_id, ClockRung.moment, ClockRung.code)
    ).all()
    db.session.remove()
    ladders: dict[int, list[tuple[int, str, str, str]]] = {}
    for rung, code, clock, kind, chain in rows:
        ladders.setdefault(clock, []).append((rung, code, kind, chain))
    # The tasks' own clocks first, then the issues': these are only there to make up the number.
    clocks = sorted(ladders, key=lambda clock: (ladders[clock][0][2] in {"issue", "triage"}, draw.random()))
    if len(clocks) < count:
        raise RuntimeError(f"{len(clocks)} clocks are too few for {count} events")
    events = []
    for clock in clocks[:count]:
        ladder, moment = ladders[clock], first + timedelta(seconds=draw.random() * seconds)
        last = _last(ladder, draw)
        for rung, code, kind, chain in ladder[: last + 1]:
            name = "" if rung != ladder[last][0] else _name(code, kind)
            events.append(Event(rung, clock, chain, name, moment))
    return events


def _last(ladder: Sequence[tuple[int, str, str, str]], draw: random.Random) -> int:
    """Which rung of a clock is told: for half of the unsigned tasks, the due, at which they are deemed signed."""
    dues = [n for n, (_rung, code, _kind, _chain) in enumerate(ladder) if code == DUE]
    signs = ladder[0][2] == "sign"
    if dues and (signs or draw.random() < 0.5):
        return dues[0] if not signs or draw.random() < 0.5 else 0
    return draw.randrange(len(ladder))


def _name(code: str, kind: str) -> str:
    if code == RESUME:
        return RESUMED
    if code == DUE:
        return DEEMED if kind == "sign" else BREACH
    return ESCALATION if code.startswith("over") else WARNING


def arm(events: Sequence[Event]) -> None:
    """Give the chosen rungs their moments, all at once."""
    _move(events)
    db.session.remove()


def _move(events: Sequence[Event]) -> None:
    rungs, clocks, plans = ClockRung.__table__, Clock.__table__, ClockPlan.__table__
    moved = [{"the_rung": event.rung, "then": event.moment} for event in events]
    db.session.execute(
        update(rungs).where(rungs.c.id == bindparam("the_rung")).values(moment=bindparam("then")), moved,
        execution_options={"synchronize_session": False},
    )  # fmt: skip
    due = [{"the_clock": event.clock, "then": event.moment} for event in events if event.kind in {BREACH, DEEMED}]
    ends = [{"the_clock": event.clock, "then": event.moment} for event in events if event.kind == RESUMED]
    if ends:
        statement = update(clocks).where(clocks.c.id == bindparam("the_clock")).values(pause_until=bindparam("then"))
        db.session.execute(statement, ends)
    for table, key in ((clocks, clocks.c.id), (plans, plans.c.clock_id)):
        if due:
            statement = update(table).where(key == bindparam("the_clock")).values(due_at=bindparam("then"))
            db.session.execute(statement, due)
    db.session.commit()
