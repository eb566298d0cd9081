"""Whose time was it? Per issue and per unit, from spans, so that it adds up (K7)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from ..domain import clocks as rules
from ..domain.attribution import FOLLOW_UP, HANDLING, PAUSED, SIGN_FOR, Mark, Share, partition, totals, without
from ..domain.calendar import WorkCalendar
from ..domain.permissions import Person
from ..domain.vocabulary import IssueState
from ..extensions import db
from ..models.calendar import work_calendar
from ..models.clock import Breach, Clock, ClockSpan
from ..models.issue import Issue
from ..models.scope import clocks_seen, issues_seen, units_of
from ..models.unit import Unit

_OVER = frozenset({IssueState.ARCHIVED, IssueState.DISMISSED, IssueState.MERGED})
_PLAIN = frozenset({"decide", "review", "triage", "verify", "audit", "archive"})


def of_issue(*, no: str, person: Person, at: datetime) -> dict[str, Any] | None:
    """Whose time an issue took, from its opening to its end or to now, or None when the person may not see it."""
    issue = db.session.scalar(select(Issue).where(Issue.no == no, issues_seen(person)))
    if issue is None:
        return None
    clocks = _clocks_of(issue)
    wholes = [clock for clock in clocks if clock.kind == "issue"]
    calendar, begin = calendar_of(wholes[-1]), issue.opened_at
    end = max(begin, _end(issue, clocks, at))
    shares = partition(calendar=calendar, begin=begin, end=end, marks=marks(clocks, end))
    seen = set(db.session.scalars(select(Clock.id).where(Clock.chain_no == no, clocks_seen(person))))
    view = _issue_view(issue, wholes[-1], begin, end, calendar.worked(begin, end))
    view |= _parts(shares, told=person.reads_all())
    answers = [clock for clock in clocks if clock.kind == "feedback" and clock.id in seen]
    answers.sort(key=lambda clock: (clock.subject, clock.cycle))
    return view | {"tasks": [_task(clock, at) for clock in answers]}


def _clocks_of(issue: Issue) -> list[Clock]:
    rows = select(Clock).where(Clock.chain_kind == "issue", Clock.chain_no == issue.no).order_by(Clock.id)
    return list(db.session.scalars(rows.options(selectinload(Clock.spans), selectinload(Clock.plans))))


def calendar_of(clock: Clock) -> WorkCalendar:
    """The calendar a clock is reckoned in now."""
    return work_calendar(clock.calendar, clock.calendar_revision, clock.national_revision)


def _end(issue: Issue, clocks: Sequence[Clock], at: datetime) -> datetime:
    if issue.state not in _OVER:
        return at
    # What ended it ended a clock; what was parked waits on beyond.
    ended = [
        span.to_at for clock in clocks if clock.kind != "reexamine" for span in clock.spans if span.to_at is not None
    ]
    return min(max(ended, default=at), at)


def marks(clocks: Sequence[Clock], end: datetime) -> list[Mark]:
    """What ran in an issue, from its clocks' spans, as marks to part its time by."""
    found: list[Mark] = []
    for clock in clocks:
        for span in clock.spans:
            found.extend(_marks_of(clock, span, clocks, end))
    wholes = [clock for clock in clocks if clock.kind == "issue"]
    for clock in clocks:
        if clock.kind == "verify":
            # Planned when the issue was dealt with; it runs when the effect wait is over.
            dealt = [row.ended_at for row in wholes if row.ended_at is not None and row.ended_at <= clock.started_at]
            until = min(clock.started_at, clock.ended_at or end, end)
            found += [Mark("effect_wait", max(dealt), until)] if dealt else []
    return found


def _marks_of(clock: Clock, span: ClockSpan, clocks: Sequence[Clock], end: datetime) -> Iterable[Mark]:
    until = span.to_at or end
    if clock.kind in _PLAIN and span.state == rules.RUNNING:
        return [Mark(clock.kind, span.from_at, until)]
    if clock.kind not in {"feedback", "measure"}:
        return []
    if span.state == rules.PAUSED:
        return [Mark(PAUSED, span.from_at, until, clock.owner)]
    if span.state != rules.RUNNING or span.holder != clock.owner:
        return []
    if clock.kind == "measure":
        return [Mark(FOLLOW_UP, span.from_at, until, clock.owner)]
    whole = Mark(HANDLING, span.from_at, until, clock.owner)
    unsigned = [
        Mark(SIGN_FOR, max(row.from_at, whole.begins), min(row.to_at or end, until), clock.owner)
        for sign in clocks
        if (sign.kind, sign.subject) == ("sign", clock.subject)
        for row in sign.spans
        if row.from_at < until and (row.to_at or end) > whole.begins
    ]
    return [*unsigned, *without(whole, unsigned)]


def _issue_view(issue: Issue, clock: Clock, begin: datetime, end: datetime, whole: int) -> dict[str, Any]:
    return {
        "no": issue.no,
        "calendar": clock.calendar,
        "calendar_revision": clock.calendar_revision,
        "national_revision": clock.national_revision,
        "from": begin,
        "to": end,
        "over": issue.state in _OVER,
        "seconds": whole,
    }


def _parts(shares: Sequence[Share], *, told: bool) -> dict[str, Any]:
    """The stretches and their sums. Whoever sees but a part of the issue is told whose time it was, and no more."""
    whole = sum(share.seconds for share in shares)
    holders: dict[str, int] = {}
    for share in shares:
        holders[share.holder] = holders.get(share.holder, 0) + share.seconds
    view: dict[str, Any] = {
        "by_holder": [{"holder": holder, **_sum(seconds, whole)} for holder, seconds in sorted(holders.items())]
    }
    if not told:
        return view
    units: dict[str, int] = {}
    for share in shares:
        for unit in share.units:
            units[unit] = units.get(unit, 0) + share.seconds
    by_stage = [
        {"stage": stage, "holder": holder, **_sum(seconds, whole)}
        for (stage, holder), seconds in totals(shares).items()
    ]
    return view | {
        "by_stage": by_stage,
        # Units hold tasks side by side: these overlap, and do not add up.
        "by_unit": [{"unit": unit, **_sum(seconds, whole)} for unit, seconds in sorted(units.items())],
        "stretches": [
            {"from": row.begins, "to": row.ends, "stage": row.stage, "holder": row.holder, "units": list(row.units),
             "seconds": row.seconds}
            for row in shares
        ],
    }  # fmt: skip


def _sum(seconds: int, whole: int) -> dict[str, Any]:
    return {"seconds": seconds, "share": round(seconds / whole, 4) if whole else 0.0}


def _task(clock: Clock, at: datetime) -> dict[str, Any]:
    """A task's time while it lay with one unit: by state and account, in that unit's calendar."""
    calendar, until = calendar_of(clock), max(clock.started_at, clock.spans[-1].to_at or at)
    parts: dict[tuple[str, str], int] = {}
    for span in clock.spans:
        key = span.state, span.holder
        parts[key] = parts.get(key, 0) + calendar.worked(span.from_at, min(span.to_at or until, until))
    whole = calendar.worked(clock.started_at, until)
    return {
        "no": clock.subject,
        "unit": clock.owner,
        "cycle": clock.cycle,
        "state": clock.state,
        "calendar": clock.calendar,
        "from": clock.started_at,
        "to": until,
        "seconds": whole,
        "parts": [
            {"state": state, "holder": holder, **_sum(seconds, whole)} for (state, holder), seconds in parts.items()
        ],
    }


# Per unit


def of_unit(*, code: str, begin: datetime, end: datetime, person: Person, at: datetime) -> dict[str, Any] | None:
    """A unit's working time over a period by kind of clock, with what it kept and what not; None when not seen.

    Cancelled tasks stay out of a unit's figures. Late is who broke a promise on its own account, excused or not.
    """
    if not _sees_unit(code, person):
        return None
    until = min(end, at)
    overlapping = select(ClockSpan.clock_id).where(
        ClockSpan.from_at < end, or_(ClockSpan.to_at.is_(None), ClockSpan.to_at > begin)
    )
    rows = select(Clock).where(Clock.owner == code, Clock.state != rules.CANCELLED, Clock.id.in_(overlapping))
    loaded = (selectinload(Clock.spans), selectinload(Clock.breaches).joinedload(Breach.waiver))
    kinds: dict[str, dict[str, int]] = {}
    for clock in db.session.scalars(rows.order_by(Clock.id).options(*loaded)):
        row = kinds.setdefault(clock.kind, dict.fromkeys(_FIGURES, 0))
        row["clocks"] += 1
        _add_time(row, clock, begin, until)
        if clock.state == rules.ENDED and clock.ended_at is not None and begin <= clock.ended_at < end:
            _add_verdict(row, clock)
    by_kind = [{"kind": kind, **kinds[kind]} for kind in rules.KINDS if kind in kinds]
    return {"unit": code, "from": begin, "to": end, "by_kind": by_kind}


_FIGURES = (
    "clocks", "seconds", "own", "others", "stopped", "paused", "ended", "on_time", "late", "late_others", "waived"
)  # fmt: skip


def _sees_unit(code: str, person: Person) -> bool:
    known = select(Unit.code).where(Unit.code == code)
    if not person.reads_all():
        known = known.where(Unit.code.in_(units_of(person)))
    return bool(person.reads_all() or person.unit_paths()) and db.session.scalar(known) is not None


def _add_time(row: dict[str, int], clock: Clock, begin: datetime, until: datetime) -> None:
    calendar = calendar_of(clock)
    for span in clock.spans:
        low, high = max(span.from_at, begin), min(span.to_at or until, until)
        if high <= low:
            continue
        seconds = calendar.worked(low, high)
        row["seconds"] += seconds
        if span.state == rules.RUNNING:
            row["own" if span.holder == clock.owner else "others"] += seconds
        else:
            row["paused" if span.state == rules.PAUSED else "stopped"] += seconds


def _add_verdict(row: dict[str, int], clock: Clock) -> None:
    row["ended"] += 1
    own = [breach for breach in clock.breaches if breach.holder == clock.owner]
    if own:
        row["late"] += 1
        row["waived"] += all(breach.waiver is not None for breach in own)
    elif clock.breaches:
        row["late_others"] += 1
    else:
        row["on_time"] += 1
