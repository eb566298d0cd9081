"""What can happen to one clock: started, stopped, resumed, ended … with its plans, spans and rungs kept in step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from ...domain import clocks as rules
from ...domain.calendar import Target, WorkCalendar
from ...domain.policy import Policy, RungSpec
from ...extensions import db
from ...models.calendar import NATIONAL, Calendar, work_calendar
from ...models.clock import Breach, Clock, ClockPlan, ClockRung, ClockSpan
from ...models.policy import sla_policy
from ...models.reference import refer
from ...models.unit import Unit


@dataclass(frozen=True, slots=True)
class Terms:
    """What a clock starts with: whose it is, in which calendar, how long, when due."""

    owner: str
    calendar: str
    target: Target
    due: datetime
    ladder: tuple[RungSpec, ...]
    policy_version: int
    severity: int
    begin: datetime | None = None


def calendar_of(clock: Clock) -> WorkCalendar:
    """The calendar a clock runs in, at its pinned revisions."""
    return work_calendar(clock.calendar, clock.calendar_revision, clock.national_revision)


def policy_of(clock: Clock) -> Policy:
    """The policy version a clock keeps."""
    return sla_policy(clock.policy_version)


def ladder_of(clock: Clock) -> tuple[RungSpec, ...]:
    """The ladder a clock climbs, by its pinned policy, its target and its owner."""
    owner = refer(Unit, clock.owner)
    department = owner is not None and owner.is_department()
    return policy_of(clock).ladder(clock.kind, target=Target.parse(clock.target), department=department)


def current_calendar(code: str) -> tuple[WorkCalendar, int, int]:
    """A calendar at its newest revision, with that revision and the national days' one. LookupError when unknown."""
    row = refer(Calendar, code)
    if row is None:
        raise LookupError(f"no calendar {code}")
    national = refer(Calendar, NATIONAL)
    table = 0 if national is None else national.revision
    return work_calendar(code, row.revision, table), row.revision, table


def live_clock(subject: str, kind: str) -> Clock | None:
    """The clock of a subject and kind that is not over yet."""
    return db.session.scalar(
        select(Clock).where(Clock.subject == subject, Clock.kind == kind, Clock.state.in_(rules.LIVE))
    )


def start(*, chain: tuple[str, str], subject: str, kind: str, terms: Terms, at: datetime, act: str) -> Clock:
    """Start a new cycle of a clock. `terms.begin` in the future: it runs from then on (the effect wait)."""
    calendar, revision, national = current_calendar(terms.calendar)
    begin = terms.begin or at
    cycles = db.session.scalar(
        select(func.count()).select_from(Clock).where(Clock.subject == subject, Clock.kind == kind)
    )
    clock = Clock(
        chain_kind=chain[0], chain_no=chain[1], subject=subject, kind=kind, cycle=(cycles or 0) + 1,
        severity=terms.severity, owner=terms.owner, holder=terms.owner, state=rules.RUNNING,
        target=str(terms.target), calendar=terms.calendar, calendar_revision=revision, national_revision=national,
        policy_version=terms.policy_version, started_at=begin, due_at=terms.due,
        provisional=calendar.is_provisional(terms.due), plan=0, consumed=0, floor_given=False,
        plans=[], spans=[], rungs=[], breaches=[],
    )  # fmt: skip
    db.session.add(clock)
    _open_span(clock, rules.RUNNING, clock.holder, begin)
    plan(clock, at=begin, due=terms.due, consumed=0, why="start", act=act, ladder=terms.ladder, calendar=calendar)
    if terms.begin is not None and terms.begin > at:
        _arm(clock, [rules.Moment(rules.START, terms.begin)])
    if kind == "archive":
        _arm(clock, [rules.Moment(rules.FILE, terms.due)])
    return clock


def plan(
    clock: Clock, *, at: datetime, due: datetime, consumed: int, why: str, act: str,
    ladder: Sequence[RungSpec], calendar: WorkCalendar,
) -> None:  # fmt: skip
    """State a new due time: a plan row, the old plan's rungs cancelled, the new one's armed where still ahead."""
    _set_rungs(clock, {rules.ARMED, rules.HELD}, rules.CANCELLED)
    clock.plan += 1
    clock.due_at, clock.consumed = due, consumed
    clock.provisional = calendar.is_provisional(due)
    clock.plans.append(
        ClockPlan(
            n=clock.plan,
            at=at,
            due_at=due,
            why=why,
            act=act,
            target=clock.target,
            policy_version=clock.policy_version,
            calendar=clock.calendar,
            calendar_revision=clock.calendar_revision,
            national_revision=clock.national_revision,
            consumed=consumed,
        )
    )
    _arm(clock, rules.moments(calendar=calendar, ladder=ladder, at=at, due=due, consumed=consumed))


def stop(clock: Clock, *, at: datetime, holder: str) -> None:
    """Stop for somebody's verdict: nothing fires, and the time is on the holder of the verdict."""
    note_lateness(clock, at=at)
    clock.state, clock.stopped_at = rules.STOPPED, at
    _turn_span(clock, rules.STOPPED, holder, at)
    _set_rungs(clock, {rules.ARMED}, rules.HELD)


def resume(clock: Clock, *, at: datetime, act: str, ladder: Sequence[RungSpec], least: datetime | None = None) -> None:
    """Go on under the original limit (K9): the verdict's time is not charged; once the floor, if less remains.

    `least` is a measure's agreed date: it is due then, or after the floor where that is later, each time anew.
    """
    calendar, stopped = calendar_of(clock), clock.stopped_at or at
    whole, consumed, left = _account(clock, calendar, stopped)
    floor = policy_of(clock).floor(clock.severity)
    clock.state, clock.stopped_at = rules.RUNNING, None
    _turn_span(clock, rules.RUNNING, clock.owner, at)
    if least is not None:
        due = max(least, calendar.due(at, floor))
    elif left <= 0 and clock.floor_given:
        # Nothing is left and the floor was given before: the promise stays broken at its old due time.
        _rearm(clock, after=at)
        return
    else:
        due = rules.resumed(
            calendar=calendar, at=at, left=left, whole=whole, floor=None if clock.floor_given else floor
        )
        clock.floor_given = clock.floor_given or due > calendar.advance(at, max(left, 0))
    plan(clock, at=at, due=due, consumed=consumed, why="send_back", act=act, ladder=ladder, calendar=calendar)


def rerun(clock: Clock) -> None:
    """Run on as if it had never stopped: the stretch is the unit's, and a due already past fires at once."""
    clock.state, clock.stopped_at = rules.RUNNING, None
    span = _last_span(clock)
    span.state, span.holder = rules.RUNNING, clock.owner
    _set_rungs(clock, {rules.HELD}, rules.ARMED)


def charge(clock: Clock, *, at: datetime, holder: str) -> None:
    """From now on the time, and a breach if it comes to one, is on the holder's account."""
    note_lateness(clock, at=at)
    clock.holder = holder
    _turn_span(clock, clock.state, holder, at)


def finish(clock: Clock, *, at: datetime, how: str) -> None:
    """End, cancel or move a clock. One that stopped for a verdict ends, in favour, at the moment it stopped."""
    # A sweep at the due would have written it; whether one came in time must not decide what stays on record.
    note_lateness(clock, at=at)
    stopped = clock.state == rules.STOPPED and clock.stopped_at is not None
    ended = clock.stopped_at if stopped and how == rules.ENDED and clock.stopped_at is not None else at
    calendar = calendar_of(clock)
    if clock.due_at is not None and ended > clock.due_at:
        clock.overrun = calendar.worked(clock.due_at, ended)
    clock.state, clock.ended_at = how, ended
    span = _last_span(clock)
    span.to_at = max(at, span.from_at)
    _set_rungs(clock, {rules.ARMED, rules.HELD}, rules.CANCELLED)


def note_lateness(clock: Clock, *, at: datetime) -> None:
    """Write the breach of a running clock whose due has passed before the sweep came by."""
    passed = clock.state == rules.RUNNING and clock.due_at is not None and at > clock.due_at
    if passed and any(rung.code == rules.DUE and rung.plan == clock.plan for rung in clock.rungs):
        breach(clock, at=at)


def breach(clock: Clock, *, at: datetime) -> Breach | None:
    """Write the breach of the clock's plan, once; returns it when it is new."""
    if clock.due_at is None or any(row.plan == clock.plan for row in clock.breaches):
        return None
    found = Breach(
        clock=clock, plan=clock.plan, at=at, due_at=clock.due_at, policy_version=clock.policy_version,
        holder=clock.holder,
    )  # fmt: skip
    db.session.add(found)
    return found


def replan(
    clock: Clock, *, at: datetime, target: Target, calendar: str, why: str, act: str, ladder: Sequence[RungSpec]
) -> None:
    """State the due anew after a later fact (K11): consumed time counts, in the calendar that holds now."""
    note_lateness(clock, at=at)
    value, revision, national = current_calendar(calendar)
    clock.calendar, clock.calendar_revision, clock.national_revision = calendar, revision, national
    clock.target = str(target)
    consumed = value.worked(clock.started_at, at)
    floor = policy_of(clock).floor(clock.severity)
    due = rules.replanned(calendar=value, start=clock.started_at, target=target, consumed=consumed, floor=floor, at=at)
    plan(clock, at=at, due=due, consumed=consumed, why=why, act=act, ladder=ladder, calendar=value)


def _account(clock: Clock, calendar: WorkCalendar, at: datetime) -> tuple[int, int, int]:
    """(whole, consumed, left) in working seconds at a moment; left is negative when the due has passed."""
    last = clock.plans[-1]
    due = clock.due_at or at
    consumed = last.consumed + (calendar.worked(last.at, at) if at > last.at else 0)
    whole = last.consumed + (calendar.worked(last.at, due) if due > last.at else 0)
    return whole, consumed, whole - consumed


def _arm(clock: Clock, moments: Sequence[rules.Moment]) -> None:
    for moment in moments:
        clock.rungs.append(
            ClockRung(
                chain_kind=clock.chain_kind,
                chain_no=clock.chain_no,
                plan=clock.plan,
                code=moment.code,
                moment=moment.at,
                state=rules.ARMED,
            )
        )


def _set_rungs(clock: Clock, states: set[str], to: str) -> None:
    for rung in clock.rungs:
        if rung.state in states:
            rung.state = to


def _rearm(clock: Clock, *, after: datetime) -> None:
    for rung in clock.rungs:
        if rung.state == rules.HELD:
            # Stopped at its very due, it is late from now on: that still has to be said.
            ahead = rung.moment > after or rung.code == rules.DUE
            rung.state = rules.ARMED if ahead else rules.CANCELLED


def _last_span(clock: Clock) -> ClockSpan:
    return clock.spans[-1]


def _open_span(clock: Clock, state: str, holder: str, at: datetime) -> None:
    clock.spans.append(ClockSpan(n=len(clock.spans) + 1, state=state, holder=holder, from_at=at))


def _turn_span(clock: Clock, state: str, holder: str, at: datetime) -> None:
    last = _last_span(clock)
    last.to_at = max(at, last.from_at)
    _open_span(clock, state, holder, last.to_at)
