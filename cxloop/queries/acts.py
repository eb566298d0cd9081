"""Which acts a person may use now, for a page of records."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..domain.buttons import allowed_verbs
from ..domain.permissions import Person, relate
from ..models.facts import known_of


def verbs_of(*, kind: str, records: Sequence[Any], person: Person, at: datetime) -> dict[str, list[str]]:
    """Number → path verbs that the person may use now; a constant number of statements for the whole page."""
    known = known_of(records=records, person=person, at=at)
    states = {key_of(record): getattr(record, "state", "") for record in records}
    return {
        number: allowed_verbs(
            kind=kind,
            state=states[number],
            conditions=what.conditions,
            relations=relate(person=person, facts=what.facts),
        )
        for number, what in known.items()
    }


def key_of(record: Any) -> str:
    """The number under which `known_of` gives a record's facts."""
    if hasattr(record, "number"):
        return str(record.number())
    return str(record.no if hasattr(record, "no") else record.id)
