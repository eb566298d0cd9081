"""`flask up`: web and worker start together and stop together."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.cli.conftest import Run
from tests.journeys.test_walkthrough import free_port, wait_until_alive

ROOT = Path(__file__).parents[2]


@dataclass
class Up:
    """A running `flask up`: its process, what it said, and its address."""

    process: "subprocess.Popen[bytes]"
    told: Path
    url: str

    def children(self, word: str) -> list[int]:
        """The processes it started whose command line has this word."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (folder / "cmdline").read_bytes().decode().split("\0")
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid and word in command:
                    found.append(int(folder.name))
        return found


@pytest.fixture
def up(group: Flask, tmp_path: Path) -> Iterator[Up]:
    port, told = free_port(), tmp_path / "told"
    given = {
        "CXLOOP_DATA_DIR": str(tmp_path), "CXLOOP_PORT": str(port),
        "CXLOOP_DATABASE_URL": group.config["SQLALCHEMY_DATABASE_URI"].replace("+psycopg", ""),
    }  # fmt: skip
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "up"]
    with told.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **given}, stdout=output, stderr=output, start_new_session=True
        )
    try:
        wait_until_alive(f"http://127.0.0.1:{port}", process)
        yield Up(process, told, f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def test_ctrl_c_stops_web_and_worker_at_once(up: Up) -> None:
    # As a terminal does Ctrl-C: everything in the group gets it, not the one process alone.
    os.killpg(up.process.pid, signal.SIGINT)
    # Half of what gunicorn waits for its own worker before it kills it.
    assert up.process.wait(timeout=5) == 0
    assert "ERROR" not in up.told.read_text()
    with pytest.raises(ProcessLookupError):
        os.killpg(up.process.pid, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and other systems cannot tell a child of its parent")
def test_a_killed_worker_is_started_again_and_nothing_outlives_its_keeper(up: Up) -> None:
    (killed,) = eventually(lambda: up.children("worker"))
    os.kill(killed, signal.SIGKILL)
    (started,) = eventually(lambda: [pid for pid in up.children("worker") if pid != killed])
    assert "worker ended by itself (-9) and is started again" in up.told.read_text()
    up.process.kill()
    up.process.wait()
    assert eventually(lambda: not Path(f"/proc/{started}").exists())
    port = int(up.url.rpartition(":")[2])
    assert eventually(lambda: is_free(port))


def eventually(ask: Callable[[], Any], seconds: float = 30) -> Any:
    """The first answer that is something, within a time."""
    until = time.monotonic() + seconds
    while not (answer := ask()) and time.monotonic() < until:
        time.sleep(0.1)
    return answer


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) != 0


def test_a_taken_port_is_said_in_a_line_before_anything_is_done(run_blank: Run, app: Flask) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        app.config["PORT"] = other.getsockname()[1]
        told = run_blank("up")
    assert told.exit_code == 1
    assert "CXLOOP_PORT" in told.output
    assert told.output.count("\n") == 1
