"""What a worker does at each beat. A fault of the database is logged, and the next beat tries again."""

import logging
import os
import socket
from datetime import UTC, datetime

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from ..extensions import db
from ..models.beat import Beat
from ..operations import escalation, idempotency
from ..operations.act import record

log = logging.getLogger(__name__)


def name_of_this_worker() -> str:
    """Host and process: who beat last can be found."""
    return f"{socket.gethostname()}:{os.getpid()}"


def tick(app: Flask) -> int:
    """Sweep once; returns how many rungs fired, 0 when the database did not answer."""
    with app.app_context():
        try:
            fired = escalation.sweep(at=datetime.now(UTC), apart=True)
        except SQLAlchemyError as error:
            log.error("the sweep stopped and will try again: %s", error)
            _let_go()
            return 0
    if fired:
        log.info("%s rungs fired", fired)
    return fired


def beat(app: Flask) -> None:
    """Give a sign of life, and drop idempotency keys that are a day old."""

    def write() -> None:
        at = datetime.now(UTC)
        row = db.session.get(Beat, name_of_this_worker())
        if row is None:
            db.session.add(Beat(worker=name_of_this_worker(), at=at))
        else:
            row.at = at
        idempotency.purge(at=at)

    with app.app_context():
        try:
            record(write)
        except SQLAlchemyError as error:
            log.error("no sign of life could be given: %s", error)
            _let_go()


def _let_go() -> None:
    db.session.remove()
    db.engine.dispose()
