"""What guides the work on an issue from above and beside: leaders' instructions 批示, joint conferences 会商."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ..domain.vocabulary import OPEN_TASK, Role
from ..extensions import db
from ..models.attention import Conference, Instruction
from ..models.issue import Issue
from ..models.reference import refer
from ..models.task import Task
from ..models.unit import Unit
from .act import Invalid, act
from .notices import people, tell


@act("issue.instruct")
def instruct(*, issue: Issue, by: str, at: datetime, office: str, text: str, given_at: datetime | None = None) -> Issue:
    """Note a leader's instruction 领导批示: the office, its words. Every unit at work on the issue is told."""
    row = Instruction(
        issue_no=issue.no, n=_count(Instruction, issue) + 1, office=office, text=text, given_at=given_at or at,
        by=by, at=at,
    )  # fmt: skip
    db.session.add(row)
    open_ = select(Task.unit).where(Task.issue_no == issue.no, Task.state.in_(OPEN_TASK), Task.parent.is_(None))
    leads = {name for unit in set(db.session.scalars(open_)) for name in people(unit, Role.UNIT_LEAD, Role.LEADER)}
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


def _count(cls: type[Instruction] | type[Conference], issue: Issue) -> int:
    return db.session.scalar(select(func.count()).select_from(cls).where(cls.issue_no == issue.no)) or 0
