"""`flask trail verify`, `flask doctor`: is everything as it should be?"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from .. import health
from ..domain.numbers import SHANGHAI
from ..extensions import db
from ..models.entry import Entry
from ..queries import calendars
from ..queries.trail import verify as verify_trail
from .words import now, refusals_in_words

# How many rungs that cannot be fired are named; more would hide the rest of what is said.
NAMED = 5

# A fault, a warning that leaves the exit code alone, and nothing to say.
_MARKS = {True: "!!", None: "??", False: "ok"}


@click.group()
def trail() -> None:
    """The trail."""


@trail.command()
@click.option("--export", type=click.Path(dir_okay=False, path_type=Path), help="Also write every entry as JSONL.")
@with_appcontext
def verify(export: Path | None) -> None:
    """Check every chain; prints the digest over all heads. Exit code 1 when one is not whole."""
    with refusals_in_words():
        entries, chains, head, faults = verify_trail()
        if export is not None:
            _export(export)
    for fault in faults[:50]:
        click.echo(f"{fault.kind} {fault.number}, entry {fault.seq}: {fault.what}", err=True)
    click.echo(f"{entries} entries in {chains} chains, trail head {head}")
    if faults:
        raise click.ClickException(f"{len(faults)} faults")
    click.echo("the trail is whole")


def _export(path: Path) -> None:
    rows = select(Entry.body, Entry.hash).order_by(Entry.chain_kind, Entry.chain_no, Entry.seq)
    with path.open("w", encoding="utf-8") as file:
        for body, digest in db.session.execute(rows.execution_options(yield_per=2000)):
            file.write(json.dumps({"hash": digest, "body": body}, ensure_ascii=False) + "\n")


@click.command()
@with_appcontext
def doctor() -> None:
    """Say in words what is wrong with the installation; exit code 1 when something must be done."""
    failed = False
    for name, check in CHECKS:
        try:
            fault, remark = check()
        except Exception as error:
            fault, remark = True, f"{type(error).__name__}: {error}"
        failed = failed or bool(fault)
        click.echo(f"{_MARKS[fault]} {name}: {remark}")
    raise SystemExit(1 if failed else 0)


def _configuration() -> tuple[bool, str]:
    folder = current_app.config["DATA_DIR"]
    if not os.access(folder, os.W_OK):
        return True, f"{folder} cannot be written to"
    return False, f"profile settings read, data in {folder}"


def _database() -> tuple[bool, str]:
    health.database_answers()
    return False, db.engine.dialect.name


def _migrations() -> tuple[bool, str]:
    done = health.migrations_are_done()
    return not done, "at the newest" if done else "not at the newest: flask db upgrade"


def _horizon() -> tuple[bool | None, str]:
    found = calendars.horizon(at=now())
    if found is None:
        return True, "there are no national days: publish CN-DAYS"
    until = f"national days end {found.official_until}"
    if found.missing is None:
        return False, f"national days up to {found.official_until}"
    if found.is_past(now().astimezone(SHANGHAI).date()):
        return True, f"{until}: due times are provisional; take in the notice for {found.missing}"
    return None, f"{until}: the notice for {found.missing} is missing (flask calendar import-days)"


def _worker() -> tuple[bool, str]:
    beats = health.a_worker_beats()
    return not beats, "beats" if beats else "no sign of life in the last 60 s: flask worker"


def _backlog() -> tuple[bool, str]:
    count, stuck = health.backlog(), health.stuck(most=NAMED)
    named = f"; for more than 5 minutes: {', '.join(stuck)}" + (" …" if len(stuck) == NAMED else "") if stuck else ""
    return bool(stuck), f"{count} rungs wait{named}"


CHECKS: tuple[tuple[str, Callable[[], tuple[bool | None, str]]], ...] = (
    ("configuration", _configuration),
    ("database", _database),
    ("migrations", _migrations),
    ("calendar horizon", _horizon),
    ("worker", _worker),
    ("clock backlog", _backlog),
)
