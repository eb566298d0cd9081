"""When a customer counts as reached, or as not reached with proof 未联系上; and whose matter a customer's voice is.

Three tries at different times without success are proof. Times are different when each lies at least two hours after
the one before that counts, on the wall clock: three calls within a quarter of an hour are one try.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

ENOUGH = 3
APART = timedelta(hours=2)
# So long afterwards a try may still be written down.
WRITTEN_WITHIN = timedelta(days=1)
# From so many repeated voices on, supervision is proposed.
REPEATS = 3


class ContactState(StrEnum):
    """How far calling a customer has come."""

    NONE = "none"
    TRIED = "tried"
    REACHED = "reached"
    NOT_REACHED = "not_reached"


class ContactMethod(StrEnum):
    """How a customer was spoken to."""

    PHONE = "phone"
    MESSAGE = "message"
    ONLINE = "online"
    VISIT = "visit"
    LETTER = "letter"


SETTLED = frozenset({ContactState.REACHED, ContactState.NOT_REACHED})


def counting(moments: Iterable[datetime]) -> tuple[datetime, ...]:
    """The tries that count as tries at different times, in order."""
    found: list[datetime] = []
    for moment in sorted(moments):
        if not found or moment - found[-1] >= APART:
            found.append(moment)
    return tuple(found)


def contact_state(tries: Iterable[tuple[datetime, bool]]) -> ContactState:
    """Where calling a customer stands after these tries, each (when, whether it succeeded)."""
    told = list(tries)
    if any(reached for _at, reached in told):
        return ContactState.REACHED
    if len(counting(at for at, _reached in told)) >= ENOUGH:
        return ContactState.NOT_REACHED
    return ContactState.TRIED if told else ContactState.NONE


def concerns(voice: str | None, unit: str) -> bool:
    """Whether a voice about the unit at path `voice` (None: about no unit) concerns the unit at path `unit`."""
    return voice is None or voice.startswith(unit)
