"""Whose time was it (K7): a length of time parted without gap or overlap, by stage and holder, from stored stretches.

An issue's moment belongs to the units while any of them holds a task, else to the center, or to the audit once closed.
Where several things run at once the strongest tells the stage: see `RANKS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from .calendar import WorkCalendar

UNITS, CENTER, AUDIT = "units", "center", "audit"
HANDLING, SIGN_FOR, FOLLOW_UP, PAUSED = "handling", "sign_for", "follow_up", "paused"
# The strongest first; whose moment it is then.
RANKS: dict[str, str] = {
    HANDLING: UNITS,
    SIGN_FOR: UNITS,
    FOLLOW_UP: UNITS,
    PAUSED: UNITS,
    "decide": CENTER,
    "review": CENTER,
    "triage": CENTER,
    "verify": CENTER,
    "effect_wait": CENTER,
    "audit": AUDIT,
    "archive": AUDIT,
    # Nothing runs: between two clocks, or closed for good and opened again later.
    "waiting": CENTER,
}
STAGES = tuple(RANKS)
_ORDER = {stage: n for n, stage in enumerate(RANKS)}


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that ran from `begins` to `ends`: its stage, and the unit that held it, where one did."""

    stage: str
    begins: datetime
    ends: datetime
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """A stretch of the whole: in which stage, whose, with which units, and how long in working seconds."""

    begins: datetime
    ends: datetime
    stage: str
    holder: str
    units: tuple[str, ...]
    seconds: int


def partition(*, calendar: WorkCalendar, begin: datetime, end: datetime, marks: Iterable[Mark]) -> list[Share]:
    """Part the time from `begin` to `end`. The seconds add up to `calendar.worked(begin, end)` exactly."""
    kept = [mark for mark in marks if mark.begins < end and mark.ends > begin and mark.ends > mark.begins]
    edges = {begin, end} | {edge for mark in kept for edge in (mark.begins, mark.ends) if begin < edge < end}
    found: list[Share] = []
    running: list[Mark] = []
    waiting = sorted(kept, key=lambda mark: mark.begins)
    moments = sorted(edges)
    for low, high in pairwise(moments):
        while waiting and waiting[0].begins <= low:
            running.append(waiting.pop(0))
        running = [mark for mark in running if mark.ends > low]
        share = _share(calendar, low, high, running)
        last = found[-1] if found else None
        if last is not None and (last.stage, last.units) == (share.stage, share.units):
            found[-1] = replace(last, ends=high, seconds=last.seconds + share.seconds)
        else:
            found.append(share)
    return found


def _share(calendar: WorkCalendar, low: datetime, high: datetime, running: Sequence[Mark]) -> Share:
    stage = min((mark.stage for mark in running), key=_ORDER.__getitem__, default="waiting")
    holder = RANKS[stage]
    units = sorted({mark.unit for mark in running if mark.unit and RANKS[mark.stage] == UNITS})
    return Share(low, high, stage, holder, tuple(units) if holder == UNITS else (), calendar.worked(low, high))


def without(mark: Mark, others: Iterable[Mark]) -> list[Mark]:
    """What of a mark no other covers."""
    left = [mark]
    for other in others:
        cut: list[Mark] = []
        for part in left:
            if other.ends <= part.begins or other.begins >= part.ends:
                cut.append(part)
                continue
            if other.begins > part.begins:
                cut.append(replace(part, ends=other.begins))
            if other.ends < part.ends:
                cut.append(replace(part, begins=other.ends))
        left = cut
    return left


def totals(shares: Iterable[Share]) -> dict[tuple[str, str], int]:
    """Seconds by stage and holder, in the order of the stages."""
    found: dict[tuple[str, str], int] = {}
    for share in shares:
        key = share.stage, share.holder
        found[key] = found.get(key, 0) + share.seconds
    return dict(sorted(found.items(), key=lambda item: _ORDER[item[0][0]]))
