"""docs/walkthrough.md is run as it stands: every bash block in one shell, against a live server."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "walkthrough.md"
# A block, and what the page says that it prints.
BLOCK = re.compile(r"```bash\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", re.DOTALL)
END = "--- end of block ---"
# The page says so: numbers, dates and digests are others elsewhere. Hours are not: they are the calendar's.
OTHERS = ((r"\bCX-\d{4}-\d{6}", "CX"), (r"\b20(?!25)\d\d-\d\d-\d\d\b", "DATE"), (r"\b[0-9a-f]{64}\b", "DIGEST"))
SERVER = ["-m", "gunicorn", "wsgi:app", "--workers=1", "--worker-class=gthread", "--threads=4", "--log-level=warning"]


@pytest.fixture
def environment(group_url: str, tmp_path: Path) -> dict[str, str]:
    """What the page's reader has: `flask` on the path, and the database where the service has it."""
    port = free_port()
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "FLASK_APP": str(ROOT / "wsgi.py"),
        "CXLOOP_DATABASE_URL": group_url,
        "CXLOOP_DATA_DIR": str(tmp_path),
        "CXLOOP_PORT": str(port),
        "CXLOOP_URL": f"http://127.0.0.1:{port}",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


@pytest.fixture
def server(environment: dict[str, str]) -> Iterator[None]:
    """The service, live, on a port of its own."""
    bind = f"--bind=127.0.0.1:{environment['CXLOOP_PORT']}"
    process = subprocess.Popen([sys.executable, *SERVER, bind], env=environment, cwd=ROOT)
    try:
        wait_until_alive(environment["CXLOOP_URL"], process)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_alive(url: str, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < give_up:
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not start")


def told_alike(text: str) -> str:
    for pattern, word in OTHERS:
        text = re.sub(pattern, word, text)
    return text


@pytest.mark.usefixtures("server")
def test_the_page_does_what_it_says(environment: dict[str, str], tmp_path: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    script = "".join(f"{code}\necho '{END}'\n" for code, _printed in blocks)
    run = subprocess.run(
        ["bash"], input=script, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    printed = run.stdout.split(f"{END}\n")
    for (code, expected), found in zip(blocks, printed, strict=False):
        assert told_alike(found) == told_alike(expected), f"{code}\n{run.stderr[-2000:]}"
    assert len(printed) == len(blocks) + 1
    assert run.stderr == ""
