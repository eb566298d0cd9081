"""Pauses 挂起 (K8): for a reason, with consent, never without an end; resumed 解挂 by either side or by time."""

from datetime import datetime
from fractions import Fraction

from ...domain import clocks as rules
from ...domain.calendar import Target
from ...models.clock import Clock, Request
from ...models.policy import codes, sla_policy
from ...models.task import Task
from ..act import Invalid, act
from ..clocks import step
from ..clocks.engine import calendar_of
from ..notices import dispatching, tell
from .asking import ask, check_reason, clock_of, decide, holders, live_clocks, moment_granted, open_request, running_due


@act("pause.request")
def request_pause(
    *, task: Task, by: str, at: datetime, reason: str, text: str, until: datetime, measure: int | None = None
) -> Task:
    """Ask for a pause 挂起 until a latest moment, for a reason that grants it so long (K8). The clock runs on.

    Invalid when the due has passed, and for an end in the past, beyond the reason's longest stretch or the total.
    """
    check_reason("pause", reason)
    clock = clock_of(task, measure)
    due = running_due(clock)
    if at >= due or not calendar_of(clock).worked(at, due):
        raise Invalid("until", "error.nothing_left")
    _check_stretch(clock, reason, at, until)
    return ask(
        Request(
            task_no=task.no, task=task, kind=rules.PAUSE, subject=clock.subject, clock=clock, reason=reason, text=text,
            wanted_at=until, by=by, at=at,
        )
    )  # fmt: skip


def _check_stretch(clock: Clock, reason: str, at: datetime, until: datetime) -> None:
    if until <= at:
        raise Invalid("until", "error.in_the_past")
    calendar, policy = calendar_of(clock), sla_policy(clock.policy_version)
    row = codes().get("reason.pause", reason)
    days = int(row.extra["max_days"]) if row is not None and "max_days" in row.extra else None
    if days is not None:
        longest = calendar.due(at, Target("days", Fraction(days)))
        if until > longest:
            raise Invalid("until", "error.paused_too_long", days=days, until=longest)
    begin = clock.started_at
    most = calendar.worked(begin, calendar.due(begin, policy.paused_most))
    if clock.paused + calendar.worked(at, until) > most:
        raise Invalid("until", "error.paused_enough", most=str(policy.paused_most))


@act("pause.grant")
def grant_pause(*, task: Task, by: str, at: datetime, until: datetime | None = None, text: str | None = None) -> Task:
    """Consent: from now on there is no due time, until it is resumed, by itself at the latest moment granted."""
    request = open_request(task, rules.PAUSE)
    granted = moment_granted(request, until, field="until", at=at)
    _check_stretch(request.clock, request.reason, at, granted)
    request.granted_at = granted
    return decide(request, rules.GRANTED, by, at, text)


@act("pause.refuse")
def refuse_pause(*, task: Task, by: str, at: datetime, reason: str | None = None, text: str | None = None) -> Task:
    """Refuse the pause; the clock has run on."""
    return decide(open_request(task, rules.PAUSE), rules.REFUSED, by, at, text or reason)


@act("clock.resume")
def resume(*, task: Task, by: str, at: datetime, text: str | None = None, measure: int | None = None) -> Task:
    """End a pause 解挂: what was left is left from now on."""
    paused = [clock for clock in live_clocks(task) if clock.state == rules.PAUSED]
    if measure is not None:
        paused = [clock for clock in paused if clock.subject == f"{task.no}/{measure}"]
    if len(paused) != 1:
        raise Invalid("measure", "error.which_measure")
    [clock] = paused
    subject = next((row for row in task.measures if row.number() == clock.subject), task)
    step(subject, act=f"clock.resume:{clock.kind}", at=at)
    told = {*holders(task), *dispatching(task)}
    tell(told, code="notice.resumed", subject=task.no, at=at, but=by, title=task.title)
    return task
