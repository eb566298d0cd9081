"""What a sweep would do, found out by letting it: everything is taken back, and nobody is told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ...domain import clocks as rules
from ...extensions import db
from ...models.clock import ClockRung
from ...models.issue import Issue
from .. import trail
from ..act import writing
from .firing import fire_within
from .rungs import DueRung, armed, portions

DONE = frozenset({rules.FIRED, rules.COLLAPSED})
ORIGIN = "rehearsal"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A rung that would fire, and whom it would tell; nobody where it collapses into a higher one."""

    moment: datetime
    chain: str
    subject: str
    kind: str
    code: str
    collapses: bool
    told: tuple[str, ...]


class _Enough(Exception):
    """The rehearsal is over: take it all back."""


def rehearse(*, at: datetime) -> list[Foreseen]:
    """The rungs that a sweep at this moment would fire, soonest first, those included that the first ones arm.

    It holds the heads of the chains concerned until it is through, as a sweep does; what is busy is left out.
    """
    found: list[Foreseen] = []
    try:
        with writing():
            found += _swept(at)
            raise _Enough
    except _Enough:
        pass
    return sorted(found, key=lambda due: (due.moment, due.chain, due.subject, due.kind, due.code))


def _swept(at: datetime) -> list[Foreseen]:
    found: list[Foreseen] = []
    passed_over: set[str] = set()
    while numbers := _due(at, passed_over):
        trail.listen(db.session())
        chains, notices = fire_within(numbers, at=at, origin=ORIGIN)
        db.session.flush()
        rungs = [rung for fired in chains.values() for rung in fired]
        found += _told(rungs, notices)
        passed_over |= set(numbers) - chains.keys()
        db.session.expunge_all()
    return found


def _due(at: datetime, but: set[str]) -> list[str]:
    rows = select(ClockRung.chain_no).where(armed(), ClockRung.moment <= at, ClockRung.chain_kind == Issue.chain_kind)
    return [number for number in db.session.scalars(rows.distinct().order_by(ClockRung.chain_no)) if number not in but]


def _told(rungs: Iterable[DueRung], notices: Iterable[dict[str, Any]]) -> list[Foreseen]:
    rungs = list(rungs)
    states: dict[int, str] = {}
    for portion in portions(rung.id for rung in rungs):
        rows = select(ClockRung.id, ClockRung.state).where(ClockRung.id.in_(portion))
        states |= {row.id: row.state for row in db.session.execute(rows)}
    names: dict[tuple[str, str, str], set[str]] = {}
    for notice in notices:
        params = notice["params"]
        # What collapses tells nobody, so that a rung's name belongs to the one that fires.
        names.setdefault((notice["subject"], params["kind"], params["rung"]), set()).add(notice["user_name"])
    return [
        Foreseen(*_of(rung), states[rung.id] == rules.COLLAPSED, tuple(sorted(names.get(_of(rung)[2:], ()))))
        for rung in rungs
        if states[rung.id] in DONE
    ]


def _of(rung: DueRung) -> tuple[datetime, str, str, str, str]:
    return rung.moment, rung.chain_no, rung.subject, rung.kind, rung.code
