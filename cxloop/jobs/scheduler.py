"""`flask worker`: the beat. APScheduler coordinates nothing between processes, and nothing here relies on it."""

import logging
import signal
from datetime import UTC, datetime
from typing import IO, Any

import click
from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask, current_app
from flask.cli import with_appcontext

from ..extensions import db
from ..settings import hold_alone
from .tick import beat, tick

BEAT_SECONDS = 10


@click.command()
@with_appcontext
def worker() -> None:
    """Sweep until stopped. Any number over PostgreSQL; over SQLite a second one refuses to start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    lock = _only_one(app) if db.engine.dialect.name == "sqlite" else None
    scheduler = make_scheduler(app)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda _number, _frame: scheduler.shutdown(wait=False))
    beat(app)
    scheduler.start()
    if lock is not None:
        lock.close()


def make_scheduler(app: Flask) -> BlockingScheduler:
    """The beat: sweeps never overlap, and missed beats become one."""
    scheduler = BlockingScheduler(timezone=UTC)
    often: dict[str, Any] = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    start = datetime.now(UTC)
    seconds = app.config["SWEEP_SECONDS"]
    scheduler.add_job(tick, "interval", [app], seconds=seconds, next_run_time=start, id="sweep", **often)
    scheduler.add_job(beat, "interval", [app], seconds=BEAT_SECONDS, id="beat", **often)
    return scheduler


def _only_one(app: Flask) -> IO[str]:
    try:
        return hold_alone(app.config["DATA_DIR"], "worker")
    except OSError:
        raise click.ClickException("a worker runs already on this SQLite database; one is all it can have") from None
