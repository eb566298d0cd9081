"""What permissions and lifecycles read, for one record or a whole page, in a constant number of statements."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from ..domain.clocks import PAUSED
from ..domain.numbers import issue_of
from ..domain.permissions import Facts, Person
from ..domain.vocabulary import (
    CALLING_ISSUE,
    CALLING_TASK,
    OPEN_TASK,
    IssueState,
    ReportState,
    Role,
    TaskState,
    Verdict,
)
from ..extensions import db
from .appeal import Appeal
from .clock import Breach, Clock, Request, Waiver
from .closure import ClosureReport, Liability
from .issue import Issue, Participant, Verification
from .measure import Measure
from .policy import SLA, sla_policy, version_in_force
from .progress import Question
from .signal import Signal
from .task import Task
from .unit import Unit
from .user import Membership, User


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a record: the facts for its relations, and the named conditions of its lifecycle."""

    facts: Facts
    conditions: frozenset[str] = field(default_factory=frozenset)


NOTHING = Known(Facts())


def known_of(*, records: Sequence[Any], person: Person, at: datetime) -> dict[str, Known]:
    """What is known of each record, by number; all records are of one kind."""
    if not records:
        return {}
    found = _KNOWN.get(type(records[0]))
    return {} if found is None else found(records, person, at)


def known(*, record: Any, person: Person, at: datetime) -> Known:
    """What is known of one record; nothing for a record without relations of its own."""
    if record is None:
        return NOTHING
    return next(iter(known_of(records=[record], person=person, at=at).values()), NOTHING)


def _paths(codes: set[str | None]) -> dict[str | None, str]:
    return dict(db.session.execute(select(Unit.code, Unit.path).where(Unit.code.in_(codes))).all())


def _tasks(tasks: Sequence[Task], _person: Person, at: datetime) -> dict[str, Known]:
    paths = _paths({task.unit for task in tasks})
    limit = sla_policy(version_in_force(SLA, at)).declines
    waiting = _waiting(tasks)
    return {
        task.no: Known(
            _task_facts(task, paths[task.unit], waiting.get(task.no, NOTHING_ASKED)),
            _task_conditions(task, at, limit) | _conditions(task, waiting.get(task.no, NOTHING_ASKED)),
        )
        for task in tasks
    }


def _conditions(task: Task, asked: "Asked") -> frozenset[str]:
    # Under follow-up one measure may be paused and another not; a task that is answered has one clock alone.
    whole = task.state == TaskState.WORKING and "paused" in asked.conditions
    return asked.conditions | ({"is_paused"} if whole else set())


@dataclass(frozen=True, slots=True)
class Asked:
    """What waits on a task: which requests, whether something of it is paused, and who asked."""

    conditions: frozenset[str] = frozenset()
    askers: frozenset[str] = frozenset()


NOTHING_ASKED = Asked()
HELD = frozenset({TaskState.WORKING, TaskState.FOLLOWING})
REDOABLE = frozenset({TaskState.ACCEPTED, TaskState.FOLLOWING})


def _waiting(tasks: Sequence[Task]) -> dict[str, Asked]:
    """What waits on each task, in one statement; none where no task is in a state in which something could."""
    held = [task.no for task in tasks if task.state in HELD]
    over = [task.no for task in tasks if task.state in REDOABLE and task.parent is None]
    open_ = [task.no for task in tasks if task.state in OPEN_TASK]
    parts: list[Any] = []
    if held:
        parts += [_paused(held), _requested(held)]
    if open_:
        asked = select(Question.task_no, literal("question_asked"), Question.by)
        parts.append(asked.where(Question.task_no.in_(open_), Question.answered_at.is_(None)))
    if over:
        parts.append(_redoable(over))
    parts += _contestable([task.no for task in tasks if task.state != TaskState.PLANNED])
    if not parts:
        return {}
    found: dict[str, tuple[set[str], set[str]]] = {}
    for subject, condition, by in db.session.execute(union_all(*parts)):
        conditions, askers = found.setdefault(subject.partition("/")[0], (set(), set()))
        conditions.add(condition)
        askers.update({by} - {""})
    return {no: Asked(frozenset(conditions), frozenset(askers)) for no, (conditions, askers) in found.items()}


def _paused(numbers: list[str]) -> Any:
    return select(Clock.subject, literal("paused"), literal("")).where(
        Clock.chain_kind == "issue",
        Clock.chain_no.in_({issue_of(no=no) for no in numbers}),
        Clock.state == PAUSED,
        Clock.kind.in_({"feedback", "measure"}),
    )


def _requested(numbers: list[str]) -> Any:
    return select(Request.task_no, Request.kind + "_asked", Request.by).where(
        Request.task_no.in_(numbers), Request.decided_at.is_(None)
    )


def _contestable(numbers: list[str]) -> list[Any]:
    """Tasks with something held against their unit: a breach, a send-back, a quality mark, a liability."""
    if not numbers:
        return []
    word = literal("contestable"), literal("")
    issues = {issue_of(no=no) for no in numbers}
    late = (
        select(Clock.subject, *word)
        .join(Breach, Breach.clock_id == Clock.id)
        .where(Clock.chain_kind == "issue", Clock.chain_no.in_(issues), Breach.holder == Clock.owner)
    )
    judged = select(Task.no, *word).where(Task.no.in_(numbers), or_(Task.send_backs > 0, Task.quality.is_not(None)))
    liable = (
        select(Task.no, *word)
        .join(ClosureReport, ClosureReport.issue_no == Task.issue_no)
        .join(Liability, and_(Liability.report_no == ClosureReport.no, Liability.unit == Task.unit))
        .where(Task.no.in_(numbers))
    )
    return [late, judged, liable]


def _redoable(numbers: list[str]) -> Any:
    """Tasks of an earlier cycle whose issue is under way again since an ineffective verdict."""
    ineffective = (
        select(Verification.id)
        .where(
            Verification.issue_no == Issue.no,
            Verification.cycle == Issue.cycle - 1,
            Verification.verdict == Verdict.INEFFECTIVE,
        )
        .exists()
    )
    return (
        select(Task.no, literal("redoable"), literal(""))
        .join(Issue, Issue.no == Task.issue_no)
        .where(Task.no.in_(numbers), Issue.state == IssueState.IN_PROGRESS, Task.cycle < Issue.cycle, ineffective)
    )


def _task_facts(task: Task, path: str, asked: Asked) -> Facts:
    return Facts(
        unit=task.unit,
        unit_path=path,
        dispatcher=task.dispatcher,
        handler=task.handler,
        submitter=task.submitted_by,
        askers=asked.askers,
    )


def _task_conditions(task: Task, at: datetime, limit: int) -> frozenset[str]:
    found = {
        "bound": task.binding,
        "child": task.parent is not None,
        "window_over": task.decline_until is not None and at > task.decline_until,
        "declined_twice": task.declines >= limit,
    }
    return frozenset(name for name, holds in found.items() if holds)


def _measures(measures: Sequence[Measure], _person: Person, _at: datetime) -> dict[str, Known]:
    tasks = {
        task.no: task
        for task in db.session.scalars(select(Task).where(Task.no.in_({measure.task_no for measure in measures})))
    }
    paths = _paths({task.unit for task in tasks.values()})
    return {measure.number(): _measure(measure, tasks[measure.task_no], paths) for measure in measures}


def _measure(measure: Measure, task: Task, paths: dict[str | None, str]) -> Known:
    facts = Facts(
        unit=task.unit,
        unit_path=paths[task.unit],
        dispatcher=task.dispatcher,
        handler=measure.handler or task.handler,
        submitter=measure.done_by,
    )
    follows = task.state == TaskState.FOLLOWING and not measure.dropped
    return Known(facts, frozenset({"following"}) if follows else frozenset())


def _issues(issues: Sequence[Issue], person: Person, _at: datetime) -> dict[str, Known]:
    numbers = [issue.no for issue in issues]
    verdicts: dict[tuple[str, int], set[str]] = {}
    for no, cycle, by in db.session.execute(
        select(Verification.issue_no, Verification.cycle, Verification.by).where(Verification.issue_no.in_(numbers))
    ):
        verdicts.setdefault((no, cycle), set()).add(by)
    us = {person.name} | person.bound | person.principals
    took_part = set(
        db.session.scalars(
            select(Participant.issue_no).where(Participant.issue_no.in_(numbers), Participant.user_name.in_(us))
        )
    )
    conditions = _issue_conditions(numbers)
    return {
        issue.no: Known(
            Facts(
                raiser=issue.opened_by,
                verifiers=frozenset(verdicts.get((issue.no, issue.cycle), ())),
                participants=frozenset({person.name}) if issue.no in took_part else frozenset(),
            ),
            frozenset(conditions.get(issue.no, ())),
        )
        for issue in issues
    }


def _issue_conditions(numbers: list[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    # Parked answers do not hold an issue open: it may close as 挂账结案 and comes back at the date of re-examination.
    following = select(Task.issue_no).where(
        Task.issue_no.in_(numbers),
        Task.parent.is_(None),
        Task.state == TaskState.FOLLOWING,
        Task.no.in_(select(Measure.task_no).where(Measure.state != "confirmed", Measure.dropped.is_(False))),
    )
    for no in db.session.scalars(following.distinct()):
        found.setdefault(no, set()).add("following")
    drawn = select(ClosureReport.issue_no).where(
        ClosureReport.issue_no.in_(numbers),
        ClosureReport.drawn.is_(True),
        ClosureReport.state == ReportState.PENDING,
    )
    for no in db.session.scalars(drawn):
        found.setdefault(no, set()).add("drawn")
    return found


def _signals(signals: Sequence[Signal], _person: Person, _at: datetime) -> dict[str, Known]:
    paths = _paths({signal.unit for signal in signals})
    tasks: dict[str, list[tuple[Task, str]]] = {}
    for task, path in _calling({signal.issue_no for signal in signals if signal.issue_no is not None}):
        tasks.setdefault(task.issue_no, []).append((task, path))
    return {
        signal.no: Known(
            _signal_facts(signal, paths.get(signal.unit), tasks.get(signal.issue_no or "", [])),
            frozenset({"contact"}) if signal.contact is not None else frozenset(),
        )
        for signal in signals
    }


def _calling(issues: set[str]) -> Sequence[Any]:
    """The tasks under way on these issues, each with its unit's path: their people may have to call."""
    if not issues:
        return ()
    rows = select(Task, Unit.path).join(Unit, Unit.code == Task.unit).join(Issue, Issue.no == Task.issue_no)
    under_way = Task.state.in_(CALLING_TASK), Issue.state.in_(CALLING_ISSUE)
    return db.session.execute(rows.where(Task.issue_no.in_(issues), *under_way)).all()


def _signal_facts(signal: Signal, path: str | None, tasks: Sequence[tuple[Task, str]]) -> Facts:
    """Whose a voice is: its own unit's, and that of the tasks it concerns; without a unit, of those told to call."""
    mine = [task for task, unit in tasks if (path is not None and path.startswith(unit)) or _asked(signal, task)]
    return Facts(
        units=frozenset({task.unit for task in mine} | ({signal.unit} if signal.unit is not None else set())),
        handlers=frozenset(task.handler for task in mine if task.handler is not None),
        raiser=signal.registered_by,
    )


def _asked(signal: Signal, task: Task) -> bool:
    return signal.unit is None and task.contact_wanted


def _users(users: Sequence[User], _person: Person, _at: datetime) -> dict[str, Known]:
    mine, heads = aliased(Membership), aliased(Membership)
    rows = select(mine.user_name, heads.user_name).join(heads, heads.unit_code == mine.unit_code)
    wanted = rows.where(
        mine.user_name.in_({user.name for user in users}), heads.role.in_({Role.UNIT_LEAD, Role.CENTER_MANAGER})
    )
    leads: dict[str, set[str]] = {}
    for name, lead in db.session.execute(wanted):
        leads.setdefault(name, set()).add(lead)
    return {user.name: Known(Facts(owner=user.name, leads=frozenset(leads.get(user.name, ())))) for user in users}


def _appeals(appeals: Sequence[Appeal], _person: Person, _at: datetime) -> dict[str, Known]:
    """Whoever decided first, and whoever asks, does not decide."""
    return {
        str(row.id): Known(
            Facts(submitter=row.first_by, askers=frozenset({row.by})),
            frozenset() if row.decision else frozenset({"undecided"}),
        )
        for row in appeals
    }


def _units(units: Sequence[Unit], _person: Person, _at: datetime) -> dict[str, Known]:
    return {unit.code: Known(Facts(unit=unit.code, unit_path=unit.path)) for unit in units}


def _clocks(clocks: Sequence[Clock], _person: Person, _at: datetime) -> dict[str, Known]:
    excused = select(Waiver.id).where(Waiver.breach_id == Breach.id).exists()
    mine = Breach.clock_id.in_({clock.id for clock in clocks})
    late = set(db.session.scalars(select(Breach.clock_id).where(mine, ~excused)))
    breached = Known(Facts(), frozenset({"breached"}))
    return {str(clock.id): breached if clock.id in late else NOTHING for clock in clocks}


_KNOWN: dict[type[Any], Callable[[Any, Person, datetime], dict[str, Known]]] = {
    Task: _tasks,
    Measure: _measures,
    Issue: _issues,
    Signal: _signals,
    User: _users,
    Unit: _units,
    Appeal: _appeals,
    Clock: _clocks,
}
