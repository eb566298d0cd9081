"""The unit answers 回单, and may take its answer back while nobody has judged it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ..domain.policy_parts import SIGN_OFFS
from ..domain.vocabulary import CENTER, MeasureState, Outcome, Role, TaskState
from ..extensions import db
from ..models.issue import Issue
from ..models.measure import Measure
from ..models.policy import SLA, codes, sla_policy, version_in_force
from ..models.reference import refer
from ..models.standing import standing
from ..models.task import Feedback, Task
from ..models.unit import Unit
from ..models.user import User
from .act import Barred, Forbidden, Invalid, act
from .clocks import step
from .issues import last_feedback
from .likeness import note_likeness
from .notices import dispatching, people, tell
from .tasks import open_children
from .tasks.landing import find_handler

SIGNERS = {"lead": Role.UNIT_LEAD, "leader": Role.LEADER}


@act("feedback.submit")
def submit(
    *, task: Task, by: str, at: datetime, outcome: str, cause: str, result: str,
    measures: Sequence[Mapping[str, Any]] = (), reply: str | None = None, reason: str | None = None,
    review_at: datetime | None = None, without_children: str | None = None,
) -> Task:  # fmt: skip
    """Answer the task: the unit's clock stops, the dispatcher's `review` starts; or a signature is wanted first.

    Barred while a task split from it is open, unless `without_children` says why the answer does not wait.
    `planned` needs a measure with a due ahead, `resolved` a measure, `parked` a reason and a date of re-examination
    ahead; Invalid names the field.
    """
    if without_children is None and open_children(task):
        raise Barred("children_open")
    _check(outcome, measures, reason, review_at, at)
    count = db.session.scalar(select(func.count()).select_from(Feedback).where(Feedback.task_no == task.no)) or 0
    feedback = Feedback(
        task_no=task.no, n=count + 1, cycle=task.cycle, unit=task.unit, outcome=outcome, cause=cause, result=result,
        reply=reply, reason=reason, review_at=review_at, submitted_by=by, submitted_at=at,
    )  # fmt: skip
    task.feedbacks.append(feedback)
    _promise(task, feedback.n, measures)
    note_likeness(feedback, task, measures, at=at)
    task.submitted_by, task.submitted_at = by, at
    wanted = sign_off_of(task, at=at)
    if wanted in SIGNERS and not _holds(by, task.unit, SIGNERS[wanted], at):
        step(task, act="feedback.submit:signing", at=at, to=TaskState.SIGNING)
        tell(people(task.unit, SIGNERS[wanted]), code="notice.sign_wanted", subject=task.no, at=at, title=task.title)
        return task
    step(task, act="feedback.submit", at=at, to=TaskState.SUBMITTED)
    _tell_answered(task, at)
    return task


def _tell_answered(task: Task, at: datetime) -> None:
    feedback = last_feedback(task)
    told: dict[str, Any] = {"title": task.title, "unit": task.unit}
    if feedback.like_no is None:
        tell(dispatching(task), code="notice.task_answered", subject=task.no, at=at, **told)
    else:
        told |= {"other": feedback.like_no, "share": feedback.like_share}
        tell(dispatching(task), code="notice.task_answered_alike", subject=task.no, at=at, **told)


def sign_off_of(task: Task, *, at: datetime) -> str:
    """Whose signature an answer to the center needs: the policy's word, or the unit's own where it is stricter."""
    if task.dispatcher != CENTER:
        return SIGN_OFFS[0]
    issue, unit = db.session.get_one(Issue, task.issue_no), refer(Unit, task.unit)
    own = SIGN_OFFS[0] if unit is None or unit.sign_off is None else unit.sign_off
    asked = sla_policy(version_in_force(SLA, at)).sign_off(issue.severity)
    return own if SIGN_OFFS.index(own) > SIGN_OFFS.index(asked) else asked


def _holds(name: str, unit: str, role: str, at: datetime) -> bool:
    user = db.session.get(User, name)
    return user is not None and any(m.unit == unit and m.role == role for m in standing(user, at=at).memberships)


@act("feedback.sign")
def sign(*, task: Task, by: str, at: datetime, text: str | None = None) -> Task:
    """Sign the answer off 审签: it goes up. Forbidden to a lead where the leader's signature is wanted."""
    _check_signer(task, by, at)
    feedback = last_feedback(task)
    feedback.signed_by, feedback.signed_at = by, at
    step(task, act="feedback.sign", at=at, to=TaskState.SUBMITTED)
    _tell_answered(task, at)
    return task


@act("feedback.return")
def give_back(*, task: Task, by: str, at: datetime, reason: str | None = None, text: str | None = None) -> Task:
    """Give the answer back to whoever wrote it, inside the unit; the clock has run on."""
    _check_signer(task, by, at)
    feedback = last_feedback(task)
    feedback.withdrawn_at = at
    for measure in task.measures:
        measure.dropped = True
    step(task, act="feedback.return", at=at, to=TaskState.WORKING)
    told = {feedback.submitted_by, *([task.handler] if task.handler else [])}
    tell(told, code="notice.not_signed", subject=task.no, at=at, but=by, title=task.title, text=text or reason or "")
    return task


def _check_signer(task: Task, by: str, at: datetime) -> None:
    wanted = sign_off_of(task, at=at)
    # A leader may sign where the lead's signature would do.
    roles = (Role.LEADER,) if wanted == "leader" else (Role.UNIT_LEAD, Role.LEADER)
    if not any(_holds(by, task.unit, role, at) for role in roles):
        raise Forbidden("leader_only")


def _check(
    outcome: str, measures: Sequence[Mapping[str, Any]], reason: str | None, review_at: datetime | None, at: datetime
) -> None:
    if outcome == Outcome.RESOLVED and not measures:
        raise Invalid("measures", "error.measure_wanted")
    if outcome == Outcome.PLANNED and not any(row.get("due_at") for row in measures):
        raise Invalid("measures", "error.measure_with_due_wanted")
    for n, row in enumerate(measures):
        if row.get("due_at") is not None and row["due_at"] <= at:
            raise Invalid(f"measures.{n}.due_at", "error.not_ahead")
    if outcome == Outcome.PARKED:
        if reason is None or not codes().has("reason.unresolvable", reason):
            raise Invalid("reason", "error.required" if reason is None else "error.invalid_code", code=reason or "")
        if review_at is None or review_at <= at:
            raise Invalid("review_at", "error.required" if review_at is None else "error.not_ahead")


def _promise(task: Task, feedback_n: int, measures: Sequence[Mapping[str, Any]]) -> None:
    before = len(task.measures)
    for measure in task.measures:
        measure.dropped = True
    for n, row in enumerate(measures, before + 1):
        handler = row.get("handler")
        if handler is not None:
            find_handler(handler, task.unit, f"measures.{n - before - 1}.handler")
        task.measures.append(
            Measure(
                task_no=task.no,
                n=n,
                feedback_n=feedback_n,
                kind=row["kind"],
                text=row["text"],
                handler=handler,
                agreed_at=row.get("due_at"),
                due_at=row.get("due_at"),
                state=MeasureState.OPEN,
                dropped=False,
            )
        )


@act("feedback.withdraw")
def withdraw(*, task: Task, by: str, at: datetime) -> Task:
    """Take the answer back: the stretch since is the unit's as if the clock had run on."""
    feedback = last_feedback(task)
    feedback.withdrawn_at = at
    for measure in task.measures:
        measure.dropped = True
    step(task, act="feedback.withdraw", at=at, to=TaskState.WORKING)
    tell(dispatching(task), code="notice.task_withdrawn", subject=task.no, at=at, title=task.title)
    return task
