"""`flask sweep`: let time act once, by hand; `flask clocks verify`: are the due times what the history says?"""

import click
from flask.cli import with_appcontext

from ..domain.numbers import SHANGHAI
from ..operations import escalation
from ..queries.verification import verify_clocks
from ..schemas.fields import Invalid, parse_moment
from .words import now, refusals_in_words

MOST_SHOWN = 50


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
        found = escalation.rehearse(at=moment)
    for due in found:
        click.echo(_line(due))
    click.echo(f"{len(found)} rungs would fire")


def _line(due: escalation.Foreseen) -> str:
    """One rung: when, in the group's own time; of what; and whom it tells."""
    told = "collapses into a higher one" if due.collapses else f"tells {', '.join(due.told) or 'nobody'}"
    at = due.moment.astimezone(SHANGHAI).isoformat(sep=" ")
    return f"{at} {due.subject} {due.kind} {due.code}: {told}"


@click.group()
def clocks() -> None:
    """Clocks."""


@clocks.command()
@with_appcontext
def verify() -> None:
    """Derive every due time again from the stored history and compare. Exit code 1 when one differs."""
    with refusals_in_words():
        found = verify_clocks()
    for row in found.differences[:MOST_SHOWN]:
        click.echo(f"clock {row.clock}, {row.name}, {row.field}: stored {row.stored}, derived {row.derived}", err=True)
    click.echo(f"{found.clocks} clocks with {found.plans} plans and {found.rungs} rungs derived again")
    if found.differences:
        raise click.ClickException(f"{len(found.differences)} differences")
    click.echo("every due time is what its history says")
