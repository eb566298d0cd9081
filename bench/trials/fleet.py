"""Worker processes as operators start them, `flask worker`, on a database that is not the parent's."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, text

from cxloop.models.beat import Beat

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
# Where Python is told to keep no compiled modules, the processes find them here, as on any machine on which they ran
# before: to compile them anew costs more than all the rest of a start.
_COMPILED = tempfile.TemporaryDirectory(prefix="cxtrial-compiled-")


@contextmanager
def looking(url: URL) -> Iterator[Connection]:
    """A connection of the onlooker's own, which sees at each question what is stored then."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def environment(url: URL, folder: Path, **more: str) -> dict[str, str]:
    """What a process of cxloop is started with on this database."""
    plain = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    given = {"CXLOOP_PROFILE": "testing", "CXLOOP_DATA_DIR": str(folder), "CXLOOP_DATABASE_URL": plain}
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": _COMPILED.name} if sys.dont_write_bytecode else {}
    return {**os.environ, **compiled, **given, **more}


def wait(done: Callable[[], bool], *, seconds: float = PATIENCE, what: str) -> None:
    """Wait until it is done. TimeoutError when it is not in time."""
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)


@dataclass
class Fleet:
    """Workers that are started again when they are killed, until the fleet is stopped."""

    url: URL
    folder: Path
    running: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    started: int = 0

    def start(self) -> None:
        """Start one more worker. PostgreSQL knows its sessions by the worker's number."""
        self.started += 1
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
        given = environment(self.url, self.folder, PGAPPNAME=f"trial-{self.started}")
        with (self.folder / "workers.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=given, stdout=log, stderr=log)
        self.running[self.started] = process

    def ready(self, connection: Connection) -> list[int]:
        """The numbers of the workers that live and have given a sign of life."""
        beats = connection.execute(Beat.__table__.select()).all()
        seen = {int(row.worker.rpartition(":")[2]) for row in beats}
        return [n for n, process in self.running.items() if process.pid in seen and process.poll() is None]

    def kill(self, number: int) -> None:
        """SIGKILL a worker and start another in its place at once."""
        process = self.running.pop(number)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.start()

    def stop(self) -> None:
        """Ask all to end, and wait for them. RuntimeError when one had ended by itself."""
        gone = [n for n, process in self.running.items() if process.poll() is not None]
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()
        if gone:
            raise RuntimeError(f"workers {gone} ended by themselves; see {self.folder / 'workers.log'}")


def is_at_work(connection: Connection, number: int) -> bool:
    """Whether this worker has a transaction open now. Always False on SQLite, which cannot be asked."""
    if connection.dialect.name != "postgresql":
        return False
    asked = "select count(*) from pg_stat_activity where application_name = :name and xact_start is not null"
    return bool(connection.scalar(text(asked), {"name": f"trial-{number}"}))


@contextmanager
def fleet(url: URL, folder: Path, workers: int, connection: Connection) -> Iterator[Fleet]:
    """So many workers, all of which have given a sign of life; stopped after the block."""
    found = Fleet(url, folder)
    try:
        for _ in range(workers):
            found.start()
        wait(lambda: len(found.ready(connection)) == workers, what="all workers give a sign of life")
        yield found
    finally:
        found.stop()
