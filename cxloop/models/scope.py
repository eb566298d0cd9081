"""Who sees which records, as SQL: acts, lists and single reads share these statements, so that none is wider."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true
from sqlalchemy.orm import aliased

from ..domain.permissions import Person
from ..domain.vocabulary import CALLING_ISSUE, CALLING_TASK, SYSTEM, Duty, TaskState
from .appeal import Appeal
from .clock import Clock
from .closure import ClosureReport
from .issue import Issue, IssueCopy
from .measure import Measure
from .signal import Contact, Signal
from .task import Feedback, Task
from .unit import Unit


def units_of(person: Person) -> Select[Any]:
    """The codes of all units in the person's subtrees."""
    paths = person.unit_paths()
    return select(Unit.code).where(or_(false(), *(Unit.path.startswith(path, autoescape=True) for path in paths)))


def _reads_all(person: Person) -> bool:
    return person.name == SYSTEM or person.reads_all()


# Made once: a fresh alias at each call would make every statement a new one to compile.
_OWN = aliased(Task)
_CALLS, _ABOUT, _HERE = aliased(Task), aliased(Unit), aliased(Unit)


def tasks_seen(person: Person) -> ColumnElement[bool]:
    """Own subtree's tasks, once they are sent out; the supports of one's main task; all tasks of a joint issue one has
    a task in; and, from wherever in the tree, a task or measure that was given to oneself."""
    if _reads_all(person):
        return true()
    if not person.unit_paths():
        return false()
    mine, own = units_of(person), _OWN
    here = and_(own.issue_no == Task.issue_no, own.unit.in_(mine), own.state != TaskState.CANCELLED)
    gathers = select(own.no).where(here, own.duty == Duty.MAIN, own.cycle == Task.cycle).exists()
    joined = select(own.no).where(here, Issue.joint.is_(True), Issue.no == Task.issue_no).exists()
    measure = Measure.handler.in_(person.names())
    return or_(
        and_(Task.unit.in_(mine), Task.dispatched_at.is_not(None)),
        Task.handler.in_(person.names()),
        Task.no.in_(select(Measure.task_no).where(measure, Measure.dropped.is_(False))),
        and_(Task.duty == Duty.SUPPORT, gathers),
        and_(Task.parent.is_(None), joined),
    )


def issues_seen(person: Person) -> ColumnElement[bool]:
    """The issues in which one's subtree has a task, or of which it gets a copy."""
    if _reads_all(person):
        return true()
    if not person.unit_paths():
        return false()
    mine = units_of(person)
    return or_(
        Issue.no.in_(select(Task.issue_no).where(Task.unit.in_(mine), Task.dispatched_at.is_not(None))),
        Issue.no.in_(select(Task.issue_no).where(Task.handler.in_(person.names()))),
        Issue.no.in_(select(IssueCopy.issue_no).where(IssueCopy.unit.in_(mine))),
    )


def signals_seen(person: Person) -> ColumnElement[bool]:
    """The signals about one's subtree or registered by oneself; and those whose customers one is to call."""
    if _reads_all(person):
        return true()
    if not person.unit_paths():
        return false()
    mine, task = units_of(person), _CALLS
    own = or_(Signal.unit.in_(mine), Signal.registered_by.in_(person.names()))
    under_way = and_(
        task.issue_no == Signal.issue_no,
        task.state.in_(CALLING_TASK),
        Issue.no == task.issue_no,
        Issue.state.in_(CALLING_ISSUE),
    )
    # About no unit in particular: the units that were told to call.
    told = and_(task.contact_wanted.is_(True), or_(task.unit.in_(mine), task.handler.in_(person.names())))
    anybodys = select(task.no).where(under_way, told).correlate(Signal).exists()
    number = Contact.signal_no == Signal.no, Contact.customer_hash.is_not(None)
    reachable = select(Contact.signal_no).where(*number).correlate(Signal).exists()
    # Given to somebody below the unit that the voice is about.
    below = and_(_ABOUT.code == Signal.unit, _HERE.code == task.unit, task.handler.in_(person.names()))
    within = func.substr(_ABOUT.path, 1, func.length(_HERE.path)) == _HERE.path
    handed = select(task.no).where(under_way, below, within).correlate(Signal).exists()
    return or_(own, and_(Signal.unit.is_(None), anybodys, reachable), and_(Signal.issue_no.is_not(None), handed))


def measures_seen(person: Person) -> ColumnElement[bool]:
    """The measures of the tasks one sees; nothing of what a unit submitted that has the task no more."""
    tasks = select(Task.no).where(tasks_seen(person))
    if _reads_all(person) or not person.unit_paths():
        return Measure.task_no.in_(tasks)
    answer = and_(Feedback.task_no == Task.no, Feedback.n == Measure.feedback_n, Feedback.unit == Task.unit)
    return select(Task.no).where(Task.no == Measure.task_no, tasks_seen(person), answer).correlate(Measure).exists()


def reports_seen(person: Person) -> ColumnElement[bool]:
    """Closure reports are the center's and the audit's; a unit reads those of its issues."""
    return ClosureReport.issue_no.in_(select(Issue.no).where(issues_seen(person)))


def clocks_seen(person: Person) -> ColumnElement[bool]:
    """The clocks of the tasks one sees, on the unit's own account, and the joint due of its issues.

    A unit that has a task no more sees its old clocks no more either: its spans stay on record for the center.
    """
    if _reads_all(person):
        return true()
    if not person.unit_paths():
        return false()
    joint = and_(Clock.kind == "issue", Clock.subject.in_(select(Issue.no).where(issues_seen(person))))
    of_task = or_(Clock.subject == Task.no, Clock.subject.startswith(Task.no + "/"))
    still = (
        select(Task.no).where(Task.issue_no == Clock.chain_no, of_task, tasks_seen(person)).correlate(Clock).exists()
    )
    return or_(and_(Clock.owner.in_(units_of(person)), still), joint)


def appeals_seen(person: Person) -> ColumnElement[bool]:
    """The appeals of one's own subtree."""
    if _reads_all(person):
        return true()
    return Appeal.unit.in_(units_of(person)) if person.unit_paths() else false()


SEEN: dict[type[Any], Any] = {
    Task: tasks_seen,
    Issue: issues_seen,
    Signal: signals_seen,
    Measure: measures_seen,
    ClosureReport: reports_seen,
    Clock: clocks_seen,
    Appeal: appeals_seen,
}
