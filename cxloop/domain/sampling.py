"""Which closures an auditor draws. Anyone can redo the draw from the entry: it depends on the report's number and the
chain's head before closing, neither of which the person closing can choose."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Draw:
    """Whether a closure is audited, why, and the roll (0-99) where chance decided."""

    drawn: bool
    why: str
    roll: int | None = None


def draw(*, report: str, head: str, share: int, always: tuple[str, ...]) -> Draw:
    """Draw a closure: for any reason in `always`, else when SHA-256(report ‖ head) mod 100 < share (percent)."""
    if always:
        return Draw(drawn=True, why=always[0])
    roll = int(hashlib.sha256((report + head).encode()).hexdigest(), 16) % 100
    return Draw(drawn=roll < share, why="sample", roll=roll)
