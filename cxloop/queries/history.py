"""The facts of clocks' histories, chain by chain: what their due times can be derived from without trusting one."""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from ..domain.calendar import Target, WorkCalendar
from ..domain.clocks import EXTENSION, GRANTED, PAUSE
from ..domain.derivation import Carried, Derived, Fact, Handed, Landing, Stretch, Underivable, derive
from ..domain.policy import Policy
from ..domain.vocabulary import Duty
from ..extensions import db
from ..models.calendar import NATIONAL, CalendarRevision, work_calendar
from ..models.clock import Clock, ClockPlan, Request
from ..models.entry import Entry
from ..models.issue import Issue
from ..models.measure import Measure
from ..models.policy import sla_policy
from ..models.progress import ProgressNote
from ..models.task import Task
from ..models.unit import Unit

AFTER_DECLINE = frozenset({"task.redispatch", "task.adjudicate"})
REDO = "task.redo"
RESTATED = frozenset({"rated", "several", "rerate", "policy"})
# What the rules asked of the records besides the clocks, as it stood at that moment: the trail knows.
_TRAILED = ("severity", "several", "unit", "review_at", "external_due_at")
_ROWS = tuple(selectinload(part) for part in (Clock.plans, Clock.spans, Clock.rungs, Clock.breaches))


class Past:
    """What the trail of a chain knows: fields of records as they stood after any of its entries."""

    def __init__(self, entries: Sequence[tuple[int, datetime, str]] = ()) -> None:
        """From a chain's entries in order: (sequence, moment, body)."""
        self._entries = list(entries)
        self._moments = [at for _seq, at, _body in self._entries]
        self._values: dict[tuple[str, str], list[tuple[int, Any]]] = {}
        for seq, _at, body in self._entries:
            # Most entries change none of these: looking is much cheaper than reading.
            if any(f'"{name}"' in body for name in _TRAILED):
                for change in json.loads(body)["changes"]:
                    if change["field"] in _TRAILED:
                        self._values.setdefault((change["subject"], change["field"]), []).append((seq, change["after"]))

    def place(self, name: str, at: datetime, *, nth: int, of: int) -> int:
        """The sequence of the entry that stated a clock anew at a moment: its `nth` of `of` statements there.

        Where several acts fell on one instant, those that touched the clock are told apart by their order.
        """
        first, end = bisect_left(self._moments, at), bisect_right(self._moments, at)
        found = [seq for seq, _at, _body in self._entries[first:end]]
        if len(found) > 1:
            touching = [seq for seq, _at, body in self._entries[first:end] if _touches(body, name)]
            found = [touching[nth]] if len(touching) == of else touching or found
        return found[-1] if found else (self._entries[end - 1][0] if end else 0)

    def said(self, name: str, seq: int) -> datetime | None:
        """A moment that somebody stated with an act."""
        bodies = [body for n, _at, body in self._entries if n == seq]
        found = json.loads(bodies[0])["said"].get(name) if bodies else None
        return datetime.fromisoformat(found) if isinstance(found, str) else None

    def value(self, subject: str, name: str, seq: int, default: Any) -> Any:
        """The value after an entry; `default` where the trail tells of none."""
        found = default
        for since, value in self._values.get((subject, name), ()):
            if since > seq:
                break
            found = value
        return found

    def every(self, subject: str, name: str) -> list[Any]:
        """All the values that a field ever had."""
        return [value for _seq, value in self._values.get((subject, name), ())]

    def moment(self, subject: str, name: str, seq: int, default: datetime | None) -> datetime | None:
        """The same for a field that holds a moment."""
        found = self.value(subject, name, seq, default)
        return datetime.fromisoformat(found) if isinstance(found, str) else found


def _touches(body: str, name: str) -> bool:
    return f'"{name}"' in body and any(change["subject"] == name for change in json.loads(body)["changes"])


@dataclass
class Chain:
    """An issue with all its clocks, and what their due times came from."""

    issue: Issue
    clocks: list[Clock]
    tasks: dict[str, Task]
    measures: dict[str, Measure]
    requests: list[Request]
    notes: dict[str, datetime | None]
    past: Past
    units: dict[str, Unit]
    published: dict[str, list[tuple[datetime, int]]]

    def __post_init__(self) -> None:
        self._told: dict[int, tuple[list[Fact], list[Derived]]] = {}
        self._places: dict[tuple[int, int], int] = {}

    @cached_property
    def wholes(self) -> list[Clock]:
        """The issue's own clocks, by cycle."""
        return sorted((clock for clock in self.clocks if clock.kind == "issue"), key=lambda clock: clock.cycle)

    def derived(self, clock: Clock) -> tuple[list[Fact], list[Derived]]:
        """A clock's facts, and what follows from them, plan by plan. Underivable where a fact is missing."""
        if clock.id not in self._told:
            facts = [self._fact(clock, plan) for plan in clock.plans]
            self._told[clock.id] = facts, derive(kind=clock.kind, facts=facts, stretches=stretches(clock))
        return self._told[clock.id]

    def _place(self, clock: Clock, plan: ClockPlan) -> int:
        """After which entry of the chain a plan was stated."""
        key = clock.id, plan.n
        if key not in self._places:
            same = [row.n for row in clock.plans if row.at == plan.at]
            nth = same.index(plan.n)
            self._places[key] = self.past.place(clock.trail_name(), plan.at, nth=nth, of=len(same))
        return self._places[key]

    def _fact(self, clock: Clock, plan: ClockPlan) -> Fact:
        policy, target = sla_policy(plan.policy_version), Target.parse(plan.target)
        severity = self.past.value(clock.trail_name(), "severity", self._place(clock, plan), clock.severity)
        request = self.request(clock, plan)
        return Fact(
            at=plan.at,
            why=plan.why,
            calendar=work_calendar(plan.calendar, plan.calendar_revision, plan.national_revision),
            target=target,
            floor=policy.floor(severity),
            ladder=policy.ladder(clock.kind, target=target, department=self.units[clock.owner].is_department()),
            landing=self._landing(clock, plan, policy),
            date=self._date(clock, plan, request),
            since=request.at if request is not None and plan.why == "pause" else None,
            until=request.granted_at if request is not None and plan.why == "pause" else None,
            carried=self._carried(clock, plan, policy, severity) if plan.why == "joint" else None,
        )

    def request(self, clock: Clock, plan: ClockPlan) -> Request | None:
        """What the unit had asked for, of a plan that grants it."""
        kind = {"extension": EXTENSION, "pause": PAUSE}.get(plan.why)
        granted = [row for row in self._granted(plan.at) if row.kind == kind and row.clock_id == clock.id]
        return granted[-1] if granted else None

    def _granted(self, at: datetime) -> list[Request]:
        return [row for row in self.requests if row.decision == GRANTED and row.decided_at == at]

    def _date(self, clock: Clock, plan: ClockPlan, request: Request | None) -> datetime | None:
        if plan.why == "extension":
            return None if request is None else request.granted_at
        if plan.why == "outside":
            return self._outside(self._place(clock, plan))
        if plan.why == "ledger":
            return self._taken_over(clock, plan)
        if clock.kind == "measure":
            return self.measures[clock.subject].agreed_at
        if clock.kind == "reexamine":
            return self.past.moment(self.issue.no, "review_at", self._place(clock, plan), self.issue.review_at)
        return None

    def _taken_over(self, clock: Clock, plan: ClockPlan) -> datetime | None:
        """The due that the ledger gave, as it stands in the entry of the act that took it over."""
        return self.past.said("original_due", self._place(clock, plan))

    def _landing(self, clock: Clock, plan: ClockPlan, policy: Policy) -> Landing | Handed | None:
        if clock.kind != "feedback" or plan.why not in {"start", *RESTATED} or plan.act == REDO:
            return None
        task, place, start = self.tasks[clock.subject], self._place(clock, plan), clock.plans[0].at
        severity = self.past.value(self.issue.no, "severity", place, self.issue.severity)
        if task.parent is not None:
            joint, end = self._above(task.parent, place, start)
            return Handed(joint, end, policy.target("gather", severity), policy.floor(severity))
        restated = plan.why in RESTATED
        joint, due = self._as_if(plan, place, policy, severity) if restated else self._joint(plan.at, place)
        return Landing(
            joint=joint,
            issue_due=due,
            review=policy.target("wave_end", severity, units=self._wave_units(task, place)),
            gather=policy.target("gather", severity) if task.duty == Duty.SUPPORT else None,
            least=policy.target("units_min", severity),
            first=self._first(clock, start) if clock.plans[0].act in AFTER_DECLINE else None,
            outside=None if restated else self._outside(place),
        )

    def _outside(self, place: int) -> datetime | None:
        # No issue is opened with one: where the trail does not tell of it yet, there was none.
        return self.past.moment(self.issue.no, "external_due_at", place, None)

    def _above(self, parent: str, place: int, at: datetime) -> tuple[WorkCalendar, datetime]:
        """The due of the task that this one was split from, as it stood, derived in its turn."""
        for clock in reversed([row for row in self.clocks if (row.subject, row.kind) == (parent, "feedback")]):
            facts, told = self.derived(clock)
            for row, fact, plan in reversed(list(zip(clock.plans, facts, told, strict=True))):
                if self._place(clock, row) <= place:
                    return fact.calendar, plan.due or fact.calendar.advance(at, plan.remaining)
        raise Underivable(f"{parent} had no due")

    def _first(self, clock: Clock, start: datetime) -> datetime | None:
        earlier = [row for row in self.clocks if (row.subject, row.kind) == (clock.subject, clock.kind)]
        found = [row.plans[0].at for row in earlier if row.cycle == clock.cycle - 1]
        return found[0] if found else None

    def _whole(self, at: datetime) -> Clock:
        found = [clock for clock in self.wholes if clock.started_at <= at]
        if not found:
            raise Underivable(f"{self.issue.no} had no clock of its own")
        return found[-1]

    def _joint(self, at: datetime, place: int) -> tuple[WorkCalendar, datetime]:
        """The issue's due as it stood, derived in its turn, with the calendar it was found in."""
        whole = self._whole(at)
        facts, told = self.derived(whole)
        stated = list(zip(whole.plans, facts, told, strict=True))
        for row, fact, plan in reversed(stated):
            if self._place(whole, row) <= place and plan.due is not None:
                return fact.calendar, plan.due
        raise Underivable(f"{self.issue.no} had no due")

    def _as_if(self, plan: ClockPlan, place: int, policy: Policy, severity: int) -> tuple[WorkCalendar, datetime]:
        """The due the issue would have had from its beginning under a severity and a policy.

        What one task's extension carried it on is counted where it was granted.
        """
        whole, at = self._whole(plan.at), plan.at
        code = policy.calendar_code("issue", severity) or self.units[whole.owner].calendar
        joint = work_calendar(code, self._revision(code, at), self._revision(NATIONAL, at))
        several = self.past.value(self.issue.no, "several", place, self.issue.several)
        target = policy.target("issue", severity, several=bool(several))
        return joint, joint.due(whole.plans[0].at, target)

    def _revision(self, code: str, at: datetime) -> int:
        return max((n for since, n in self.published.get(code, ()) if since <= at), default=0)

    def _wave_units(self, task: Task, place: int) -> int:
        wave = [row for row in self.tasks.values() if row.wave == task.wave and row.parent is None]
        return len({self.past.value(row.no, "unit", place, row.unit) for row in wave}) or 1

    def _carried(self, clock: Clock, plan: ClockPlan, policy: Policy, severity: int) -> Carried | None:
        for row in self._granted(plan.at):
            if row.kind == EXTENSION and row.granted_at is not None:
                place = self._place(clock, plan)
                units = self._wave_units(self.tasks[row.task_no], place)
                rated = self.past.value(self.issue.no, "severity", place, self.issue.severity)
                review = policy.target("wave_end", rated, units=units)
                return Carried(row.granted_at, review, self._outside(place))
        original = self._taken_over(clock, plan)
        return None if original is None else Carried(original, policy.target("wave_end", severity, units=1))


def stretches(clock: Clock) -> list[Stretch]:
    """A clock's spans as the derivation reads them."""
    return [Stretch(span.state, span.from_at, span.to_at) for span in clock.spans]


def chains(numbers: Sequence[str]) -> Iterator[Chain]:
    """These issues with everything their clocks' due times came from, read at once."""
    issues = list(db.session.scalars(select(Issue).where(Issue.no.in_(numbers)).order_by(Issue.no)))
    clocks = _grouped(
        db.session.scalars(_of(Clock, Clock.chain_no, numbers).order_by(Clock.id).options(*_ROWS)), "chain_no"
    )
    tasks = _grouped(db.session.scalars(_of(Task, Task.issue_no, numbers)), "issue_no")
    held = select(Task.no).where(Task.issue_no.in_(numbers))
    measures = list(db.session.scalars(select(Measure).where(Measure.task_no.in_(held))))
    requests = list(db.session.scalars(select(Request).where(Request.task_no.in_(held)).order_by(Request.id)))
    notes = list(db.session.scalars(select(ProgressNote).where(ProgressNote.task_no.in_(held))))
    entries: dict[str, list[tuple[int, datetime, str]]] = {}
    rows = select(Entry.chain_no, Entry.seq, Entry.at, Entry.body).where(
        Entry.chain_kind == "issue", Entry.chain_no.in_(numbers)
    )
    for number, seq, at, body in db.session.execute(rows.order_by(Entry.chain_no, Entry.seq)):
        entries.setdefault(number, []).append((seq, at, body))
    units = {unit.code: unit for unit in db.session.scalars(select(Unit))}
    published = _published()
    for issue in issues:
        own = {task.no: task for task in tasks.get(issue.no, ())}
        yield Chain(
            issue, clocks.get(issue.no, []), own,
            {row.number(): row for row in measures if row.task_no in own},
            [row for row in requests if row.task_no in own],
            {f"{row.task_no}/{row.n}": row.next_at for row in notes if row.task_no in own},
            Past(entries.get(issue.no, ())), units, published,
        )  # fmt: skip


def _of(cls: Any, column: Any, numbers: Sequence[str]) -> Any:
    return select(cls).where(column.in_(numbers))


def _grouped(rows: Iterable[Any], name: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(getattr(row, name), []).append(row)
    return found


def _published() -> dict[str, list[tuple[datetime, int]]]:
    found: dict[str, list[tuple[datetime, int]]] = {}
    for code, n, at in db.session.execute(
        select(CalendarRevision.calendar, CalendarRevision.n, CalendarRevision.published_at)
    ):
        found.setdefault(code, []).append((at, n))
    return found
