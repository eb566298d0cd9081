"""Firing a batch of chains: one transaction, with an entry of its own for each."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ...domain.lifecycle import ACTS as LIFECYCLE
from ...domain.vocabulary import SYSTEM
from ...extensions import db
from ...models.issue import Issue
from .. import trail
from ..act import writing
from ..notices import leave
from .plain import Rows, fire_plain, is_plain
from .recorded import Records, fire_recorded
from .rungs import DueRung, due_rungs
from .scenes import Scenes
from .telling import Telling

ACT = LIFECYCLE["clock.fire"].name
# What the sweep reads of the roots it locks: their heads, and what telling needs.
_LOCKED = (Issue.no, Issue.head_seq, Issue.head_hash, Issue.head_at, Issue.title, Issue.analyst, Issue.severity)


def fire_chains(
    kind: str, numbers: Iterable[str], *, at: datetime, origin: str, only: int | None = None
) -> dict[str, int]:
    """Fire what is due in these chains, in one transaction with an entry for each; says how many rungs in which.

    Chains that are busy, or in which nothing is due any more, are not in the answer. What the rungs need is read for
    all of them at once: a chain's own transaction would cost ten times as much. `only` one clock, where its fellows
    cannot be fired.
    """
    if kind != Issue.chain_kind:
        raise LookupError(f"no clock runs in a chain of {kind}")
    with writing():
        chains, _notices = fire_within(numbers, at=at, origin=origin, only=only)
    return {number: len(rungs) for number, rungs in chains.items()}


def fire_within(
    numbers: Iterable[str], *, at: datetime, origin: str, only: int | None = None
) -> tuple[dict[str, list[DueRung]], list[dict[str, Any]]]:
    """The same within a transaction of the caller's; gives what was due, chain by chain, and the ladder's notices."""
    roots = _lock(numbers)
    chains = due_rungs(roots, at, only)
    telling, rows = Telling(), Rows()
    trail.seal_apart(db.session(), _fired(chains, roots, at=at, origin=origin, telling=telling, rows=rows))
    rows.write()
    leave(telling.notices)
    return chains, telling.notices


def _lock(numbers: Iterable[str]) -> dict[str, Any]:
    heads = select(*_LOCKED).where(Issue.no.in_(sorted(numbers))).order_by(Issue.no)
    return {row.no: row for row in db.session.execute(heads.with_for_update(of=Issue, skip_locked=True))}


def _fired(
    chains: Mapping[str, list[DueRung]], roots: Mapping[str, Any], *, at: datetime, origin: str, telling: Telling,
    rows: Rows,
) -> list[trail.Apart]:  # fmt: skip
    """Fire chain after chain, the plain ones as rows, the others as records; gives what their entries say."""
    plain = {number for number, rungs in chains.items() if is_plain(rungs)}
    scenes = Scenes.of_rows(roots, [rung for number in plain for rung in chains[number]])
    records = Records.read([rung for number in chains.keys() - plain for rung in chains[number]])
    found = []
    for number, rungs in chains.items():
        head = roots[number]
        # Within a chain time never goes back.
        moment = max(at, head.head_at or at)
        seal = trail.Seal(ACT, rungs[0].subject, SYSTEM, SYSTEM, moment, origin, {})
        if number in plain:
            changes = fire_plain(rungs, at=moment, scenes=scenes, telling=telling, rows=rows)
            bare = trail.Head(Issue, number, head.head_seq, head.head_hash)
            found.append(trail.Apart(seal, bare, changes))
        else:
            fire_recorded(rungs, at=moment, records=records, telling=telling)
            found.append(trail.Apart(seal, records.scenes.issues[number]))
    return found
