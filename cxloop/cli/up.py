"""`flask up`: everything on one machine. Migrate, seed an empty database with the demo, run web and worker."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from ..extensions import db
from ..models.entry import Entry
from ..settings import hold_alone
from .keeper import keep

FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]


@click.command()
@click.option("--password", help="The demo people's password, when the demo is seeded.")
@with_appcontext
def up(password: str | None) -> None:
    """Migrate, seed the demo into an empty database, start web and worker; Ctrl-C stops both."""
    lock = _only_one() if db.engine.dialect.name == "sqlite" else None
    host, port = current_app.config["HOST"], current_app.config["PORT"]
    _refuse_taken(host, port)
    _prepare(password)
    db.session.remove()
    db.engine.dispose()
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
    click.echo(f"cxloop listens on http://{shown}:{port} . The demo's passwords were printed when it was seeded;")
    click.echo("a new one for a person: .venv/bin/flask user password NAME . Ctrl-C stops web and worker.")
    code = keep({"web": _web_command(host, port), "worker": [*FLASK, "worker"]})
    if lock is not None:
        lock.close()
    raise SystemExit(code)


def _only_one() -> IO[str]:
    try:
        return hold_alone(current_app.config["DATA_DIR"], "web")
    except OSError:
        raise click.ClickException(
            "cxloop is up already on this SQLite database; one web process is its limit"
        ) from None


def _refuse_taken(host: str, port: int) -> None:
    """Say at once that nothing can listen there, rather than after the demo has been played."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(found[0], found[1]) as probe:
            if os.name != "nt":
                # As gunicorn does: connections of the last run that have not died yet take nothing.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(found[4])
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {host}:{port} ({error.strerror}). CXLOOP_HOST and CXLOOP_PORT choose another address"
        ) from None


def _prepare(password: str | None) -> None:
    url = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])
    path = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    if path is not None and not path.exists():
        _seed_aside(path, password)
        return
    _run(["db", "upgrade"], {})
    if not db.session.scalar(select(func.count()).select_from(Entry)):
        _run(["seed", "demo", *(["--password", password] if password else [])], {})


def _seed_aside(path: Path, password: str | None) -> None:
    """Seed into a file beside, so that a first start that is interrupted leaves nothing half done."""
    beside = path.with_suffix(".seeding")
    for leftover in path.parent.glob(f"{beside.name}*"):
        leftover.unlink()
    given = {"CXLOOP_DATABASE_URL": f"sqlite:///{beside}"}
    click.echo("First start: the demo group and its 90 days are played; this takes about a minute.")
    _run(["db", "upgrade"], given)
    _run(["seed", "demo", *(["--password", password] if password else [])], given)
    for rest in ("-wal", "-shm"):
        Path(f"{beside}{rest}").unlink(missing_ok=True)
    beside.rename(path)


def _run(command: list[str], given: dict[str, str]) -> None:
    found = subprocess.run([*FLASK, *command], env={**os.environ, **given}, check=False)  # noqa: S603 - our own command lines
    if found.returncode:
        raise SystemExit(found.returncode)


def _web_command(host: str, port: int) -> list[str]:
    if os.name == "nt":
        return [sys.executable, "-m", "waitress", f"--host={host}", f"--port={port}", "wsgi:app"]
    # One process over SQLite; threads share its writers' queue.
    workers = 1 if db.engine.dialect.name == "sqlite" else 2
    gunicorn = [sys.executable, "-m", "gunicorn", "wsgi:app", f"--bind={host}:{port}", f"--workers={workers}"]
    return [*gunicorn, "--worker-class=gthread", "--threads=8", "--log-level=warning", "--graceful-timeout=10"]
