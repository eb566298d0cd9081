"""`flask calendar …`: calendars and the year's notice that come as a file, and what they would move."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from ..domain.calendar_national import Difference
from ..models.calendar import NATIONAL
from ..operations.act import Call, Invalid, perform
from ..operations.calendars import national_difference, proposed
from ..operations.clocks.foresight import foresee
from ..schemas.acts import load_fields
from ..schemas.day_files import BadDays, DayFile, Fault, read_day_file
from ..schemas.files import BadFile
from ..wording import say_in
from .structure import read_structure
from .words import LOCALE, now, refusals_in_words

ORIGIN = "cli"
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
SHOWN = 50


@click.group()
def calendar() -> None:
    """Work calendars."""


@calendar.command("import")
@click.argument("file", type=FILE)
@click.option("--code", help="The calendar's code; by default the file's name without its ending.")
@click.option("--by", default="system", show_default=True, help="In whose name.")
@click.option("--dry-run", is_flag=True, help="List the running clocks that it would move; publish nothing.")
@with_appcontext
def import_calendar(file: Path, code: str | None, by: str, dry_run: bool) -> None:
    """Publish a revision of a calendar from a TOML or JSON definition; the worker re-plans running clocks."""
    definition = read_structure(file)
    named = code or (definition.pop("code", None) if isinstance(definition, dict) else None) or file.stem
    with refusals_in_words():
        fields = load_fields("calendar.publish", {"definition": definition})
        if dry_run:
            _foretell(proposed(code=named, **fields), at=now())
            return
        found = perform(Call("calendar.publish", by, now(), on=named, fields=fields, origin=ORIGIN))
    click.echo(f"{named} is at revision {found.revision}")


@calendar.command("import-days")
@click.argument("file", type=FILE)
@click.option("--year", type=click.IntRange(1970, 2199), help="The notice's year; by default that of most of its days.")
@click.option("--official-until", help="The last official day (YYYY-MM-DD); by default the year's last.")
@click.option("--source", default="", help="The notice's number, for days that name none.")
@click.option("--by", default="system", show_default=True, help="In whose name.")
@click.option("--dry-run", is_flag=True, help="Say what it would change and which clocks would move; publish nothing.")
@with_appcontext
def import_days(file: Path, year: int | None, official_until: str | None, source: str, by: str, dry_run: bool) -> None:
    """Take a year's notice into the national days, from CSV (date,kind,name,source) or holiday-cn's JSON."""
    told = _read(file, source)
    fields: dict[str, Any] = told.fields()
    fields |= {"year": year} if year else {}
    fields |= {"official_until": official_until} if official_until else {}
    with refusals_in_words():
        try:
            if dry_run:
                definitions = proposed(code=NATIONAL, **fields)
                _tell(national_difference(definitions[NATIONAL]))
                _foretell(definitions, at=now())
                return
            found = perform(Call("calendar.import_days", by, now(), on=NATIONAL, fields=fields, origin=ORIGIN))
        except Invalid as error:
            _refuse(told.faults_of(error.errors))
            raise
    _tell(found.difference)
    click.echo(f"{NATIONAL} is at revision {found.calendar.revision}")


def _read(file: Path, source: str) -> DayFile:
    try:
        return read_day_file(file.read_bytes(), source=source)
    except BadFile as error:
        ((field, (key, params)),) = error.errors.items()
        raise click.ClickException(f"{field}: {say_in(LOCALE, key, **params)}") from None
    except BadDays as error:
        _refuse(error.faults)
        raise


def _refuse(faults: list[Fault] | None) -> None:
    """Name every bad row and leave; nothing when it is not about rows."""
    if faults is None:
        return
    for row, field, key, params in faults:
        click.echo(f"row {row}, {field}: {say_in(LOCALE, key, **params)}", err=True)
    raise click.ClickException(f"{len({row for row, *_rest in faults})} rows refused; nothing was taken")


def _tell(found: Difference) -> None:
    for word, dates in (("added", found.added), ("changed", found.changed), ("removed", found.removed)):
        click.echo(f"{len(dates)} days {word}" + (f": {', '.join(dates)}" if dates else ""))


def _foretell(definitions: dict[str, Any], *, at: datetime) -> None:
    found = foresee(definitions, at=at, most=SHOWN)
    for move in found.items:
        said = f"{move.was_at.isoformat()} -> {move.due_at.isoformat()}" if move.moves else move.due_at.isoformat()
        official = ", becomes official" if move.becomes_official else ""
        click.echo(f"clock {move.id} {move.subject} {move.kind} {move.unit}: {said}{official}")
    if found.more:
        click.echo(f"and {found.more} more")
    click.echo(
        f"{found.moved} of {found.looked_at} running clocks would move, {found.official} would become official; "
        "nothing was published"
    )
