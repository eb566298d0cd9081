"""`flask seed demo`: the fictional group, with 90 days behind it."""

import json
import secrets
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click
from flask.cli import with_appcontext
from sqlalchemy import func, select

from ..extensions import db
from ..models.entry import Entry
from ..models.user import User
from ..operations.accounts import PASSWORDS
from ..operations.act import Call, perform
from ..seeds import base, history
from .player import Player
from .words import now, refusals_in_words

BEFORE = "2026-08-23T20:00:00+08:00"
LAST_DAY = "2026-11-21"
ZONE = ZoneInfo("Asia/Shanghai")
# Those whose names the summary prints; everybody else has the same password.
NAMED = ("lin", "analyst", "chen", "wu", "44handler", "44leader", "zhao", "ops")


@click.group()
def seed() -> None:
    """Fill an empty database."""


@seed.command()
@click.option("--until", default=LAST_DAY, show_default=True, help="Cut the history after this day (YYYY-MM-DD).")
@click.option("--password", help="The demo people's password; otherwise a random one is made and printed once.")
@with_appcontext
def demo(until: str, password: str | None) -> None:
    """The demo group with its history of 90 days, played through the same acts as everything else."""
    day = _day(until)
    if db.session.scalar(select(func.count()).select_from(Entry)):
        raise click.ClickException("the database is not empty; the demo wants one of its own")
    player = Player()
    with refusals_in_words():
        count = player.play(demo_lines(until=day))
        player.sweep(before=datetime.combine(day + timedelta(days=1), time(), ZONE))
        chosen = password or secrets.token_urlsafe(9)
        _set_passwords(chosen)
    click.echo(f"The demo group is there: {count} acts up to {day.isoformat()}.")
    click.echo(f"Sign in as any of {', '.join(NAMED)} (all demo people share it) with the password: {chosen}")


@seed.command()
@click.option("--until", default=LAST_DAY, show_default=True, help="Cut the history after this day (YYYY-MM-DD).")
def lines(until: str) -> None:
    """Print the demo's history as the JSONL that `flask replay` plays, and touch no database."""
    for line in demo_lines(until=_day(until)):
        click.echo(json.dumps(line, ensure_ascii=False))


def demo_lines(*, until: date) -> list[dict[str, Any]]:
    """The demo's whole history up to a day, in the order of its moments."""
    end = datetime.combine(until + timedelta(days=1), time(), ZONE)
    lines = [*base.base_lines(at=BEFORE), *base.later_lines(), *history.history_lines(until=until)]
    lines = [line for line in lines if datetime.fromisoformat(line["at"]) < end]
    return sorted(lines, key=lambda line: datetime.fromisoformat(line["at"]))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.ClickException(f"--until: {text!r} is no day like {LAST_DAY}") from None


def _set_passwords(password: str) -> None:
    fields = {"password": password, "hashed": PASSWORDS.hash(password)}
    for name in list(db.session.scalars(select(User.name).order_by(User.name))):
        perform(Call("user.set_password", "system", now(), on=name, fields=fields, origin="seed"))
