"""States change here and nowhere else, together with the clocks that hang on them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ...domain import clocks as rules
from ...domain.lifecycle import ACTS
from ...domain.vocabulary import CENTER, SYSTEM
from ...extensions import db
from ...models.appeal import Appeal
from ...models.clock import Clock, Request
from ...models.issue import Issue
from ...models.measure import Measure
from ...models.progress import Question
from ...models.task import Task
from . import engine, terms
from .restating import RESTATED, restate, would_be_later

Living = Issue | Task | Measure | Request | Question | Appeal


def step(subject: Any, *, act: str, at: datetime, to: str | None = None) -> None:
    """Bring a subject to a state, as the lifecycle table allows, and apply the act's row of the clocks' table.

    `act` may name an ending (`review.accept:following`). RuntimeError for a state the table does not know: a bug.
    """
    if to is not None:
        row = ACTS[act.partition(":")[0]]
        if to not in row.to:
            raise RuntimeError(f"{act} does not lead to {to}")
        subject.state = to
    effects = rules.EFFECTS.get(act, ())
    for effect in effects:
        _DRIVERS[effect.verb](subject, effect.kind, at, act)
    if any(effect.kind == "feedback" for effect in effects):
        join(_parts(subject)[0], at=at, act=act)


def _parts(subject: Living) -> tuple[Issue, Task | None, Measure | None]:
    if isinstance(subject, Issue):
        return subject, None, None
    if isinstance(subject, Appeal):
        return db.session.get_one(Issue, subject.issue_no), None, None
    if isinstance(subject, Task | Request | Question):
        task = subject if isinstance(subject, Task) else subject.task
        return _issue(task), task, None
    task = subject.task
    return _issue(task), task, subject


def _issue(task: Task) -> Issue:
    issue = db.session.get(Issue, task.issue_no)
    if issue is None:
        raise LookupError(task.issue_no)
    return issue


def _name(subject: Living) -> str:
    if isinstance(subject, Request | Question | Appeal):
        return subject.trail_name()
    return subject.number() if isinstance(subject, Measure) else subject.no


def _start(subject: Living, kind: str, at: datetime, act: str) -> None:
    issue, task, measure = _parts(subject)
    if kind == "feedback" and task is not None and task.parent is None:
        _run_on_together(issue, at, act)
    found = terms.terms_for(kind, issue, task, measure, at=at, act=act)
    clock = engine.start(chain=("issue", issue.no), subject=_name(subject), kind=kind, terms=found, at=at, act=act)
    show_due(subject, clock)


def show_due(subject: Living, clock: Clock) -> None:
    """Keep the clock's due beside the task or measure too, so that a list needs no second look."""
    if clock.kind in {"feedback", "measure"} and isinstance(subject, Task | Measure):
        subject.due_at = clock.due_at


def _on(subject: Living, kind: str) -> Clock | None:
    if isinstance(subject, Request) and kind != "decide":
        return subject.clock
    return engine.live_clock(_name(subject), kind)


def _dispatcher(subject: Living) -> str:
    _issue_row, task, _measure = _parts(subject)
    return CENTER if task is None else task.dispatcher


def _stop(subject: Living, kind: str, at: datetime, act: str) -> None:
    clock = _running(subject, kind, at, act)
    if clock is not None:
        engine.stop(clock, at=at, holder=_dispatcher(subject))


def _resume(subject: Living, kind: str, at: datetime, act: str) -> None:
    clock = _on(subject, kind)
    if clock is not None:
        least = _agreed(subject, clock) if isinstance(subject, Measure) else None
        engine.resume(clock, at=at, act=act, ladder=engine.ladder_of(clock), least=least)
        show_due(subject, clock)


def _agreed(measure: Measure, clock: Clock) -> datetime | None:
    # An extension is a new agreement; the old date stays with the measure.
    granted = [plan.due_at for plan in clock.plans if plan.why == "extension" and plan.due_at is not None]
    return max(granted, default=measure.agreed_at)


def _rerun(subject: Living, kind: str, at: datetime, act: str) -> None:
    clock = _on(subject, kind)
    if clock is not None:
        engine.rerun(clock)


def _charge(subject: Living, kind: str, at: datetime, act: str) -> None:
    clock = _running(subject, kind, at, act)
    if clock is not None:
        engine.charge(clock, at=at, holder=_dispatcher(subject))


def _running(subject: Living, kind: str, at: datetime, act: str) -> Clock | None:
    """The clock, run on if it was paused, with no request left open: whoever answers or declines needs no more time."""
    clock = _on(subject, kind)
    if clock is not None:
        _let_lapse(clock, at)
        if clock.state == rules.PAUSED:
            engine.unpause(clock, at=_ended(clock, at), act=act, ladder=engine.ladder_of(clock))
            show_due(subject, clock)
    return clock


def _ended(clock: Clock, at: datetime) -> datetime:
    # A pause whose latest end has passed ended then, whether or not the clockwork has come by since.
    return at if clock.pause_until is None else min(at, clock.pause_until)


def _let_lapse(clock: Clock, at: datetime) -> None:
    if clock.kind not in {"feedback", "measure"}:
        return
    clock.asked_of = None
    waiting = select(Request).where(Request.clock_id == clock.id, Request.decided_at.is_(None)).order_by(Request.n)
    for request in db.session.scalars(waiting):
        request.decision, request.decided_by, request.decided_at = rules.LAPSED, SYSTEM, at
        step(request, act="request.lapse", at=at)


def _finish(how: str) -> Callable[[Living, str, datetime, str], None]:
    def finish(subject: Living, kind: str, at: datetime, act: str) -> None:
        clock = _on(subject, kind)
        if clock is not None:
            _let_lapse(clock, at)
            engine.finish(clock, at=at, how=how)

    return finish


def _extend(subject: Request, kind: str, at: datetime, act: str) -> None:
    if subject.granted_at is None:
        raise RuntimeError(f"{subject.trail_name()} grants nothing")
    clock = subject.clock
    engine.extend(
        clock, at=at, due=subject.granted_at, why="extension", act="extension.grant", ladder=engine.ladder_of(clock)
    )
    show_due(subject_of(subject), clock)


def _pause(subject: Request, kind: str, at: datetime, act: str) -> None:
    engine.pause(subject.clock, at=at, act="pause.grant", until=subject.granted_at, since=subject.at)
    show_due(subject_of(subject), subject.clock)


def _unpause(subject: Living, kind: str, at: datetime, act: str) -> None:
    clock = _on(subject, kind)
    if clock is not None and clock.state == rules.PAUSED:
        engine.unpause(clock, at=_ended(clock, at), act="clock.resume", ladder=engine.ladder_of(clock))
        show_due(subject, clock)


def subject_of(request: Request) -> Task | Measure:
    """What a request is about: the task's answer, or one of its measures."""
    if request.subject == request.task_no:
        return request.task
    return next(measure for measure in request.task.measures if measure.number() == request.subject)


_DRIVERS: dict[str, Callable[[Any, str, datetime, str], None]] = {
    "start": _start,
    "stop": _stop,
    "resume": _resume,
    "rerun": _rerun,
    "charge": _charge,
    "pause": _pause,
    "unpause": _unpause,
    "extend": _extend,
    "end": _finish(rules.ENDED),
    "cancel": _finish(rules.CANCELLED),
    "move": _finish(rules.MOVED),
}


def join(issue: Issue, *, at: datetime, act: str) -> None:
    """Keep the joint due in step (K6): paused exactly while every task with a running or paused answer is paused."""
    db.session.flush()
    found = db.session.execute(
        select(Clock.kind, Clock.state).where(
            Clock.chain_no == issue.no,
            Clock.chain_kind == "issue",
            Clock.kind.in_({"issue", "feedback"}),
            Clock.state.in_({rules.RUNNING, rules.PAUSED}),
            # What a unit hands down is its own matter: only its own answer counts here.
            ~Clock.subject.contains("."),
        )
    )
    live = {(kind, state) for kind, state in found}
    all_paused = ("feedback", rules.PAUSED) in live and ("feedback", rules.RUNNING) not in live
    if all_paused and ("issue", rules.RUNNING) in live:
        whole = engine.live_clock(issue.no, "issue")
        if whole is not None:
            engine.pause(whole, at=at, act=act, until=None)
    elif not all_paused and ("issue", rules.PAUSED) in live:
        _run_on_together(issue, at, act)


def _run_on_together(issue: Issue, at: datetime, act: str) -> None:
    whole = engine.live_clock(issue.no, "issue")
    if whole is not None and whole.state == rules.PAUSED:
        engine.unpause(whole, at=at, act=act, ladder=engine.ladder_of(whole))


def resume_by_itself(clock: Clock, *, at: datetime) -> None:
    """The latest end of a pause has come: the clock runs on, and its task and issue with it.

    It runs on from that end, however much later the clockwork came by: nobody gains by a worker that stood still.
    """
    task = db.session.get(Task, clock.subject.partition("/")[0])
    if task is None:
        raise LookupError(clock.subject)
    measures = {measure.number(): measure for measure in task.measures}
    step(measures.get(clock.subject, task), act=f"clock.resume:{clock.kind}", at=_ended(clock, at))


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
        if clock is not None:
            restate(clock, issue, version=clock.policy_version, at=at, why=why, act=act)


def rerate(issue: Issue, *, at: datetime, milder: bool, longer: bool) -> None:
    """State the dues of all running and paused clocks of an issue anew for its new severity (K11).

    A milder rating never moves a due earlier, and later only where `longer` says that the center consents. After a
    harsher one, whoever is late by it alone is not to blame.
    """
    for clock in _restatable(issue):
        if clock.state == rules.PAUSED and clock.pause_until is not None and clock.pause_until <= at:
            resume_by_itself(clock, at=at)
        was = engine.excuse_by_rating(clock, at=at)
        if milder and not (longer and would_be_later(clock, issue, at=at)):
            continue
        restate(clock, issue, version=clock.policy_version, at=at, why="rerate", act="issue.rerate")
        clock.rerated_until = _excused(clock, was, milder=milder, at=at)
        show_due(_owner_of(clock, issue), clock)


def _excused(clock: Clock, was: datetime | None, *, milder: bool, at: datetime) -> datetime | None:
    """Until when lateness is the rating's: harsher, until the due it took; milder, no more once that is given back."""
    if not milder:
        return was
    due = clock.due_at or engine.calendar_of(clock).advance(at, clock.remaining or 0)
    given_back = clock.rerated_until is None or due >= clock.rerated_until
    return None if given_back else clock.rerated_until


def bring_before(issue: Issue, *, due: datetime, at: datetime) -> None:
    """Bring the answers of an issue's running tasks before its outside due, which nothing of ours may pass."""
    late = select(Clock).where(
        Clock.chain_kind == "issue", Clock.chain_no == issue.no, Clock.kind == "feedback",
        Clock.state == rules.RUNNING, Clock.due_at > due,
    )  # fmt: skip
    for clock in db.session.scalars(late.order_by(Clock.id)):
        ladder = engine.ladder_of(clock)
        engine.extend(clock, at=at, due=due, why="outside", act="issue.set_outside_due", ladder=ladder)
        show_due(_owner_of(clock, issue), clock)


def _restatable(issue: Issue) -> list[Clock]:
    # The joint due first: a task's due comes from it.
    db.session.flush()
    live = select(Clock).where(
        Clock.chain_kind == "issue",
        Clock.chain_no == issue.no,
        Clock.kind.in_(RESTATED),
        # An appeal is decided in its own time, whatever the issue's severity.
        ~Clock.subject.contains("/appeal."),
        Clock.state.in_({rules.RUNNING, rules.PAUSED}),
    )
    return sorted(db.session.scalars(live), key=lambda clock: (clock.kind != "issue", clock.id))


def _owner_of(clock: Clock, issue: Issue) -> Living:
    return issue if clock.subject == issue.no else db.session.get_one(Task, clock.subject.partition("/")[0])
