"""Keep processes running: one that dies is started again, and all stop together, whatever ends the keeper."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import click

STOP_SECONDS = 20
# A process that dies this soon after its start, this often in a row, will not live however often it is started.
SOON_SECONDS = 10.0
TRIES = 3
# A killed gunicorn's workers need a moment to notice and let go of the port.
REST_SECONDS = 2.0
PR_SET_PDEATHSIG = 1  # sys/prctl.h
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass
class Kept:
    """A command and the process that runs it now."""

    command: list[str]
    process: "subprocess.Popen[bytes]" = field(init=False)
    since: float = field(init=False)
    failures: int = 0

    def start(self) -> None:
        """Run the command in a group of its own: Ctrl-C must reach the keeper alone, which then stops the others.

        Told twice, gunicorn waits for its own worker until it has to kill it.
        """
        self.since = time.monotonic()
        if os.name == "nt":
            self.process = subprocess.Popen(self.command)  # noqa: S603 - our own command lines
            return
        self.process = subprocess.Popen(  # noqa: S603 - our own command lines
            self.command,
            process_group=0,
            preexec_fn=_end_with_the_keeper,  # noqa: PLW1509 - nothing here runs threads
        )

    def again(self) -> bool:
        """Start again what has died; False when it died too soon too often."""
        self.failures = self.failures + 1 if time.monotonic() - self.since < SOON_SECONDS else 0
        if self.failures >= TRIES:
            return False
        time.sleep(REST_SECONDS)
        self.start()
        return True


def _end_with_the_keeper() -> None:
    """Ask Linux to end the process when the keeper is killed, so that nothing is left behind on the port."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def keep(commands: Mapping[str, list[str]]) -> int:
    """Run the commands until a signal comes, then stop them all. Returns the exit code: 0 when asked to stop."""
    asked: list[int] = []
    # A terminal that is closed hangs up; Windows has no such signal.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, _frame: asked.append(number))
    kept = {name: Kept(command) for name, command in commands.items()}
    for one in kept.values():
        one.start()
    lives = True
    while lives and not asked:
        time.sleep(0.2)
        for name, one in kept.items():
            code = one.process.poll()
            if code is None or asked:
                continue
            click.echo(f"{name} ended by itself ({code}) and is started again.", err=True)
            lives = one.again()
            if not lives:
                click.echo(f"{name} does not stay alive; the rest is stopped.", err=True)
                break
    _stop([one.process for one in kept.values()])
    return 0 if asked else 1


def _stop(processes: "list[subprocess.Popen[bytes]]") -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    until = time.monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
