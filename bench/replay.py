"""The demo's ninety days played into a new database: how long it takes, and that every round gives the same trail."""

import time
from dataclasses import dataclass
from datetime import date, datetime

from bench.places import blank
from cxloop.cli.player import Player
from cxloop.cli.seed import LAST_DAY, demo_lines
from cxloop.queries.trail import verify


@dataclass(frozen=True, slots=True)
class Row:
    """One round."""

    lines: int
    entries: int
    wall: float
    processor: float
    head: str


def measure(engine: str) -> Row:
    """Play all lines and let time pass to the end of the last day. RuntimeError when the trail is not whole."""
    lines = demo_lines(until=date.fromisoformat(LAST_DAY))
    with blank(engine):
        wall, processor = time.perf_counter(), time.process_time()
        player = Player()
        count = player.play(lines)
        player.sweep(before=datetime.fromisoformat(f"{LAST_DAY}T23:59:59+08:00"))
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        entries, _chains, head, faults = verify()
    if faults:
        raise RuntimeError(f"the trail has {len(faults)} faults")
    return Row(count, entries, wall, processor, head)
