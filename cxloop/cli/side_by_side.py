"""Two breach tables side by side, for people and for machines."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..queries.breaches import Tally
from .comparison import AFTER, Played

Key = tuple[str, ...]
_NONE = Tally()
HEAD = ("judged", "missed", "of 100")


def grouped(played: Played, by: Callable[[str, str], Key]) -> dict[Key, Tally]:
    """The tallies added up by what `by` makes of unit and kind."""
    found: dict[Key, Tally] = {}
    for (unit, kind), tally in played.tallies.items():
        key = by(unit, kind)
        found[key] = found.get(key, _NONE) + tally
    return found


def report(stands: Played, other: Played, *, name: str, left_out: int) -> Iterator[str]:
    """The comparison as text: what could be played, totals, by kind, by unit, by unit and kind."""
    yield f"played as it stands: {stands.lines} lines; under {name}: {other.lines}, {other.passed_over} passed over"
    if left_out:
        yield f"later publications and applications of sla left out under {name}: {left_out}"
    for (act, why), numbers in sorted(other.skipped.items(), key=lambda row: (-len(row[1]), row[0])):
        said = "names what a skipped line would have made" if why == AFTER else why
        yield f"  {len(numbers)} x {act}: {said} (first: line {numbers[0]})"
    yield ""
    yield from _notes()
    for title, by in (
        (("total",), lambda _unit, _kind: ("all",)),
        (("kind",), lambda _unit, kind: (kind,)),
        (("unit",), lambda unit, _kind: (unit,)),
        (("unit", "kind"), lambda unit, kind: (unit, kind)),
    ):
        yield from _table(title, grouped(stands, by), grouped(other, by), name)


def _notes() -> Iterator[str]:
    yield "judged: clocks that ended or were missed. missed: on the owner's own account, waived or not. of 100: judged."
    yield "+/-: missed more or fewer. Left out: what was charged to another (who did not decide), cancelled, moved."


def _table(title: Key, stands: Mapping[Key, Tally], other: Mapping[Key, Tally], name: str) -> Iterator[str]:
    keys = sorted({*stands, *other})
    shown = [key for key in keys if stands.get(key, _NONE).missed or other.get(key, _NONE).missed or len(keys) == 1]
    both = [f"{word}, {side}" for side in ("as it stands", name) for word in HEAD]
    rows = [_row(key, stands.get(key, _NONE), other.get(key, _NONE)) for key in shown]
    yield ""
    yield from _aligned([[*title, *both, "+/-"], *rows], words=len(title))
    if len(keys) > len(shown):
        yield f"({len(keys) - len(shown)} more without any missed under either)"


def _row(key: Key, stands: Tally, other: Tally) -> list[str]:
    sides = [[str(side.judged), str(side.missed), _share(side)] for side in (stands, other)]
    return [*key, *sides[0], *sides[1], f"{other.missed - stands.missed:+d}"]


def _share(tally: Tally) -> str:
    return "-" if tally.share is None else f"{tally.share:.1f}"


def _aligned(rows: list[list[str]], *, words: int) -> Iterator[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = [cell.ljust(widths[n]) if n < words else cell.rjust(widths[n]) for n, cell in enumerate(row)]
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield f"|{'|'.join('-' * (width + 2) for width in widths)}|"


def as_data(stands: Played, other: Played, **more: Any) -> dict[str, Any]:
    """The comparison for machines: every unit and kind, the totals, what was passed over."""
    total = [grouped(side, lambda _unit, _kind: ()).get((), _NONE) for side in (stands, other)]
    return more | {
        "as_it_stands": {"lines": stands.lines, "trail_head": stands.head, "total": _figures(total[0])},
        "other": {"lines": other.lines, "trail_head": other.head, "total": _figures(total[1])},
        "skipped": [
            {"act": act, "why": why, "count": len(numbers), "lines": numbers}
            for (act, why), numbers in sorted(other.skipped.items())
        ],
        "rows": [
            {
                "unit": unit,
                "kind": kind,
                "as_it_stands": _figures(stands.tallies.get((unit, kind), _NONE)),
                "other": _figures(other.tallies.get((unit, kind), _NONE)),
            }
            for unit, kind in sorted({*stands.tallies, *other.tallies})
        ],
    }


def _figures(tally: Tally) -> dict[str, Any]:
    return asdict(tally) | {"share": None if tally.share is None else round(tally.share, 3)}


def write_csv(file: Path, stands: Played, other: Played) -> None:
    """Every unit and kind as a CSV file."""
    columns = list(asdict(_NONE))
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        sides = ("as_it_stands", "other")
        writer.writerow(["unit", "kind", *(f"{side}_{column}" for side in sides for column in columns)])
        for key in sorted({*stands.tallies, *other.tallies}):
            tallies = [asdict(side.tallies.get(key, _NONE)) for side in (stands, other)]
            writer.writerow([*key, *(found[column] for found in tallies for column in columns)])
