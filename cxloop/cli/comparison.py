"""One history under two policies: played as it stands and once more with another `sla`, each in a database of its own.

People do what they did at the moments they did it; only the clocks differ. What the other policy makes impossible (an
answer's signature that time gave already, say) is passed over and counted, never silently.
"""

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ..models.policy import SLA
from ..operations.act import Forbidden, Invalid, Older, Refused, Unseen, WrongState
from ..queries.breaches import Tally, tally_breaches
from ..queries.trail import verify
from ..schemas.fields import parse_moment
from .player import Player, Stopped
from .scratch import scratch

Line = Mapping[str, Any]
POLICY_ACTS = frozenset({"policy.publish", "policy.apply"})
# Without these nothing that follows means anything.
GROUND = frozenset({"policy.publish", "calendar.publish", "unit.add", "user.add"})
AFTER = "after_a_skipped_line"


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a history under one policy.

    `skipped`: the numbers of the lines passed over, by act and why. `stopped`: why it broke off, if it did.
    """

    lines: int = 0
    skipped: Mapping[tuple[str, str], list[int]] = field(default_factory=dict)
    tallies: Mapping[tuple[str, str], Tally] = field(default_factory=dict)
    head: str = ""
    stopped: str | None = None

    @property
    def passed_over(self) -> int:
        """How many lines were skipped."""
        return sum(len(numbers) for numbers in self.skipped.values())


class Tolerant(Player):
    """A player that passes over what is refused, and what hangs on it, and remembers which lines these were."""

    def __init__(self) -> None:
        """Begin with nothing skipped."""
        super().__init__()
        self.skipped: dict[tuple[str, str], list[int]] = {}
        self._missing: set[str] = set()

    def refuse(self, number: int, line: Mapping[str, Any], error: Exception) -> None:
        """Note a refused line; Stopped where everything else stands on it, or where it is no act at all."""
        act = str(line.get("act", ""))
        if not isinstance(error, Refused) or act in GROUND:
            super().refuse(number, line, error)
        self._missing |= {str(line["as"])} if "as" in line else set()
        self.skipped.setdefault((act, AFTER if self._hangs_on_skipped(line) else _why(error)), []).append(number)

    def _hangs_on_skipped(self, line: Line) -> bool:
        return bool(self._missing & {name.partition("/")[0].partition("-")[0] for name in _named(line)})


def _named(line: Line) -> Iterator[str]:
    for name in ("on", "issue", "into"):
        if isinstance(line.get(name), str):
            yield line[name]
    if isinstance(line.get("signals"), list):
        yield from map(str, line["signals"])


def _why(error: Exception) -> str:
    """A refusal's code, the same for all lines that are refused alike."""
    if isinstance(error, WrongState):
        return f"{error.why}:{error.state}" if error.state else error.why
    if isinstance(error, Invalid):
        return ",".join(f"{name}:{key.removeprefix('error.')}" for name, (key, _params) in error.errors.items())
    if isinstance(error, Forbidden):
        return error.why
    return {Unseen: "not_found", Older: "older_than_head"}.get(type(error), type(error).__name__)


def replaced(lines: Sequence[Line | None], body: Any) -> tuple[list[Line | None], int]:
    """The lines with `sla` as this body from its first publication on, and how many later ones of it were left out.

    ValueError where the history publishes none.
    """
    found: list[Line | None] = []
    first, left_out = True, 0
    for line in lines:
        ours = line is not None and line.get("on") == SLA and line.get("act") in POLICY_ACTS
        if line is None or not ours:
            found.append(line)
        elif first:
            found.append({**line, "body": body})
            first = False
        else:
            # The place stays, so that a line's number is still its place in the file.
            found.append(None)
            left_out += 1
    if first:
        raise ValueError(SLA)
    return found, left_out


def end_of(lines: Sequence[Line | None]) -> datetime:
    """The moment of the last line; ValueError without any."""
    return max(parse_moment(line["at"]) for line in lines if line is not None)


def compare(
    lines: Sequence[Line | None], other: Sequence[Line | None], *, until: datetime, folder: Path
) -> tuple[Played, Played]:
    """Play both into new files in the folder, at once, and let time pass up to `until`."""
    jobs = [(lines, until, folder / "as_it_stands.sqlite", False), (other, until, folder / "other.sqlite", True)]
    # Spawned, not forked: whatever connections the caller has open stay the caller's.
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        stands, changed = pool.map(_play, jobs)
    return stands, changed


def _play(job: tuple[Sequence[Line | None], datetime, Path, bool]) -> Played:
    lines, until, file, tolerant = job
    player = Tolerant() if tolerant else Player()
    with scratch(file):
        try:
            player.play(lines)
        except Stopped as error:
            return Played(stopped=str(error))
        player.sweep(before=until + timedelta(microseconds=1))
        _entries, _chains, head, faults = verify()
        if faults:
            return Played(stopped=f"the trail has {len(faults)} faults")
        skipped = player.skipped if isinstance(player, Tolerant) else {}
        return Played(player.played, skipped, tally_breaches(), head)
