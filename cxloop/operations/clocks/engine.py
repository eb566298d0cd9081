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
    why: str = "start"


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
        checked_revision=revision, checked_national=national, policy_version=terms.policy_version, started_at=begin,
        due_at=terms.due, provisional=calendar.is_provisional(terms.due), plan=0, consumed=0, floor_given=False,
        paused=0, extensions=0, plans=[], spans=[], rungs=[], breaches=[],
    )  # fmt: skip
    db.session.add(clock)
    _open_span(clock, rules.RUNNING, clock.holder, begin)
    plan(clock, at=begin, due=terms.due, consumed=0, why=terms.why, act=act, ladder=terms.ladder, calendar=calendar)
    if terms.begin is not None and terms.begin > at:
        arm(clock, [rules.Moment(rules.START, terms.begin)])
    special = {"archive": rules.FILE, "reexamine": rules.RECHECK}.get(kind)
    if special is not None:
        arm(clock, [rules.Moment(special, terms.due)])
    return clock


def plan(
    clock: Clock, *, at: datetime, due: datetime, consumed: int, why: str, act: str,
    ladder: Sequence[RungSpec], calendar: WorkCalendar,
) -> None:  # fmt: skip
    """State a new due time: a plan row, the old plan's rungs cancelled, the new one's armed where still ahead."""
    clock.due_at = due
    clock.provisional = calendar.is_provisional(due)
    left = calendar.worked(at, due) if due > at else 0
    _note_plan(clock, at=at, due=due, consumed=consumed, remaining=left, why=why, act=act)
    arm(clock, rules.moments(calendar=calendar, ladder=ladder, at=at, due=due, consumed=consumed))


def _note_plan(
    clock: Clock, *, at: datetime, due: datetime | None, consumed: int, remaining: int, why: str, act: str
) -> None:
    for rung in clock.rungs:
        # A promised word stands whatever the due becomes, but not through a pause.
        kept = rules.is_outside(rung.code) or (rules.is_promise(rung.code) and due is not None)
        if rung.state == rules.HELD or (rung.state == rules.ARMED and not kept):
            rung.state = rules.CANCELLED
    clock.plan += 1
    clock.consumed = consumed
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
            remaining=remaining,
        )
    )


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
    stopped = clock.stopped_at or at
    whole, consumed, left = reckon(clock, stopped)
    clock.state, clock.stopped_at = rules.RUNNING, None
    _turn_span(clock, rules.RUNNING, clock.owner, at)
    if least is None and left <= 0 and clock.floor_given:
        # Nothing is left and the floor was given before: the promise stays broken at its old due time.
        _rearm(clock, after=at)
        return
    _move_excuse(clock, since=stopped, to=at)
    calendar = adopt(clock)
    floor = policy_of(clock).floor(clock.severity)
    if least is not None:
        due = max(least, calendar.due(at, floor))
    else:
        due = rules.resumed(
            calendar=calendar, at=at, left=left, whole=whole, floor=None if clock.floor_given else floor
        )
        clock.floor_given = clock.floor_given or due > calendar.advance(at, max(left, 0))
    plan(clock, at=at, due=due, consumed=consumed, why="send_back", act=act, ladder=ladder, calendar=calendar)


def pause(clock: Clock, *, at: datetime, act: str, until: datetime | None, since: datetime | None = None) -> None:
    """Pause a running clock (K8): no due time, no rung and no breach, until it runs on, by itself at `until`.

    `since`: when the pause was asked for. If the due has passed while nobody decided, what was left then is given back.
    """
    note_lateness(clock, at=at)
    late = clock.due_at is not None and at >= clock.due_at
    whole, _consumed, left = reckon(clock, since if late and since is not None else at)
    if late and since is not None:
        _turn_span(clock, rules.STOPPED, clock.asked_of or clock.holder, since)
        _move_excuse(clock, since=since, to=at)
    clock.asked_of = None
    clock.state, clock.due_at, clock.provisional = rules.PAUSED, None, False
    clock.remaining, clock.pause_until = max(left, 0), until
    _turn_span(clock, rules.PAUSED, clock.holder, at)
    consumed = whole - clock.remaining
    _note_plan(clock, at=at, due=None, consumed=consumed, remaining=clock.remaining, why="pause", act=act)
    if until is not None:
        arm(clock, [rules.Moment(rules.RESUME, until)])


def unpause(clock: Clock, *, at: datetime, act: str, ladder: Sequence[RungSpec]) -> None:
    """Run on after a pause: what was left is left, in working time, whatever the wall clock did meanwhile."""
    at = max(at, _last_span(clock).from_at)
    _move_excuse(clock, since=clock.plans[-1].at, to=at)
    calendar = adopt(clock)
    clock.paused += calendar.worked(_last_span(clock).from_at, at)
    due = calendar.advance(at, clock.remaining or 0)
    consumed = clock.plans[-1].consumed
    clock.state, clock.remaining, clock.pause_until = rules.RUNNING, None, None
    _turn_span(clock, rules.RUNNING, clock.holder, at)
    plan(clock, at=at, due=due, consumed=consumed, why="resume", act=act, ladder=ladder, calendar=calendar)


def extend(clock: Clock, *, at: datetime, due: datetime, why: str, act: str, ladder: Sequence[RungSpec]) -> None:
    """Give a running clock a later due (K10); what it was before stays in its plans."""
    note_lateness(clock, at=at)
    _whole, consumed, _left = reckon(clock, at)
    clock.extensions += why == "extension"
    clock.asked_of = None
    plan(clock, at=at, due=due, consumed=consumed, why=why, act=act, ladder=ladder, calendar=adopt(clock))


def excuse_by_rating(clock: Clock, *, at: datetime) -> datetime | None:
    """The due that a harsher rating takes away, where none has before: until then lateness is not the owner's."""
    if clock.rerated_until is not None or clock.due_at is not None:
        return clock.rerated_until or clock.due_at
    return calendar_of(clock).advance(at, clock.remaining or 0)


def _move_excuse(clock: Clock, *, since: datetime, to: datetime) -> None:
    """What was paused or stopped also moves the due that held before a harsher rating, in the calendar of that time."""
    if clock.rerated_until is None or clock.rerated_until <= since:
        return
    rated = next(n for n, row in enumerate(clock.plans) if row.why == "rerate")
    before = clock.plans[max(rated - 1, 0)]
    calendar = work_calendar(before.calendar, before.calendar_revision, before.national_revision)
    clock.rerated_until = calendar.advance(to, calendar.worked(since, clock.rerated_until))


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
    clock.remaining, clock.pause_until = None, None
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
    holder, cause = rules.account(
        holder=clock.holder, owner=clock.owner, due=clock.due_at, asked_of=clock.asked_of,
        rerated_until=clock.rerated_until,
    )  # fmt: skip
    found = Breach(
        clock=clock, plan=clock.plan, at=at, due_at=clock.due_at, policy_version=clock.policy_version,
        holder=holder, cause=cause,
    )  # fmt: skip
    db.session.add(found)
    return found


def replan(
    clock: Clock, *, at: datetime, target: Target, calendar: str, whole: int, why: str, act: str,
    ladder: Sequence[RungSpec],
) -> None:  # fmt: skip
    """State what remains anew after a later fact (K11): consumed time counts, in the calendar that holds now.

    `whole` is all that the clock may take, in working seconds of that calendar. A paused clock stays paused.
    """
    note_lateness(clock, at=at)
    value = adopt(clock, calendar)
    clock.target = str(target)
    consumed = consumed_in(clock, value, at)
    floor = policy_of(clock).floor(clock.severity)
    moment = max(at, clock.started_at)
    left = rules.remaining(calendar=value, at=moment, whole=whole, consumed=consumed, floor=floor)
    if clock.state == rules.PAUSED:
        until, clock.remaining = clock.pause_until, left
        _note_plan(clock, at=at, due=None, consumed=consumed, remaining=left, why=why, act=act)
        if until is not None:
            arm(clock, [rules.Moment(rules.RESUME, until)])
        return
    due = value.advance(moment, left)
    plan(clock, at=moment, due=due, consumed=consumed, why=why, act=act, ladder=ladder, calendar=value)
    if clock.started_at > at:
        arm(clock, [rules.Moment(rules.START, clock.started_at)])


def adopt(clock: Clock, calendar: str | None = None) -> WorkCalendar:
    """Pin a clock to the newest revision of the calendar it should run in now, or of another, and give its value."""
    code = calendar or calendar_now(clock)
    value, revision, national = current_calendar(code)
    clock.calendar, clock.calendar_revision, clock.national_revision = code, revision, national
    clock.checked_revision, clock.checked_national = revision, national
    return value


def calendar_now(clock: Clock) -> str:
    """The code of the calendar in which a clock should run now: the policy's for its severity, else its owner's."""
    own = policy_of(clock).calendar_code(clock.kind, clock.severity)
    if own is not None:
        return own
    unit = refer(Unit, clock.owner)
    return clock.calendar if unit is None else unit.calendar


def consumed_in(clock: Clock, calendar: WorkCalendar, at: datetime) -> int:
    """Working seconds that a clock has run up to a moment, counted afresh in a calendar from its running stretches."""
    stretches = [(span.from_at, span.to_at or at) for span in clock.spans if span.state == rules.RUNNING]
    return sum(calendar.worked(begin, min(end, at)) for begin, end in stretches if min(end, at) > begin)


def reckon(clock: Clock, at: datetime) -> tuple[int, int, int]:
    """(whole, consumed, left) of a running clock in working seconds at a moment; left is negative past the due."""
    calendar, last = calendar_of(clock), clock.plans[-1]
    due = clock.due_at or at
    consumed = last.consumed + (calendar.worked(last.at, at) if at > last.at else 0)
    whole = last.consumed + (calendar.worked(last.at, due) if due > last.at else 0)
    return whole, consumed, whole - consumed


def arm(clock: Clock, moments: Sequence[rules.Moment]) -> None:
    """Arm rungs of the clock's present plan."""
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
