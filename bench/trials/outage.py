"""F-08: the database goes away under the running product and comes back; nothing is started again by hand.

The product is what `flask up` starts: gunicorn's processes and a worker. Two ways to lose the database: the server is
stopped at once (`pg_ctl stop -m immediate`) and started again later; or every session is terminated, once a second.
Meanwhile people and machines go on asking, and rungs fall due.
"""

import contextlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import requests
from sqlalchemy import URL, func, select

from bench.places import copy_of_database
from bench.trials import events as made
from bench.trials import ledger
from bench.trials.callers import Answer, Caller, everybody, signed_in
from bench.trials.fleet import ROOT, environment, looking, wait
from bench.trials.kills import opened, undisturbed
from cxloop.domain.clocks import ARMED
from cxloop.extensions import db
from cxloop.models.clock import ClockRung
from cxloop.models.signal import Signal
from cxloop.operations.act import Call, perform
from tests.postgres import Server

STOPPED, TERMINATED = "server stopped", "sessions terminated every second"
NAME, PASSWORD = "analyst", "correct horse battery"
# `flask up` starts with the web, and a worker's first beat makes it ready.
ALL = "/readyz"
ALLOWED = frozenset({200, 201, 503})


@dataclass(frozen=True, slots=True)
class Asked:
    """What one kind of request was answered: counts by code, the slowest, and when it worked again."""

    what: str
    codes: Counter[int]
    slowest: float
    without_retry_after: int
    back_after: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One outage."""

    how: str
    seconds: float
    asked: list[Asked]
    red: bool
    same_processes: bool
    events: int
    fired_after: float
    voices: int
    voices_lost: int
    voices_double: int
    unexpected: int
    verdict: ledger.Verdict

    def holds(self) -> bool:
        """Whether it went as promised: nobody waited, nothing failed otherwise, all came back, nothing was lost."""
        within = all(one.slowest <= 10 and one.back_after <= 10 and not one.without_retry_after for one in self.asked)
        allowed = all(one.codes.keys() <= ({200} if one.what == "/healthz" else ALLOWED) for one in self.asked)
        red = self.red or self.how != STOPPED
        whole = not (self.voices_lost or self.voices_double or self.unexpected) and self.verdict.holds()
        return within and allowed and red and self.same_processes and self.fired_after <= 60 and whole


def measure(server: Server, *, how: str, seconds: float, events: int, seed: int = 1) -> Figure:
    """Run one outage of so many seconds on a copy of the current application's database, which lives on `server`."""
    token = _let_in()
    with copy_of_database() as url, tempfile.TemporaryDirectory(prefix="cxtrial-") as name:
        folder = Path(name)
        _write_down(server)
        with _product(url, folder) as (address, process):
            family = _family(process.pid)
            over = threading.Event()
            callers, voices = everybody(address, token=token, browser=signed_in(address, NAME, PASSWORD), over=over)
            for one in callers:
                one.start()
            time.sleep(1)
            chosen = _arm(url, folder, events=events, seed=seed, seconds=seconds)
            cut = time.monotonic()
            gone = (_stop_for if how == STOPPED else _terminate_for)(server, url, seconds)
            back = time.monotonic()
            fired_after = _wait_for_all(url) - back
            wait(lambda: all(_worked_since(one, back) for one in callers), what="every request works again")
            over.set()
            for one in callers:
                one.join()
            same = family == _family(process.pid)
        unexpected = (folder / "product.log").read_text().count("Traceback")
        with opened(url, folder):
            trial = ledger.read()
            stored = Counter(db.session.scalars(select(Signal.external_id)))
    return Figure(
        how=how,
        seconds=seconds,
        asked=[_asked(one, cut, back) for one in callers],
        red=all(_red(one, gone, back) for one in callers),
        same_processes=same,
        events=events,
        fired_after=fired_after,
        voices=len(voices.taken),
        voices_lost=len(voices.taken - stored.keys()),
        voices_double=sum(count - 1 for count in stored.values()),
        unexpected=unexpected,
        verdict=ledger.compare(trial, undisturbed(chosen)),
    )


def _write_down(server: Server) -> None:
    """Let the server write its pages: in a database copied since, PostgreSQL 16 forgets in a crash how far sequences
    had gone. A server's own databases are not copies."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("checkpoint")


def _let_in() -> str:
    at = datetime.now(UTC)
    perform(Call("user.set_password", "system", at, on=NAME, fields={"password": PASSWORD}))
    return str(perform(Call("token.issue", "system", at, on=NAME))[1])


@contextmanager
def _product(url: URL, folder: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """`flask up` on this database, once it is ready: its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "up"]
    with (folder / "product.log").open("wb") as log:
        given = environment(url, folder, CXLOOP_PORT=str(port))
        process = subprocess.Popen(command, cwd=ROOT, env=given, stdout=log, stderr=log, start_new_session=True)
    try:
        wait(lambda: _code(address + ALL) == 200, what="the product is ready")
        yield address, process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _code(address: str) -> int:
    try:
        return requests.get(address, timeout=5).status_code
    except requests.RequestException:
        return 0


def _arm(url: URL, folder: Path, *, events: int, seed: int, seconds: float) -> list[made.Event]:
    """Rungs that fall due from the first to the last second of the outage."""
    with opened(url, folder):
        chosen = made.choose(events, seed=seed, first=datetime.now(UTC) + timedelta(seconds=1), seconds=seconds)
        made.arm(chosen)
    return chosen


def _stop_for(server: Server, _url: URL, seconds: float) -> float:
    """Stop it and start it again after so long; gives the moment from which it was gone."""
    server.stop_at_once()
    gone = time.monotonic()
    time.sleep(seconds)
    server.start_again()
    return gone


def _terminate_for(server: Server, url: URL, seconds: float) -> float:
    """End all sessions once a second for so long; gives the moment at which that began."""
    began = time.monotonic()
    ask = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
    with psycopg.connect(server.url, autocommit=True) as connection:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            connection.execute(ask, [url.database])
            time.sleep(1)
    return began


def _wait_for_all(url: URL) -> float:
    """Wait until nothing that was due is armed; gives the moment at which that was seen."""
    waiting = select(func.count()).select_from(ClockRung)
    with looking(url) as connection:
        due = waiting.where(ClockRung.state == ARMED, ClockRung.moment <= datetime.now(UTC) + timedelta(seconds=2))
        time.sleep(2)
        wait(lambda: not connection.scalar(due), what="every event fires")
        return time.monotonic()


def _worked_since(caller: Caller, moment: float) -> bool:
    return any(answer.sent >= moment and answer.code in {200, 201} for answer in caller.answers)


def _red(caller: Caller, gone: float, back: float) -> bool:
    """Whether readiness, where this asks for it, was refused all the time."""
    codes = {answer.code for answer in caller.answers if gone < answer.sent and answer.sent + answer.seconds < back}
    return caller.what != "/readyz" or codes == {503}


def _asked(caller: Caller, cut: float, back: float) -> Asked:
    # With what was under way when the database went.
    during = [answer for answer in caller.answers if cut < answer.sent + answer.seconds and answer.sent < back]
    refused = [answer for answer in during if answer.code == 503]
    return Asked(
        what=caller.what,
        codes=Counter(answer.code for answer in during),
        slowest=max((answer.seconds for answer in during), default=0),
        without_retry_after=sum(answer.retry_after is None for answer in refused),
        back_after=_back(caller.answers, back),
    )


def _back(answers: Sequence[Answer], back: float) -> float:
    """Seconds from the return until the last request that failed was followed by one that did not."""
    after = [answer for answer in answers if answer.sent >= back]
    last = max((n for n, answer in enumerate(after) if answer.code not in {200, 201}), default=-1)
    return after[last + 1].sent + after[last + 1].seconds - back if last + 1 < len(after) else float("inf")


def _family(pid: int) -> set[int]:
    """A process and everything it has started."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found
