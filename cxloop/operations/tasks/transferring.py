"""Not ours, after the window for declining: the unit asks that its task be moved, and works on until it is."""

from datetime import datetime

from ...domain import clocks as rules
from ...extensions import db
from ...models.clock import Request
from ...models.policy import codes
from ...models.task import Task
from ...models.unit import Unit
from ..act import Invalid, act
from ..clocks.engine import live_clock
from ..requests.asking import ask, decide, open_request
from .moving import send


@act("transfer.request")
def request_transfer(
    *, task: Task, by: str, at: datetime, reason: str, text: str, proof: str | None = None, unit: str | None = None
) -> Task:
    """Ask for the task to go to another unit 申请改派: reason, words, proof, whose it is. One's own clock runs on."""
    if not codes().has("reason.decline", reason):
        raise Invalid("reason", "error.invalid_code", code=reason)
    if unit is not None and db.session.get(Unit, unit) is None:
        raise Invalid("unit", "error.unknown_unit", code=unit)
    clock = live_clock(task.no, "feedback")
    if clock is None:
        raise LookupError(f"{task.no} has no running clock")
    request = Request(
        task_no=task.no, task=task, kind=rules.TRANSFER, subject=task.no, clock=clock, reason=reason, text=text,
        proof=proof, unit=unit, by=by, at=at,
    )  # fmt: skip
    return ask(request, excuses=False)


@act("transfer.grant")
def grant_transfer(*, task: Task, by: str, at: datetime, unit: str | None = None, text: str | None = None) -> Task:
    """Move the task to the unit proposed, or to another. The old unit's time stays on record."""
    request = open_request(task, rules.TRANSFER)
    goes_to = unit or request.unit
    if goes_to is None:
        raise Invalid("unit", "error.required")
    if goes_to == task.unit:
        raise Invalid("unit", "error.same_unit", code=goes_to)
    decide(request, rules.GRANTED, by, at, text)
    task.dispatched_at = None
    task.binding = False
    send(task, goes_to, at=at, act="transfer.grant")
    return task


@act("transfer.refuse")
def refuse_transfer(*, task: Task, by: str, at: datetime, reason: str | None = None, text: str | None = None) -> Task:
    """The task stays where it is; its clock has run on."""
    return decide(open_request(task, rules.TRANSFER), rules.REFUSED, by, at, text or reason)
