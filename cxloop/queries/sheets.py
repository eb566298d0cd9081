"""What a sheet of tasks holds, and what became of a task since it was filled in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from ..domain.permissions import UNIT_ROLES, Person
from ..domain.vocabulary import TaskState
from ..extensions import db
from ..models.progress import ProgressNote
from ..models.task import Feedback, Task
from .acts import verbs_of
from .listing import BadQuery, rows_of
from .tasks import LISTING

# What a unit still has to do something about before it goes up.
HELD = (TaskState.DISPATCHED, TaskState.WORKING)
_ANSWERING = frozenset({"sign", "feedback", "report"})
_SHOWN = ("no", "version", "title", "wanted", "unit", "state", "due_at")


def held(*, person: Person, at: datetime, params: Mapping[str, str], most: int) -> list[dict[str, Any]]:
    """The tasks of a person's units that the person may answer, and those they handed down; by the list's filters.

    BadQuery for a filter that the list does not know, and where there are more than `most`.
    """
    own = {m.unit for m in person.memberships if m.role in UNIT_ROLES}
    mine = or_(Task.unit.in_(own), Task.dispatcher.in_(own), Task.handler == person.name)
    kept = [mine, Task.state.in_(HELD)]
    found: Sequence[Task] = rows_of(listing=LISTING, person=person, params=params, most=most + 1, kept=kept)
    if len(found) > most:
        raise BadQuery("q", "error.too_many_rows", max=most)
    verbs = verbs_of(kind="task", records=found, person=person, at=at)
    return [
        {name: getattr(task, name) for name in _SHOWN}
        for task in found
        if task.dispatcher in own or _ANSWERING & set(verbs[task.no])
    ]


def said_already(*, act: str, no: str, fields: Mapping[str, Any]) -> bool:
    """Whether a task's last answer, or its last word on the way, says this."""
    if act == "progress.report":
        noted = select(ProgressNote.text).where(ProgressNote.task_no == no).order_by(ProgressNote.n.desc())
        return bool(db.session.scalar(noted.limit(1)) == fields["text"])
    answers = select(Feedback).where(Feedback.task_no == no, Feedback.withdrawn_at.is_(None))
    last = db.session.scalar(answers.order_by(Feedback.n.desc()).limit(1))
    return last is not None and all(getattr(last, name) == fields[name] for name in ("outcome", "cause", "result"))


def said_twice(*, no: str) -> bool:
    """Whether the last two words on the way of a task are the same."""
    noted = select(ProgressNote.text).where(ProgressNote.task_no == no).order_by(ProgressNote.n.desc())
    last = list(db.session.scalars(noted.limit(2)))
    return len(last) == 2 and last[0] == last[1]
