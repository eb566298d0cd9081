"""Appeals as they are read: what is contested, by whom, and what was decided."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ..domain.permissions import Person
from ..extensions import db
from ..models.appeal import Appeal
from ..models.scope import appeals_seen
from .acts import verbs_of
from .listing import Listing, is_one_of

_NAMES = ("id", "unit", "matter", "ref", "text", "by", "at", "decision", "decided_by", "decided_at", "decision_text")


def views(appeals: Sequence[Appeal], person: Person, at: datetime) -> list[dict[str, Any]]:
    """A page of appeals, with the acts the person may use on each."""
    acts = verbs_of(kind="appeal", records=appeals, person=person, at=at)
    return [
        {name: getattr(row, name) for name in _NAMES}
        | {"issue": row.issue_no, "task": row.task_no, "acts": acts[str(row.id)]}
        for row in appeals
    ]


def find(*, id_: int, person: Person, at: datetime) -> dict[str, Any] | None:
    """One appeal, or None when the person may not see it."""
    row = db.session.scalar(select(Appeal).where(Appeal.id == id_, appeals_seen(person)))
    return None if row is None else views([row], person, at)[0]


LISTING = Listing(
    name="appeals",
    entity=Appeal,
    seen=appeals_seen,
    view=views,
    filters={
        "unit": is_one_of(Appeal.unit),
        "matter": is_one_of(Appeal.matter),
        "issue": is_one_of(Appeal.issue_no),
        "decision": is_one_of(Appeal.decision),
    },
    sorts={"id": Appeal.id, "at": Appeal.at},
    order="-id",
)
