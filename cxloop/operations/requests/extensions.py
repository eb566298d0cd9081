"""Extensions 延期 (K10): asked before the due, decided by the dispatcher, the originals kept."""

from datetime import datetime

from ...domain import clocks as rules
from ...domain.vocabulary import CENTER, Role
from ...extensions import db
from ...models.clock import Clock, Request
from ...models.issue import Issue
from ...models.policy import sla_policy
from ...models.standing import standing
from ...models.task import Task
from ...models.user import User
from ..act import Forbidden, Invalid, act
from ..clocks.engine import calendar_of
from ..clocks.joint import carry_issue, wave_end_of
from .asking import ask, check_reason, clock_of, decide, issue_of_task, moment_granted, open_request, running_due


@act("extension.request")
def request_extension(
    *, task: Task, by: str, at: datetime, reason: str, due_at: datetime, text: str = "", measure: int | None = None
) -> Task:
    """Ask for a later due 延期, in time before the present one (K10). The clock runs on until it is decided.

    Invalid when asked late, at a severity that grants none, for a due that is no later, or once too often.
    """
    check_reason("extension", reason)
    clock = clock_of(task, measure)
    due = running_due(clock)
    policy, issue = sla_policy(clock.policy_version), issue_of_task(task)
    lead = policy.extension_lead(clock.severity)
    if lead is None:
        raise Invalid("due_at", "error.no_extension", severity=clock.severity)
    if clock.extensions >= policy.extensions:
        raise Invalid("due_at", "error.extended_enough", count=clock.extensions)
    last = calendar_of(clock).before(due, lead)
    if at > last:
        raise Invalid("due_at", "error.asked_late", until=last)
    _check_due(due_at, due, issue, clock)
    _check_parent(task, due_at)
    return ask(
        Request(
            task_no=task.no, task=task, kind=rules.EXTENSION, subject=clock.subject, clock=clock, reason=reason,
            text=text, wanted_at=due_at, by=by, at=at,
        )
    )  # fmt: skip


def _check_due(wanted: datetime, due: datetime, issue: Issue, clock: Clock) -> None:
    if wanted <= due:
        raise Invalid("due_at", "error.no_later", due=due)
    if issue.external_due_at is not None and clock.kind == "feedback" and wanted > issue.external_due_at:
        raise Invalid("due_at", "error.past_outside_due", due=issue.external_due_at)


@act("extension.grant")
def grant_extension(
    *, task: Task, by: str, at: datetime, due_at: datetime | None = None, text: str | None = None
) -> Task:
    """Grant the due asked for, or an earlier one. Past the wave's end the issue's due moves with it.

    Forbidden to all but the manager beyond the wave's end, beyond the original length, and the second time.
    """
    request, issue = open_request(task, rules.EXTENSION), issue_of_task(task)
    clock = request.clock
    due = running_due(clock)
    granted = moment_granted(request, due_at, field="due_at", at=at)
    _check_due(granted, due, issue, clock)
    _check_parent(task, granted)
    end = wave_end_of(issue, task) if clock.kind == "feedback" and task.parent is None else None
    beyond = end is not None and granted > end
    if (beyond or _is_exceptional(clock, due, granted)) and not _manages(by, task, at):
        raise Forbidden("manager_only")
    request.granted_at = granted
    if beyond:
        carry_issue(issue, task, to=granted, at=at)
    return decide(request, rules.GRANTED, by, at, text)


def _is_exceptional(clock: Clock, due: datetime, granted: datetime) -> bool:
    calendar, first = calendar_of(clock), clock.plans[0]
    length = calendar.worked(first.at, first.due_at or first.at)
    return clock.extensions > 0 or calendar.worked(due, granted) > length


def _check_parent(task: Task, wanted: datetime) -> None:
    # What a unit has handed down must come back before its own answer is due.
    above = None if task.parent is None else db.session.get(Task, task.parent)
    if above is not None and above.due_at is not None and wanted > above.due_at:
        raise Invalid("due_at", "error.past_parent_due", due=above.due_at)


def _manages(by: str, task: Task, at: datetime) -> bool:
    if task.dispatcher != CENTER:
        return True
    user = db.session.get(User, by)
    return user is not None and Role.CENTER_MANAGER in standing(user, at=at).roles()


@act("extension.refuse")
def refuse_extension(*, task: Task, by: str, at: datetime, reason: str | None = None, text: str | None = None) -> Task:
    """Refuse the request; the due stays what it was."""
    return decide(open_request(task, rules.EXTENSION), rules.REFUSED, by, at, text or reason)
