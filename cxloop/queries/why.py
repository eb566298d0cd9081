"""Why this due time? A clock's account, step by step, from what is stored (K16)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ..domain.clocks import LIVE
from ..domain.derivation import Fact, Handed, Underivable
from ..domain.explanation import Piece, Plan, Step, steps
from ..domain.permissions import Person
from ..domain.targets import Target
from ..extensions import db
from ..models.calendar import work_calendar
from ..models.clock import Clock, ClockPlan
from ..models.scope import clocks_seen
from ..models.unit import Unit
from ..wording import current_locale
from .history import Chain, chains
from .preview import calendar_name
from .steps import told


def find(*, id_: int, person: Person, at: datetime) -> dict[str, Any] | None:
    """Why a clock is due when it is, or None when the person may not see it."""
    number = db.session.scalar(select(Clock.chain_no).where(Clock.id == id_, clocks_seen(person)))
    if number is None:
        return None
    [chain] = chains([number])
    [clock] = [row for row in chain.clocks if row.id == id_]
    zone = _calendar(clock.plans[-1]).tz
    return {
        "id": clock.id,
        "subject": clock.subject,
        "kind": clock.kind,
        "cycle": clock.cycle,
        "state": clock.state,
        "due_at": clock.due_at,
        "remaining": clock.remaining,
        "provisional": clock.provisional,
        "why": told(account(chain, clock, at=at), zone, _unit_names()),
    }


def account(chain: Chain, clock: Clock, *, at: datetime) -> tuple[Step, ...]:
    """The steps of a clock's account up to a moment, or to its end."""
    done = clock.state not in LIVE
    pieces = [Piece(span.state, span.from_at, span.to_at, span.holder) for span in clock.spans]
    until = max(clock.spans[-1].to_at or at, clock.started_at) if done else at
    found = steps(plans=_plans(chain, clock), pieces=pieces, at=until, done=done, owner=clock.owner)
    if done and clock.ended_at is not None:
        return (*found[:-1], replace(found[-1], at=clock.ended_at))
    return found


def _calendar(plan: ClockPlan) -> Any:
    return work_calendar(plan.calendar, plan.calendar_revision, plan.national_revision)


def _plans(chain: Chain, clock: Clock) -> list[Plan]:
    try:
        facts: list[Fact | None] = list(chain.derived(clock)[0])
    except (Underivable, LookupError):
        # What cannot be derived can still be told, without where it came from.
        facts = [None] * len(clock.plans)
    found: list[Plan] = []
    for plan, fact in zip(clock.plans, facts, strict=True):
        calendar, due = _calendar(plan), plan.due_at
        left = plan.remaining or 0
        if due is not None:
            left = calendar.worked(plan.at, due) if due >= plan.at else -calendar.worked(due, plan.at)
        known = _known(plan) | _asked(chain, clock, plan, fact)
        if found:
            known["before"] = _known(clock.plans[len(found) - 1])
        elif fact is not None:
            known |= _basis(clock, fact)
        found.append(Plan(plan.at, due, plan.consumed, left, plan.why, calendar, known))
    return found


def _known(plan: ClockPlan) -> dict[str, Any]:
    national = _calendar(plan).official_until is not None
    return {
        "act": plan.act,
        "target": Target.parse(plan.target),
        "calendar": plan.calendar,
        "calendar_name": calendar_name(plan.calendar, plan.calendar_revision),
        "calendar_revision": plan.calendar_revision,
        "national_revision": plan.national_revision if national else None,
        "policy_version": plan.policy_version,
    }


def _asked(chain: Chain, clock: Clock, plan: ClockPlan, fact: Fact | None) -> dict[str, Any]:
    """What the unit had asked for, where a plan grants it."""
    asked = chain.request(clock, plan)
    if asked is None:
        return {"until": fact.until} if fact is not None and fact.until is not None else {}
    found = {"request": asked.n, "reason": asked.reason, "asked_at": asked.at, "granted_at": asked.granted_at}
    return found | ({"until": asked.granted_at} if plan.why == "pause" else {})


def _basis(clock: Clock, fact: Fact) -> dict[str, Any]:
    """Where a first due comes from that no target alone leads to."""
    landing = fact.landing
    if isinstance(landing, Handed):
        least_at = fact.calendar.due(fact.at, landing.least)
        above = {"above": landing.end, "gather": landing.gather}
        return {"basis": {"handed": True, **above, "least": landing.least, "least_at": least_at}}
    if landing is not None:
        basis: dict[str, Any] = {
            "issue_due": landing.issue_due,
            "review": landing.review,
            "gather": landing.gather,
            "wave_end": landing.end(),
            "least": landing.least,
            "least_at": fact.calendar.due(fact.at, landing.least),
        }
        if landing.first is not None and landing.first < landing.end():
            half = fact.calendar.worked(landing.first, landing.end()) // 2
            basis["half"] = fact.calendar.advance(fact.at, half)
        return {"basis": basis}
    if fact.why == "ledger" and fact.date is not None:
        return {"basis": {"ledger": fact.date}}
    if clock.kind == "measure" and fact.date is not None:
        least_at = fact.calendar.due(fact.at, fact.floor)
        return {"basis": {"agreed": fact.date, "least": fact.floor, "least_at": least_at}}
    return {}


def _unit_names() -> Callable[[str], str]:
    zh = current_locale() == "zh"
    names = {unit.code: unit.short if zh else unit.name_en for unit in db.session.scalars(select(Unit))}
    return lambda code: names.get(code, code)
