"""An open item of a ledger becomes an issue with its task, under the due that it was given there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...domain.canonical import canonical, digest
from ...domain.numbers import issue_no, issue_year, task_no
from ...domain.vocabulary import CENTER, SYSTEM, Duty, IssueState, Role, SignalState, TaskState
from ...extensions import db
from ...models.issue import Issue, Participant
from ...models.numbering import take_numbers
from ...models.policy import codes
from ...models.progress import ProgressNote
from ...models.signal import Signal
from ...models.task import Task
from .. import signals as voices
from ..act import Differs, Invalid, act
from ..clocks import step
from ..clocks.joint import carry_issue
from ..clocks.terms import TAKEN_OVER, decline_until
from ..issues import DEFAULT_SEVERITY, check_code
from ..notices import people, tell
from .landing import find_handler, find_unit


@dataclass(frozen=True, slots=True)
class TakenOver:
    """The number of an issue that came from a ledger, that of its task, and whether it came just now."""

    no: str
    task: str
    is_new: bool


@act("issue.take_over")
def take_over(*, by: str, at: datetime, source: str, number: str, original_due: datetime, **said: Any) -> TakenOver:
    """Take over an open item 台账接管: what was handed out `at` keeps the due it was given, whatever a policy says.

    The issue opens, and its task lands, in this one act: no living task can be given a due by it. A known (source,
    number) gives the first one back if it is equal; else Differs. Invalid names the field.
    """
    content = digest(canonical({**said, "number": number, "source": source, "original_due": original_due, "at": at}))
    known = voices.known_as(source=source, external_id=number)
    if known is not None:
        return _first(known, content)
    _check(said, original_due, at)
    issue = _open(said, by, at)
    signal = voices.take_in(
        at=at, by=by, content=content, source=source, external_id=number, channel=said["channel"], title=said["title"],
        text=said["description"], unit=said["unit"],
    )  # fmt: skip
    signal.issue_no = issue.no
    step(signal, act="signal.link", at=at, to=SignalState.LINKED)
    task = _hand_out(issue, said, original_due)
    _land(task, issue, said, by, at)
    carry_issue(issue, task, to=original_due, at=at, act="issue.take_over")
    return TakenOver(issue.no, task.no, is_new=True)


def _first(known: Signal, content: str) -> TakenOver:
    if known.issue_no is None or known.content_digest != content:
        raise Differs(known.no)
    return TakenOver(known.issue_no, task_no(issue=known.issue_no, n=1), is_new=False)


def _check(said: dict[str, Any], original_due: datetime, at: datetime) -> None:
    check_code("channel", said["channel"], "channel")
    check_code("category", said.get("category"), "category")
    find_unit(said["unit"], "unit")
    if said.get("handler") is not None:
        find_handler(said["handler"], said["unit"], "handler")
    if original_due <= at:
        raise Invalid("original_due", "error.due_before_start")
    if said.get("note_at") is not None and said["note_at"] < at:
        raise Invalid("note_at", "error.due_before_start")


def _open(said: dict[str, Any], by: str, at: datetime) -> Issue:
    row = codes().get("channel", said["channel"])
    year = issue_year(at=at)
    issue = Issue(
        no=issue_no(year=year, n=take_numbers("issue", year)[0]), title=said["title"], description=said["description"],
        channel=said["channel"], category=said.get("category"), rated=said.get("severity") is not None,
        severity=said.get("severity") or int((row and row.extra.get("severity")) or DEFAULT_SEVERITY),
        urgency="normal", state=IssueState.NEW, cycle=1, waves=1, opened_by=by, opened_at=at,
    )  # fmt: skip
    db.session.add(issue)
    db.session.flush()
    if by != SYSTEM:
        db.session.add(Participant(issue_no=issue.no, user_name=by))
    step(issue, act="issue.take_over", at=at, to=IssueState.IN_PROGRESS)
    return issue


def _hand_out(issue: Issue, said: dict[str, Any], original_due: datetime) -> Task:
    task = Task(
        no=task_no(issue=issue.no, n=1), issue_no=issue.no, n=1, unit=said["unit"], dispatcher=CENTER,
        duty=said.get("duty") or Duty.SEPARATE, state=TaskState.PLANNED, title=said["title"],
        wanted=said["description"], cycle=1, wave=1, handler=None, binding=False, declines=0, send_backs=0, child_n=0,
        due_at=original_due,
    )  # fmt: skip
    db.session.add(task)
    db.session.flush()
    return task


def _land(task: Task, issue: Issue, said: dict[str, Any], by: str, at: datetime) -> None:
    """The task is the unit's since it was handed out: signed for then, unless the ledger says that it never was."""
    step(task, act=TAKEN_OVER, at=at, to=TaskState.DISPATCHED)
    task.dispatched_at, task.decline_until = at, decline_until(task, issue, at=at)
    task.handler = said.get("handler")
    if said.get("state") != TaskState.DISPATCHED:
        task.signed_at, task.signed_by = at, by
        step(task, act="task.sign", at=at, to=TaskState.WORKING)
    if said.get("note") is not None:
        db.session.add(ProgressNote(task_no=task.no, n=1, text=said["note"], by=by, at=said.get("note_at") or at))
    told = people(task.unit, Role.UNIT_LEAD, Role.LIAISON)
    tell(told, code="notice.taken_over", subject=task.no, at=at, title=task.title)
