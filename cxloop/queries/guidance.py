"""What guides the work on an issue, as it is read: instructions, conferences, briefs, and who waits outside."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from ..domain.permissions import Person
from ..extensions import db
from ..models.attention import Brief, Conference, Instruction
from ..models.issue import Issue

_INSTRUCTION = ("n", "office", "text", "given_at", "by", "at")
_CONFERENCE = ("n", "held_at", "units", "minutes", "decisions", "by", "at")
_BRIEF = ("n", "text", "internal", "units", "valid_until", "by", "at")


def of_issue(issue: Issue, *, person: Person) -> dict[str, Any]:
    """All of it. Who has read a brief is the center's and the audit's to know; a unit's person reads of themselves."""
    briefs = select(Brief).where(Brief.issue_no == issue.no).order_by(Brief.n).options(selectinload(Brief.receipts))
    found = [_brief(row, person) for row in db.session.scalars(briefs) if _is_for(row, person)]
    outside = {"due_at": issue.external_due_at, "who": issue.external_who, "number": issue.external_number}
    return {
        "instructions": [_pick(row, _INSTRUCTION) for row in _of(Instruction, issue)],
        "conferences": [_pick(row, _CONFERENCE) for row in _of(Conference, issue) if _took_part(row, person)],
        "briefs": found,
        "outside_due": None if issue.external_due_at is None else outside,
    }


def _of(cls: type[Any], issue: Issue) -> list[Any]:
    return list(db.session.scalars(select(cls).where(cls.issue_no == issue.no).order_by(cls.n)))


def _pick(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _took_part(row: Conference, person: Person) -> bool:
    return person.reads_all() or any(m.path.split("/")[1] in row.units for m in person.memberships)


def _is_for(row: Brief, person: Person) -> bool:
    return person.reads_all() or any(receipt.user_name in person.names() for receipt in row.receipts)


def _brief(row: Brief, person: Person) -> dict[str, Any]:
    view = _pick(row, _BRIEF)
    receipts = [r for r in row.receipts if person.reads_all() or r.user_name in person.names()]
    view["receipts"] = [{"user": r.user_name, "unit": r.unit, "read_at": r.read_at} for r in receipts]
    view["unread"] = sum(1 for r in receipts if r.read_at is None)
    return view
