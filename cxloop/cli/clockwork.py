"""`flask sweep`: let time act once, by hand."""

import click
from flask.cli import with_appcontext

from ..operations import escalation
from ..schemas.fields import Invalid, parse_moment
from .words import now, refusals_in_words


@click.command()
@click.option("--at", help="The moment to sweep at (ISO 8601 with offset); by default now.")
@click.option("--dry-run", is_flag=True, help="List what would fire and change nothing.")
@with_appcontext
def sweep(at: str | None, dry_run: bool) -> None:
    """Fire what is due."""
    try:
        moment = parse_moment(at) if at else now()
    except Invalid:
        raise click.ClickException(f"--at: {at!r} is no moment with an offset") from None
    with refusals_in_words():
        if not dry_run:
            click.echo(f"{escalation.sweep(at=moment)} rungs fired")
            return
        found = escalation.what_is_due(at=moment, most=1000)
    for due in found:
        click.echo(f"{due.moment.isoformat()} {due.subject} {due.kind} {due.code}")
    click.echo(f"{len(found)} rungs would fire")
