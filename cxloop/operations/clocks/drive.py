"""States change here and nowhere else, together with the clocks that hang on them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from ...domain import clocks as rules
from ...domain.lifecycle import ACTS
from ...domain.vocabulary import CENTER
from ...extensions import db
from ...models.clock import Clock
from ...models.issue import Issue
from ...models.measure import Measure
from ...models.task import Task
from . import engine, terms

Living = Issue | Task | Measure


def step(subject: Any, *, act: str, at: datetime, to: str | None = None) -> None:
    """Bring a subject to a state, as the lifecycle table allows, and apply the act's row of the clocks' table.

    `act` may name an ending (`review.accept:following`). RuntimeError for a state the table does not know: a bug.
    """
    if to is not None:
        row = ACTS[act.partition(":")[0]]
        if to not in row.to:
            raise RuntimeError(f"{act} does not lead to {to}")
        subject.state = to
    for effect in rules.EFFECTS.get(act, ()):
        _DRIVERS[effect.verb](subject, effect.kind, at, act)


def _parts(subject: Living) -> tuple[Issue, Task | None, Measure | None]:
    if isinstance(subject, Issue):
        return subject, None, None
    if isinstance(subject, Task):
        return _issue(subject), subject, None
    task = subject.task
    return _issue(task), task, subject


def _issue(task: Task) -> Issue:
    issue = db.session.get(Issue, task.issue_no)
    if issue is None:
        raise LookupError(task.issue_no)
    return issue


def _name(subject: Living) -> str:
    return subject.number() if isinstance(subject, Measure) else subject.no


def _start(subject: Living, kind: str, at: datetime, act: str) -> None:
    issue, task, measure = _parts(subject)
    found = terms.terms_for(kind, issue, task, measure, at=at)
    clock = engine.start(chain=("issue", issue.no), subject=_name(subject), kind=kind, terms=found, at=at, act=act)
    _show_due(subject, clock)


def _show_due(subject: Living, clock: Clock) -> None:
    # The due people read in lists is the clock's own, kept beside the task so that a list needs no second look.
    if clock.kind in {"feedback", "measure"} and not isinstance(subject, Issue):
        subject.due_at = clock.due_at


def _on(subject: Living, kind: str) -> Clock | None:
    return engine.live_clock(_name(subject), kind)


def _dispatcher(subject: Living) -> str:
    _issue_row, task, _measure = _parts(subject)
    return CENTER if task is None else task.dispatcher


def _stop(subject: Living, kind: str, at: datetime, act: str) -> None:
    clock = _on(subject, kind)
    if clock is not None:
        engine.stop(clock, at=at, holder=_dispatcher(subject))


def _resume(subject: Living, kind: str, at: datetime, act: str) -> None:
    clock = _on(subject, kind)
    if clock is not None:
        least = subject.agreed_at if isinstance(subject, Measure) else None
        engine.resume(clock, at=at, act=act, ladder=engine.ladder_of(clock), least=least)
        _show_due(subject, clock)


def _rerun(subject: Living, kind: str, at: datetime, act: str) -> None:
    clock = _on(subject, kind)
    if clock is not None:
        engine.rerun(clock)


def _charge(subject: Living, kind: str, at: datetime, act: str) -> None:
    clock = _on(subject, kind)
    if clock is not None:
        engine.charge(clock, at=at, holder=_dispatcher(subject))


def _finish(how: str) -> Callable[[Living, str, datetime, str], None]:
    def finish(subject: Living, kind: str, at: datetime, act: str) -> None:
        clock = _on(subject, kind)
        if clock is not None:
            engine.finish(clock, at=at, how=how)

    return finish


_DRIVERS: dict[str, Callable[[Any, str, datetime, str], None]] = {
    "start": _start,
    "stop": _stop,
    "resume": _resume,
    "rerun": _rerun,
    "charge": _charge,
    "end": _finish(rules.ENDED),
    "cancel": _finish(rules.CANCELLED),
    "move": _finish(rules.MOVED),
}


def start_verify(issue: Issue, *, at: datetime, act: str) -> None:
    """Plan the effect wait: the center's `verify` clock begins when it ends."""
    begin = terms.wait_until(issue, at=at)
    found = terms.terms_for("verify", issue, None, None, at=begin)
    engine.start(
        chain=("issue", issue.no), subject=issue.no, kind="verify", terms=replace(found, begin=begin), at=at, act=act
    )
    issue.wait_until = begin


def start_measure(measure: Measure, *, at: datetime) -> None:
    """Follow a measure: its clock runs to the agreed date."""
    step(measure, act="measure.follow", at=at)


def replan_issue(issue: Issue, *, at: datetime, why: str, act: str) -> None:
    """State the dues of the center's running clocks anew after a later fact (K11): the rating, or several units."""
    for kind in ("triage", "issue"):
        clock = _on(issue, kind)
        if clock is None:
            continue
        clock.severity = issue.severity
        policy = engine.policy_of(clock)
        unit = terms.unit_of(clock.owner)
        target = terms.by_policy(kind, issue, policy, unit)
        calendar = policy.calendar_code(kind, issue.severity) or unit.calendar
        if (str(target), calendar) == (clock.target, clock.calendar):
            continue
        ladder = policy.ladder(kind, target=target)
        engine.replan(clock, at=at, target=target, calendar=calendar, why=why, act=act, ladder=ladder)
