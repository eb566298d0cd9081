"""`flask policy …`: policies that come as a file."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from ..domain.differences import ADDED, REMOVED, Difference
from ..operations.act import Call, perform
from ..operations.policies import check_publication
from ..queries.policies import changes_by
from ..schemas.acts import load_fields
from ..schemas.fields import Invalid, parse_moment
from .structure import read_structure
from .words import now, refusals_in_words

ORIGIN = "cli"
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def policy() -> None:
    """Policies."""


@policy.command("apply")
@click.argument("file", type=FILE)
@click.option("--code", help="The policy's code; by default the file's own, else its name without the ending.")
@click.option("--by", default="system", show_default=True, help="In whose name.")
@click.option("--effective-from", "begins", help="From when on it holds (ISO 8601); by default from now on.")
@click.option("--dry-run", is_flag=True, help="Say what it would change and what is wrong with it; publish nothing.")
@with_appcontext
def apply(file: Path, code: str | None, by: str, begins: str | None, dry_run: bool) -> None:
    """Publish a version of a policy from a TOML or JSON body; running clocks keep theirs."""
    body = read_structure(file)
    named = code or (body.pop("code", None) if isinstance(body, dict) else None) or file.stem
    at, begin = now(), None if begins is None else _moment(begins)
    with refusals_in_words():
        if dry_run:
            check_publication(code=named, body=body, effective_from=begin or at, at=at)
            _show(named, body)
            return
        given = {"body": body} if begin is None else {"body": body, "effective_from": begins}
        fields = load_fields("policy.publish", given)
        found = perform(Call("policy.publish", by, at, on=named, fields=fields, origin=ORIGIN))
    click.echo(f"{found.code} is at version {found.current}" + (f", in force from {begins}" if begins else ""))


def _moment(text: str) -> datetime:
    try:
        return parse_moment(text)
    except Invalid:
        raise click.ClickException(f"--effective-from: {text!r} is no moment with an offset") from None


def _show(code: str, body: Mapping[str, Any]) -> None:
    newest, changes = changes_by(code=code, body=body)
    for row in changes:
        click.echo(_worded(row))
    said = f"{len(changes)} changes to version {newest}" if newest else "the first version"
    click.echo(f"{code}: {said}; nothing was published")


def _worded(row: Difference) -> str:
    if row.change == ADDED:
        return f"+ {row.key} = {row.after}"
    return f"- {row.key} = {row.before}" if row.change == REMOVED else f"  {row.key}: {row.before} -> {row.after}"
