"""What a worker does at each beat. A fault is logged, and the next beat tries again."""

import logging
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from ..extensions import db, let_go
from ..models.beat import Beat
from ..operations import escalation, idempotency
from ..operations.act import record
from ..operations.clocks import recalendar

log = logging.getLogger(__name__)
# How many batches of clocks are re-planned between two sweeps, beside those that are due by now.
BATCHES = 3
# A worker that has been silent so long is not coming back under its name: host and process.
FORGOTTEN = timedelta(days=7)


def name_of_this_worker() -> str:
    """Host and process: who beat last can be found."""
    return f"{socket.gethostname()}:{os.getpid()}"


def tick(app: Flask) -> int:
    """Re-plan what a publication moved, then sweep, once; returns how many rungs fired, 0 when it could not."""
    with app.app_context():
        # In this order: a sweep would fire what is no longer due. A fault in the first must not hold up the second.
        _attempt("re-planning", lambda: recalendar.replan_all(at=datetime.now(UTC), batches=BATCHES))
        fired = _attempt("the sweep", lambda: escalation.sweep(at=datetime.now(UTC), apart=True))
    if fired:
        log.info("%s rungs fired", fired)
    return fired


def beat(app: Flask) -> None:
    """Give a sign of life; drop idempotency keys that are a day old, and workers that are long gone."""

    def write() -> None:
        at = datetime.now(UTC)
        row = db.session.get(Beat, name_of_this_worker())
        if row is None:
            db.session.add(Beat(worker=name_of_this_worker(), at=at))
        else:
            row.at = at
        db.session.execute(delete(Beat).where(Beat.at < at - FORGOTTEN))
        idempotency.purge(at=at)

    with app.app_context():
        _attempt("giving a sign of life", lambda: record(write))


def _attempt(what: str, work: Callable[[], int | None]) -> int:
    """Do it, or say that it failed and let go of the connection: the next beat tries again, whatever it was."""
    try:
        return work() or 0
    except SQLAlchemyError as error:
        log.error("%s stopped and will be tried again: %s", what, _in_a_line(error))
    except Exception:
        log.exception("%s stopped and will be tried again", what)
    let_go()
    db.engine.dispose()
    return 0


def _in_a_line(error: SQLAlchemyError) -> str:
    # Without the statement and its parameters: this is said once a second while the database is away.
    return str(getattr(error, "orig", None) or error).partition("\n")[0]
