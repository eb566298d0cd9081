"""`flask user …`, `flask token …`."""

import secrets

import click
from flask.cli import with_appcontext

from ..operations.act import Call, perform
from ..schemas.acts import load_fields
from .words import now, refusals_in_words

BY = "system"
ORIGIN = "cli"


@click.group()
def user() -> None:
    """People."""


@user.command()
@click.argument("name")
@click.option("--display", required=True, help="The name that colleagues read.")
@click.option("--role", "roles", multiple=True, required=True, metavar="UNIT:ROLE", help="Such as P44:unit_lead.")
@click.option("--locale", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--password", help="Otherwise a random one is made and printed once.")
@with_appcontext
def add(name: str, display: str, roles: tuple[str, ...], locale: str, password: str | None) -> None:
    """Add a person with roles in units."""
    memberships = [dict(zip(("unit", "role"), role.split(":", 1), strict=False)) for role in roles]
    chosen = password or secrets.token_urlsafe(12)
    with refusals_in_words():
        fields = load_fields("user.add", {"name": display, "locale": locale, "memberships": memberships})
        perform(Call("user.add", BY, now(), on=name, fields=fields, origin=ORIGIN))
        perform(Call("user.set_password", BY, now(), on=name, fields={"password": chosen}, origin=ORIGIN))
    click.echo(f"{name} can sign in" + ("." if password else f" with the password: {chosen}"))


@user.command("password")
@click.argument("name")
@with_appcontext
def set_password(name: str) -> None:
    """Give a person a new random password, printed once; open sessions end."""
    chosen = secrets.token_urlsafe(12)
    with refusals_in_words():
        perform(Call("user.set_password", BY, now(), on=name, fields={"password": chosen}, origin=ORIGIN))
    click.echo(chosen)


@click.group()
def token() -> None:
    """Tokens for machines."""


@token.command()
@click.argument("name", metavar="USER")
@with_appcontext
def issue(name: str) -> None:
    """Issue a token for a person; prints it alone, once."""
    with refusals_in_words():
        _row, plain = perform(Call("token.issue", BY, now(), on=name, origin=ORIGIN))
    click.echo(plain)


@token.command()
@click.argument("name", metavar="USER")
@click.argument("n", type=int)
@with_appcontext
def revoke(name: str, n: int) -> None:
    """Revoke a person's n-th token."""
    with refusals_in_words():
        perform(Call("token.revoke", BY, now(), on=name, fields={"n": n}, origin=ORIGIN))
    click.echo(f"token {n} of {name} is revoked")
