"""The customer behind a voice: tries to reach them 首次联系, what they were told 答复客户, that they ask again 催单.

A task that says 需联系客户 has a clock `contact` while a customer of its issue that concerns its unit is neither
reached nor, three times at different times, not reached.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ..domain.canonical import digest
from ..domain.contacts import REPEATS, SETTLED, WRITTEN_WITHIN, concerns, contact_state
from ..domain.vocabulary import OPEN_TASK, TaskState
from ..extensions import db
from ..models.issue import Issue
from ..models.policy import codes
from ..models.signal import Contact, ContactTry, Signal
from ..models.task import Task
from ..models.unit import Unit
from .act import Call, Invalid, act
from .clocks import step
from .clocks.engine import live_clock
from .notices import dispatching, receivers, tell

# The unit has the task and has not been told yet that it is dealt with.
OWING = frozenset({TaskState.DISPATCHED, TaskState.WORKING, TaskState.SIGNING, TaskState.SUBMITTED})
DISSATISFIED = "dissatisfied"


def _issue_of(call: Call) -> Iterable[tuple[str, str]]:
    """The chain of the issue that a voice belongs to: the contact clocks of its tasks hang on it."""
    no = db.session.scalar(select(Signal.issue_no).where(Signal.no == call.on))
    return [] if no is None else [("issue", no)]


@act("signal.contact", also=_issue_of)
def contact(
    *, signal: Signal, by: str, at: datetime, method: str, reached: bool, note: str, tried_at: datetime | None = None
) -> Signal:
    """Write down a try to reach the customer. Three at different times without success are proof 未联系上.

    Invalid for a try that lies ahead, or more than a day back. A promise is kept when the try is written down.
    """
    moment = tried_at or at
    if moment > at:
        raise Invalid("tried_at", "error.in_the_future")
    if at - moment > WRITTEN_WITHIN:
        raise Invalid("tried_at", "error.too_long_ago")
    count = db.session.scalar(select(func.count()).where(ContactTry.signal_no == signal.no)) or 0
    db.session.add(
        ContactTry(signal_no=signal.no, n=count + 1, tried_at=moment, method=method, reached=reached, note=note, by=by)
    )
    db.session.flush()
    _settle(signal, at=at)
    return signal


@act("signal.answer", also=_issue_of)
def answer(
    *, signal: Signal, by: str, at: datetime, text: str, method: str, satisfied: str | None = None,
    why: str | None = None,
) -> Signal:  # fmt: skip
    """Note what the customer was told, and whether it satisfied. The last answer counts; all are on the trail.

    The words stay out of the trail, as a voice's own do: it has their digest. Invalid for a result or a reason that the
    group does not know, and for a reason of somebody who is not dissatisfied.
    """
    for field, name, code in (("satisfied", "callback_result", satisfied), ("why", "dissatisfied_why", why)):
        if code is not None and not codes().has(name, code):
            raise Invalid(field, "error.invalid_code", code=code)
    if why is not None and satisfied != DISSATISFIED:
        raise Invalid("why", "error.only_dissatisfied")
    signal.answer, signal.answer_sha256, signal.answer_method = text, digest(text), method
    signal.satisfied, signal.dissatisfied_why = satisfied, why
    signal.answered_by, signal.answered_at = by, at
    return signal


# What a unit owes its customers


def owe(task: Task, *, at: datetime) -> None:
    """Start the task's contact clock where customers are to be called; one that runs already keeps its due."""
    if not task.contact_wanted or task.state not in OWING or live_clock(task.no, "contact") is not None:
        return
    if _unsettled(task):
        step(task, act="contact.owe", at=at)


def joined(signal: Signal, *, at: datetime) -> None:
    """A voice became part of an issue: whoever is to call its customer owes that now, and one heard before counts.

    Each open task concerned that the center sent counts the repetition, and its handler is told.
    """
    db.session.flush()
    if signal.contact is None or signal.issue_no is None:
        return
    tasks = _concerned(signal)
    for task in tasks:
        owe(task, at=at)
    if _heard_before(signal.contact, signal.issue_no):
        for task in tasks:
            if task.parent is None:
                _count(task, at=at)


def _count(task: Task, *, at: datetime) -> None:
    task.repeats += 1
    said: dict[str, Any] = {"title": task.title, "repeats": task.repeats}
    issue = db.session.get_one(Issue, task.issue_no)
    tell(receivers(["handler"], issue=issue, task=task), code="notice.repeated", subject=task.no, at=at, **said)
    if task.repeats == REPEATS:
        tell(dispatching(task), code="notice.supervision_proposed", subject=task.no, at=at, **said)


def _heard_before(contact: Contact, issue: str) -> bool:
    if contact.customer_hash is None:
        return False
    same = select(Signal.no).join(Contact).where(
        Signal.issue_no == issue, Signal.no != contact.signal_no, Contact.customer_hash == contact.customer_hash
    )  # fmt: skip
    return db.session.scalar(same.limit(1)) is not None


def _concerned(signal: Signal) -> list[Task]:
    """The open tasks of the voice's issue, as far as they were sent out, whose units it concerns."""
    voice = db.session.scalar(select(Unit.path).where(Unit.code == signal.unit))
    rows = select(Task, Unit.path).join(Unit, Unit.code == Task.unit).order_by(Task.n, Task.child_n)
    here = Task.issue_no == signal.issue_no, Task.dispatched_at.is_not(None), Task.state.in_(OPEN_TASK)
    return [task for task, path in db.session.execute(rows.where(*here)) if concerns(voice, path)]


def _settle(signal: Signal, *, at: datetime) -> None:
    for task in _concerned(signal):
        if live_clock(task.no, "contact") is not None and not _unsettled(task):
            step(task, act="contact.settle", at=at)


def _unsettled(task: Task) -> bool:
    """Whether a customer who concerns the task's unit is neither reached nor, with proof, not reached."""
    db.session.flush()
    unit = db.session.scalars(select(Unit.path).where(Unit.code == task.unit)).one()
    rows = select(Signal.no, Unit.path).join(Contact).outerjoin(Unit, Unit.code == Signal.unit)
    # A name alone is nothing to call.
    callable_ = rows.where(Signal.issue_no == task.issue_no, Contact.customer_hash.is_not(None))
    voices = {no for no, path in db.session.execute(callable_) if concerns(path, unit)}
    tries: dict[str, list[tuple[datetime, bool]]] = {no: [] for no in voices}
    told = select(ContactTry.signal_no, ContactTry.tried_at, ContactTry.reached).join(Signal)
    for no, moment, reached in db.session.execute(told.where(Signal.issue_no == task.issue_no)):
        if no in voices:
            tries[no].append((moment, reached))
    return any(contact_state(found) not in SETTLED for found in tries.values())
