"""Whether an answer stands in another unit's already: marked for whoever judges it, and for nobody else."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ..domain.likeness import Runs, runs, share
from ..extensions import db
from ..models.measure import Measure
from ..models.policy import SLA, sla_policy, version_in_force
from ..models.task import Feedback, Task


def note_likeness(feedback: Feedback, task: Task, measures: Sequence[Mapping[str, Any]], *, at: datetime) -> None:
    """Note on a new answer which other unit's it resembles most, and how much of it stands there.

    It is held against the last answers of other units to the same dispatcher, on the same issue and in its cycle. From
    the policy's share on it is noted; nothing is ever barred by it.
    """
    own = runs([feedback.cause, feedback.result, *(row["text"] for row in measures)])
    found = [(share(own, other), no) for no, other in _others(task)] if own else []
    most = max((percent for percent, _no in found), default=0)
    if most >= sla_policy(version_in_force(SLA, at)).likeness:
        feedback.like_share = most
        feedback.like_no = next(no for percent, no in found if percent == most)


def _others(task: Task) -> list[tuple[str, Runs]]:
    """The last answers of the units beside this one, task by task."""
    # Whoever gathers what was handed down repeats it by right: only answers to the same dispatcher are compared.
    beside = Task.parent.is_(None) if task.parent is None else Task.parent == task.parent
    rows = (
        select(Feedback.task_no, Feedback.n, Feedback.cause, Feedback.result)
        .join(Task, Task.no == Feedback.task_no)
        .where(
            Task.issue_no == task.issue_no, Task.no != task.no, beside, Feedback.cycle == task.cycle,
            Feedback.unit != task.unit, Feedback.withdrawn_at.is_(None),
        )
        .order_by(Task.n, Task.child_n, Feedback.n)
    )  # fmt: skip
    last = {no: (n, [cause, result]) for no, n, cause, result in db.session.execute(rows)}
    promised = select(Measure.task_no, Measure.feedback_n, Measure.text).where(Measure.task_no.in_(last))
    for no, n, text in db.session.execute(promised.order_by(Measure.task_no, Measure.n)):
        if last[no][0] == n:
            last[no][1].append(text)
    return [(no, runs(texts)) for no, (_n, texts) in last.items()]
