"""On the way to an answer: progress notes 阶段反馈, and questions that the dispatcher owes an answer to."""

from datetime import datetime

from sqlalchemy import func, select

from ...domain import clocks as rules
from ...extensions import db
from ...models.clock import Clock
from ...models.progress import ProgressNote, Question
from ...models.task import Task
from ..act import Invalid, act
from ..clocks import engine, step
from ..clocks.reminders import promise
from ..notices import dispatching, people, tell


@act("progress.report")
def report(*, task: Task, by: str, at: datetime, text: str, next_at: datetime | None = None) -> Task:
    """Say how far it is, and when the next word comes: then both sides are reminded. No state and no clock changes."""
    if next_at is not None and next_at <= at:
        raise Invalid("next_at", "error.not_ahead")
    note = ProgressNote(task_no=task.no, n=_count(ProgressNote, task) + 1, text=text, next_at=next_at, by=by, at=at)
    db.session.add(note)
    task.next_report_at = next_at
    clock = engine.live_clock(task.no, "feedback")
    if clock is not None:
        promise(clock, note=note.n, at=next_at)
    tell(dispatching(task), code="notice.progress", subject=task.no, at=at, but=by, title=task.title, text=text)
    return task


@act("task.ask")
def ask(*, task: Task, by: str, at: datetime, text: str) -> Task:
    """Ask the dispatcher. The unit's clock runs on, but what the answer is late is the dispatcher's."""
    question = Question(task_no=task.no, task=task, n=_count(Question, task) + 1, text=text, by=by, at=at)
    db.session.add(question)
    db.session.flush()
    step(question, act="task.ask", at=at)
    tell(dispatching(task), code="notice.asked", subject=task.no, at=at, but=by, title=task.title, text=text)
    return task


@act("task.answer")
def answer(*, task: Task, by: str, at: datetime, text: str, question: int | None = None) -> Task:
    """Answer a unit's question; `question` says which, where several wait. A late answer's time is the dispatcher's."""
    waiting = select(Question).where(Question.task_no == task.no, Question.answered_at.is_(None)).order_by(Question.n)
    found = [row for row in db.session.scalars(waiting) if question is None or row.n == question]
    if len(found) != 1:
        raise Invalid("question", "error.which_question")
    [row] = found
    row.answer, row.answered_by, row.answered_at = text, by, at
    owed = engine.live_clock(row.trail_name(), "answer")
    if owed is not None and owed.due_at is not None and at > owed.due_at:
        charge_for_silence(owed, task, at=at)
    step(row, act="task.answer", at=at)
    _give_back(task, at)
    told = {row.by, *([task.handler] if task.handler else people(task.unit, "unit_lead"))}
    tell(told, code="notice.answered", subject=task.no, at=at, but=by, title=task.title, text=text)
    return task


def charge_for_silence(owed: Clock, task: Task, *, at: datetime) -> None:
    """From the moment an answer is overdue the unit's clock is on the dispatcher's account."""
    clock = engine.live_clock(task.no, "feedback")
    running = clock is not None and clock.state == rules.RUNNING and clock.holder == clock.owner
    if clock is None or not running or owed.due_at is None:
        return
    engine.charge(clock, at=min(at, max(owed.due_at, clock.spans[-1].from_at)), holder=task.dispatcher)


def _give_back(task: Task, at: datetime) -> None:
    """The unit's clock is its own again, unless another answer is overdue."""
    clock = engine.live_clock(task.no, "feedback")
    if clock is None or clock.state != rules.RUNNING or clock.holder == clock.owner:
        return
    db.session.flush()
    late = select(Clock.id).where(
        Clock.subject.startswith(f"{task.no}/question.", autoescape=True), Clock.kind == "answer",
        Clock.state == rules.RUNNING, Clock.due_at < at,
    )  # fmt: skip
    if db.session.scalar(late.limit(1)) is None:
        engine.charge(clock, at=at, holder=clock.owner)


def _count(cls: type[ProgressNote] | type[Question], task: Task) -> int:
    return db.session.scalar(select(func.count()).select_from(cls).where(cls.task_no == task.no)) or 0
