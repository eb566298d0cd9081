"""Tasks as they are read: what the present unit submitted, and what the dispatcher decided."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ..domain.permissions import Person
from ..domain.vocabulary import OPEN_TASK, Role, TaskState
from ..extensions import db
from ..models.attention import Supervision
from ..models.clock import Request
from ..models.issue import Issue
from ..models.measure import Measure
from ..models.progress import ProgressNote, Question, Redo
from ..models.scope import measures_seen, tasks_seen
from ..models.task import Decline, Feedback, Predecessor, Task
from .acts import key_of, verbs_of
from .holding import held_since
from .listing import Listing, is_number, is_one_of
from .signals import to_call

_HEAD = (
    "no",
    "state",
    "version",
    "unit",
    "dispatcher",
    "parent",
    "duty",
    "title",
    "wanted",
    "criterion",
    "contact_wanted",
    "repeats",
    "cycle",
    "wave",
    "handler",
    "dispatched_at",
    "decline_until",
    "signed_at",
    "signed_by",
    "deemed",
    "binding",
    "declines",
    "send_backs",
    "submitted_by",
    "submitted_at",
    "accepted_at",
    "quality",
    "cause",
    "liability",
    "due_at",
)
# While its own clock stands still for somebody's verdict, or is over, a task is not overdue.
_RUNNING = OPEN_TASK - {TaskState.SUBMITTED, TaskState.FOLLOWING, TaskState.PLANNED}


def views(tasks: Sequence[Task], person: Person, at: datetime) -> list[dict[str, Any]]:
    """A page of tasks."""
    acts = verbs_of(kind="task", records=tasks, person=person, at=at)
    numbers = {task.issue_no for task in tasks}
    rows = select(Issue.no, Issue.title, Issue.severity).where(Issue.no.in_(numbers))
    issues = {no: (title, severity) for no, title, severity in db.session.execute(rows)}
    return [_head(task, at, *issues[task.issue_no]) | {"acts": acts[task.no]} for task in tasks]


def _head(task: Task, at: datetime, title: str, severity: int) -> dict[str, Any]:
    view = {name: getattr(task, name) for name in _HEAD}
    view["issue"], view["issue_title"], view["severity"] = task.issue_no, title, severity
    view["overdue"] = task.state in _RUNNING and task.due_at is not None and at > task.due_at
    supervision = {"level": task.supervision, "number": task.supervision_number, "at": task.supervised_at}
    view["supervision"] = supervision if task.supervision else None
    return view


def find(*, no: str, person: Person, at: datetime) -> dict[str, Any] | None:
    """One task with its answers, measures, declines and predecessors; None when the person may not see it."""
    task = db.session.scalar(select(Task).where(Task.no == no, tasks_seen(person)))
    if task is None:
        return None
    view = views([task], person, at)[0]
    view["measures"] = measure_views(_last_measures(task, person), person, at)
    judging = _judges(task, person)
    view["feedback"] = [_feedback(row, judging) for row in task.feedbacks if _may_read(row.unit, task, person)]
    declines = select(Decline).where(Decline.task_no == no).order_by(Decline.n)
    view["declined"] = [_decline(row) for row in db.session.scalars(declines)]
    asked = select(Request).where(Request.task_no == no).order_by(Request.n)
    view["requests"] = [_request(row) for row in db.session.scalars(asked) if _may_read(row.clock.owner, task, person)]
    view |= _underway(task, person)
    after = select(Predecessor.after_no).where(Predecessor.task_no == no).order_by(Predecessor.after_no)
    called = to_call(issue=task.issue_no, unit=task.unit, person=person) if task.contact_wanted else []
    view["contacts"] = called
    view["after"] = list(db.session.scalars(after))
    return view


def _may_read(unit: str, task: Task, person: Person) -> bool:
    # A new unit sees the decline, but nothing that the old one submitted.
    return unit == task.unit or person.reads_all()


def _judges(task: Task, person: Person) -> bool:
    """Whether what an answer has in common with other units' is for this person: for its dispatcher, and the audit."""
    return person.reads_all() or any(m.unit == task.dispatcher and m.role == Role.UNIT_LEAD for m in person.memberships)


def _request(row: Request) -> dict[str, Any]:
    names = ("n", "kind", "reason", "text", "wanted_at", "granted_at", "unit", "proof", "by", "at", "decision")
    view = {name: getattr(row, name) for name in (*names, "decided_by", "decided_at", "decision_text")}
    _task, _, measure = row.subject.partition("/")
    return view | {"measure": int(measure) if measure else None}


_NOTE = ("n", "text", "next_at", "by", "at")
_QUESTION = ("n", "text", "by", "at", "answer", "answered_by", "answered_at")
_REDO = ("n", "cycle", "reason", "text", "by", "at")
_LETTER = ("n", "level", "number", "text", "wanted", "due_at", "by", "at", "ended_at", "ended_by")


def _underway(task: Task, person: Person) -> dict[str, Any]:
    """What happened on the way: what was handed down, asked, reported, done again, and the letters."""
    below = select(Task).where(Task.parent == task.no, tasks_seen(person)).order_by(Task.child_n)
    since = None if person.reads_all() else held_since([task.no]).get(task.no)
    parts: dict[str, tuple[Any, tuple[str, ...]]] = {
        "questions": (Question, _QUESTION),
        "progress": (ProgressNote, _NOTE),
        "redone": (Redo, _REDO),
        "letters": (Supervision, _LETTER),
    }
    found: dict[str, Any] = {
        "children": [
            {"no": row.no, "unit": row.unit, "state": row.state, "title": row.title, "due_at": row.due_at}
            for row in db.session.scalars(below)
        ]
    }
    for name, (cls, names) in parts.items():
        rows = db.session.scalars(select(cls).where(cls.task_no == task.no).order_by(cls.n))
        # What the unit before had asked and told is not for the present one to read.
        mine = [row for row in rows if since is None or row.at >= since]
        found[name] = [{one: getattr(row, one) for one in names} for row in mine]
    return found


def _last_measures(task: Task, person: Person) -> list[Measure]:
    """The measures of the last answer; they are counted through the task's whole life."""
    return [measure for measure in task.measures if not measure.dropped]


def measure_views(measures: Sequence[Measure], person: Person, at: datetime) -> list[dict[str, Any]]:
    """Measures with the acts the person may use on each."""
    acts = verbs_of(kind="measure", records=measures, person=person, at=at)
    return [
        {
            "task": row.task_no,
            "n": row.n,
            "state": row.state,
            "version": row.version,
            "kind": row.kind,
            "text": row.text,
            "handler": row.handler,
            "agreed_at": row.agreed_at,
            "due_at": row.due_at,
            "overdue": row.state == "open" and row.due_at is not None and at > row.due_at,
            "done_at": row.done_at,
            "done_by": row.done_by,
            "evidence": row.evidence,
            "confirmed_at": row.confirmed_at,
            "confirmed_by": row.confirmed_by,
            "acts": acts[key_of(row)],
        }
        for row in measures
    ]


def find_measure(*, task_no: str, n: int, person: Person, at: datetime) -> dict[str, Any] | None:
    """One measure of a task, or None."""
    row = db.session.scalar(select(Measure).where(Measure.task_no == task_no, Measure.n == n, measures_seen(person)))
    return None if row is None else measure_views([row], person, at)[0]


_FEEDBACK = (
    "n",
    "cycle",
    "unit",
    "outcome",
    "cause",
    "result",
    "reply",
    "reason",
    "review_at",
    "submitted_by",
    "submitted_at",
    "withdrawn_at",
    "signed_by",
    "signed_at",
    "verdict",
    "verdict_reason",
    "verdict_text",
    "reviewed_by",
    "reviewed_at",
)
_DECLINE = ("n", "unit", "reason", "text", "proof", "proposed_unit", "by", "at", "decided_at", "decided_by", "upheld")


def _feedback(row: Feedback, judging: bool) -> dict[str, Any]:
    view = {name: getattr(row, name) for name in _FEEDBACK}
    if judging:
        view["like"] = None if row.like_no is None else {"task": row.like_no, "share": row.like_share}
    return view


def _decline(row: Decline) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _DECLINE}


LISTING = Listing(
    name="tasks",
    entity=Task,
    seen=tasks_seen,
    view=views,
    filters={
        "state": is_one_of(Task.state),
        "unit": is_one_of(Task.unit),
        "duty": is_one_of(Task.duty),
        "issue": is_one_of(Task.issue_no),
        "handler": is_one_of(Task.handler),
        "supervision": is_one_of(Task.supervision),
        "wave": is_number(Task.wave, low=1, high=99_999),
    },
    search=(Task.no, Task.title, Task.wanted),
    sorts={"no": Task.no, "due_at": Task.due_at, "dispatched_at": Task.dispatched_at},
    order="-no",
)
MEASURES = Listing(
    name="measures",
    entity=Measure,
    seen=measures_seen,
    view=measure_views,
    filters={"state": is_one_of(Measure.state), "task": is_one_of(Measure.task_no), "kind": is_one_of(Measure.kind)},
    search=(Measure.text,),
    sorts={"due_at": Measure.due_at, "task": Measure.task_no},
    order="due_at",
)
