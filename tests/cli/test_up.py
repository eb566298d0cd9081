"""`flask up`: web and worker start together and stop together."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from tests.cli.conftest import Run
from tests.journeys.test_walkthrough import free_port, wait_until_alive

ROOT = Path(__file__).parents[2]


def test_ctrl_c_stops_web_and_worker_at_once(group: Flask, tmp_path: Path) -> None:
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
        # As a terminal does Ctrl-C: everything in the group gets it, not the one process alone.
        os.killpg(process.pid, signal.SIGINT)
        # Half of what gunicorn waits for its own worker before it kills it.
        assert process.wait(timeout=5) == 0
    finally:
        process.kill()
    assert "ERROR" not in told.read_text()
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_a_taken_port_is_said_in_a_line_before_anything_is_done(run_blank: Run, app: Flask) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        app.config["PORT"] = other.getsockname()[1]
        told = run_blank("up")
    assert told.exit_code == 1
    assert "CXLOOP_PORT" in told.output
    assert told.output.count("\n") == 1
