"""How commands speak: refusals in words, and an exit code for machines."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError

from ..operations.act import Differs, Forbidden, Invalid, Older, Refused, Stale, Unseen, WrongState
from ..operations.policies import Unsound
from ..schemas.fields import flat
from ..wording import say_in

LOCALE = "en"


def now() -> datetime:
    """The moment a command acts at."""
    return datetime.now(UTC)


def explain(error: Exception) -> str:
    """A refusal in words, with the fields it names."""
    if isinstance(error, ValidationError):
        said = flat(error.messages)
        return "; ".join(
            f"{field or 'body'}: {say_in(LOCALE, str(key), **getattr(key, 'params', {}))}"
            for field, keys in sorted(said.items())
            for key in keys
        )
    if isinstance(error, Unsound):
        # A body can have many faults: a line for each.
        rows = [(field, *row) for field, found in error.faults.items() for row in found]
        return "\n".join(f"{field}: {say_in(LOCALE, key, **params)}" for field, key, params in rows)
    if isinstance(error, Invalid):
        return "; ".join(f"{field}: {say_in(LOCALE, key, **params)}" for field, (key, params) in error.errors.items())
    for kind, word in _WORDS:
        if isinstance(error, kind):
            return str(word(error))
    return str(error)


_WORDS: tuple[tuple[type[Exception], Any], ...] = (
    (Unseen, lambda error: f"{error}: {say_in(LOCALE, 'error.not_found')}"),
    (Forbidden, lambda error: say_in(LOCALE, f"error.{error.why}")),
    (WrongState, lambda error: f"{error}; allowed now: {', '.join(error.allowed) or 'nothing'}"),
    (Stale, lambda _error: say_in(LOCALE, "error.stale")),
    (Differs, lambda error: f"{error}: there already, with another content"),
    (Older, str),
)


@contextmanager
def refusals_in_words() -> Iterator[None]:
    """Turn refusals into one line on standard error and exit code 1; a database that is down into exit code 2."""
    try:
        yield
    except (Refused, ValidationError) as error:
        raise click.ClickException(explain(error)) from None
    except DBAPIError as error:
        click.echo(f"the database does not answer: {error.orig}", err=True)
        raise SystemExit(2) from None
