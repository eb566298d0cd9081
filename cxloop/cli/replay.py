"""`flask replay FILE.jsonl`, and the same history under another policy."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, TextIO

import click
from flask.cli import with_appcontext

from ..models.policy import SLA
from ..operations.policies import read_sound
from ..queries.trail import verify
from ..schemas.fields import Invalid, parse_moment
from . import comparison, side_by_side
from .player import Player, Stopped
from .structure import read_structure
from .words import refusals_in_words

PLACE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--until", help="Let time pass up to this moment (ISO 8601) after the last line.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Play it into no database of yours but twice into new ones: as it stands, and with this sla policy.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="With --policy: a folder for the two databases and the whole table as CSV.",
)
@click.option("--json", "as_json", type=PLACE, help="With --policy: the comparison for machines.")
@with_appcontext
def replay(file: TextIO, until: str | None, policy: Path | None, out: Path | None, as_json: Path | None) -> None:
    """Play a history of acts; prints how many lines, and the digest over all heads of the trail."""
    if policy is None and (out or as_json):
        raise click.UsageError("--out and --json go with --policy")
    end = _moment(until)
    try:
        if policy is not None:
            _compare(file, end, policy, out, as_json)
            return
        player = Player()
        with refusals_in_words():
            count = player.play(read_lines(file))
            if end is not None:
                player.sweep(before=end + timedelta(microseconds=1))
    except Stopped as error:
        told = f"{Path(file.name).name}, {error}".rstrip(".")
        raise click.ClickException(f"{told}. What stands before it was played and stays.") from None
    entries, chains, head, faults = verify()
    click.echo(f"played {count} lines: {entries} entries in {chains} chains, trail head {head}")
    if faults:
        raise click.ClickException(f"the trail has {len(faults)} faults (flask trail verify names them)")


def _moment(until: str | None) -> datetime | None:
    try:
        return None if until is None else parse_moment(until)
    except Invalid:
        raise click.ClickException(f"--until: {until!r} is no moment with an offset") from None


def _compare(file: TextIO, until: datetime | None, policy: Path, out: Path | None, as_json: Path | None) -> None:
    body = read_structure(policy)
    if isinstance(body, dict):
        body.pop("code", None)
    with refusals_in_words():
        read_sound(body)
    lines = list(read_lines(file))
    try:
        other, left_out = comparison.replaced(lines, body)
        end = until or comparison.end_of(lines)
    except (ValueError, KeyError):
        raise click.ClickException(f"{Path(file.name).name}: no history that publishes {SLA}") from None
    begun = perf_counter()
    with ExitStack() as stack:
        folder = out or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cxloop-")))
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.glob("*.sqlite")):
            raise click.ClickException(f"{folder} holds databases already; name a folder of its own")
        stands, changed = comparison.compare(lines, other, until=end, folder=folder)
        for played, name in ((stands, "as it stands"), (changed, f"under {policy.name}")):
            if played.stopped is not None:
                raise click.ClickException(f"{Path(file.name).name} {name}: {played.stopped}")
        if out is not None:
            side_by_side.write_csv(out / "breaches.csv", stands, changed)
    for line in side_by_side.report(stands, changed, name=policy.name, left_out=left_out):
        click.echo(line)
    click.echo(f"\nup to {end.isoformat()}; {perf_counter() - begun:.0f} s")
    if as_json is not None:
        data = side_by_side.as_data(stands, changed, policy=policy.name, until=end.isoformat(), left_out=left_out)
        as_json.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")


def read_lines(file: TextIO) -> Iterator[dict[str, Any] | None]:
    """The lines of a JSONL file; None for empty ones and for those that begin with #."""
    for number, text in enumerate(file, 1):
        if not text.strip() or text.startswith("#"):
            yield None
            continue
        try:
            line = json.loads(text)
        except ValueError as error:
            raise Stopped(number, "", f"no JSON: {error}") from None
        if not isinstance(line, dict):
            raise Stopped(number, "", "no JSON object")
        yield line
