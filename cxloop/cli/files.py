"""`flask import …`: what comes as a file."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from ..operations.act import Call, perform
from ..schemas.files import BadFile, read_mapping, read_rows
from ..sheets import ledger
from ..sheets.book import read_table
from ..wording import say_in
from .words import LOCALE, now, refusals_in_words

ORIGIN = "cli"
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("import")
def import_() -> None:
    """Take in files."""


@import_.command("signals")
@click.argument("file", type=FILE)
@click.option("--mapping", type=FILE, required=True, help="JSON: {source, tz, fields: {name: column | {...}}}.")
@click.option("--by", default="system", show_default=True, help="In whose name.")
@click.option("--strict", is_flag=True, help="Take nothing while one row is bad.")
@with_appcontext
def import_signals(file: Path, mapping: Path, by: str, strict: bool) -> None:
    """Take in a CSV file of signals: good rows in, bad ones reported by row and field."""
    try:
        rows = read_rows(file.read_bytes(), read_mapping(mapping.read_text(encoding="utf-8")))
    except (BadFile, UnicodeDecodeError) as error:
        raise click.ClickException(_why(error)) from None
    with refusals_in_words():
        found = perform(
            Call("signal.import", by, now(), fields={"rows": rows, "strict": strict}, origin=ORIGIN),
            answer=lambda result: (len(result.signals), result.duplicates, result.errors),
        )
    imported, duplicates, errors = found
    for row in errors:
        why = say_in(LOCALE, row["code"], **row["params"])
        click.echo(f"row {row['row']}, {row['field']}: {why}", err=True)
    click.echo(f"{imported} imported, {duplicates} known already, {len({row['row'] for row in errors})} rows refused")
    if errors:
        raise SystemExit(1)


@import_.command("ledger")
@click.argument("file", type=FILE)
@click.option("--mapping", type=FILE, required=True, help="JSON: {source, tz, fields: {name: column | {...}}}.")
@click.option("--by", default="system", show_default=True, help="In whose name.")
@click.option("--dry-run", is_flag=True, help="Tell what would come, and leave nothing.")
@with_appcontext
def import_ledger(file: Path, mapping: Path, by: str, dry_run: bool) -> None:
    """Take over a running ledger (XLSX or CSV): open items with their original due, at the ledger's own moments."""
    at = now()
    try:
        rules = ledger.read_mapping(mapping.read_text(encoding="utf-8"))
        items, over = ledger.read(read_table(file.read_bytes(), most=ledger.MOST_ROWS + 1), rules, now=at)
    except (BadFile, UnicodeDecodeError) as error:
        raise click.ClickException(_why(error)) from None
    with refusals_in_words():
        taken = ledger.take_over(items, by=by, at=at, over=over, preview=dry_run)
    for line in taken.lines:
        if not line["known"]:
            click.echo(
                f"row {line['row']}, {line['number']}: {line['unit']}, due {line['due_at']}, {line['task'] or '-'}"
            )
    for row, (field, key, params) in taken.faults:
        click.echo(f"row {row}, {field}: {say_in(LOCALE, key, **params)}", err=True)
    came = "would come" if dry_run else "taken over"
    refused = len({row for row, _fault in taken.faults})
    known = taken.count(known=True)
    click.echo(f"{taken.count(known=False)} {came}, {known} known already, {taken.over} over, {refused} rows refused")
    if taken.faults:
        raise SystemExit(1)


def _why(error: BadFile | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "the mapping is not UTF-8"
    ((field, (key, params)),) = error.errors.items()
    return f"{field}: {say_in(LOCALE, key, **params)}"
