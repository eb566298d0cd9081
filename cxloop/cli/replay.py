"""`flask replay FILE.jsonl`."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

import click
from flask.cli import with_appcontext

from ..queries.trail import verify
from ..schemas.fields import Invalid, parse_moment
from .player import Player, Stopped
from .words import refusals_in_words


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--until", help="Let time pass up to this moment (ISO 8601) after the last line.")
@with_appcontext
def replay(file: TextIO, until: str | None) -> None:
    """Play a history of acts; prints how many lines, and the digest over all heads of the trail."""
    player = Player()
    try:
        with refusals_in_words():
            count = player.play(read_lines(file))
            if until:
                player.sweep(before=parse_moment(until) + timedelta(microseconds=1))
    except Invalid:
        raise click.ClickException(f"--until: {until!r} is no moment with an offset") from None
    except Stopped as error:
        told = f"{Path(file.name).name}, {error}".rstrip(".")
        raise click.ClickException(f"{told}. What stands before it was played and stays.") from None
    entries, chains, head, faults = verify()
    click.echo(f"played {count} lines: {entries} entries in {chains} chains, trail head {head}")
    if faults:
        raise click.ClickException(f"the trail has {len(faults)} faults (flask trail verify names them)")


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
