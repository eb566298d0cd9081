"""What guides the work on an issue: leaders' instructions 批示, conferences 会商, briefs 口径, who waits outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ..domain.vocabulary import OPEN_TASK, Role
from ..extensions import db
from ..models.attention import Brief, BriefReceipt, Conference, Instruction
from ..models.issue import Issue
from ..models.reference import refer
from ..models.task import Task
from ..models.unit import Unit
from .act import Invalid, act, record
from .clocks import bring_before
from .clocks.engine import extend, ladder_of, live_clock
from .clocks.reminders import watch_outside
from .notices import people, tell

READERS = (Role.UNIT_LEAD, Role.LIAISON, Role.HANDLER)


@act("issue.instruct")
def instruct(*, issue: Issue, by: str, at: datetime, office: str, text: str, given_at: datetime | None = None) -> Issue:
    """Note a leader's instruction 领导批示: the office, its words. Every unit at work on the issue is told."""
    row = Instruction(
        issue_no=issue.no, n=_count(Instruction, issue) + 1, office=office, text=text, given_at=given_at or at,
        by=by, at=at,
    )  # fmt: skip
    db.session.add(row)
    leads = {name for unit in _at_work(issue) for name in people(unit, Role.UNIT_LEAD, Role.LEADER)}
    tell(leads, code="notice.instructed", subject=issue.no, at=at, but=by, title=issue.title, office=office, text=text)
    return issue


@act("issue.confer")
def confer(
    *, issue: Issue, by: str, at: datetime, units: Sequence[str], minutes: str, decisions: str,
    held_at: datetime | None = None,
) -> Issue:  # fmt: skip
    """Note a joint conference 联合会商: which units, what was said and decided. A binding dispatch may cite it."""
    for n, code in enumerate(units):
        if refer(Unit, code) is None:
            raise Invalid(f"units.{n}", "error.unknown_unit", code=code)
    row = Conference(
        issue_no=issue.no, n=_count(Conference, issue) + 1, held_at=held_at or at, units=list(units), minutes=minutes,
        decisions=decisions, by=by, at=at,
    )  # fmt: skip
    db.session.add(row)
    told = {name for unit in units for name in people(unit, Role.UNIT_LEAD)}
    tell(told, code="notice.conferred", subject=issue.no, at=at, but=by, title=issue.title, text=decisions)
    return issue


@act("issue.brief")
def brief(
    *, issue: Issue, by: str, at: datetime, text: str, valid_until: datetime, internal: str | None = None,
    units: Sequence[str] = (),
) -> Issue:  # fmt: skip
    """Publish what the front line is to say 统一解释口径, as a new version, with a receipt for everybody told.

    Without units, to those at work on the issue. Invalid for an unknown unit, or for an end that has passed.
    """
    if valid_until <= at:
        raise Invalid("valid_until", "error.in_the_past")
    for n, code in enumerate(units):
        if refer(Unit, code) is None:
            raise Invalid(f"units.{n}", "error.unknown_unit", code=code)
    goes_to = sorted(set(units) or _at_work(issue))
    row = Brief(
        issue_no=issue.no, n=_count(Brief, issue) + 1, text=text, internal=internal, units=goes_to,
        valid_until=valid_until, by=by, at=at,
    )  # fmt: skip
    readers = {name: unit for unit in goes_to for name in people(unit, *READERS)}
    row.receipts = [BriefReceipt(user_name=name, unit=unit) for name, unit in sorted(readers.items())]
    db.session.add(row)
    tell(readers, code="notice.brief", subject=issue.no, at=at, but=by, title=issue.title, text=text)
    return issue


def _at_work(issue: Issue) -> set[str]:
    open_ = select(Task.unit).where(Task.issue_no == issue.no, Task.state.in_(OPEN_TASK), Task.parent.is_(None))
    return set(db.session.scalars(open_))


def note_read(*, issue_no: str, n: int, name: str, at: datetime) -> bool:
    """Note that a person has read a brief that was sent to them; no act. False when none was."""

    def write() -> bool:
        mine = select(BriefReceipt).join(Brief, Brief.id == BriefReceipt.brief_id)
        row = db.session.scalar(mine.where(Brief.issue_no == issue_no, Brief.n == n, BriefReceipt.user_name == name))
        if row is not None and row.read_at is None:
            row.read_at = at
        return row is not None

    return record(write)


@act("issue.set_outside_due")
def set_outside_due(
    *, issue: Issue, by: str, at: datetime, due_at: datetime | None = None, who: str | None = None,
    number: str | None = None,
) -> Issue:  # fmt: skip
    """State until when somebody outside waits 外部时限: who, and under which number; or, without a due, nobody more.

    The issue's due and its tasks' are brought before it; two warnings come in natural time. Invalid for one that has
    passed.
    """
    if due_at is not None and due_at <= at:
        raise Invalid("due_at", "error.in_the_past")
    if due_at is not None and not who:
        raise Invalid("who", "error.required")
    issue.external_due_at, issue.external_who, issue.external_number = due_at, who, number
    clock = live_clock(issue.no, "issue")
    if clock is None:
        return issue
    if due_at is not None and clock.due_at is not None and clock.due_at > due_at:
        extend(clock, at=at, due=due_at, why="outside", act="issue.set_outside_due", ladder=ladder_of(clock))
    watch_outside(clock, due=due_at, at=at)
    if due_at is not None:
        bring_before(issue, due=due_at, at=at)
    return issue


def find_citation(issue: Issue, text: str, field: str) -> str:
    """An instruction or conference of the issue, named like `instruction.1`; Invalid when there is none such."""
    noun, _, n = text.partition(".")
    cls: Any = {"instruction": Instruction, "conference": Conference}.get(noun)
    found = None
    if cls is not None and n.isascii() and n.isdigit() and len(n) < 6:
        found = db.session.scalar(select(cls.id).where(cls.issue_no == issue.no, cls.n == int(n)))
    if found is None:
        raise Invalid(field, "error.unknown_citation", code=text)
    return text


def _count(cls: type[Instruction] | type[Conference] | type[Brief], issue: Issue) -> int:
    return db.session.scalar(select(func.count()).select_from(cls).where(cls.issue_no == issue.no)) or 0
